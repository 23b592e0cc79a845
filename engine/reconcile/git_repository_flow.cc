#include <array>

#include "engine/reconcile/flows.hh"
#include "engine/reconcile/status.hh"

namespace weir::reconcile {
namespace {

constexpr std::array<std::string_view, 7> storage_reasons = {
    "DirectoryCreationFailed", "StatOperationFailed", "InvalidPath",
    "ArchiveOperationFailed",  "AcquireLockFailed",   "SymlinkUpdateFailed",
    "ReadOperationFailed"};

bool is_storage_reason(std::string_view reason) {
  for (const auto known : storage_reasons)
    if (known == reason) return true;
  return false;
}

std::string_view observed_ignore(const SourceState& source) {
  return source.status["observedIgnore"].get_string();
}

// Decodes the spec; what cannot be done at all becomes a terminal failure.
std::optional<StepError> check_spec_of(const Context& ctx, const SourceState& source) {
  if (!source.spec_error.empty())
    return StepError{Code::invalid, "InvalidSpec", source.spec_error, true};
  if (!source.spec.unsupported.empty())
    return StepError{Code::unsupported, "UnsupportedField",
                     source.spec.unsupported + " is not supported by this version of weir", true};
  const std::string& url = source.spec.url;
  if (url.starts_with("file://") && !ctx.options.allow_local_sources)
    return StepError{Code::invalid, "URLInvalid",
                     "local repositories are for 'weir up' only: spec.url must begin with "
                     "http://, https:// or ssh://",
                     true};
  return std::nullopt;
}

void fail_fetch(Context& ctx, const ObjectId& id, SourceState& source, const StepError& error) {
  StatusEditor status(source, ctx.now);
  const bool storage = is_storage_reason(error.reason);
  if (error.reason != "UnsupportedField" && error.reason != "InvalidSpec")
    status.set(storage ? "StorageOperationFailed" : "FetchFailed", "True", error.reason,
               error.message);
  status.set("Ready", "False", error.reason, error.message);
  if (error.terminal) {
    status.remove("Reconciling");
    status.set("Stalled", "True", error.reason, error.message);
    status.observe_generation();
  } else {
    status.set("Reconciling", "True", "ProgressingWithRetry", "reconciliation in progress");
  }
  log_failure(ctx, id, source, "fetch", error);
  status.handle_request(source.request_taken);
  source.handled_request = source.request_taken;
  ctx.write_status(id, source);
  ctx.emit(id, source, "Warning", error.reason, error.message);
  source.running = false;
  ctx.schedule(id, source, error.terminal ? 0 : ctx.after_backoff(source));
}

std::vector<std::pair<std::string, std::string>> artifact_annotations(const Artifact& artifact) {
  return {{"source.toolkit.fluxcd.io/digest", artifact.digest},
          {"source.toolkit.fluxcd.io/revision", artifact.revision}};
}

void log_fetched(Context& ctx, const ObjectId& id, SourceState& source,
                 const SourceFetched& fetched) {
  ctx.announce(id, source, fetched.artifact.revision);
  const Artifact& artifact = fetched.artifact;
  const GitCommit& commit = fetched.commit;
  ctx.log(event::Type::source_fetched, id, &source, id,
          Value::object({{"artifact", Value::object({{"revision", artifact.revision},
                                                     {"digest", artifact.digest},
                                                     {"path", artifact.path},
                                                     {"size", fetched.stored.size}})},
                         {"commit", Value::object({{"sha", commit.sha},
                                                   {"author", commit.author},
                                                   {"time", base::format_rfc3339(commit.time)},
                                                   {"subject", commit.subject}})}}));
}

void announce_artifact(Context& ctx, const ObjectId& id, SourceState& source,
                       const SourceFetched& fetched, bool same_content, bool was_failing) {
  if (!same_content) {
    std::string subject = fetched.commit.subject.substr(0, 50);
    ctx.emit(id, source, "Normal", "NewArtifact", "stored artifact for commit '" + subject + "'",
             artifact_annotations(fetched.artifact));
  } else if (was_failing) {
    ctx.emit(id, source, "Normal", "Succeeded",
             "stored artifact for revision '" + fetched.artifact.revision + "'",
             artifact_annotations(fetched.artifact));
  }
}

void succeed_fetch(Context& ctx, const ObjectId& id, SourceState& source,
                   const SourceFetched& fetched) {
  const Artifact before = source.artifact;
  const bool changed = !fetched.unchanged && (before.revision != fetched.artifact.revision ||
                                              before.digest != fetched.artifact.digest);
  StatusEditor status(source, ctx.now);
  const bool was_failing =
      !condition_text(source.status, "FetchFailed", "status").empty() ||
      !condition_text(source.status, "StorageOperationFailed", "status").empty();
  if (changed) log_fetched(ctx, id, source, fetched);
  source.artifact = fetched.artifact;
  for (const auto type :
       {"FetchFailed", "StorageOperationFailed", "ArtifactOutdated", "Stalled", "Reconciling"})
    status.remove(type);
  const std::string text = "stored artifact for revision '" + source.artifact.revision + "'";
  status.set("ArtifactInStorage", "True", "Succeeded", text);
  status.set("Ready", "True", "Succeeded", text);
  if (changed || source.status["artifact"]["url"].get_string() != fetched.artifact.url)
    status.set_artifact(source.artifact, fetched.stored.size);
  status.set_field("observedIgnore", source.spec.ignore.value_or(""));
  status.observe_generation();
  status.handle_request(source.request_taken);
  source.handled_request = source.request_taken;
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
  ctx.schedule(id, source, ctx.after_jittered(id, source, source.spec.interval));
  if (changed) {
    ctx.command(id, source,
                CollectArtifacts{"gitrepository", id.ns, id.name, source.artifact.path});
    request_consumers(ctx, id);
  }
}

void remove_source(Context& ctx, const ObjectId& id, SourceState& source) {
  ++source.attempt;
  source.running = true;
  ctx.schedule(id, source, 0);
  ctx.command(id, source, CollectArtifacts{"gitrepository", id.ns, id.name, ""});
  if (source.has_finalizer()) ctx.command(id, source, WriteFinalizer{false, source.object});
}

}  // namespace

void run_git_repository(Context& ctx, const ObjectId& id, SourceState& source, std::string reason) {
  if (source.running) {
    source.rerun = std::move(reason);
    return;
  }
  if (source.deleting()) return remove_source(ctx, id, source);
  if (!source.has_finalizer()) {
    ctx.begin(id, source, std::move(reason));
    ctx.command(id, source, WriteFinalizer{true, source.object});
    return;
  }
  if (source.spec.suspend) {
    StatusEditor status(source, ctx.now);
    status.handle_request(source.requested_at());
    status.observe_generation();
    source.handled_request = source.requested_at();
    ctx.schedule(id, source, 0);
    ctx.write_status(id, source);
    return;
  }
  ctx.begin(id, source, std::move(reason));
  if (const auto error = check_spec_of(ctx, source)) return fail_fetch(ctx, id, source, *error);
  StatusEditor status(source, ctx.now);
  const bool fresh = source.status["observedGeneration"].get_int(-1) != source.generation();
  if (fresh || source.artifact.empty() || source.requested_at() != source.handled_request) {
    status.remove("Stalled");
    status.set("Reconciling", "True", "Progressing",
               fresh ? "processing object: new generation" : "reconciliation in progress");
    if (source.artifact.empty()) status.set("Ready", "Unknown", "Progressing", "building artifact");
    ctx.write_status(id, source);
  }
  FetchSource fetch;
  fetch.spec = source.spec;
  fetch.current = source.artifact;
  fetch.settings_changed = source.spec.ignore.value_or("") != observed_ignore(source);
  ctx.command(id, source, std::move(fetch));
}

void observe_git_repository(Context& ctx, const ObjectId& id, bool deleted, const Value& object) {
  if (deleted) {
    const auto found = ctx.state.sources.find(id);
    if (found == ctx.state.sources.end()) return;
    ctx.log(event::Type::spec_deleted, id, &found->second, id, Value());
    ctx.schedule(id, found->second, 0);
    ctx.metrics.forget(id);
    ctx.state.sources.erase(found);
    request_consumers(ctx, id);
    return;
  }
  SourceState& source = ctx.state.sources[id];
  const bool first = source.object.is_null();
  source.object = object;
  if (first) {
    source.status = object["status"];
    if (source.status["observedGeneration"].get_int() == -1) source.status = Value::object();
    source.status_written = base::Digest{};
    source.artifact = read_artifact(source.status);
    source.handled_request = source.status["lastHandledReconcileAt"].get_string();
  }
  const bool changed = source.generation() != source.last_generation;
  if (changed) {
    source.last_generation = source.generation();
    auto decoded = model::decode_git_repository(object);
    source.spec_error = decoded.ok() ? "" : decoded.error().message;
    if (decoded.ok()) source.spec = *std::move(decoded);
  }
  log_spec(ctx, id, source);
  const bool requested =
      !source.requested_at().empty() && source.requested_at() != source.handled_request;
  if (source.deleting()) return run_git_repository(ctx, id, source, "deleted");
  if (first || changed) return run_git_repository(ctx, id, source, first ? "start" : "spec");
  if (requested && !source.running) run_git_repository(ctx, id, source, "requested");
}

void git_repository_outcome(Context& ctx, const ObjectId& id, SourceState& source,
                            const Outcome& outcome) {
  if (const auto* written = std::get_if<StatusWritten>(&outcome.body)) {
    if (!written->object.is_null()) source.object = written->object;
    source.running = false;
    if (source.deleting()) return;  // the finalizer is gone; the watch tells the rest
    return run_git_repository(ctx, id, source, source.reason);
  }
  if (const auto* error = std::get_if<StepError>(&outcome.body)) {
    fail_fetch(ctx, id, source, *error);
  } else if (const auto* fetched = std::get_if<SourceFetched>(&outcome.body)) {
    succeed_fetch(ctx, id, source, *fetched);
  }
  const bool requested =
      !source.requested_at().empty() && source.requested_at() != source.handled_request;
  if (!source.running && (!source.rerun.empty() || requested)) {
    std::string reason = source.rerun.empty() ? "requested" : std::move(source.rerun);
    run_git_repository(ctx, id, source, std::move(reason));
  }
}

void observe_foreign_source(Context& ctx, const ObjectId& id, bool deleted, const Value& object) {
  SourceState& source = ctx.state.sources[id];
  const Artifact before = source.artifact;
  source.object = deleted ? Value() : object;
  source.artifact = deleted ? Artifact() : read_artifact(object["status"]);
  if (source.artifact.revision != before.revision || deleted) request_consumers(ctx, id);
  if (deleted) ctx.state.sources.erase(id);
}

}  // namespace weir::reconcile
