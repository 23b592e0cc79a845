// Carries out commands through the ports: the only part of the engine that reaches the world. A
// command runs on the calling thread and always ends in an outcome; failures are outcomes too.
// Thread-safe.
#pragma once

#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "engine/apply/shape.hh"
#include "engine/base/clock.hh"
#include "engine/helm/engine.hh"
#include "engine/helm/schema.hh"
#include "engine/kustomize/build.hh"
#include "engine/reconcile/bucket_memory.hh"
#include "engine/reconcile/chart_indexes.hh"
#include "engine/reconcile/cluster_port.hh"
#include "engine/reconcile/command.hh"
#include "engine/reconcile/event_port.hh"
#include "engine/reconcile/foreign_artifacts.hh"
#include "engine/reconcile/helm_chart_cache.hh"
#include "engine/reconcile/kube_port.hh"
#include "engine/reconcile/log_port.hh"
#include "engine/reconcile/options.hh"
#include "engine/reconcile/remote_port.hh"
#include "engine/reconcile/server_version.hh"
#include "engine/reconcile/source_port.hh"

namespace weir::reconcile {

// Everything outside of the engine. Not owned; all outlive the engine. `remote` may be null: remote
// bases are refused then. So may `download`, `registry` and `buckets`, where no source needs them,
// and `clusters`: spec.kubeConfig is refused then.
struct Ports {
  KubeApi* kube = nullptr;
  GitPort* git = nullptr;
  ArtifactPort* artifacts = nullptr;
  LogPort* log = nullptr;
  const base::Clock* clock = nullptr;
  kustomize::RemoteLoader* remote = nullptr;
  DownloadPort* download = nullptr;
  RegistryPort* registry = nullptr;
  EventPort* events = nullptr;  // may be null: events go to Kubernetes alone
  ClusterPort* clusters = nullptr;
  helm::HostNames* hosts = nullptr;  // null: getHostByName finds nothing (gate AllowDNSLookups)
  helm::SchemaLoader* schemas = nullptr;  // null: charts' schemas may not refer to other documents
  BucketPort* buckets = nullptr;
};

// Rendered sets of the last builds, by digest of all inputs. Bounded by objects held.
class RenderCache {
 public:
  RenderedPtr find(const base::Digest& key);
  void put(const base::Digest& key, RenderedPtr set);

 private:
  static constexpr std::size_t objects_max = 20'000;
  std::mutex mutex_;
  std::list<std::pair<base::Digest, RenderedPtr>> recent_;  // newest first
  std::map<base::Digest, std::list<std::pair<base::Digest, RenderedPtr>>::iterator> index_;
  std::size_t objects_ = 0;
};

class Executor {
 public:
  Executor(const Ports& ports, const EngineOptions& options) : ports_(ports), options_(options) {}

  Outcome execute(const Command& command);

 private:
  OutcomeBody run(const ObjectId& owner, const FetchSource& fetch);  // execute_fetch.cc
  OutcomeBody fetch(const ObjectId& owner, const FetchSource& fetch,
                    const model::GitRepositorySpec& spec);
  OutcomeBody fetch(const ObjectId& owner, const FetchSource& fetch,
                    const model::OciRepositorySpec& spec);
  OutcomeBody fetch(const ObjectId& owner, const FetchSource& fetch,
                    const model::HelmRepositorySpec& spec);
  OutcomeBody fetch(const ObjectId& owner, const FetchSource& fetch,
                    const model::HelmChartSpec& spec);
  OutcomeBody fetch(const ObjectId& owner, const FetchSource& fetch, const model::BucketSpec& spec);
  OutcomeBody store_bucket(const ObjectId& owner, const model::BucketSpec& spec,
                           const std::string& revision, const base::FileTree& tree);
  OutcomeBody run(const ObjectId& owner, const BuildManifests& build);  // execute_build.cc
  OutcomeBody render(const ObjectId& owner, const BuildManifests& build);
  // The files of a source's artifact, our own or another controller's.
  Result<FileTreePtr> open_artifact(const Artifact& artifact);
  // Its bytes; not_found when its server has it no more.
  Result<base::FileBytes> read_artifact(const Artifact& artifact);
  OutcomeBody run(const ObjectId& owner, const LoadRendered& load);
  OutcomeBody run(const ObjectId& owner, const ReachCluster& reach);  // execute_cluster.cc
  OutcomeBody run(const ObjectId& owner, const ApplyStage& apply);    // execute_apply.cc
  OutcomeBody run(const ObjectId& owner, const PruneObjects& prune);  // execute_prune.cc
  OutcomeBody run(const ObjectId& owner, const ReadObjects& read);
  OutcomeBody run(const ObjectId& owner, const RestoreObjects& restore);  // execute_restore.cc
  OutcomeBody run(const ObjectId& owner, const RevertCommit& revert);     // execute_fetch.cc
  OutcomeBody run(const ObjectId& owner, const KeepLive& keep);           // execute_restore.cc
  OutcomeBody run(const ObjectId& owner, const WriteStatus& write);  // execute_meta.cc
  OutcomeBody run(const ObjectId& owner, const WriteFinalizer& write);
  OutcomeBody run(const ObjectId& owner, const EmitEvent& emit);
  OutcomeBody run(const ObjectId& owner, const CollectArtifacts& collect);
  OutcomeBody run(const ObjectId& owner, const ApplyHelmChart& apply);  // execute_helm.cc
  OutcomeBody run(const ObjectId& owner, const PrepareHelm& prepare);
  OutcomeBody run(const ObjectId& owner, const RunHelm& run);
  Result<HelmChartCache::ChartsPtr> load_chart(const Artifact& artifact);
  Result<base::FileBytes> read_artifact_bytes(const Artifact& artifact);
  std::optional<StepError> compose(const ObjectId& owner, const PrepareHelm& prepare,
                                   PreparedRelease& out);
  // What an uninstall that has not been prepared needs; "" or why it is left alone.
  Result<std::string> reach(const ObjectId& owner, const RunHelm& run);
  // execute_cluster.cc: the cluster that the owner's objects go to; null: the one of `kube`.
  Result<KubeApiPtr> connect(const ObjectId& owner,
                             const std::optional<model::KubeConfigReference>& to);
  // The ports, with another cluster's API where there is one.
  Ports ports_at(const KubeApiPtr& cluster) const {
    Ports ports = ports_;
    if (cluster != nullptr) ports.kube = cluster.get();
    return ports;
  }

  // How long an accepted shape is believed: an admission policy may change meanwhile.
  static constexpr base::TimeUs shape_lifetime = 600'000'000;

  Ports ports_;
  EngineOptions options_;
  RenderCache cache_;
  HelmChartCache charts_;
  ServerVersion server_version_;
  ForeignArtifacts foreign_;
  ChartIndexes indexes_;
  BucketMemory bucket_memory_;
  apply::ShapeMemory shapes_{shape_lifetime};
};

// A rendered set's list of objects and blobs, put into the blob store.
Result<base::Digest> store_set(LogPort& log, const RenderedSet& set);
// The objects of a stored set, in its order. Errors: not_found, corrupt.
Result<std::vector<RenderedObject>> load_set(const LogPort& log, const base::Digest& set_blob);
// A manifest put into the blob store: sealed for Secrets. {digest for comparison, blob}.
Result<std::pair<base::Digest, base::Digest>> store_manifest(LogPort& log, const Value& manifest);
// The same manifest as it may be kept of a live object: without managedFields.
Result<base::Digest> store_live(LogPort& log, const Value& live);

}  // namespace weir::reconcile
