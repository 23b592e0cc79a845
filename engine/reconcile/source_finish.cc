#include <algorithm>
#include <array>

#include "engine/reconcile/helm_flow.hh"
#include "engine/reconcile/source_flow.hh"
#include "engine/reconcile/status.hh"

namespace weir::reconcile {
namespace {

// The condition that a failure's reason belongs to; FetchFailed where the table is silent.
struct FailureClass {
  std::string_view reason;
  std::string_view condition;  // "" = none but Ready
  bool waiting = false;        // not a fault of the object: the event is a Normal one
};

constexpr FailureClass failure_classes[] = {
    {"DirectoryCreationFailed", "StorageOperationFailed"},
    {"StatOperationFailed", "StorageOperationFailed"},
    {"InvalidPath", "StorageOperationFailed"},
    {"ArchiveOperationFailed", "StorageOperationFailed"},
    {"AcquireLockFailed", "StorageOperationFailed"},
    {"SymlinkUpdateFailed", "StorageOperationFailed"},
    {"MetadataPatchError", "BuildFailed"},
    {"ValuesFilesError", "BuildFailed"},
    {"DependencyBuildError", "BuildFailed"},
    {"ChartPackageError", "BuildFailed"},
    {"UnsupportedField", ""},
    {"InvalidSpec", ""},
    {"NoSourceArtifact", "FetchFailed", true},
};

constexpr std::array<std::string_view, 3> failure_conditions = {
    "FetchFailed", "StorageOperationFailed", "BuildFailed"};

FailureClass class_of(std::string_view reason) {
  for (const FailureClass& known : failure_classes)
    if (known.reason == reason) return known;
  return {reason, "FetchFailed"};
}

// The Secret of the login to a registry could not be read.
bool lacks_login(const SourceState& source, const StepError& error) {
  return std::holds_alternative<model::OciRepositorySpec>(source.spec) &&
         error.reason == "AuthenticationFailed" &&
         error.message.starts_with("failed to get credential: failed to get secret");
}

// What keeps a chart from being built, and is no failure of the build, is told as one that nobody
// knows; its event keeps its own reason.
StepError as_condition(const SourceState& source, const StepError& error) {
  static constexpr std::string_view reasons[] = {"AuthenticationFailed", "URLInvalid", "Failed"};
  const bool known =
      std::find(std::begin(reasons), std::end(reasons), error.reason) == std::end(reasons);
  if (known || !std::holds_alternative<model::HelmChartSpec>(source.spec)) return error;
  StepError told = error;
  told.reason = "Unknown";
  told.message = "unknown build error: " + error.message;
  return told;
}

bool is_failing(const SourceState& source) {
  for (const auto type : failure_conditions)
    if (!condition_text(source.status, type, "status").empty()) return true;
  return false;
}

void log_fetched(Context& ctx, const ObjectId& id, SourceState& source,
                 const SourceFetched& fetched) {
  ctx.announce(id, source, fetched.artifact.revision);
  const Artifact& artifact = fetched.artifact;
  Value data = Value::object({{"artifact", Value::object({{"revision", artifact.revision},
                                                          {"digest", artifact.digest},
                                                          {"path", artifact.path},
                                                          {"size", fetched.stored.size}})}});
  for (const auto& member : fetched.details.members()) data.set(member.name(), member.value);
  source.fetched_seq = ctx.log(event::Type::source_fetched, id, &source, id, std::move(data));
}

// Who asked is told when there was nothing to do; a pass of the interval is silent.
void announce_unchanged(Context& ctx, const ObjectId& id, SourceState& source,
                        const SourceFetched& fetched) {
  if (!fetched.unchanged || source.reason == "interval") return;
  const auto* git = std::get_if<model::GitRepositorySpec>(&source.spec);
  if (git != nullptr && git->semver.empty() && git->commit.empty())
    return ctx.emit(id, source, "Trace", "GitOperationSucceeded",
                    "no changes since last reconciliation: observed revision '" +
                        fetched.artifact.revision + "'");
  ctx.emit(id, source, "Trace", "ArtifactUpToDate",
           "artifact up-to-date with remote revision: '" + fetched.artifact.revision + "'");
}

void announce_artifact(Context& ctx, const ObjectId& id, SourceState& source,
                       const SourceFetched& fetched, bool same_content, bool was_failing) {
  if (same_content && !was_failing) return;
  const Artifact& artifact = fetched.artifact;
  ctx.emit(id, source, "Normal", same_content ? fetched.reason : fetched.news_reason,
           fetched.news.empty() ? fetched.message : fetched.news,
           {{"source.toolkit.fluxcd.io/digest", artifact.digest},
            {"source.toolkit.fluxcd.io/revision", artifact.revision}});
}

// Charts are made from other sources.
void request_charts(Context& ctx, const ObjectId& origin) {
  const auto found = ctx.state.sources.find(origin);
  if (found == ctx.state.sources.end() || found->second.object.is_null()) return;
  const bool fixed = is_static_source(found->second);
  const std::string& revision = found->second.artifact.revision;
  if (!fixed && revision.empty()) return;
  for (auto& [id, chart] : ctx.state.sources) {
    const auto* spec = std::get_if<model::HelmChartSpec>(&chart.spec);
    if (spec == nullptr || chart.object.is_null() || id.ns != origin.ns ||
        spec->source_name != origin.name || spec->source_kind != origin.gvk.kind)
      continue;
    const bool known =
        fixed ? is_ready(chart.status)
              : chart.status["observedSourceArtifactRevision"].get_string() == revision;
    if (known) continue;
    chart.pending_cause = found->second.fetched_seq;
    run_source(ctx, id, chart, "source");
  }
}

}  // namespace

void source_changed(Context& ctx, const ObjectId& id) {
  request_consumers(ctx, id);
  request_helm_consumers(ctx, id);
  request_charts(ctx, id);
}

std::string progress_of(const SourceState& source) {
  if (source.artifact.empty()) return "building artifact";
  const std::int64_t observed = source.status["observedGeneration"].get_int(-1);
  if (observed == source.generation()) return "reconciliation in progress";
  return "processing object: new generation " + std::to_string(observed) + " -> " +
         std::to_string(source.generation());
}

void fail_fetch(Context& ctx, const ObjectId& id, SourceState& source, const StepError& error) {
  StatusEditor status(source, ctx.now);
  const FailureClass failure = class_of(error.reason);
  for (const auto type : failure_conditions)
    if (type != failure.condition && type != "StorageOperationFailed") status.remove(type);
  const StepError told = as_condition(source, error);
  if (!failure.condition.empty())
    status.set(failure.condition, "True", told.reason, told.message);
  status.set("Ready", "False", told.reason, told.message);
  if (error.terminal) {
    status.remove("Reconciling");
    status.set("Stalled", "True", error.reason, error.message);
    status.observe_generation();
  } else {
    status.remove("Stalled");
    status.set("Reconciling", "True", "ProgressingWithRetry", progress_of(source));
  }
  const bool news = source.failure_logged != error.reason + ": " + error.message;
  log_failure(ctx, id, source, "fetch", error);
  status.handle_request(source.request_taken);
  source.handled_request = source.request_taken;
  ctx.write_status(id, source);
  if (lacks_login(source, error))
    ctx.emit(id, source, "Trace", error.reason,
             "auth secret '" + std::get<model::OciRepositorySpec>(source.spec).secret_name +
                 "' not found");
  ctx.emit(id, source, failure.waiting ? "Trace" : "Warning", error.reason, error.message);
  source.running = false;
  ctx.schedule(id, source, error.terminal ? 0 : ctx.after_backoff(source));
  // Who waited for the first fetch says now why there is nothing to go on with.
  if (!news || failure.waiting || !source.artifact.empty()) return;
  request_consumers(ctx, id);
  request_helm_consumers(ctx, id);
}

void succeed_fetch(Context& ctx, const ObjectId& id, SourceState& source,
                   const SourceFetched& fetched) {
  const Artifact before = source.artifact;
  const bool changed = !fetched.unchanged && (before.revision != fetched.artifact.revision ||
                                              before.digest != fetched.artifact.digest);
  const bool was_failing = is_failing(source);
  if (changed) log_fetched(ctx, id, source, fetched);
  source.artifact = fetched.artifact;
  StatusEditor status(source, ctx.now);
  for (const auto type : failure_conditions) status.remove(type);
  for (const auto type : {"ArtifactOutdated", "Stalled", "Reconciling"}) status.remove(type);
  status.set("ArtifactInStorage", "True", fetched.reason, fetched.message);
  status.set("Ready", "True", fetched.reason, fetched.message);
  if (changed || source.status["artifact"]["url"].get_string() != fetched.artifact.url)
    status.set_artifact(source.artifact, fetched.unchanged
                                             ? source.status["artifact"]["size"].get_int()
                                             : fetched.stored.size);
  for (const auto& member : fetched.observed.members()) {
    if (member.value.is_null()) {
      source.status.erase(member.name());
    } else {
      source.status.set(member.name(), member.value);
    }
  }
  status.observe_generation();
  status.handle_request(source.request_taken);
  source.handled_request = source.request_taken;
  if (const std::int64_t count = fetched.details["chart"]["dependencies"].get_int(); count > 0)
    ctx.emit(id, source, "Trace", "ResolvedDependencies",
             "resolved " + std::to_string(count) + " chart dependencies");
  announce_unchanged(ctx, id, source, fetched);
  announce_artifact(ctx, id, source, fetched, before.digest == fetched.artifact.digest,
                    was_failing);
  if (!source.failure_logged.empty() && !changed)
    ctx.log(event::Type::source_unchanged, id, &source, id,
            Value::object({{"revision", source.artifact.revision}}));
  source.failure_logged.clear();
  source.retries = 0;
  source.running = false;
  ctx.write_status(id, source);
  ctx.metrics.reconciled(id, std::chrono::microseconds(ctx.now - source.started));
  ctx.schedule(id, source, ctx.after_jittered(id, source, model::common_of(source.spec).interval));
  if (!changed) return;
  ctx.command(id, source,
              CollectArtifacts{std::string(find_source_kind(id)->folder), id.ns, id.name,
                               source.artifact.path});
  source_changed(ctx, id);
}

}  // namespace weir::reconcile
