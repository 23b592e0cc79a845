#include <algorithm>

#include "engine/base/duration.hh"
#include "engine/model/kinds/helm_chart.hh"
#include "engine/reconcile/flows.hh"
#include "engine/reconcile/helm_flow.hh"
#include "engine/reconcile/helm_history.hh"
#include "engine/reconcile/helm_post_render.hh"
#include "engine/reconcile/status.hh"

namespace weir::reconcile {
namespace {

// Applied objects of releases are told of by watches on their kinds, by the origin label.
void want_helm_watches(Context& ctx, const std::vector<ObjectId>& ids) {
  for (const ObjectId& id : ids) {
    WatchOptions options{id.gvk, ctx.options.watch_namespace, std::string(helm_name_label), ""};
    const std::string key = watch_key(options);
    if (ctx.state.watches.contains(key)) continue;
    ctx.state.watches[key] = {options, false};
    ctx.out.watches.push_back(std::move(options));
  }
}

void clear_failures(Value& status) {
  for (const std::string_view name : {"failures", "installFailures", "upgradeFailures"})
    status.erase(name);
}

DecideInput make_input(const HelmReleaseState& hr, const helm::Release* newest,
                       const helm::Release* target) {
  return {*hr.spec,  hr.status, hr.generation(), hr.prepared->desired, newest, target,
          hr.forced, hr.drift,  hr.done};
}

const base::Duration& timeout_of(const model::HelmReleaseSpec& spec, HelmActionKind kind) {
  switch (kind) {
    case HelmActionKind::install: return spec.install.timeout;
    case HelmActionKind::upgrade: return spec.upgrade.timeout;
    case HelmActionKind::rollback: return spec.rollback.timeout;
    case HelmActionKind::uninstall: return spec.uninstall.timeout;
    case HelmActionKind::test: return spec.test.timeout;
    default: return spec.timeout;
  }
}

// An action of ours that the end of the process broke off, on the very inputs of today.
std::optional<HelmActionKind> broken_off(const HelmReleaseState& hr, const helm::Release& newest) {
  if (!hr.in_flight || hr.in_flight->version != newest.version) return std::nullopt;
  const DesiredRelease& desired = hr.prepared->desired;
  if (hr.in_flight->chart_version != desired.chart_version ||
      hr.in_flight->config_digest != desired.config_digest)
    return std::nullopt;
  if (newest.status == "pending-install") return HelmActionKind::install;
  if (newest.status == "pending-upgrade") return HelmActionKind::upgrade;
  return std::nullopt;
}

std::shared_ptr<HelmRun> make_run(Context& ctx, const ObjectId& id, const HelmReleaseState& hr,
                                  HelmActionKind kind) {
  auto run = std::make_shared<HelmRun>();
  run->kind = kind;
  run->spec = hr.spec;
  run->prepared = hr.prepared;
  run->storage = hr.storage;
  run->cluster = hr.cluster;
  run->cluster_name = helm_cluster_name(id, hr);
  run->release_ns = hr.spec->release_namespace;
  run->owner = id;
  run->as = helm_identity_of(ctx, id, hr);
  run->rules = hr.health_rules;
  return run;
}

// The decision is in the log before anything is done.
void log_planned(Context& ctx, const ObjectId& id, HelmReleaseState& hr, HelmActionKind kind,
                 const Decision& decision) {
  const ReleasePtr newest = hr.storage == nullptr ? nullptr : hr.storage->newest();
  const bool releases = helm_action_type(kind) == HelmActionType::release;
  HelmInFlight flight;
  flight.action = helm_action_name(kind);
  flight.version = (newest == nullptr ? 0 : newest->version) + (hr.run->resume ? 0 : 1);
  Value data = Value::object({{"action", flight.action},
                              {"release", hr.spec->release_namespace + "/" + hr.spec->release_name},
                              {"state", release_state_name(decision.state)}});
  if (hr.run->resume) data.set("resumed", true);
  if (hr.prepared != nullptr) {
    flight.chart_version = hr.prepared->desired.chart_version;
    flight.config_digest = hr.prepared->desired.config_digest;
    data.set("chart", hr.prepared->desired.chart_name + "@" + flight.chart_version);
    data.set("revision", flight.chart_version);
    data.set("config", flight.config_digest);
  }
  if (releases) data.set("version", flight.version);
  ctx.announce(id, hr, flight.chart_version);
  ctx.log(event::Type::changes_planned, id, &hr, id, std::move(data));
  if (releases) hr.in_flight = std::move(flight);
}

void start_action(Context& ctx, const ObjectId& id, HelmReleaseState& hr, const Decision& decision,
                  HelmActionKind kind, bool resume) {
  StatusEditor status(hr, ctx.now);
  hr.run = make_run(ctx, id, hr, kind);
  hr.run->resume = resume;
  hr.action_started = ctx.now;
  hr.phase = HelmPhase::acting;
  if (kind == HelmActionKind::detect_drift) return send_helm_run(ctx, id, hr, false);
  if (kind == HelmActionKind::correct_drift) hr.run->drifts = hr.drift_run->drifts;
  if (kind == HelmActionKind::rollback)
    hr.run->rollback_version =
        static_cast<int>(previous_snapshot(hr.status["history"],
                                           ignores_test_failures(*hr.spec, hr.status))["version"]
                             .get_int());
  const bool releases = helm_action_type(kind) == HelmActionType::release;
  if (releases) hr.status.set("lastAttemptedReleaseAction", helm_action_name(kind));
  if (kind == HelmActionKind::install) hr.status.erase("history");
  const std::string text = "Running '" + std::string(helm_action_name(kind)) +
                           "' action with timeout of " +
                           base::format_duration(timeout_of(*hr.spec, kind));
  status.set("Reconciling", "True", "Progressing", text);
  if (releases) status.set("Ready", "Unknown", "Progressing", text);
  log_planned(ctx, id, hr, kind, decision);
  send_helm_run(ctx, id, hr, false);
}

bool retries_by_interval(const HelmReleaseState& hr) {
  const model::Remediation* active = active_remediation(*hr.spec, hr.status);
  return active != nullptr && active->retry_interval;
}

// RetryOnFailure: the next try in its interval.
void retry_later(Context& ctx, const ObjectId& id, HelmReleaseState& hr) {
  StatusEditor status(hr, ctx.now);
  const base::Duration interval = *active_remediation(*hr.spec, hr.status)->retry_interval;
  if (Value* history = hr.status.find_mut("history")) truncate_history_to_newest(*history);
  status.set("Reconciling", "True", "ProgressingWithRetry",
             "retrying after " + base::format_duration(interval));
  status.observe_generation();
  settle_helm(ctx, id, hr, ctx.after_jittered(id, hr, interval));
}

// Ready copied what an action came to: it goes on saying so.
bool tells_of_action(std::string_view reason) {
  return reason.ends_with("Succeeded") ||
         (reason.ends_with("Failed") && reason != "ArtifactFailed");
}

// Before a failed release is dealt with, what is older than its way back is forgotten.
void trim_failed_history(HelmReleaseState& hr, HelmActionKind action) {
  Value* history = hr.status.find_mut("history");
  if (history == nullptr) return;
  if (retries_by_interval(hr)) return truncate_history_to_newest(*history);
  if (helm_action_type(action) == HelmActionType::remediate)
    truncate_history(*history, ignores_test_failures(*hr.spec, hr.status));
}

void apply_decision(Context& ctx, const ObjectId& id, HelmReleaseState& hr,
                    const Decision& decision) {
  StatusEditor status(hr, ctx.now);
  switch (decision.kind) {
    case DecisionKind::act:
      if (decision.clear_history) hr.status.erase("history");
      if (decision.state == ReleaseState::failed) trim_failed_history(hr, decision.action);
      return start_action(ctx, id, hr, decision, decision.action, false);
    case DecisionKind::finished: return finish_helm(ctx, id, hr);
    case DecisionKind::retry_later: return retry_later(ctx, id, hr);
    case DecisionKind::requeue:
      status.set("Reconciling", "True", "ProgressingWithRetry",
                 condition_text(hr.status, "Ready", "message"));
      return settle_helm(ctx, id, hr, ctx.after_backoff(hr));
    case DecisionKind::stalled: {
      if (!tells_of_action(condition_text(hr.status, "Ready", "reason"))) summarize_helm(ctx, hr);
      status.remove("Reconciling");
      status.set("Stalled", "True", decision.reason, decision.message);
      status.observe_generation();
      log_failure(ctx, id, hr, "reconcile",
                  {Code::invalid, decision.reason, decision.message, true});
      return settle_helm(ctx, id, hr, 0);
    }
    case DecisionKind::error: break;
  }
  fail_helm(ctx, id, hr, {Code::conflict, decision.reason, decision.message, false}, false);
}

// Not released where it was: what stands there goes first.
void move_release(Context& ctx, const ObjectId& id, HelmReleaseState& hr) {
  hr.phase = HelmPhase::moving;
  if (send_helm_uninstall(ctx, id, hr)) return;
  hr.status.erase("history");
  hr.status.erase("storageNamespace");
  clear_failures(hr.status);
  settle_helm(ctx, id, hr, ctx.now + 1);
}

void wait_on(Context& ctx, const ObjectId& id, HelmReleaseState& hr) {
  hr.run_waits = true;
  if (!hr.run->cluster_name.empty()) {  // no watch reaches there
    ctx.write_status(id, hr);
    return ctx.schedule(id, hr, helm_poll_due(ctx, hr));
  }
  want_helm_watches(ctx, hr.run->waiting);
  hr.waiting = hr.run->waiting;
  // What is done at once needs no progress shown.
  ctx.write_status(id, hr);
  for (const ObjectId& object : hr.waiting) ctx.state.waiters[object].insert(id);
  ctx.schedule(id, hr, helm_poll_due(ctx, hr));
}

// The old release is gone (or that failed): deletion of the owner, or the next target.
void on_uninstalled(Context& ctx, const ObjectId& id, HelmReleaseState& hr) {
  if (hr.run->left_alone.empty())
    report_helm_action(ctx, id, hr);
  else
    log_failure(ctx, id, hr, "uninstall",
                {Code::not_found, "UninstallSkipped",
                 "the release is left as it stands: " + hr.run->left_alone, true});
  const bool failed = hr.run->failure.has_value();
  hr.run = nullptr;
  if (failed) {
    ctx.write_status(id, hr);
    return settle_helm(ctx, id, hr, ctx.after_backoff(hr));
  }
  if (hr.phase == HelmPhase::moving) {
    hr.status.erase("history");
    hr.status.erase("storageNamespace");
    hr.status.erase("inventory");
    hr.inventory.clear();
    clear_failures(hr.status);
    hr.reason = "start";
    return settle_helm(ctx, id, hr, ctx.now + 1);
  }
  ApplyHelmChart command;
  const std::string chart(hr.status["helmChart"].get_string());
  const std::size_t slash = chart.find('/');
  if (slash == std::string::npos) {
    ctx.command(id, hr, WriteFinalizer{false, hr.object});
    return;
  }
  command.remove = {model::helm_chart_gvk, chart.substr(0, slash), chart.substr(slash + 1)};
  ctx.command(id, hr, std::move(command));
}

// With a rollback in force: the recorded release, unless what is asked for now is something else
// than what was rolled away from.
PreparedPtr choose_release(Context& ctx, const ObjectId& id, HelmReleaseState& hr,
                           const PreparedPtr& made) {
  if (!hr.pin || made->recorded == nullptr) return made;
  auto out = std::make_shared<PreparedRelease>(*made);
  const bool known = made->charts != nullptr;
  if (known && !hr.pin->hold && made->desired.identity() != hr.pin->from) {
    ctx.announce(id, hr, made->desired.chart_version);
    ctx.log(event::Type::rollback_released, id, &hr, id,
            Value::object({{"reason", "something newer is asked for"},
                           {"revision", made->desired.chart_version},
                           {"pin", hr.pin->seq}}));
    hr.pin.reset();
    hr.forced = true;  // what stands may be of the same chart and values, and yet another release
    out->recorded = nullptr;
    return out;
  }
  out->desired = desired_of(*made->recorded, *hr.spec);
  out->values = made->recorded->release.config;
  out->rollback_notes = "Rollback to event " + std::to_string(hr.pin->to_seq);
  return out;
}

}  // namespace

void on_helm_prepared(Context& ctx, const ObjectId& id, HelmReleaseState& hr,
                      const HelmPrepared& made) {
  hr.prepared = choose_release(ctx, id, hr, made.prepared);
  if (hr.prepared->recorded != nullptr) {
    const helm::Release& kept = hr.prepared->recorded->release;
    if (kept.name != hr.spec->release_name || kept.ns != hr.spec->release_namespace)
      return fail_helm(ctx, id, hr,
                       {Code::invalid, "RollbackFailed",
                        "the recorded release is " + kept.ns + "/" + kept.name + ", not " +
                            hr.spec->release_namespace + "/" + hr.spec->release_name,
                        true},
                       true);
  }
  hr.storage = made.storage;
  hr.cluster = made.cluster;
  const DesiredRelease& desired = hr.prepared->desired;
  if (target_changed(*hr.spec, hr.status, desired.chart_name)) return move_release(ctx, id, hr);
  if (!reset_reason(hr.status, hr.generation(), desired, hr.reset).empty())
    clear_failures(hr.status);
  hr.reset = false;
  Value& status = hr.status;
  status.set("lastAttemptedGeneration", hr.generation());
  status.set("lastAttemptedRevision", desired.chart_version);
  StatusEditor(hr, ctx.now).set_field("lastAttemptedRevisionDigest", desired.oci_digest);
  status.set("lastAttemptedConfigDigest", desired.config_digest);
  status.erase("lastAttemptedValuesChecksum");
  status.erase("lastReleaseRevision");
  status.set("storageNamespace", hr.spec->storage_namespace);
  next_helm_action(ctx, id, hr);
}

void next_helm_action(Context& ctx, const ObjectId& id, HelmReleaseState& hr) {
  const ReleasePtr newest = hr.storage->newest();
  const Value& previous =
      previous_snapshot(hr.status["history"], ignores_test_failures(*hr.spec, hr.status));
  const ReleasePtr target = previous.is_null()
                                ? nullptr
                                : hr.storage->find(static_cast<int>(previous["version"].get_int()));
  const Decision decision = decide(make_input(hr, newest.get(), target.get()));
  if (decision.state == ReleaseState::locked && decision.kind == DecisionKind::act)
    if (const auto kind = broken_off(hr, *newest))
      return start_action(ctx, id, hr, decision, *kind, true);
  apply_decision(ctx, id, hr, decision);
}

void on_helm_ran(Context& ctx, const ObjectId& id, HelmReleaseState& hr) {
  if (hr.run == nullptr) return;
  log_helm_rendered(ctx, id, hr);
  log_helm_changes(ctx, id, hr);
  if (!hr.run->done) return wait_on(ctx, id, hr);
  if (hr.phase == HelmPhase::moving || hr.phase == HelmPhase::finalizing)
    return on_uninstalled(ctx, id, hr);
  const HelmActionKind kind = hr.run->kind;
  if (kind == HelmActionKind::detect_drift) {
    if (hr.run->failure)
      return fail_helm(ctx, id, hr,
                       {hr.run->failure->code, "StateError",
                        "Could not determine release state: " + hr.run->failure->message, false},
                       false);
    const bool drifted =
        std::any_of(hr.run->drifts.begin(), hr.run->drifts.end(),
                    [](const HelmDrift& drift) { return !is_excluded(drift); });
    hr.drift = drifted ? DriftFinding::some : DriftFinding::none;
    hr.drift_run = hr.run;
    if (hr.run->cluster_name.empty()) want_helm_watches(ctx, hr.run->inventory);
    report_helm_drift(ctx, id, hr, hr.drift == DriftFinding::some);
    return next_helm_action(ctx, id, hr);
  }
  const bool resumes = report_helm_action(ctx, id, hr);
  hr.done.insert(helm_action_type(kind));
  if (helm_action_type(kind) == HelmActionType::release) {
    hr.in_flight.reset();
    hr.forced = false;
  }
  hr.drift = DriftFinding::unknown;
  if (!hr.run->cancelled.empty()) {
    ctx.emit(id, hr, "Normal", "HealthCheckCanceled",
             "Health checks canceled due to new " + hr.run->cancelled, {});
    return fail_helm(ctx, id, hr,
                     {Code::cancelled, "HealthCheckCanceled", "New " + hr.run->cancelled, false},
                     false);
  }
  if (!resumes) {
    if (retries_by_interval(hr)) return retry_later(ctx, id, hr);
    const Error& error = *hr.run->failure;
    const std::string reason(condition_text(hr.status, "Ready", "reason"));
    return fail_helm(ctx, id, hr,
                     {error.code, reason.empty() ? "ReconcileError" : reason,
                      std::string(condition_text(hr.status, "Ready", "message")), false},
                     false);
  }
  if (helm_action_type(kind) == HelmActionType::remediate)
    return apply_decision(ctx, id, hr, after_remediation(*hr.spec, hr.status, kind));
  next_helm_action(ctx, id, hr);
}

bool send_helm_uninstall(Context& ctx, const ObjectId& id, HelmReleaseState& hr) {
  const Value& latest = latest_snapshot(hr.status["history"]);
  const std::string storage_ns(hr.status["storageNamespace"].get_string());
  if (latest.is_null() || storage_ns.empty() || hr.spec == nullptr) return false;
  auto run = make_run(ctx, id, hr, HelmActionKind::uninstall);
  run->prepared = nullptr;
  run->storage = std::make_shared<HelmStorage>(storage_ns, std::string(latest["name"].get_string()),
                                               helm_identity_of(ctx, id, hr));
  run->release_ns = latest["namespace"].get_string();
  hr.run = std::move(run);
  hr.action_started = ctx.now;
  ctx.announce(id, hr, "");
  RunHelm command;
  command.run = hr.run;
  command.reload_storage = true;
  command.finalizing = hr.phase == HelmPhase::finalizing;
  hr.run_waits = false;
  ctx.command(id, hr, std::move(command));
  return true;
}

void begin_helm_finalize(Context& ctx, const ObjectId& id, HelmReleaseState& hr) {
  stop_helm_waiting(ctx, id, hr);
  ctx.begin(id, hr, "deleted");
  hr.phase = HelmPhase::finalizing;
  hr.run_waits = false;
  if (!hr.has_finalizer()) {
    hr.running = false;
    return;
  }
  const bool suspended = hr.object.path("spec", "suspend").get_bool();
  if (!suspended && send_helm_uninstall(ctx, id, hr)) return;
  const std::string chart(hr.status["helmChart"].get_string());
  const std::size_t slash = chart.find('/');
  if (suspended || slash == std::string::npos) {
    ctx.command(id, hr, WriteFinalizer{false, hr.object});
    return;
  }
  ApplyHelmChart command;
  command.remove = {model::helm_chart_gvk, chart.substr(0, slash), chart.substr(slash + 1)};
  ctx.command(id, hr, std::move(command));
}

}  // namespace weir::reconcile
