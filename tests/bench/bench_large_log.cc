// What a log of millions of events answers, and how quickly: a made-up but lifelike year of 500
// Kustomizations with 10,000 objects.
// Usage: bench_large_log DIR EVENTS [--blobs] [--ask] [--refold]
//
// Builds the log in DIR (with --ask it is there already), then prints its size an event by family,
// the start-up, and the percentiles of the questions people ask. Memory is read from the kernel.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#include "engine/reconcile/durable_state.hh"
#include "store/blobs.hh"
#include "store/event_log.hh"
#include "store/log_port.hh"
#include "store/projections/object_table.hh"
#include "store/refold.hh"
#include "tests/support/log_samples.hh"

using namespace weir;
using Steady = std::chrono::steady_clock;

namespace {

constexpr std::size_t owners = 500;
constexpr std::size_t objects_an_owner = 20;
constexpr std::size_t objects = owners * objects_an_owner;
constexpr std::size_t snapshot_look_every = 500;  // reconciles; a running weir looks each minute

template <typename T>
T must(Result<T> result, const char* what) {
  if (!result.ok()) {
    std::fprintf(stderr, "bench_large_log: %s: %s\n", what, result.error().message.c_str());
    std::exit(1);
  }
  return *std::move(result);
}

void must(const Result<void>& result, const char* what) {
  if (result.ok()) return;
  std::fprintf(stderr, "bench_large_log: %s: %s\n", what, result.error().message.c_str());
  std::exit(1);
}

double seconds_since(Steady::time_point start) {
  return std::chrono::duration<double>(Steady::now() - start).count();
}

// From /proc/self/status, in MiB.
double memory(const char* field) {
  std::ifstream status("/proc/self/status");
  std::string line;
  while (std::getline(status, line))
    if (line.starts_with(field)) return std::stod(line.substr(std::strlen(field) + 1)) / 1024;
  return 0;
}

// CPU time of this thread: what a busy machine does not lengthen.
double cpu_seconds() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

struct Percentiles {
  std::vector<double> each_us, cpu_us;
  static double at(const std::vector<double>& sorted, double p) {
    return sorted[static_cast<std::size_t>(p * static_cast<double>(sorted.size() - 1))] / 1e3;
  }
  void print(const char* name) {
    for (auto* list : {&each_us, &cpu_us}) std::sort(list->begin(), list->end());
    std::printf("%-26s p50 %8.3f  p99 %8.3f  worst %8.3f ms", name, at(each_us, 0.5),
                at(each_us, 0.99), at(each_us, 1));
    if (!cpu_us.empty())
      std::printf("   CPU p50 %8.3f  p99 %8.3f", at(cpu_us, 0.5), at(cpu_us, 0.99));
    std::printf("   (%zu)\n", each_us.size());
  }
};

template <typename Ask>
Percentiles time_each(std::size_t count, Ask ask) {
  Percentiles out;
  for (std::size_t i = 0; i < count; ++i) {
    const auto start = Steady::now();
    const double cpu = cpu_seconds();
    ask(i);
    out.each_us.push_back(seconds_since(start) * 1e6);
    out.cpu_us.push_back((cpu_seconds() - cpu) * 1e6);
  }
  return out;
}

struct Object {
  model::ObjectId id;
  std::string uid;
  std::size_t owner = 0;
};

// The cluster's objects: five kinds, names and uids as charts and servers make them.
std::vector<Object> make_objects(std::mt19937_64& random) {
  static const model::Gvk kinds[] = {{"apps", "v1", "Deployment"},
                                     {"", "v1", "Service"},
                                     {"", "v1", "ConfigMap"},
                                     {"networking.k8s.io", "v1", "Ingress"},
                                     {"autoscaling", "v2", "HorizontalPodAutoscaler"}};
  std::vector<Object> out;
  for (std::size_t i = 0; i < objects; ++i) {
    char uid[40];
    std::snprintf(uid, sizeof uid, "%08llx-6f0e-4b52-9b43-%012llx",
                  static_cast<unsigned long long>(random() & 0xffffffff),
                  static_cast<unsigned long long>(random() & 0xffffffffffff));
    const std::size_t owner = i / objects_an_owner;
    out.push_back({{kinds[i % 5],
                    "team-" + std::to_string(owner % 40),
                    "service-" + std::to_string(i / 5) + "-web"},
                   uid,
                   owner});
  }
  return out;
}

std::string manifest_of(const Object& object, std::uint64_t tag) {
  std::string text = "{\"apiVersion\":\"apps/v1\",\"kind\":\"" + object.id.gvk.kind +
                     "\",\"metadata\":{\"labels\":{\"app.kubernetes.io/name\":\"" + object.id.name +
                     "\",\"app.kubernetes.io/part-of\":\"shop\"},\"name\":\"" + object.id.name +
                     "\",\"namespace\":\"" + object.id.ns + "\",\"uid\":\"" + object.uid +
                     "\"},\"spec\":{\"replicas\":3,\"template\":{\"spec\":{\"containers\":[";
  for (int i = 0; i < 4; ++i)
    text += "{\"image\":\"registry.example.com/shop/web:" + std::to_string(tag) +
            "\",\"env\":[{\"name\":\"LOG_LEVEL\",\"value\":\"info\"}],\"name\":\"c" +
            std::to_string(i) + "\",\"resources\":{\"limits\":{\"memory\":\"128Mi\"}}},";
  return text + "]}}}}";
}

// A year's events, a reconcile at a time.
class Year {
 public:
  explicit Year(store::BlobStore* blobs) : blobs_(blobs) {}

  std::vector<event::Event> reconcile() {
    const std::size_t owner = pick_owner();
    ++round_;
    char id[24];
    std::snprintf(id, sizeof id, "%016llx", static_cast<unsigned long long>(random_()));
    if (round_ % 20 == 1) revision_ = "main@sha1:" + random_digest().hex().substr(0, 40);
    std::vector<event::Event> out;
    out.push_back(about_owner(event::Type::reconcile_started, owner,
                              Value::object({{"reason", "revision"}, {"revision", revision_}})));
    const base::Digest set = random_digest();
    out.push_back(about_owner(event::Type::manifests_rendered, owner,
                              Value::object({{"revision", revision_},
                                             {"digest", set.to_string()},
                                             {"objects", objects_an_owner}})));
    out.back().blobs = {set};
    const std::size_t changed = 1 + random_() % 4;
    for (std::size_t i = 0; i < changed; ++i) apply(owner, out);
    out.push_back(about_owner(event::Type::reconcile_finished, owner,
                              Value::object({{"status", "ReconciliationSucceeded"},
                                             {"revision", revision_},
                                             {"durationMs", 200 + random_() % 3000},
                                             {"digest", set.to_string()},
                                             {"message", "Applied revision: " + revision_}})));
    for (event::Event& event : out) {
      event.reconcile_id = id;
      event.actor = "weir";
      event.cause = seq_ + 1;
    }
    seq_ += out.size();
    return out;
  }

  const std::vector<Object>& cluster() const { return cluster_; }
  std::mt19937_64& random() { return random_; }

 private:
  // A fifth of the owners do most of the work.
  std::size_t pick_owner() {
    const std::size_t all = random_() % owners;
    return random_() % 10 < 7 ? all / 5 : all;
  }

  base::Digest random_digest() {
    base::Digest digest;
    for (auto& byte : digest.bytes) byte = static_cast<std::uint8_t>(random_());
    return digest;
  }

  base::Digest content(const Object& object) {
    if (blobs_ == nullptr) return random_digest();
    return must(blobs_->put(manifest_of(object, ++tag_)), "a blob");
  }

  event::Event about_owner(event::Type type, std::size_t owner, Value data) {
    event::Event event;
    event.type = type;
    event.subject.object = test::kustomization("apps-" + std::to_string(owner));
    event.subject.uid = "0d8c6e1f-6f0e-4b52-9b43-" + std::to_string(100000000000 + owner);
    event.data = std::move(data);
    return event;
  }

  // An apply, then what the cluster makes of the object.
  void apply(std::size_t owner, std::vector<event::Event>& out) {
    const Object& object = cluster_[owner * objects_an_owner + random_() % objects_an_owner];
    const base::Digest manifest = content(object);
    version_ += 1 + random_() % 9;
    event::Event event;
    event.type = event::Type::object_applied;
    event.subject.object = object.id;
    event.owner = test::kustomization("apps-" + std::to_string(owner));
    event.data = Value::object({{"action", "configured"},
                                {"resourceVersion", std::to_string(version_)},
                                {"revision", revision_},
                                {"owned", random_digest().to_string()}});
    event.blobs = {manifest};
    out.push_back(event);
    if (random_() % 3 != 0) return;
    event.type = event::Type::object_observed;
    event.data = Value::object({{"fields", ".spec.replicas"}});
    event.blobs = {content(object)};
    out.push_back(std::move(event));
  }

  std::mt19937_64 random_{20240607};
  std::vector<Object> cluster_ = make_objects(random_);
  store::BlobStore* blobs_;
  std::string revision_;
  std::uint64_t seq_ = 0, round_ = 0, version_ = 1000, tag_ = 0;
};

// A bare file beside the database, written to and synced now and then: what the disk itself makes
// of a write of an append's size.
class BareFile {
 public:
  explicit BareFile(const std::string& path)
      : fd_(::open(path.c_str(), O_CREAT | O_TRUNC | O_WRONLY, 0600)), block_(64 << 10, 'x') {}
  ~BareFile() { ::close(fd_); }
  double write_us() {
    const auto start = Steady::now();
    if (::write(fd_, block_.data(), block_.size()) < 0 || ::fdatasync(fd_) != 0)
      must(Result<void>(make_error(Code::io, "write")), "the bare file");
    return seconds_since(start) * 1e6;
  }

 private:
  int fd_;
  std::string block_;
};

void build(const std::string& path, std::uint64_t events, bool with_blobs) {
  test::HandClock clock;
  const auto kv = must(store::open_rocks({.directory = path}), "open");
  const auto log = must(store::EventLog::open(*kv, clock), "open the log");
  store::BlobStore blobs(*kv);
  store::EngineLog port(*log, blobs);
  Year year(with_blobs ? &blobs : nullptr);
  const auto start = Steady::now();
  Percentiles appends, bare;
  BareFile bare_file(path + ".bare");
  double snapshots = 0;
  std::vector<std::pair<double, double>> tenths;  // memory and its peak after each of the events
  for (std::uint64_t round = 0; log->head().seq < events; ++round) {
    // A batch of the loop is what came in while the last one was written.
    std::vector<event::Event> batch;
    while (batch.size() < 100) {
      auto next = year.reconcile();
      std::move(next.begin(), next.end(), std::back_inserter(batch));
    }
    clock.advance(300'000'000);
    const auto before = Steady::now();
    must(log->append(std::move(batch)), "append");
    appends.each_us.push_back(seconds_since(before) * 1e6);
    if (round % 20 == 0) bare.each_us.push_back(bare_file.write_us());
    if (round % snapshot_look_every == 0) {
      const auto look = Steady::now();
      must(reconcile::keep_durable_snapshot(port), "a snapshot of the engine");
      must(store::projections::keep_object_snapshots(*kv, log->head().seq), "snapshots");
      snapshots += seconds_since(look);
    }
    if (log->head().seq * 10 > events * (tenths.size() + 1))
      tenths.emplace_back(memory("VmRSS:"), memory("VmHWM:"));
  }
  const double seconds = seconds_since(start);
  const auto head = static_cast<double>(log->head().seq);
  std::printf("%.0f events appended in %.1f s: %.0f events/s, snapshots %.1f s of it\n", head,
              seconds, head / seconds, snapshots);
  appends.print("append of about 100, synced");
  bare.print("a bare 64 KiB, synced");
  const store::KvActivity activity = kv->activity();
  std::printf("  beside %llu compactions of %.0f MiB; appends held up for them %llu times\n",
              static_cast<unsigned long long>(activity.compactions),
              static_cast<double>(activity.compacted_bytes) / (1 << 20),
              static_cast<unsigned long long>(activity.write_stalls));
  std::printf("  memory: %.1f MiB of rows in no file, %.1f of cached blocks, %.1f of tables\n",
              static_cast<double>(activity.buffer_bytes) / (1 << 20),
              static_cast<double>(activity.cache_bytes) / (1 << 20),
              static_cast<double>(activity.table_bytes) / (1 << 20));
  std::filesystem::remove(path + ".bare");
  std::printf("memory (peak) after each tenth:");
  for (const auto& [now, peak] : tenths) std::printf(" %.0f (%.0f)", now, peak);
  std::printf(" MiB\n");
}

void print_sizes(const std::string& path, double head) {
  std::uintmax_t bytes = 0;
  for (const auto& file : std::filesystem::directory_iterator(path))
    if (file.is_regular_file()) bytes += file.file_size();
  std::printf("on disk %.0f MiB, %.1f bytes an event\n", static_cast<double>(bytes) / (1 << 20),
              static_cast<double>(bytes) / head);
}

void print_start(const std::string& path, const base::Clock& clock) {
  for (int i = 0; i < 3; ++i) {
    const auto start = Steady::now();
    const double cpu = cpu_seconds();
    const auto kv = must(store::open_rocks({.directory = path}), "open");
    const double opened = seconds_since(start);
    const auto log = must(store::EventLog::open(*kv, clock), "open the log");
    store::BlobStore blobs(*kv);
    const store::EngineLog port(*log, blobs);
    reconcile::State state;
    reconcile::Delivery delivery;
    std::uint64_t from = 0;
    must(reconcile::fold_log(port, log->head().seq, state, delivery, &from), "fold");
    std::printf("start-up %.3f s (RocksDB %.3f s), CPU %.3f s, %llu events folded behind the "
                "snapshot\n",
                seconds_since(start), opened, cpu_seconds() - cpu,
                static_cast<unsigned long long>(log->head().seq - from));
  }
}

void ask(const std::string& path, bool with_refold) {
  namespace views = store::projections;
  test::HandClock clock;
  print_start(path, clock);
  const auto kv = must(store::open_rocks({.directory = path}), "open");
  const auto log = must(store::EventLog::open(*kv, clock), "open the log");
  const store::Seq head = log->head().seq;
  for (const auto& [family, bytes] : kv->family_bytes())
    std::printf("  %-12s %7.1f bytes an event\n", family.c_str(),
                static_cast<double>(bytes) / static_cast<double>(head));
  print_sizes(path, static_cast<double>(head));
  Year year(nullptr);
  auto& random = year.random();
  const auto any = [&]() -> const model::ObjectId& {
    return year.cluster()[random() % objects].id;
  };
  time_each(2000, [&](std::size_t) {
    must(views::object_at(*kv, any(), random() % head + 1, views::Side::live), "show");
  }).print("show --at");
  time_each(2000, [&](std::size_t) {
    must(views::object_history(*kv, any(), head, 100), "history");
  }).print("history (100 newest)");
  std::size_t least = objects;
  time_each(100, [&](std::size_t) {
    const auto states = must(
        views::state_at(*kv, head / 10 + random() % (head * 9 / 10), views::Side::live), "state");
    least = std::min(least, states.size());
  }).print("state --at");
  std::printf("  of at least %zu objects\n", least);
  time_each(100, [&](std::size_t) {
    views::StateFilter filter;
    filter.owner = test::kustomization("apps-" + std::to_string(random() % owners));
    must(views::state_at(*kv, random() % head + 1, views::Side::desired, filter), "state");
  }).print("state --at --owner");
  if (with_refold) {
    const auto start = Steady::now();
    const double cpu = cpu_seconds();
    must(log->refold(), "refold");
    std::printf("refold %.0f events/s, %.0f events a second of its CPU\n",
                static_cast<double>(head) / seconds_since(start),
                static_cast<double>(head) / (cpu_seconds() - cpu));
  }
  std::printf("memory now %.0f MiB, peak %.0f MiB\n", memory("VmRSS:"), memory("VmHWM:"));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: bench_large_log DIR EVENTS [--blobs] [--ask] [--refold]\n");
    return 2;
  }
  std::setvbuf(stdout, nullptr, _IOLBF, 0);  // minutes lie between the lines
  const std::vector<std::string> words(argv + 3, argv + argc);
  const auto has = [&](const char* word) {
    return std::find(words.begin(), words.end(), word) != words.end();
  };
  if (!has("--ask")) build(argv[1], std::stoull(argv[2]), has("--blobs"));
  ask(argv[1], has("--refold"));
  return 0;
}
