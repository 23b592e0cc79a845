#include "engine/reconcile/source_flow.hh"

#include <algorithm>
#include <array>

#include "engine/reconcile/status.hh"

namespace weir::reconcile {
namespace {

const std::array<SourceKind, 5> source_kinds = {{{model::git_repository_gvk, "gitrepository"},
                                                 {model::oci_repository_gvk, "ocirepository"},
                                                 {model::helm_repository_gvk, "helmrepository"},
                                                 {model::helm_chart_gvk, "helmchart"},
                                                 {model::bucket_gvk, "bucket"}}};

bool is_served_elsewhere(const Context& ctx, const ObjectId& id) {
  const auto& kinds = ctx.options.external_sources;
  return std::find(kinds.begin(), kinds.end(), id.gvk.kind) != kinds.end();
}

// What cannot be done at all becomes a terminal failure.
std::optional<StepError> check_spec_of(const Context& ctx, const SourceState& source) {
  if (!source.spec_error.empty())
    return StepError{Code::invalid, "InvalidSpec", source.spec_error, true};
  const std::string& unsupported = model::common_of(source.spec).unsupported;
  if (!unsupported.empty())
    return StepError{Code::unsupported, "UnsupportedField",
                     unsupported + " is not supported by this version of weir", true};
  const auto* git = std::get_if<model::GitRepositorySpec>(&source.spec);
  if (git != nullptr && git->url.starts_with("file://") && !ctx.options.allow_local_sources)
    return StepError{Code::invalid, "URLInvalid",
                     "local repositories are for 'weir up' only: spec.url must begin with "
                     "http://, https:// or ssh://",
                     true};
  return std::nullopt;
}

// What a chart is made from, and the repositories that its dependencies may come from.
std::optional<StepError> find_origin(const Context& ctx, const ObjectId& id,
                                     const model::HelmChartSpec& chart, FetchSource& fetch) {
  const ObjectId origin{Gvk{std::string(model::source_group), "v1", chart.source_kind}, id.ns,
                        chart.source_name};
  const auto found = ctx.state.sources.find(origin);
  if (found == ctx.state.sources.end() || found->second.object.is_null())
    return StepError{Code::not_found, "SourceUnavailable",
                     "failed to get source: " + origin.gvk.kind + "." +
                         std::string(model::source_group) + " \"" + origin.name + "\" not found",
                     false};
  const SourceState& source = found->second;
  if (!is_static_source(source) && source.artifact.empty())
    return StepError{
        Code::unavailable, "NoSourceArtifact",
        "no artifact available for " + origin.gvk.kind + " source '" + origin.name + "'", false};
  const std::string& unsupported = model::common_of(source.spec).unsupported;
  if (!unsupported.empty())
    return StepError{Code::unsupported, "UnsupportedField",
                     origin.gvk.kind + " '" + origin.name + "': " + unsupported +
                         " is not supported by this version of weir",
                     true};
  fetch.origin = ChartOrigin{origin, source.spec, source.artifact};
  if (origin.gvk.kind == model::helm_repository_gvk.kind) return std::nullopt;
  for (const auto& [other, state] : ctx.state.sources)
    if (other.ns == id.ns && other.gvk.kind == model::helm_repository_gvk.kind &&
        !state.object.is_null() && state.spec_error.empty())
      fetch.repositories.push_back({other, state.spec, state.artifact});
  return std::nullopt;
}

void remove_source(Context& ctx, const ObjectId& id, SourceState& source) {
  ++source.attempt;
  source.running = true;
  ctx.schedule(id, source, 0);
  if (!source.artifact.empty() && source.has_finalizer())
    ctx.emit(id, source, "Trace", "GarbageCollectionSucceeded",
             "garbage collected artifacts for deleted resource");
  ctx.command(id, source,
              CollectArtifacts{std::string(find_source_kind(id)->folder), id.ns, id.name, ""});
  if (source.has_finalizer()) ctx.command(id, source, WriteFinalizer{false, source.object});
}

// A static source keeps nothing of what it may have been before.
void reset_static(Context& ctx, const ObjectId& id, SourceState& source) {
  ctx.schedule(id, source, 0);
  const bool clean = source.object["status"].empty();
  source.status = Value::object();
  if (source.has_finalizer()) return remove_source(ctx, id, source);
  source.artifact = Artifact();
  if (!clean) ctx.write_status(id, source);
  source_changed(ctx, id);
}

// A chart that is built of what is at hand is built before anybody has read of it.
bool builds_at_once(const SourceState& source, const FetchSource& fetch) {
  const bool asked = source.reason == "spec" || source.reason == "requested";
  return !asked && fetch.origin && !fetch.origin->artifact.empty() &&
         fetch.origin->id.gvk.kind != "HelmRepository";
}

void show_progress(Context& ctx, const ObjectId& id, SourceState& source, bool written) {
  StatusEditor status(source, ctx.now);
  const bool fresh = source.status["observedGeneration"].get_int(-1) != source.generation();
  if (!fresh && !source.artifact.empty() && source.requested_at() == source.handled_request) return;
  status.remove("Stalled");
  status.set("Reconciling", "True", "Progressing", progress_of(source));
  if (source.artifact.empty()) status.set("Ready", "Unknown", "Progressing", "building artifact");
  if (written) ctx.write_status(id, source);
}

void suspend(Context& ctx, const ObjectId& id, SourceState& source) {
  // Of what was suspended before anything was done with it nothing is known.
  if (source.status["conditions"].empty() && source.requested_at().empty())
    return ctx.schedule(id, source, 0);
  StatusEditor status(source, ctx.now);
  // What is known of it holds for the generation that is suspended.
  for (const auto type : {"Reconciling", "Ready"}) {
    const std::string state(condition_text(source.status, type, "status"));
    const std::string reason(condition_text(source.status, type, "reason"));
    const std::string message(condition_text(source.status, type, "message"));
    if (!state.empty()) status.set(type, state, reason, message);
  }
  status.handle_request(source.requested_at());
  status.observe_generation();
  source.handled_request = source.requested_at();
  ctx.schedule(id, source, 0);
  ctx.write_status(id, source);
}

void forget_source(Context& ctx, const ObjectId& id) {
  const auto found = ctx.state.sources.find(id);
  if (found == ctx.state.sources.end()) return;
  ctx.log(event::Type::spec_deleted, id, &found->second, id, Value());
  ctx.schedule(id, found->second, 0);
  ctx.metrics.forget(id);
  ctx.state.sources.erase(found);
  source_changed(ctx, id);
}

// A source that somebody else's controller fills.
void observe_foreign(Context& ctx, const ObjectId& id, bool deleted, const Value& object) {
  SourceState& source = ctx.state.sources[id];
  const Artifact before = source.artifact;
  source.object = deleted ? Value() : object;
  source.artifact = deleted ? Artifact() : read_artifact(object["status"]);
  source.artifact.foreign = true;
  if (source.artifact.revision != before.revision || deleted) source_changed(ctx, id);
  if (deleted) ctx.state.sources.erase(id);
}

void take_over(SourceState& source, const Value& object) {
  source.status = object["status"];
  source.status_written = base::Digest{};
  source.artifact = read_artifact(source.status);
  source.handled_request = source.status["lastHandledReconcileAt"].get_string();
}

bool is_requested(const SourceState& source) {
  return !source.requested_at().empty() && source.requested_at() != source.handled_request;
}

}  // namespace

const SourceKind* find_source_kind(const ObjectId& id) {
  if (id.gvk.group != model::source_group) return nullptr;
  for (const SourceKind& kind : source_kinds)
    if (kind.gvk.kind == id.gvk.kind) return &kind;
  return nullptr;
}

bool is_static_source(const SourceState& source) {
  const auto* helm = std::get_if<model::HelmRepositorySpec>(&source.spec);
  return helm != nullptr && helm->oci;
}

void run_source(Context& ctx, const ObjectId& id, SourceState& source, std::string reason) {
  if (source.running) {
    source.rerun = std::move(reason);
    return;
  }
  if (source.deleting()) return remove_source(ctx, id, source);
  const bool suspended = model::common_of(source.spec).suspend;
  if (is_static_source(source) && source.spec_error.empty()) {
    if (!suspended) reset_static(ctx, id, source);
    return;
  }
  if (!source.has_finalizer()) {
    ctx.begin(id, source, std::move(reason));
    ctx.command(id, source, WriteFinalizer{true, source.object});
    return;
  }
  if (suspended) return suspend(ctx, id, source);
  ctx.begin(id, source, std::move(reason));
  if (const auto error = check_spec_of(ctx, source)) return fail_fetch(ctx, id, source, *error);
  FetchSource fetch;
  fetch.spec = source.spec;
  fetch.current = source.artifact;
  fetch.status = source.status;
  fetch.generation = source.generation();
  if (const auto* chart = std::get_if<model::HelmChartSpec>(&source.spec))
    if (const auto error = find_origin(ctx, id, *chart, fetch))
      return fail_fetch(ctx, id, source, *error);
  show_progress(ctx, id, source, !builds_at_once(source, fetch));
  if (fetch.origin && !fetch.origin->artifact.empty())
    StatusEditor(source, ctx.now)
        .set_field("observedSourceArtifactRevision", fetch.origin->artifact.revision);
  ctx.command(id, source, std::move(fetch));
}

void observe_source(Context& ctx, const ObjectId& id, bool deleted, const Value& object) {
  if (find_source_kind(id) == nullptr || is_served_elsewhere(ctx, id))
    return observe_foreign(ctx, id, deleted, object);
  if (deleted) return forget_source(ctx, id);
  SourceState& source = ctx.state.sources[id];
  const bool first = source.object.is_null();
  source.object = object;
  if (first) take_over(source, object);
  const bool changed = source.generation() != source.last_generation;
  if (changed) {
    source.last_generation = source.generation();
    auto decoded = model::decode_source(object);
    source.spec_error = decoded.ok() ? "" : decoded.error().message;
    if (decoded.ok()) source.spec = *std::move(decoded);
  }
  log_spec(ctx, id, source);
  if (source.deleting()) return run_source(ctx, id, source, "deleted");
  if (first || changed) return run_source(ctx, id, source, first ? "start" : "spec");
  if (is_requested(source) && !source.running && !is_static_source(source))
    run_source(ctx, id, source, "requested");
}

void source_outcome(Context& ctx, const ObjectId& id, SourceState& source, const Outcome& outcome) {
  if (const auto* written = std::get_if<StatusWritten>(&outcome.body)) {
    if (!written->object.is_null()) source.object = written->object;
    source.running = false;
    if (source.deleting()) return;  // the finalizer is gone; the watch tells the rest
    source.pending_cause = source.cause;
    return run_source(ctx, id, source, source.reason);
  }
  if (const auto* error = std::get_if<StepError>(&outcome.body)) {
    fail_fetch(ctx, id, source, *error);
  } else if (const auto* fetched = std::get_if<SourceFetched>(&outcome.body)) {
    succeed_fetch(ctx, id, source, *fetched);
  }
  if (!source.running && (!source.rerun.empty() || is_requested(source))) {
    std::string reason = source.rerun.empty() ? "requested" : std::move(source.rerun);
    run_source(ctx, id, source, std::move(reason));
  }
}

}  // namespace weir::reconcile
