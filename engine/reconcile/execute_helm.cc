#include <algorithm>

#include "engine/base/duration.hh"
#include "engine/base/limits.hh"
#include "engine/base/semver.hh"
#include "engine/helm/load.hh"
#include "engine/reconcile/executor.hh"
#include "engine/reconcile/flows.hh"
#include "engine/reconcile/helm_runner.hh"
#include "engine/reconcile/helm_values.hh"

namespace weir::reconcile {
namespace {

constexpr std::size_t digest_in_version = 12;

StepError step_error(const Error& error, std::string_view reason, std::string context = {}) {
  return {error.code, std::string(reason), std::move(context) + error.message, false};
}

// "v1.2.3@sha256:abc..." or "sha256:abc...": the tag and the digest.
struct SourceRevision {
  std::string tag, digest;
};

SourceRevision split_revision(const std::string& revision) {
  const std::size_t at = revision.rfind('@');
  if (at == std::string::npos) return {"", revision};
  return {revision.substr(0, at), revision.substr(at + 1)};
}

// The version that a tag stands for, which knows no '+'.
Result<base::Version> tag_version(std::string tag) {
  std::replace(tag.begin(), tag.end(), '_', '+');
  return base::Version::parse(tag);
}

// The chart with the artifact's digest in its version. Error: invalid.
Result<HelmChartCache::ChartsPtr> mark_version(const helm::ChartSet& charts,
                                               const SourceRevision& revision) {
  WEIR_TRY(helm::ChartSet copy, charts.copy());
  helm::Metadata& metadata = copy.root().metadata;
  WEIR_TRY(base::Version version, base::Version::parse(metadata.version));
  if (const auto tag = tag_version(revision.tag); tag.ok())
    if (base::compare(*tag, version) != 0)
      return make_error(Code::invalid, "artifact revision " + revision.tag +
                                           " does not match chart version " + metadata.version);
  const std::size_t colon = revision.digest.find(':');
  version.metadata = revision.digest.substr(colon + 1, digest_in_version);
  metadata.version = version.to_string();
  return HelmChartCache::ChartsPtr(std::make_shared<const helm::ChartSet>(std::move(copy)));
}

Value identity_labels(const Value& live) {
  return Value::object(
      {{"name", live.path("metadata", "labels", "helm.toolkit.fluxcd.io/name")},
       {"namespace", live.path("metadata", "labels", "helm.toolkit.fluxcd.io/namespace")}});
}

}  // namespace

HelmChartCache::ChartsPtr HelmChartCache::find(const std::string& digest) {
  const std::lock_guard lock(mutex_);
  for (auto entry = recent_.begin(); entry != recent_.end(); ++entry) {
    if (entry->digest != digest) continue;
    recent_.splice(recent_.begin(), recent_, entry);
    return recent_.front().charts;
  }
  return nullptr;
}

void HelmChartCache::put(const std::string& digest, ChartsPtr charts, std::size_t bytes) {
  if (digest.empty()) return;
  const std::lock_guard lock(mutex_);
  recent_.push_front({digest, std::move(charts), bytes});
  bytes_ += bytes;
  while (recent_.size() > 1 && (recent_.size() > entries_max || bytes_ > bytes_max)) {
    bytes_ -= recent_.back().bytes;
    recent_.pop_back();
  }
}

OutcomeBody Executor::run(const ObjectId& owner, const ApplyHelmChart& apply) {
  HelmChartApplied out;
  if (!apply.remove.empty()) {
    // Only what was made for this owner is taken away.
    auto live = ports_.kube->get(apply.remove);
    if (!live.ok() && live.error().code != Code::not_found)
      return step_error(live.error(), "HelmChartSyncErr");
    const bool own = live.ok() && identity_labels(*live)["name"].get_string() == owner.name &&
                     identity_labels(*live)["namespace"].get_string() == owner.ns;
    if (own) {
      auto removed = ports_.kube->remove(apply.remove, {});
      if (!removed.ok() && removed.error().code != Code::not_found)
        return step_error(
            removed.error(), "HelmChartSyncErr",
            "failed to delete HelmChart '" + apply.remove.ns + "/" + apply.remove.name + "': ");
      out.removed = true;
    }
  }
  if (apply.manifest.is_null()) return out;
  WriteOptions options;
  options.field_manager = helm_field_manager;
  options.force = true;
  auto applied = ports_.kube->apply(apply.manifest, options);
  if (!applied.ok())
    return step_error(applied.error(), "HelmChartSyncErr", "failed to run server-side apply: ");
  out.action = apply.exists ? Action::configured : Action::created;
  return out;
}

// Artifacts that another controller keeps are downloaded.
Result<base::FileBytes> Executor::read_artifact_bytes(const Artifact& artifact) {
  auto own = ports_.artifacts->read(artifact.path, artifact.digest);
  const bool elsewhere = !own.ok() && own.error().code == Code::not_found;
  if (!elsewhere || ports_.download == nullptr || artifact.url.empty()) return own;
  DownloadRequest request;
  request.url = artifact.url;
  WEIR_TRY(const PayloadPtr payload, ports_.download->download(request));
  if (!artifact.digest.empty() && payload->digest().to_string() != artifact.digest)
    return make_error(Code::corrupt, "digest of '" + artifact.url + "' is not " + artifact.digest);
  WEIR_TRY(std::string bytes, payload->bytes(base::limits::helm_chart_bytes_max));
  return std::make_shared<const std::string>(std::move(bytes));
}

Result<HelmChartCache::ChartsPtr> Executor::load_chart(const Artifact& artifact) {
  if (auto cached = charts_.find(artifact.digest)) return cached;
  WEIR_TRY(const base::FileBytes bytes, read_artifact(artifact));
  WEIR_TRY(helm::LoadedChart loaded, helm::load_chart_archive(*bytes, artifact.path));
  auto charts = std::make_shared<const helm::ChartSet>(std::move(loaded.charts));
  charts_.put(artifact.digest, charts, bytes->size());
  return HelmChartCache::ChartsPtr(std::move(charts));
}

// What the source and the values say: chart, values and what the release should be.
std::optional<StepError> Executor::compose(const ObjectId& owner, const PrepareHelm& prepare,
                                           PreparedRelease& out) {
  auto values = compose_values(*ports_.kube, owner.ns, *prepare.spec);
  if (!values.ok()) return step_error(values.error(), "ValuesError");
  auto charts = load_chart(prepare.artifact);
  if (!charts.ok()) {
    const bool missing = charts.error().code == Code::not_found;
    if (!missing) return step_error(charts.error(), "ArtifactFailed", "Could not load chart: ");
    return StepError{Code::not_found, "ArtifactFailed",
                     "Source not ready: artifact not found. Retrying in " +
                         base::format_duration(options_.requeue_dependency),
                     false};
  }
  HelmChartCache::ChartsPtr used = *charts;
  if (prepare.by_digest) {
    const SourceRevision revision = split_revision(prepare.artifact.revision);
    auto marked = mark_version(*used, revision);
    if (!marked.ok()) return step_error(marked.error(), "ChartMutateError");
    if (options_.chart_digest_in_version) used = *std::move(marked);
    // Where the tag is no version, Flux keeps the whole revision.
    const bool by_version = tag_version(revision.tag).ok();
    out.desired.oci_digest = by_version ? revision.digest : prepare.artifact.revision;
  }
  const helm::Metadata& metadata = used->root().metadata;
  out.values = values->empty() ? Value() : *std::move(values);
  out.desired.chart_name = metadata.name;
  out.desired.chart_version = metadata.version;
  out.desired.app_version = metadata.app_version;
  out.desired.config_digest = helm::values_digest(out.values).to_string();
  out.desired.post_renderers_digest = helm::post_renderers_digest(prepare.spec->post_renderers);
  out.desired.common_metadata_digest = helm::common_metadata_digest(prepare.spec->common_metadata);
  out.charts = std::move(used);
  return std::nullopt;
}

OutcomeBody Executor::run(const ObjectId& owner, const PrepareHelm& prepare) {
  auto out = std::make_shared<PreparedRelease>();
  // A rollback does not depend on what can be had of source and values now.
  const auto failed = compose(owner, prepare, *out);
  if (failed && prepare.recorded.empty()) return *failed;
  auto cluster = connect(owner, prepare.spec->kube_config);
  if (!cluster.ok()) {
    StepError unreachable = step_error(cluster.error(), "RESTClientError");
    unreachable.terminal = unreachable.code == Code::unsupported;
    return unreachable;
  }
  KubeApi& kube = *cluster != nullptr ? **cluster : *ports_.kube;
  if (!prepare.recorded.empty()) {
    auto recorded = load_release(*ports_.log, prepare.recorded);
    if (!recorded.ok())
      return step_error(recorded.error(), "RollbackFailed",
                        "the release to roll back to cannot be read back: ");
    out->recorded = *std::move(recorded);
  }
  auto storage = std::make_shared<HelmStorage>(prepare.spec->storage_namespace,
                                               prepare.spec->release_name, prepare.as);
  auto loaded = storage->load(kube);
  if (!loaded.ok())
    return step_error(loaded.error(), "StateError",
                      "Could not determine release state: failed to retrieve last release from "
                      "storage: query: failed to query with labels: ");
  // Values that are kept are values of the release as much as the new ones: else it would be out of
  // sync for good.
  const ReleasePtr kept = storage->current();
  if (prepare.spec->upgrade.preserve_values && prepare.recorded.empty() && kept != nullptr)
    out->desired.config_digest =
        helm::values_digest(merge_maps(kept->config, out->values)).to_string();
  return HelmPrepared{std::move(out), std::move(storage), *std::move(cluster)};
}

// A release that goes with its owner stays where nobody can reach it any more (H14.1).
Result<std::string> Executor::reach(const ObjectId& owner, const RunHelm& run) {
  auto cluster = connect(owner, run.run->spec->kube_config);
  const bool gone = !cluster.ok() && cluster.error().code == Code::not_found;
  if (gone && run.finalizing) return cluster.error().message;
  if (!cluster.ok()) return std::move(cluster).error();
  run.run->cluster = *std::move(cluster);
  constexpr std::string_view account = "system:serviceaccount:";
  const std::string& user = run.run->as.user;
  if (run.finalizing && run.run->cluster == nullptr && user.starts_with(account)) {
    const std::size_t name = user.rfind(':') + 1;
    const ObjectId id{{"", "v1", "ServiceAccount"}, owner.ns, user.substr(name)};
    const auto live = ports_.kube->get(id);
    if (!live.ok() && live.error().code == Code::not_found) return live.error().message;
  }
  KubeApi& kube = run.run->cluster != nullptr ? *run.run->cluster : *ports_.kube;
  WEIR_CHECK(run.run->storage->load(kube));
  return std::string();
}

OutcomeBody Executor::run(const ObjectId& owner, const RunHelm& run) {
  if (run.reload_storage) {
    auto reached = reach(owner, run);
    run.run->done = !reached.ok() || !reached->empty();
    if (!reached.ok()) run.run->failure = reached.error();
    if (reached.ok()) run.run->left_alone = *reached;
    if (run.run->done) return HelmRan{run.run};
  }
  HelmRunner(ports_, options_, *run.run, run.known, server_version_).go();
  return HelmRan{run.run};
}

}  // namespace weir::reconcile
