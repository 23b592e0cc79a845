#include "engine/base/duration.hh"
#include "engine/reconcile/flows.hh"
#include "engine/reconcile/status.hh"

namespace weir::reconcile {
namespace {

base::Duration took(const Context& ctx, const OwnerState& owner) {
  return std::chrono::milliseconds((ctx.now - owner.started) / 1000);
}

// Failures of these kinds are recorded in status.history; build and fetch failures are not.
bool is_recorded(std::string_view reason) {
  return reason == "ReconciliationFailed" || reason == "PruneFailed" ||
         reason == "HealthCheckFailed";
}

std::uint64_t log_finished(Context& ctx, const ObjectId& id, KustomizationState& ks,
                           std::string_view result, std::string_view message) {
  Value data =
      Value::object({{"status", result},
                     {"revision", ks.rendered != nullptr && result == "ReconciliationSucceeded"
                                      ? ks.rendered->revision
                                      : ks.artifact.revision},
                     {"durationMs", (ctx.now - ks.started) / 1000}});
  if (!message.empty()) data.set("message", message);
  if (ks.rendered != nullptr) data.set("digest", ks.rendered->digest.to_string());
  return ctx.log(event::Type::reconcile_finished, id, &ks, id, std::move(data));
}

std::string pin_note(const KustomizationState& ks) {
  if (!ks.pin) return {};
  return " (pinned by " + ks.pin->actor + " to event " + std::to_string(ks.pin->to_seq) +
         (ks.pin->hold ? ", until unpinned)" : ", until a newer revision)");
}

void settle(Context& ctx, const ObjectId& id, KustomizationState& ks) {
  ks.running = false;
  ks.phase = Phase::idle;
  ks.handled_request = ks.request_taken;
  ctx.metrics.reconciled(id, std::chrono::microseconds(ctx.now - ks.started));
}

// An artifact that its server does not have, or a server that does not answer, just now.
bool is_passing(const StepError& error) {
  if (error.reason != "ArtifactFailed") return false;
  return error.code == Code::gone || error.code == Code::unavailable ||
         error.code == Code::timeout || error.code == Code::rate_limited;
}

}  // namespace

std::vector<std::pair<std::string, std::string>> revision_annotations(
    const KustomizationState& ks) {
  const std::string& revision =
      ks.rendered != nullptr ? ks.rendered->revision : ks.artifact.revision;
  std::vector<std::pair<std::string, std::string>> annotations = {
      {"kustomize.toolkit.fluxcd.io/revision", revision}};
  if (!ks.artifact.origin_revision.empty())
    annotations.emplace_back("kustomize.toolkit.fluxcd.io/originRevision",
                             ks.artifact.origin_revision);
  return annotations;
}

void succeed(Context& ctx, const ObjectId& id, KustomizationState& ks) {
  StatusEditor status(ks, ctx.now);
  const std::string& revision = ks.rendered->revision;
  const base::TimeUs next = ctx.after_jittered(id, ks, ks.spec.interval);
  ks.retries = 0;
  if (ks.quiet) ++ctx.state.verified;
  if (!ks.quiet) {
    status.set_field("lastAppliedRevision", revision);
    status.set_field("lastAppliedOriginRevision", ks.artifact.origin_revision);
    status.set_inventory(ks.inventory);
    status.remove("Reconciling");
    status.remove("Stalled");
    status.set("Ready", "True", "ReconciliationSucceeded",
               "Applied revision: " + revision + pin_note(ks));
    status.observe_generation();
    status.handle_request(ks.request_taken);
    status.record_history(ks.rendered->digest, "ReconciliationSucceeded", revision,
                          ks.artifact.origin_revision, took(ctx, ks));
    auto annotations = revision_annotations(ks);
    annotations.emplace_back("kustomize.toolkit.fluxcd.io/commit_status", "update");
    ctx.emit(id, ks, "Normal", "ReconciliationSucceeded",
             "Reconciliation finished in " + base::format_duration(took(ctx, ks)) +
                 ", next run in " + base::format_duration(ks.spec.interval),
             std::move(annotations));
    ctx.announce(id, ks, revision);
    ks.cause = log_finished(ctx, id, ks, "ReconciliationSucceeded", "");
    ctx.write_status(id, ks);
  }
  ks.failure_logged.clear();
  settle(ctx, id, ks);
  ctx.schedule(id, ks, next);
  request_dependents(ctx, id);
  if (ks.rerun.empty() && has_drifted(ctx, ks)) ks.rerun = "drift";
}

void fail(Context& ctx, const ObjectId& id, KustomizationState& ks, const StepError& error) {
  StatusEditor status(ks, ctx.now);
  ks.quiet = false;
  status.set("Ready", "False", error.reason, error.message);
  // Attempted is what was to be built, whatever came of it (K3.4).
  if (ks.phase == Phase::building && error.reason != "ArtifactFailed" && !ks.pin)
    status.set_field("lastAttemptedRevision", ks.artifact.revision);
  if (error.terminal) {
    status.remove("Reconciling");
    status.set("Stalled", "True", error.reason, error.message);
    if (error.reason == "InvalidCELExpression") status.observe_generation();
  } else {
    const std::string progress(condition_text(ks.status, "Reconciling", "message"));
    status.remove("Stalled");
    status.set("Reconciling", "True", "ProgressingWithRetry",
               progress.empty() ? "Reconciliation in progress" : progress);
  }
  status.handle_request(ks.request_taken);
  if (is_recorded(error.reason) && ks.rendered != nullptr)
    status.record_history(ks.rendered->digest, error.reason, ks.rendered->revision,
                          ks.artifact.origin_revision, took(ctx, ks));
  const bool news = ks.failure_logged != error.reason + ": " + error.message;
  if (news) {
    ctx.announce(id, ks, ks.artifact.revision);
    log_failure(ctx, id, ks, "reconcile", error);
    log_finished(ctx, id, ks, error.reason, error.message);
  }
  ctx.emit(id, ks, "Warning", error.reason, error.message, revision_annotations(ks));
  ctx.write_status(id, ks);
  stop_waiting(ctx, id, ks);
  settle(ctx, id, ks);
  const base::Duration retry =
      is_passing(error) && ctx.options.requeue_dependency < ks.spec.retry_interval
          ? ctx.options.requeue_dependency
          : ks.spec.retry_interval;
  ctx.schedule(id, ks, error.terminal ? 0 : ctx.after(retry));
}

void on_finalized(Context& ctx, const ObjectId& id, KustomizationState& ks,
                  const ObjectsPruned& pruned) {
  std::string lines, errors;
  for (const ObjectChange& change : pruned.changes) {
    if (!change.error.empty()) {
      errors += change.error + ";";
      continue;
    }
    const bool deleted = change.action == Action::deleted;
    std::vector<base::Digest> blobs;
    if (!change.live_blob.empty()) blobs.push_back(change.live_blob);
    log_object(ctx, event::Type::object_pruned, change.id, id, ks,
               Value::object({{"action", deleted ? "deleted" : "skipped"},
                              {"reason", change.note.empty() ? "owner deleted" : change.note}}),
               std::move(blobs));
    live_of(ctx, ks).erase(change.id);
    lines +=
        (lines.empty() ? "" : "\n") + change.id.subject() + (deleted ? " deleted" : " skipped");
  }
  if (pruned.orphaned) {
    std::string ids;
    for (const ObjectId& object : ks.inventory) ids += object.subject() + "\n";
    ctx.emit(id, ks, "Warning", "ReconciliationFailed", "unable to prune objects: \n" + ids,
             revision_annotations(ks));
  } else if (!lines.empty()) {
    ctx.emit(id, ks, "Normal", "Progressing", lines, revision_annotations(ks));
  }
  if (!errors.empty()) {
    const StepError error{Code::unavailable, "PruneFailed",
                          "pruning for deleted resource failed: " + errors, false};
    log_failure(ctx, id, ks, "finalize", error);
    ctx.emit(id, ks, "Warning", error.reason, error.message, revision_annotations(ks));
    ks.running = false;
    ks.phase = Phase::idle;
    ctx.schedule(id, ks, ctx.after_backoff(ks));
    return;
  }
  if (pruned.timed_out)
    ctx.emit(id, ks, "Warning", "ReconciliationFailed", "failed to wait for resources termination",
             revision_annotations(ks));
  ctx.command(id, ks, WriteFinalizer{false, ks.object});
}

}  // namespace weir::reconcile
