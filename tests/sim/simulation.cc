#include "tests/sim/simulation.hh"

#include <algorithm>
#include <array>
#include <cstdio>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <queue>

#include "api/kube/server.hh"
#include "engine/model/kinds/field.hh"
#include "engine/reconcile/core.hh"
#include "engine/reconcile/durable_state.hh"
#include "engine/reconcile/executor.hh"
#include "engine/reconcile/replay.hh"
#include "engine/reconcile/status.hh"
#include "engine/value/json.hh"
#include "store/artifacts.hh"
#include "store/blobs.hh"
#include "store/event_log.hh"
#include "store/log_port.hh"
#include "store/projections/object_table.hh"
#include "store/verify.hh"
#include "tests/sim/releases.hh"
#include "tests/sim/workload.hh"
#include "tests/sim/world.hh"
#include "tests/support/fault_kv.hh"

namespace weir::sim {
namespace {

constexpr std::int64_t second = 1'000'000;
constexpr std::uint64_t rounds_max = 400'000;

// The engine between two crashes: everything that a kill takes away.
struct Process {
  std::unique_ptr<store::EventLog> log;
  std::unique_ptr<store::BlobStore> blobs;
  std::unique_ptr<store::EngineLog> port;
  reconcile::Metrics metrics;
  reconcile::Delivery delivery;
  std::unique_ptr<reconcile::Core> core;
  std::unique_ptr<reconcile::Executor> executor;
  std::deque<reconcile::Input> inputs;
  reconcile::Effects stuck;  // decided, but the log could not be written
  std::map<std::string, std::unique_ptr<reconcile::Watch>> watches;
};

class Simulation {
 public:
  Simulation(std::uint64_t seed, bool trace, RunFacts& facts)
      : random_(seed),
        trace_(trace),
        facts_(facts),
        workload_(random_),
        releases_(seed, seed % 2 == 1),  // every other run has HelmReleases too
        git_(random_, faults_),
        artifacts_("weir.sim", clock_) {
    std::array<std::uint8_t, 32> key{};
    key.fill(7);
    key_ = store::SealingKey::from_bytes(key);
  }

  std::optional<std::string> run() {
    if (auto error = set_up()) return error;
    plan_trouble();
    const base::TimeUs calm = clock_.now() + 600 * second;
    if (auto error = run_until(calm, [] { return false; })) return error;
    faults_ = {};
    kv_->heal();
    workload_.repair();
    Workload::resume_all(*api_);
    releases_.repair(*api_);
    commit();
    const auto settled = [&] { return all_ready() && differences().empty(); };
    if (auto error = run_until(clock_.now() + 7200 * second, settled)) return error;
    if (!settled()) return "did not converge:\n" + differences() + readiness();
    if (auto error = check_moves()) return error;
    facts_.virtual_seconds = clock_.monotonic().count() / second;
    return check_log();
  }

 private:
  struct Task {
    base::TimeUs time;
    std::uint64_t order;
    std::uint64_t generation;  // of the process; 0 = outlives a crash
    std::function<void()> run;
    bool operator<(const Task& other) const {
      return time != other.time ? time > other.time : order > other.order;
    }
  };

  std::optional<std::string> set_up() {
    api::kube::ServerOptions options;
    options.kv = kube_kv_.get();
    options.clock = &clock_;
    auto server = api::kube::KubeServer::open(options);
    if (!server.ok()) return server.error().message;
    server_ = *std::move(server);
    api_ = server_->local_api();
    reconcile::WriteOptions write;
    write.field_manager = "user";
    for (const auto& kind : model::declared_kinds())
      if (auto made = api_->create(model::make_crd(kind), write); !made.ok())
        return "crd: " + made.error().message;
    create_object("v1", "Namespace", "", "flux-system", Value());
    commit();
    create_object("source.toolkit.fluxcd.io/v1", "GitRepository", "flux-system", "repo",
                  Value::object({{"url", "https://git.example.com/repo"},
                                 {"interval", "1m"},
                                 {"ref", Value::object({{"branch", "main"}})}}));
    for (const Value& object : workload_.kustomizations())
      if (auto made = api_->create(object, write); !made.ok()) return made.error().message;
    for (const Value& object : releases_.objects())
      if (auto made = api_->create(object, write); !made.ok()) return made.error().message;
    faulty_ = std::make_unique<FaultyKube>(*api_, random_, faults_);
    return start_process();
  }

  void create_object(const char* api_version, const char* kind, const char* ns, const char* name,
                     Value spec) {
    Value metadata = Value::object({{"name", name}});
    if (*ns != 0) metadata.set("namespace", ns);
    Value object =
        Value::object({{"apiVersion", api_version}, {"kind", kind}, {"metadata", metadata}});
    if (!spec.is_null()) object.set("spec", std::move(spec));
    reconcile::WriteOptions write;
    write.field_manager = "user";
    auto made = api_->create(object, write);
    if (!made.ok()) broken_ = std::string(kind) + ": " + made.error().message;
  }

  std::optional<std::string> start_process() {
    ++generation_;
    process_ = std::make_unique<Process>();
    Process& p = *process_;
    auto log = store::EventLog::open(*kv_, clock_);
    if (!log.ok()) return "open: " + log.error().message;
    p.log = *std::move(log);
    p.blobs = std::make_unique<store::BlobStore>(*kv_, key_);
    p.port = std::make_unique<store::EngineLog>(*p.log, *p.blobs);
    reconcile::EngineOptions options;
    options.concurrent_ssa = 1;
    p.core = std::make_unique<reconcile::Core>(options, p.metrics);
    reconcile::Ports ports{faulty_.get(), &git_, &artifacts_, p.port.get(), &clock_, nullptr};
    p.executor = std::make_unique<reconcile::Executor>(ports, options);
    if (auto folded = p.core->restore(*p.port, p.delivery); !folded.ok())
      return "fold: " + folded.error().message;
    if (auto error = check_fold(*p.core)) return error;
    p.core->begin_record(clock_.now(), p.stuck);
    for (const auto& watch : reconcile::Core::own_watches(options)) open_watch(watch);
    return std::nullopt;
  }

  // What was folded from a snapshot is what the whole log gives.
  std::optional<std::string> check_fold(const reconcile::Core& core) {
    reconcile::State whole;
    reconcile::Delivery delivery;
    auto replayed = process_->port->replay(1, [&](const event::Event& event) {
      fold(whole, event);
      delivery.fold(event, event.time);
      return true;
    });
    if (!replayed.ok()) return "replay: " + replayed.error().message;
    if (reconcile::encode_durable(whole, delivery) !=
        reconcile::encode_durable(core.state(), process_->delivery))
      return "the state folded from a snapshot is not that of the whole log";
    return std::nullopt;
  }

  // What a thread beside the loop does now and then.
  void keep_snapshots() {
    // The disk may be full.
    static_cast<void>(reconcile::keep_durable_snapshot(*process_->port, 1 + random_.below(40)));
    static_cast<void>(
        store::projections::keep_object_snapshot_at(*kv_, process_->log->head().seq));
  }

  void open_watch(const reconcile::WatchOptions& options) {
    const std::string key = reconcile::watch_key(options);
    Process* p = process_.get();
    p->watches[key] = api_->watch(options, [p, key](reconcile::WatchEvent event) {
      p->inputs.push_back(reconcile::Observed{key, std::move(event)});
    });
  }

  void at(base::TimeUs time, std::function<void()> run, bool outlives) {
    tasks_.push({time, order_++, outlives ? 0 : generation_, std::move(run)});
  }

  void commit() {
    auto tree = workload_.tree();
    releases_.add_to(*tree);
    git_.commit(std::move(tree));
    ++facts_.commits;
  }

  // Users and faults of the first ten minutes.
  void plan_trouble() {
    if (random_.one_in(2)) faults_.kube_error = 10 + random_.below(50);
    if (random_.one_in(2)) faults_.kube_lost_answer = 10 + random_.below(50);
    if (random_.one_in(2)) faults_.git_error = 3 + random_.below(10);
    const auto when = [&] {
      return clock_.now() + static_cast<std::int64_t>(random_.below(580)) * second;
    };
    for (std::uint64_t i = random_.below(8); i > 0; --i)
      at(
          when(),
          [this] {
            workload_.edit();
            commit();
          },
          true);
    for (std::uint64_t i = random_.below(6); i > 0; --i)
      at(
          when(), [this] { workload_.meddle(*api_); }, true);
    if (releases_.any()) plan_releases(when);
    for (std::uint64_t i = random_.below(3); i > 0; --i)
      at(
          when(), [this] { workload_.toggle_suspend(*api_); }, true);
    for (std::uint64_t i = random_.below(4); i > 0; --i)
      at(
          when(), [this] { crash(); }, true);
    for (std::uint64_t i = random_.below(4); i > 0; --i)
      at(
          when(), [this] { keep_snapshots(); }, true);
    if (random_.one_in(4)) {
      const base::TimeUs full = when();
      at(
          full, [this] { kv_->fail_from(kv_->writes() + 1); }, true);
      at(
          full + 30 * second, [this] { kv_->heal(); }, true);
    }
  }

  void plan_releases(const std::function<base::TimeUs()>& when) {
    for (std::uint64_t i = random_.below(8); i > 0; --i)
      at(
          when(),
          [this] {
            if (releases_.edit(*api_)) commit();
          },
          true);
    for (std::uint64_t i = random_.below(4); i > 0; --i)
      at(
          when(), [this] { releases_.meddle(*api_); }, true);
  }

  std::string differences() { return compare(workload_, *api_) + releases_.compare(*api_); }

  void crash() {
    ++facts_.crashes;
    process_.reset();
    const std::size_t unsynced = kv_->unsynced();
    kv_ = kv_->after_crash(unsynced == 0 ? 0 : random_.below(unsynced + 1));
    if (auto error = start_process()) broken_ = "after a crash: " + *error;
  }

  // Steps the core over what has come in, then carries its effects out.
  void drain() {
    Process& p = *process_;
    reconcile::Effects effects = std::move(p.stuck);
    p.stuck = {};
    if (effects.events.empty()) {  // a record alone is of a beginning
      for (std::size_t i = 0; i < 256 && !p.inputs.empty(); ++i) {
        const reconcile::Input input = std::move(p.inputs.front());
        p.inputs.pop_front();
        p.core->step(input, clock_.now(), effects);
      }
      p.core->tick(clock_.now(), effects);
    }
    if (!effects.events.empty() || !effects.record.empty()) {
      auto events = effects.events;
      const auto appended = p.port->append(events, effects.record);
      if (!appended.ok()) {
        p.stuck = std::move(effects);
        stuck_until_ = clock_.now() + second;
        return;
      }
      facts_.events += events.size();
      if (trace_)
        for (const auto& event : events) print(event);
      if (!events.empty()) p.core->appended(events.back().seq);
    }
    for (const auto& watch : effects.watches) open_watch(watch);
    for (const auto& command : effects.commands) {
      ++facts_.commands;
      const auto latency = static_cast<std::int64_t>(100 + random_.below(20'000));
      at(
          clock_.now() + latency,
          [this, command] { process_->inputs.push_back(process_->executor->execute(command)); },
          false);
    }
  }

  void print(const event::Event& event) const {
    std::printf("%8.3f %5llu %-20s %s %s\n", static_cast<double>(clock_.monotonic().count()) / 1e6,
                static_cast<unsigned long long>(event.seq),
                std::string(event::type_name(event.type)).c_str(),
                event.subject.object.subject().c_str(),
                value::write_json(event.data).substr(0, 300).c_str());
  }

  base::TimeUs next_time(base::TimeUs end) {
    base::TimeUs next = end;
    const auto consider = [&](base::TimeUs time) {
      next = std::min(next, std::max(time, clock_.now()));
    };
    if (!process_->stuck.events.empty()) {
      consider(stuck_until_);
    } else {
      if (!process_->inputs.empty()) return clock_.now();
      if (const base::TimeUs due = process_->core->next_due(); due != 0) consider(due);
    }
    if (!tasks_.empty()) consider(tasks_.top().time);
    if (const auto deadline = server_->next_deadline())
      consider(clock_.now() + (*deadline - clock_.monotonic()).count());
    return next;
  }

  template <typename Done>
  std::optional<std::string> run_until(base::TimeUs end, const Done& done) {
    std::uint64_t rounds = 0;
    while (clock_.now() < end) {
      if (++rounds > rounds_max)
        return "livelock: " + std::to_string(rounds_max) + " rounds\n" + readiness();
      if (!broken_.empty()) return broken_;
      clock_.advance_to(next_time(end));
      while (!tasks_.empty() && tasks_.top().time <= clock_.now()) {
        const Task task = tasks_.top();
        tasks_.pop();
        if (task.generation == 0 || task.generation == generation_) task.run();
      }
      server_->advance();
      drain();
      if (process_->inputs.empty() && rounds % 16 == 0 && done()) return std::nullopt;
    }
    return std::nullopt;
  }

  // What moves from one Kustomization to another, or to a renamed one, is never deleted.
  std::optional<std::string> check_moves() {
    const auto uids = [&] {
      std::map<std::string, std::string> out;
      auto list = api_->list({"", "v1", "ConfigMap"},
                             {{}, "default", "kustomize.toolkit.fluxcd.io/name", ""});
      if (list.ok())
        for (const Value& item : list->items)
          out[std::string(item.path("metadata", "name").get_string())] =
              item.path("metadata", "uid").get_string();
      return out;
    };
    const auto settled = [&] { return all_ready() && differences().empty(); };
    const auto before = uids();
    if (random_.one_in(2)) {
      const std::string moved = workload_.move_config();
      if (moved.empty()) return std::nullopt;
      commit();
    } else if (auto error = rename_one()) {
      return error;
    }
    if (auto error = run_until(clock_.now() + 3600 * second, settled)) return error;
    if (!settled()) return "after a move: " + differences() + readiness();
    if (uids() != before) return "an object that moved was deleted and made again";
    return std::nullopt;
  }

  // The last Kustomization (none depends on it) gets another name, as a parent that applies and
  // prunes does it.
  std::optional<std::string> rename_one() {
    Value renamed = workload_.kustomizations().back();
    const ObjectId old = ObjectId::of(renamed);
    renamed.entry("metadata").set("name", old.name + "-renamed");
    reconcile::WriteOptions write;
    write.field_manager = "user";
    if (auto made = api_->create(renamed, write); !made.ok()) return made.error().message;
    if (auto removed = api_->remove(old, {}); !removed.ok()) return removed.error().message;
    return std::nullopt;
  }

  bool all_ready() {
    auto list = api_->list(model::kustomization_gvk, {});
    if (!list.ok()) return false;
    for (const Value& item : list->items) {
      if (!reconcile::is_ready(item["status"])) return false;
      if (item.path("status", "lastAppliedRevision").get_string() != git_.head_revision())
        return false;
      if (item.path("status", "observedGeneration").get_int(-1) !=
          item.path("metadata", "generation").get_int())
        return false;
    }
    return true;
  }

  std::string readiness() {
    std::string out = "head " + git_.head_revision() + "\n";
    auto list = api_->list(model::kustomization_gvk, {});
    if (!list.ok()) return out + list.error().message;
    for (const Value& item : list->items)
      out += std::string(item.path("metadata", "name").get_string()) + ": " +
             value::write_json(item.path("status", "conditions")) + " " +
             std::string(item.path("status", "lastAppliedRevision").get_string()) + "\n";
    return out;
  }

  std::optional<std::string> check_log() {
    auto report = store::verify(*kv_, *process_->blobs);
    if (!report.ok()) return "verify: " + report.error().message;
    if (!report->clean())
      return "verify: event " + std::to_string(report->first->seq) + ": " + report->first->what;
    return check_decisions();
  }

  // The same build decides the same, told the same.
  std::optional<std::string> check_decisions() {
    std::string wrong;
    const auto replayed = reconcile::replay_decisions(
        *process_->port, {}, [&](const reconcile::DecisionDifference& difference) {
          if (!wrong.empty()) return;
          wrong = "a replay decides otherwise after event " + std::to_string(difference.seq) +
                  " on " + difference.told;
          for (const std::string& text : difference.then) wrong += "\n  then: " + text;
          for (const std::string& text : difference.now) wrong += "\n  now:  " + text;
        });
    if (!replayed.ok()) return "replay of decisions: " + replayed.error().message;
    if (wrong.empty() && replayed->steps == 0) return "nothing of the run was recorded";
    facts_.steps_replayed += replayed->steps;
    return wrong.empty() ? std::nullopt : std::optional(wrong);
  }

  Random random_;
  bool trace_;
  RunFacts& facts_;
  VirtualClock clock_;
  Faults faults_;
  Workload workload_;
  Releases releases_;
  ScriptedGit git_;
  store::MemoryArtifacts artifacts_;
  store::SealingKey key_;
  std::unique_ptr<test::FaultKv> kv_ = std::make_unique<test::FaultKv>();
  std::unique_ptr<store::Kv> kube_kv_ = store::make_memory_kv();
  std::unique_ptr<api::kube::KubeServer> server_;
  std::unique_ptr<reconcile::KubeApi> api_;
  std::unique_ptr<FaultyKube> faulty_;
  std::unique_ptr<Process> process_;
  std::uint64_t generation_ = 0;
  std::priority_queue<Task> tasks_;
  std::uint64_t order_ = 0;
  base::TimeUs stuck_until_ = 0;
  std::string broken_;
};

}  // namespace

std::optional<std::string> run(std::uint64_t seed, bool trace, RunFacts& facts) {
  return Simulation(seed, trace, facts).run();
}

}  // namespace weir::sim
