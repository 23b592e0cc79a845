// How fast the client drives a real control plane: N server-side applies of Deployments from T
// threads. Hidden; run with `peers "[bench]"`. WEIR_BENCH_APPLIES and WEIR_BENCH_THREADS change
// 2000 and 16.
#include <sys/resource.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <vector>

#include "adapters/kube/client.hh"
#include "engine/value/json.hh"

using namespace weir;

namespace {

int setting(const char* name, int fallback) {
  const char* text = std::getenv(name);
  return text == nullptr ? fallback : std::atoi(text);
}

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  auto seconds = [](const timeval& time) {
    return double(time.tv_sec) + double(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

Value workload(int index) {
  std::string name = "bench-" + std::to_string(index);
  auto parsed = value::parse_json(R"({"apiVersion":"apps/v1","kind":"Deployment",
    "metadata":{"name":")" + name +
                                  R"(","namespace":"weir-bench","labels":{"app":")" + name + R"("}},
    "spec":{"replicas":0,"selector":{"matchLabels":{"app":")" +
                                  name + R"("}},
    "template":{"metadata":{"labels":{"app":")" +
                                  name + R"("}},"spec":{"containers":[{"name":"app",
    "image":"example.com/app:1.2.3","ports":[{"name":"http","containerPort":8080}],
    "env":[{"name":"A","value":"1"},{"name":"B","value":"2"}],
    "livenessProbe":{"httpGet":{"path":"/healthz","port":8080}},
    "resources":{"requests":{"cpu":"100m","memory":"64Mi"},"limits":{"memory":"128Mi"}}}]}}}})");
  REQUIRE(parsed.ok());
  return std::move(parsed).value();
}

void run(kube::KubeClient& client, const std::vector<Value>& objects, int threads,
         const char* what) {
  reconcile::WriteOptions options;
  options.field_manager = "weir-bench";
  options.force = true;
  std::atomic<std::size_t> next{0};
  std::atomic<int> failed{0};
  std::vector<std::thread> workers;
  double cpu = cpu_seconds();
  auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < threads; ++i) {
    workers.emplace_back([&] {
      for (std::size_t at = next++; at < objects.size(); at = next++) {
        auto applied = client.apply(objects[at], options);
        if (!applied.ok() && failed++ == 0) std::printf("%s\n", applied.error().message.c_str());
      }
    });
  }
  for (auto& worker : workers) worker.join();
  double wall = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  cpu = cpu_seconds() - cpu;
  double count = double(objects.size());
  std::printf("%s: %.0f applies, %d threads: %.0f/s, client CPU %.3f ms each\n", what, count,
              threads, count / wall, cpu * 1e3 / count);
  CHECK(failed == 0);
}

}  // namespace

TEST_CASE("server-side applies are bound by the API server, not by the client", "[.bench]") {
  const char* file = std::getenv("WEIR_PEERS_KUBECONFIG");
  if (file == nullptr) {
    WARN("skipped: no control plane (set WEIR_PEERS_KUBECONFIG)");
    return;
  }
  auto access = kube::load_kubeconfig({file}, {});
  REQUIRE(access.ok());
  auto client = kube::KubeClient::create(std::move(access).value());
  REQUIRE(client.ok());
  reconcile::WriteOptions options;
  options.field_manager = "weir-bench";
  auto ns = value::parse_json(
      R"({"apiVersion":"v1","kind":"Namespace","metadata":{"name":"weir-bench"}})");
  REQUIRE((*client)->apply(*ns, options).ok());
  std::vector<Value> objects;
  for (int i = 0; i < setting("WEIR_BENCH_APPLIES", 2000); ++i) objects.push_back(workload(i));
  int threads = setting("WEIR_BENCH_THREADS", 16);
  run(**client, objects, threads, "create or update");
  run(**client, objects, threads, "no change");
}
