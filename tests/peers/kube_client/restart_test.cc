// Watches over an API server that is killed, changed behind its back and started again.
// WEIR_PEERS_CLUSTER names the directory of the control plane (apiserver.pid, kubeconfig); etcd's
// JSON gateway is taken from the API server's own command line.
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <mutex>
#include <set>
#include <thread>

#include "adapters/kube/client.hh"
#include "adapters/kube/lister.hh"
#include "engine/base/digest.hh"
#include "engine/value/json.hh"

using namespace weir;
using namespace weir::reconcile;
using kube::KubeClient;

namespace {

const model::Gvk config_map{"", "v1", "ConfigMap"};

std::string slurp(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

// The running API server: its process and the words it was started with.
class ApiServer {
 public:
  explicit ApiServer(std::string directory) : directory_(std::move(directory)) {
    pid_ = std::atoi(slurp(directory_ + "/apiserver.pid").c_str());
    std::string words = slurp("/proc/" + std::to_string(pid_) + "/cmdline");
    for (std::size_t at = 0; at < words.size();) {
      words_.emplace_back(words.c_str() + at);
      at += words_.back().size() + 1;
    }
  }
  bool running() const { return !words_.empty(); }
  void stop() {
    ::kill(pid_, SIGKILL);
    while (::kill(pid_, 0) == 0 && ::waitpid(pid_, nullptr, WNOHANG) != pid_ && !zombie()) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
  }
  void start() {
    std::vector<char*> arguments;
    for (std::string& word : words_) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    std::string log = directory_ + "/apiserver.log";
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 1, log.c_str(), O_WRONLY | O_APPEND | O_CREAT, 0600);
    posix_spawn_file_actions_adddup2(&actions, 1, 2);
    REQUIRE(::posix_spawn(&pid_, arguments[0], &actions, nullptr, arguments.data(), environ) == 0);
    posix_spawn_file_actions_destroy(&actions);
    std::ofstream(directory_ + "/apiserver.pid") << pid_ << "\n";
  }
  std::string etcd() const {
    for (const std::string& word : words_) {
      if (word.starts_with("--etcd-servers=")) return word.substr(15);
    }
    return "";
  }

 private:
  // Dead, though perhaps nobody has collected it; its sockets are closed once the last thread is
  // gone.
  bool zombie() const {
    std::string process = "/proc/" + std::to_string(pid_);
    std::string stat = slurp(process + "/stat");
    auto end = stat.rfind(") ");
    if (end == std::string::npos || stat[end + 2] != 'Z') return false;
    std::error_code error;
    std::filesystem::directory_iterator threads(process + "/task", error);
    return error || std::distance(begin(threads), std::filesystem::directory_iterator()) <= 1;
  }
  std::string directory_;
  pid_t pid_ = 0;
  std::vector<std::string> words_;
};

Value etcd_call(const std::string& url, const std::string& path, const Value& body) {
  auto client = net::HttpClient::create({});
  REQUIRE(client.ok());
  net::HttpRequest request;
  request.method = "POST";
  request.url = url + path;
  request.body = value::write_json(body);
  auto response = (*client)->send(request);
  if (!response.ok()) FAIL(response.error().message);
  INFO(response->body);
  REQUIRE(response->status == 200);
  auto parsed = value::parse_json(response->body);
  REQUIRE(parsed.ok());
  return std::move(parsed).value();
}

struct Cluster {
  ApiServer server;
  std::unique_ptr<KubeClient> client;
};

std::unique_ptr<Cluster> find_cluster() {
  const char* directory = std::getenv("WEIR_PEERS_CLUSTER");
  if (directory == nullptr || *directory == '\0') {
    WARN("skipped: no control plane (set WEIR_PEERS_CLUSTER)");
    return nullptr;
  }
  ApiServer server(directory);
  REQUIRE(server.running());
  auto access = kube::load_kubeconfig({std::string(directory) + "/kubeconfig"}, {});
  REQUIRE(access.ok());
  auto client = KubeClient::create(std::move(access).value());
  REQUIRE(client.ok());
  return std::make_unique<Cluster>(Cluster{std::move(server), std::move(client).value()});
}

Result<Value> put(KubeClient& client, const std::string& name) {
  WriteOptions options;
  options.field_manager = "weir-test";
  auto object = value::parse_json(R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":")" +
                                  name + R"(","namespace":"weir-restart"},"data":{"k":"v"}})");
  return client.apply(*object, options);
}

void make_namespace(KubeClient& client) {
  WriteOptions options;
  options.field_manager = "weir-test";
  auto ns = value::parse_json(
      R"({"apiVersion":"v1","kind":"Namespace","metadata":{"name":"weir-restart"}})");
  REQUIRE(client.apply(*ns, options).ok());
}

}  // namespace

TEST_CASE("a watch survives the API server's death and misses nothing that happened meanwhile") {
  auto cluster = find_cluster();
  if (!cluster) return;
  KubeClient& client = *cluster->client;
  make_namespace(client);
  for (const char* name : {"stays", "vanishes"}) REQUIRE(put(client, name).ok());

  std::mutex mutex;
  std::condition_variable changed;
  std::set<std::string> live;
  int synced = 0;
  int failed = 0;
  WatchOptions options;
  options.gvk = config_map;
  options.ns = "weir-restart";
  auto watch = client.watch(options, [&](WatchEvent event) {
    std::lock_guard lock(mutex);
    std::string name(event.object.path("metadata", "name").get_string());
    if (event.type == WatchType::added || event.type == WatchType::modified) live.insert(name);
    if (event.type == WatchType::deleted) live.erase(name);
    if (event.type == WatchType::synced) ++synced;
    if (event.type == WatchType::failed) ++failed;
    changed.notify_all();
  });
  auto until = [&](auto predicate) {
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, std::chrono::seconds(60), predicate);
  };
  REQUIRE(until([&] { return synced == 1 && live.contains("vanishes"); }));

  cluster->server.stop();
  etcd_call(
      cluster->server.etcd(), "/v3/kv/deleterange",
      Value::object({{"key", base::base64_encode("/registry/configmaps/weir-restart/vanishes")}}));
  CHECK(until([&] { return failed == 1; }));  // told once, after three attempts
  cluster->server.start();
  CHECK(until([&] { return !live.contains("vanishes"); }));
  CHECK(live.contains("stays"));
  bool written = false;
  for (int i = 0; i < 200 && !written; ++i) {
    written = put(client, "after").ok();
    if (!written) std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  REQUIRE(written);
  CHECK(until([&] { return live.contains("after"); }));
  CHECK(failed == 1);
  CHECK(client.remove({config_map, "weir-restart", "after"}, {}).ok());
  CHECK(until([&] { return !live.contains("after"); }));
}

TEST_CASE("a list or watch from a compacted version is an expiry, and list() gets over it") {
  auto cluster = find_cluster();
  if (!cluster) return;
  make_namespace(*cluster->client);
  for (int i = 0; i < 520; ++i) REQUIRE(put(*cluster->client, "c" + std::to_string(i)).ok());
  auto transport = kube::Transport::create(cluster->client->access(), 4, std::chrono::seconds(10));
  REQUIRE(transport.ok());
  kube::Discovery discovery(**transport);
  kube::Lister lister(**transport, discovery);
  ListOptions options;
  options.ns = "weir-restart";
  auto first = lister.page(config_map, options, "", false);
  REQUIRE(first.ok());
  REQUIRE_FALSE(first->next.empty());
  CHECK(first->items.size() == 500);

  (void)cluster->client->remove({config_map, "weir-restart", "newer"}, {}).ok();
  REQUIRE(put(*cluster->client, "newer").ok());
  auto version = lister.page(config_map, options, "", true);
  REQUIRE(version.ok());
  etcd_call(cluster->server.etcd(), "/v3/kv/compaction",
            Value::object({{"revision", version->resource_version}, {"physical", true}}));
  // The watch cache still knows the old versions; a new server's does not.
  cluster->server.stop();
  cluster->server.start();
  auto second = lister.page(config_map, options, first->next, false);
  for (int i = 0; i < 400 && !second.ok() && second.error().code != Code::gone; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    second = lister.page(config_map, options, first->next, false);
  }
  REQUIRE_FALSE(second.ok());
  CHECK(second.error().code == Code::gone);
  CHECK(second.error().reason == "Expired");
  auto all = lister.all(config_map, options);
  REQUIRE(all.ok());
  CHECK(all->items.size() >= 521);
  for (const Value& item : all->items)
    (void)cluster->client->remove(model::ObjectId::of(item), {}).ok();
}
