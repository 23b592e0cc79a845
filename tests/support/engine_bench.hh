// A whole engine on a bench: the real core and executor, the embedded API, artifacts and log in
// memory, a scripted Git remote and a virtual clock. One thread; nothing sleeps and nothing is on
// disk. Commands are carried out one after another, each taking a millisecond of virtual time.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "api/kube/server.hh"
#include "engine/reconcile/core.hh"
#include "engine/reconcile/executor.hh"
#include "store/artifacts.hh"
#include "store/blobs.hh"
#include "store/event_log.hh"
#include "store/log_port.hh"
#include "tests/support/bench_buckets.hh"
#include "tests/support/bench_remotes.hh"

namespace weir::test {

class BenchClock final : public base::Clock {
 public:
  base::TimeUs now() const override { return 1'800'000'000'000'000 + us_; }
  std::chrono::microseconds monotonic() const override { return std::chrono::microseconds(us_); }
  void advance(std::int64_t us) { us_ += us; }

 private:
  std::int64_t us_ = 0;
};

// A remote with one branch, "main". `fail` is the error of the next checkouts.
class BenchGit final : public reconcile::GitPort {
 public:
  Result<reconcile::GitCheckout> checkout(const reconcile::GitRequest& request) override;
  // Notes the order; `fail` is its error too.
  Result<reconcile::GitCommit> revert(const reconcile::GitRevert& revert) override;
  void commit(const std::map<std::string, std::string>& files);
  std::string revision() const { return "main@sha1:" + sha_; }

  std::optional<Error> fail;
  int checkouts = 0;
  std::vector<reconcile::GitRevert> reverts;

 private:
  std::string sha_;
  int count_ = 0;
  std::shared_ptr<const base::FileTree> tree_;
};

class BenchEvents final : public reconcile::EventPort {
 public:
  void post(Value event) override { posted.push_back(std::move(event)); }
  std::vector<Value> posted;
};

// One other cluster, an embedded API too, whatever it is described by; another kubeconfig has a
// client of its own.
class BenchClusters final : public reconcile::ClusterPort {
 public:
  Result<reconcile::KubeApiPtr> connect(const reconcile::ClusterDescription& cluster) override {
    asked.push_back(cluster);
    if (fail) return *fail;
    reconcile::KubeApiPtr& client = clients_[cluster.kubeconfig];
    if (client == nullptr) client = clients_.size() == 1 || !make ? api : make();
    return client;
  }
  reconcile::KubeApiPtr api;
  std::function<reconcile::KubeApiPtr()> make;
  std::vector<reconcile::ClusterDescription> asked;
  std::optional<Error> fail;

 private:
  std::map<std::string, reconcile::KubeApiPtr> clients_;
};

// Counts writes, and refuses what `refuse` says.
class BenchKube final : public reconcile::KubeApi {
 public:
  explicit BenchKube(reconcile::KubeApi& next) : next_(next) {}
  Result<reconcile::ApiResource> resolve(const Gvk& gvk) override { return next_.resolve(gvk); }
  Result<std::vector<reconcile::ApiResource>> resources() override { return next_.resources(); }
  Result<std::string> server_version() override { return next_.server_version(); }
  Result<Value> get(const ObjectId& id, const reconcile::Identity& as) override;
  Result<reconcile::ListResult> list(const Gvk& gvk,
                                     const reconcile::ListOptions& options) override {
    return next_.list(gvk, options);
  }
  Result<Value> create(const Value& object, const reconcile::WriteOptions& options) override;
  Result<Value> update(const Value& object, const reconcile::WriteOptions& options) override {
    return next_.update(object, options);
  }
  Result<Value> apply(const Value& object, const reconcile::WriteOptions& options) override;
  Result<Value> patch(const ObjectId& id, reconcile::PatchType type, const Value& body,
                      const reconcile::WriteOptions& options) override;
  Result<void> remove(const ObjectId& id, const reconcile::DeleteOptions& options) override;
  std::unique_ptr<reconcile::Watch> watch(const reconcile::WatchOptions& options,
                                          reconcile::WatchSink sink) override {
    return next_.watch(options, std::move(sink));
  }

  // "apply Deployment/shop/web", "dry-run ...", "delete ...", "create Event/..." in order.
  std::vector<std::string> calls;
  std::vector<reconcile::Identity> identities;  // of applies and deletes
  // Applies (dry-runs too) of this object fail with this error.
  std::map<std::string, Error> refuse;
  // Creations and patches of this object fail with this error.
  std::map<std::string, Error> refuse_changes;
  std::map<std::string, Error> refuse_reads;  // the same, of reads by somebody's account
  // Applies of this object are done, and their answers lost.
  std::string lose;

 private:
  reconcile::KubeApi& next_;
};

class EngineBench {
 public:
  explicit EngineBench(reconcile::EngineOptions options = {});
  ~EngineBench();

  // Files of the next commit; a Kustomization named after each first folder is not made by itself.
  void commit(const std::map<std::string, std::string>& files);
  // Creates or replaces an object from YAML, as a user would.
  void create(std::string_view yaml);
  void merge(const ObjectId& id, std::string_view json);
  // As the object's controller would: status is a subresource.
  void merge_status(const ObjectId& id, const Value& status);
  void remove(const ObjectId& id);
  // A GitRepository "repo" in flux-system (interval 1m) on branch main.
  void create_repository();
  // A Kustomization in flux-system of path ./<name>, prune on; `extra` is YAML of more spec fields
  // ("wait: true\n...").
  void create_kustomization(const std::string& name, const std::string& extra = "");

  // The other cluster's API.
  reconcile::KubeApi& other();
  std::size_t remote_watches() const;  // that stand open on it

  // Runs until nothing is to do before `seconds` of virtual time have passed.
  void run(std::int64_t seconds = 5);
  // The process ends here and another one starts on what is stored.
  void restart();
  Result<void> act(const reconcile::OperatorAction& action);

  Value get(const ObjectId& id);  // null when there is none
  Value kustomization(const std::string& name);
  // "True ReconciliationSucceeded Applied revision: ...": a condition in words; "" when absent.
  std::string condition(const std::string& name, std::string_view type);
  std::vector<std::string> inventory(const std::string& name);
  // "Normal ReconciliationSucceeded message" of the Kubernetes Events about the object, in order.
  std::vector<std::string> events(const std::string& name);
  // Events of the log of one type.
  std::vector<event::Event> logged(event::Type type);
  // The JSON of a blob that an event names.
  Value blob(const base::Digest& digest);
  reconcile::LogPort& port();
  reconcile::ArtifactPort& artifacts() { return artifacts_; }
  // Where a replay of all that was told and decided first differs; "" when it does nowhere.
  std::string decided_otherwise();
  // Ends the test program, with the difference, where there is one: for the end of every test.
  void require_same_decisions();

  BenchClock clock;
  BenchGit git;
  BenchEvents notifications;
  BenchDownloads downloads;
  BenchRegistry registry;
  BenchBuckets buckets;
  BenchClusters clusters;  // its API is made on the first call of other()
  helm::HostNames* hosts = nullptr;  // read when a process starts
  helm::SchemaLoader* schemas = nullptr;  // the same
  std::unique_ptr<BenchKube> kube;
  reconcile::EngineOptions options;
  // The process ends once this object is applied ("ConfigMap/default/two"), before what came of it
  // is logged; `died` happens, and another one starts.
  std::string die_after;
  std::function<void()> died;

 private:
  struct Process;
  void open_watch(const reconcile::WatchOptions& watch);
  void change_watch(const reconcile::RemoteWatch& change);
  bool drain();

  store::MemoryArtifacts artifacts_;
  store::SealingKey key_;
  std::unique_ptr<store::Kv> kv_, kube_kv_, other_kv_;
  std::unique_ptr<api::kube::KubeServer> server_, other_server_;
  std::unique_ptr<reconcile::KubeApi> api_;
  std::unique_ptr<Process> process_;
};

ObjectId kustomization_id(const std::string& name);
ObjectId object_id(std::string_view kind, std::string_view ns, std::string_view name);

}  // namespace weir::test
