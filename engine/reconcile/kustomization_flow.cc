#include <algorithm>

#include "engine/base/duration.hh"
#include "engine/reconcile/flows.hh"
#include "engine/reconcile/status.hh"

namespace weir::reconcile {
namespace {

constexpr std::string_view terminal_prefix =
    "Reconciliation failed terminally due to configuration error: ";

void decode(KustomizationState& ks) {
  ks.spec_error.clear();
  ks.cel_error.clear();
  ks.ready_programs.clear();
  ks.health_rules.clear();
  auto decoded = model::decode_kustomization(ks.object);
  if (!decoded.ok()) {
    ks.spec_error = decoded.error().message;
    return;
  }
  ks.spec = *std::move(decoded);
  auto rules = apply::compile_health_rules(ks.spec.health_check_exprs);
  if (!rules.ok()) {
    ks.cel_error = std::string(terminal_prefix) + rules.error().message;
    return;
  }
  ks.health_rules = *std::move(rules);
  ks.ready_programs = compile_ready_programs(ks.spec.depends_on);
  for (const ReadyProgram& ready : ks.ready_programs)
    if (!ready.error.empty() && ks.cel_error.empty())
      ks.cel_error = std::string(terminal_prefix) + ready.error;
}

std::optional<StepError> check_configuration(const Context& ctx, const ObjectId& id,
                                             const KustomizationState& ks) {
  if (!ks.spec_error.empty()) return StepError{Code::invalid, "InvalidSpec", ks.spec_error, true};
  if (!ks.cel_error.empty())
    return StepError{Code::invalid, "InvalidCELExpression", ks.cel_error, true};
  if (!ks.spec.unsupported.empty())
    return StepError{Code::unsupported, "UnsupportedField",
                     ks.spec.unsupported + " is not supported by this version of weir", true};
  const ObjectId& source = ks.spec.source;
  if (ctx.options.no_cross_namespace_refs && !source.name.empty() && source.ns != id.ns)
    return StepError{
        Code::forbidden, "AccessDenied",
        "can't access '" + source.subject() + "', cross-namespace references have been blocked",
        true};
  return std::nullopt;
}

// The first dependency that is not ready, in words; "" when all are.
std::string unready_dependency(const Context& ctx, const KustomizationState& ks,
                               const ObjectId& source) {
  for (std::size_t i = 0; i < ks.spec.depends_on.size(); ++i) {
    const auto& dependency = ks.spec.depends_on[i];
    const std::string name = "dependency '" + dependency.ns + "/" + dependency.name + "'";
    const auto found = ctx.state.kustomizations.find(
        ObjectId{model::kustomization_gvk, dependency.ns, dependency.name});
    if (found == ctx.state.kustomizations.end() || found->second.object.is_null())
      return name + " not found: kustomizations.kustomize.toolkit.fluxcd.io \"" + dependency.name +
             "\" not found";
    const KustomizationState& dep = found->second;
    if (!dependency.ready_expr.empty()) {
      Value self = ks.object, other = dep.object;
      other.set("status", dep.status);
      const auto ready = is_ready_by(ks.ready_programs[i], self, other);
      if (!ready.ok()) return ready.error().message;
      if (!*ready) return name + " is not ready according to readyExpr eval";
      if (!ctx.options.additive_ready_expr) continue;
    }
    if (dep.status["conditions"].empty() ||
        dep.status["observedGeneration"].get_int(-1) != dep.generation() || !is_ready(dep.status))
      return name + " is not ready";
    const ObjectId dep_source = source_of(ctx, found->first, dep);
    if (!ks.pin && !dep.pin && model::same_object(dep_source, source) &&
        dep.status["lastAppliedRevision"].get_string() != ks.artifact.revision)
      return name + " revision is not up to date";
  }
  return {};
}

void wait_for(Context& ctx, const ObjectId& id, KustomizationState& ks, std::string_view reason,
              const std::string& message, base::TimeUs due, bool with_event) {
  StatusEditor status(ks, ctx.now);
  const bool news = condition_text(ks.status, "Ready", "message") != message;
  status.set("Ready", "False", reason, message);
  status.handle_request(ks.request_taken);
  ks.handled_request = ks.request_taken;
  log_failure(ctx, id, ks, "check", {Code::unavailable, std::string(reason), message, false});
  ctx.write_status(id, ks);
  if (with_event && news)
    ctx.emit(id, ks, "Normal", reason,
             "Dependencies do not meet ready condition, retrying in " +
                 base::format_duration(ctx.options.requeue_dependency),
             revision_annotations(ks));
  ks.running = false;
  ks.phase = Phase::idle;
  ctx.schedule(id, ks, due);
}

void build(Context& ctx, const ObjectId& id, KustomizationState& ks) {
  const std::string timeout = " with a timeout of " + base::format_duration(ks.spec.timeout);
  StatusEditor status(ks, ctx.now);
  if (!ks.quiet) {
    status.remove("Stalled");
    status.set("Ready", "Unknown", "Progressing", "Reconciliation in progress");
    status.set("Reconciling", "True", "Progressing",
               "Building manifests for revision " + ks.artifact.revision + timeout);
    // A pass that somebody asked for shows its progress; a wave over all consumers of a source
    // would only cost a write each.
    if (ks.reason == "spec" || ks.reason == "requested") ctx.write_status(id, ks);
  }
  ks.phase = Phase::building;
  if (ks.pin) {
    ctx.command(id, ks, LoadRendered{ks.pin->set_blob, ks.pin->revision});
    return;
  }
  ctx.command(id, ks, BuildManifests{ks.object, ks.spec, ks.artifact, {}});
}

// A newer revision than the one rolled away from lets the pin go.
void release_pin(Context& ctx, const ObjectId& id, KustomizationState& ks) {
  if (!ks.pin || ks.pin->hold || ks.artifact.revision == ks.pin->from_revision) return;
  ctx.announce(id, ks, ks.artifact.revision);
  ctx.log(event::Type::rollback_released, id, &ks, id,
          Value::object({{"reason", "a newer revision is there"},
                         {"revision", ks.artifact.revision},
                         {"pin", ks.pin->seq}}));
  ks.pin.reset();
}

bool is_quiet(const KustomizationState& ks) {
  if (ks.reason != "interval" && ks.reason != "drift" && ks.reason != "start") return false;
  return ks.status["observedGeneration"].get_int(-1) == ks.generation() &&
         ks.status["lastAppliedRevision"].get_string() == ks.artifact.revision &&
         ks.request_taken == ks.handled_request && ks.failure_logged.empty();
}

void run(Context& ctx, const ObjectId& id, KustomizationState& ks, std::string reason) {
  if (ks.deleting()) return begin_finalize(ctx, id, ks);
  ctx.begin(id, ks, std::move(reason));
  if (!ks.has_finalizer()) {
    ks.phase = Phase::finalizer;
    ctx.command(id, ks, WriteFinalizer{true, ks.object});
    return;
  }
  StatusEditor status(ks, ctx.now);
  if (ks.spec.suspend && ks.spec_error.empty()) {
    status.handle_request(ks.request_taken);
    ks.handled_request = ks.request_taken;
    if (is_ready(ks.status)) status.observe_generation();
    ks.running = false;
    ks.phase = Phase::idle;
    ctx.write_status(id, ks);
    return;
  }
  ks.changes.clear();
  ks.stage = 0;
  if (const auto error = check_configuration(ctx, id, ks)) return fail(ctx, id, ks, *error);
  const ObjectId source = source_of(ctx, id, ks);
  const auto found = ctx.state.sources.find(source);
  if (found == ctx.state.sources.end() || found->second.object.is_null()) {
    std::string text =
        source.gvk.kind + ".source.toolkit.fluxcd.io \"" + source.name + "\" not found";
    if (ks.spec.source.name.empty())
      text = "spec.sourceRef is not set, namespace \"" + id.ns +
             "\" does not have exactly one source, and " + text;
    return wait_for(ctx, id, ks, "ArtifactFailed", text, ctx.after(ks.spec.retry_interval), false);
  }
  ks.artifact = found->second.artifact;
  if (ks.artifact.empty() && found->second.running && found->second.failure_logged.empty()) {
    ks.running = false;  // its first fetch is under way and will ask for this pass
    ks.phase = Phase::idle;
    ctx.schedule(id, ks, ctx.after(ctx.options.requeue_dependency));
    return;
  }
  if (ks.artifact.empty())
    return wait_for(ctx, id, ks, "ArtifactFailed",
                    "Source artifact not found, retrying in " +
                        base::format_duration(ctx.options.requeue_dependency),
                    ctx.after(ctx.options.requeue_dependency), false);
  const std::string unready = unready_dependency(ctx, ks, source);
  if (!unready.empty())
    return wait_for(ctx, id, ks, "DependencyNotReady", unready,
                    ctx.after(ctx.options.requeue_dependency), true);
  ks.quiet = is_quiet(ks);
  // What is not known is asked about anyway; the first full check is due an interval after the
  // start.
  if (ks.full_check_due == 0)
    ks.full_check_due = ctx.after_jittered(id, ks, ctx.options.full_check_interval);
  ks.full_check = ks.reason == "requested" || ctx.now >= ks.full_check_due;
  release_pin(ctx, id, ks);
  if (!begin_connect(ctx, id, ks)) build(ctx, id, ks);
}

// The way to the other cluster is known, or why there is none.
void connected(Context& ctx, const ObjectId& id, KustomizationState& ks, const Outcome& outcome) {
  if (!on_connected(ctx, id, ks, outcome)) return;
  if (ks.phase == Phase::finalizing) return finalize_connected(ctx, id, ks);
  ks.full_check = ks.full_check || !remote_is_seen(ctx, id, ks);
  build(ctx, id, ks);
}

void cancel_wait(Context& ctx, const ObjectId& id, KustomizationState& ks,
                 const std::string& reason) {
  stop_waiting(ctx, id, ks);
  const std::string text = "New reconciliation triggered by " + reason;
  StatusEditor status(ks, ctx.now);
  status.set("Ready", "False", "HealthCheckCanceled", text);
  status.set("Healthy", "False", "HealthCheckCanceled", text);
  ctx.emit(id, ks, "Normal", "HealthCheckCanceled", text, revision_annotations(ks));
  ctx.log(event::Type::reconcile_finished, id, &ks, id,
          Value::object({{"status", "HealthCheckCanceled"}, {"message", text}}));
  ks.running = false;
  ks.phase = Phase::idle;
}

// What was read says nothing of what we last applied.
void keep_facts(LiveFacts& known, const LiveFacts& read) {
  const base::Digest manifest = known.applied_manifest, owned = known.applied_owned;
  known = read;
  known.applied_manifest = manifest;
  known.applied_owned = owned;
}

// The annotation that lets the prune go that is held now has come.
bool is_released(const KustomizationState& ks) {
  if (ks.running || ks.rendered == nullptr) return false;
  if (condition_text(ks.status, "Ready", "reason") != "PruneHeld") return false;
  const std::string_view note =
      ks.object.path("metadata", "annotations", allow_prune_annotation).get_string();
  return note == "always" || note == ks.rendered->revision;
}

void finish_pending(Context& ctx, const ObjectId& id, KustomizationState& ks) {
  if (ks.running) return;
  const bool requested = !ks.requested_at().empty() && ks.requested_at() != ks.handled_request;
  if (ks.rerun.empty() && !requested) return;
  run(ctx, id, ks, ks.rerun.empty() ? "requested" : std::string(ks.rerun));
}

}  // namespace

ObjectId source_of(const Context& ctx, const ObjectId& id, const KustomizationState& ks) {
  if (!ks.spec.source.name.empty()) return ks.spec.source;
  ObjectId only;
  int count = 0;
  for (const auto& [source, state] : ctx.state.sources) {
    if (source.ns != id.ns || !model::holds_manifests(source)) continue;
    only = source;
    ++count;
  }
  if (count == 1) return only;
  return {model::git_repository_gvk, "flux-system", "flux-system"};
}

void request_kustomization(Context& ctx, const ObjectId& id, KustomizationState& ks,
                           std::string reason) {
  if (ks.object.is_null()) return;
  if (!ks.running) return run(ctx, id, ks, std::move(reason));
  const bool waiting = ks.phase == Phase::health_wait || ks.phase == Phase::stage_wait;
  if (waiting && reason != "interval" && reason != "drift" && reason != "dependency") {
    cancel_wait(ctx, id, ks, reason == "source" ? source_of(ctx, id, ks).subject() : id.subject());
    return run(ctx, id, ks, std::move(reason));
  }
  ks.rerun = std::move(reason);
}

void request_consumers(Context& ctx, const ObjectId& source) {
  const auto found = ctx.state.sources.find(source);
  for (auto& [id, ks] : ctx.state.kustomizations) {
    if (ks.object.is_null() || !model::same_object(source_of(ctx, id, ks), source)) continue;
    const bool known =
        found != ctx.state.sources.end() &&
        ks.status["lastAttemptedRevision"].get_string() == found->second.artifact.revision;
    if (known && is_ready(ks.status)) continue;
    if (known && ks.running) continue;
    if (found != ctx.state.sources.end()) ks.pending_cause = found->second.fetched_seq;
    request_kustomization(ctx, id, ks, "source");
  }
}

void request_dependents(Context& ctx, const ObjectId& ready) {
  for (auto& [id, ks] : ctx.state.kustomizations) {
    if (ks.object.is_null() || ks.running) continue;
    if (condition_text(ks.status, "Ready", "reason") != "DependencyNotReady") continue;
    const bool depends = std::any_of(
        ks.spec.depends_on.begin(), ks.spec.depends_on.end(),
        [&](const auto& item) { return item.ns == ready.ns && item.name == ready.name; });
    if (!depends) continue;
    // What the dependency came to is why this one may go on.
    const auto dependency = ctx.state.kustomizations.find(ready);
    if (dependency != ctx.state.kustomizations.end()) ks.pending_cause = dependency->second.cause;
    request_kustomization(ctx, id, ks, "dependency");
  }
}

void observe_kustomization(Context& ctx, const ObjectId& id, bool deleted, const Value& object) {
  if (deleted) {
    const auto found = ctx.state.kustomizations.find(id);
    if (found == ctx.state.kustomizations.end()) return;
    stop_waiting(ctx, id, found->second);
    ctx.log(event::Type::spec_deleted, id, &found->second, id, Value());
    ctx.schedule(id, found->second, 0);
    ctx.metrics.forget(id);
    leave_cluster(ctx, found->second);
    ctx.state.kustomizations.erase(found);
    ctx.state.pruners.erase(id);
    return;
  }
  KustomizationState& ks = ctx.state.kustomizations[id];
  const bool first = ks.object.is_null();
  const bool was_deleting = ks.deleting();
  ks.object = object;
  if (first) {
    ks.status = object["status"];
    if (ks.status["observedGeneration"].get_int() == -1) ks.status = Value::object();
    ks.inventory = read_inventory(ks.status);
    ks.attempted.merge(ks.attempted_before);
    ks.handled_request = ks.status["lastHandledReconcileAt"].get_string();
  }
  const bool changed = ks.generation() != ks.last_generation;
  if (changed) {
    ks.last_generation = ks.generation();
    decode(ks);
  }
  log_spec(ctx, id, ks);
  const bool here = !ks.spec.kube_config;
  if (first && here) want_watches(ctx, ks.inventory);
  const bool requested = !ks.requested_at().empty() && ks.requested_at() != ks.handled_request &&
                         ks.requested_at() != ks.request_taken;
  if (first && here && !watches_synced(ctx, ks.inventory)) {
    ks.await_sync =
        true;  // what is live is not known yet; the timer is for kinds that cannot be watched
    ctx.schedule(id, ks, ctx.after(std::chrono::seconds(3)));
    return;
  }
  if (first) return request_kustomization(ctx, id, ks, "start");
  // A deletion that failed waits for its next try: our own words about it come by here too.
  if (ks.deleting() && !was_deleting) return request_kustomization(ctx, id, ks, "deleted");
  if (changed) return request_kustomization(ctx, id, ks, "spec");
  if (is_released(ks)) return request_kustomization(ctx, id, ks, "release");
  if (requested) request_kustomization(ctx, id, ks, "requested");
}

void kustomization_outcome(Context& ctx, const ObjectId& id, KustomizationState& ks,
                           const Outcome& outcome) {
  if (const auto* written = std::get_if<StatusWritten>(&outcome.body)) {
    if (!written->object.is_null()) ks.object = written->object;
    if (ks.phase == Phase::finalizing) return;  // the finalizer is gone; the watch tells the rest
    ks.running = false;
    ks.pending_cause = ks.cause;
    return run(ctx, id, ks, ks.reason);
  }
  if (outcome.command == CommandBody(ReachCluster{}).index()) {
    connected(ctx, id, ks, outcome);
  } else if (const auto* error = std::get_if<StepError>(&outcome.body)) {
    fail(ctx, id, ks, *error);
  } else if (const auto* made = std::get_if<ManifestsRendered>(&outcome.body)) {
    if (!made->claimant.empty()) return on_claimed(ctx, id, ks, *made);
    on_rendered(ctx, id, ks, *made);
  } else if (const auto* applied = std::get_if<StageApplied>(&outcome.body)) {
    on_stage_applied(ctx, id, ks, *applied);
  } else if (const auto* pruned = std::get_if<ObjectsPruned>(&outcome.body)) {
    if (ks.phase == Phase::finalizing) return on_finalized(ctx, id, ks, *pruned);
    on_pruned(ctx, id, ks, *pruned);
  } else if (const auto* read = std::get_if<ObjectsRead>(&outcome.body)) {
    for (const auto& [object, facts] : read->facts) keep_facts(live_of(ctx, ks)[object], facts);
    check_stage_wait(ctx, id, ks);
    check_health(ctx, id, ks);
  }
  finish_pending(ctx, id, ks);
}

void kustomization_due(Context& ctx, const ObjectId& id, KustomizationState& ks) {
  if (ks.handover) return check_handover(ctx, id, ks);
  if (ks.phase == Phase::stage_wait) {
    poll_remote(ctx, id, ks);
    return check_stage_wait(ctx, id, ks);
  }
  if (ks.phase == Phase::health_wait) return health_due(ctx, id, ks);
  if (ks.running) return;
  if (ks.await_sync) {
    ks.await_sync = false;
    return run(ctx, id, ks, "start");
  }
  run(ctx, id, ks, is_ready(ks.status) ? "interval" : "retry");
}

}  // namespace weir::reconcile
