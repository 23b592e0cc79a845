#include "engine/reconcile/helm_decide.hh"

#include "engine/reconcile/helm_history.hh"

namespace weir::reconcile {
namespace {

constexpr std::string_view state_names[] = {"absent",  "locked",    "unmanaged",
                                            "failed",  "outOfSync", "untested",
                                            "drifted", "inSync",    "unknown"};
constexpr std::string_view action_names[] = {
    "",         "install",         "upgrade",
    "rollback", "uninstall",       "test",
    "unlock",   "drift detection", "correct cluster drift"};

bool upgrade_was_attempted(const Value& status) {
  return status["lastAttemptedReleaseAction"].get_string() == "upgrade";
}

std::int64_t failure_count(const Value& status, bool upgrade) {
  return status[upgrade ? "upgradeFailures" : "installFailures"].get_int();
}

const model::Remediation& remediation_of(const model::HelmReleaseSpec& spec, bool upgrade) {
  return upgrade ? spec.upgrade.remediation : spec.install.remediation;
}

// The record of a snapshot says that an uninstall began; the end of the process kept the snapshot
// from saying so too.
bool broke_off_uninstalling(const Value& latest, const helm::Release& stored) {
  return stored.status == "uninstalling" && latest["version"].get_int() == stored.version &&
         latest["name"].get_string() == stored.name &&
         latest["namespace"].get_string() == stored.ns;
}

// What a deployed release lacks; state in_sync when nothing.
ReleaseVerdict judge_deployed(const DecideInput& input) {
  const helm::Release& stored = *input.newest;
  const DesiredRelease& desired = input.desired;
  if (stored.chart_name() != desired.chart_name || stored.chart_version() != desired.chart_version)
    return {ReleaseState::out_of_sync, "release chart " + stored.chart_name() + "@" +
                                           stored.chart_version() + " is not " +
                                           desired.chart_name + "@" + desired.chart_version};
  if (helm::config_digest(stored) != desired.config_digest)
    return {ReleaseState::out_of_sync, "release config values changed"};
  if (!desired.manifest_digest.empty() &&
      base::sha256(stored.manifest).to_string() != desired.manifest_digest)
    return {ReleaseState::out_of_sync, "release manifest is not the recorded one"};
  const Value& status = input.status;
  if (status["observedGeneration"].get_int(-1) != input.generation) {
    if (status["observedPostRenderersDigest"].get_string() != desired.post_renderers_digest)
      return {ReleaseState::out_of_sync, "postrenderers digest has changed"};
    if (status["observedCommonMetadataDigest"].get_string() != desired.common_metadata_digest)
      return {ReleaseState::out_of_sync, "common metadata digest has changed"};
  }
  if (input.spec.test.enable) {
    const Value& latest = latest_snapshot(status["history"]);
    if (!was_tested(latest)) return {ReleaseState::untested, "release has not been tested"};
    if (has_failed_test(latest) && !ignores_test_failures(input.spec, status))
      return {ReleaseState::failed, "release has test in failed phase"};
  }
  if (input.drift == DriftFinding::some)
    return {ReleaseState::drifted, "cluster state has drifted from the release"};
  return {ReleaseState::in_sync, ""};
}

Decision act(ReleaseState state, HelmActionKind action) {
  Decision out;
  out.kind = DecisionKind::act;
  out.state = state;
  out.action = action;
  return out;
}

std::string attempts_text(const model::HelmReleaseSpec&, const Value& status, bool upgrade) {
  return std::string("Failed to ") + (upgrade ? "upgrade" : "install") + " after " +
         std::to_string(failure_count(status, upgrade)) + " attempt(s)";
}

Decision exhausted(const DecideInput& input, ReleaseState state, bool upgrade) {
  Decision out;
  out.kind = DecisionKind::stalled;
  out.state = state;
  out.reason = "RetriesExceeded";
  out.message = attempts_text(input.spec, input.status, upgrade);
  return out;
}

Decision remediate_by_rollback(const DecideInput& input) {
  const Value& previous =
      previous_snapshot(input.status["history"], ignores_test_failures(input.spec, input.status));
  if (previous.is_null()) {
    Decision out;
    out.kind = DecisionKind::stalled;
    out.state = ReleaseState::failed;
    out.reason = "MissingRollbackTarget";
    out.message =
        "Failed to perform remediation: missing target release for rollback: cannot "
        "remediate failed release";
    return out;
  }
  if (input.rollback_target == nullptr || !is_observed(previous, *input.rollback_target))
    return act(ReleaseState::failed, HelmActionKind::upgrade);
  return act(ReleaseState::failed, HelmActionKind::rollback);
}

Decision decide_failed(const DecideInput& input) {
  const auto upgrade = act(ReleaseState::failed, HelmActionKind::upgrade);
  if (input.force_requested) return upgrade;
  const model::Remediation* remediation = active_remediation(input.spec, input.status);
  if (remediation == nullptr) return upgrade;
  if (remediation->retry_interval) {
    if (!input.done.contains(HelmActionType::release)) return upgrade;
    Decision later;
    later.kind = DecisionKind::retry_later;
    later.state = ReleaseState::failed;
    return later;
  }
  const bool upgraded = upgrade_was_attempted(input.status);
  if (failure_count(input.status, upgraded) <= 0) return upgrade;
  if (retries_exhausted(input.spec, input.status, upgraded) && !remediation->remediate_last_failure)
    return exhausted(input, ReleaseState::failed, upgraded);
  if (remediation->uninstall) return act(ReleaseState::failed, HelmActionKind::uninstall);
  return remediate_by_rollback(input);
}

Decision decide_in_sync(const DecideInput& input) {
  if (input.spec.drift != model::DriftMode::disabled && input.drift == DriftFinding::unknown)
    return act(ReleaseState::in_sync, HelmActionKind::detect_drift);
  if (input.force_requested) return act(ReleaseState::in_sync, HelmActionKind::upgrade);
  Decision out;
  out.kind = DecisionKind::finished;
  out.state = ReleaseState::in_sync;
  return out;
}

Decision decide_by_state(const DecideInput& input, const ReleaseVerdict& verdict) {
  switch (verdict.state) {
    case ReleaseState::absent:
      if (!input.force_requested && retries_exhausted(input.spec, input.status, false))
        return exhausted(input, verdict.state, false);
      return act(verdict.state, HelmActionKind::install);
    case ReleaseState::locked: return act(verdict.state, HelmActionKind::unlock);
    case ReleaseState::unmanaged: {
      Decision out = act(verdict.state, HelmActionKind::upgrade);
      out.clear_history = true;
      return out;
    }
    case ReleaseState::out_of_sync:
      if (!input.force_requested && retries_exhausted(input.spec, input.status, true))
        return exhausted(input, verdict.state, true);
      return act(verdict.state, HelmActionKind::upgrade);
    case ReleaseState::untested: return act(verdict.state, HelmActionKind::test);
    case ReleaseState::drifted: {
      if (input.spec.drift == model::DriftMode::enabled)
        return act(verdict.state, HelmActionKind::correct_drift);
      Decision out;
      out.kind = DecisionKind::finished;
      out.state = verdict.state;
      return out;
    }
    case ReleaseState::failed: return decide_failed(input);
    case ReleaseState::in_sync: return decide_in_sync(input);
    case ReleaseState::unknown: break;
  }
  Decision out;
  out.reason = "StateError";
  out.message = "Could not determine release state: " + verdict.why;
  return out;
}

}  // namespace

std::string_view release_state_name(ReleaseState state) {
  return state_names[static_cast<std::size_t>(state)];
}

std::string_view helm_action_name(HelmActionKind kind) {
  return action_names[static_cast<std::size_t>(kind)];
}

HelmActionType helm_action_type(HelmActionKind kind) {
  switch (kind) {
    case HelmActionKind::rollback:
    case HelmActionKind::uninstall: return HelmActionType::remediate;
    case HelmActionKind::test: return HelmActionType::test;
    case HelmActionKind::unlock: return HelmActionType::unlock;
    case HelmActionKind::detect_drift:
    case HelmActionKind::correct_drift: return HelmActionType::drift;
    default: return HelmActionType::release;
  }
}

const model::Remediation* active_remediation(const model::HelmReleaseSpec& spec,
                                             const Value& status) {
  const std::string_view last = status["lastAttemptedReleaseAction"].get_string();
  if (last.empty()) return nullptr;
  return &remediation_of(spec, last == "upgrade");
}

bool retries_exhausted(const model::HelmReleaseSpec& spec, const Value& status, bool upgrade) {
  const model::Remediation& remediation = remediation_of(spec, upgrade);
  if (remediation.retry_interval || remediation.retries < 0) return false;
  return failure_count(status, upgrade) > remediation.retries;
}

bool ignores_test_failures(const model::HelmReleaseSpec& spec, const Value& status) {
  const model::Remediation* remediation = active_remediation(spec, status);
  return spec.test.ignore_failures || (remediation != nullptr && remediation->ignore_test_failures);
}

ReleaseVerdict determine_state(const DecideInput& input) {
  if (input.newest == nullptr) return {ReleaseState::absent, "no release in storage for object"};
  const helm::Release& stored = *input.newest;
  if (stored.pending())
    return {ReleaseState::locked, "release with status '" + stored.status + "'"};
  const Value& latest = latest_snapshot(input.status["history"]);
  if (latest.is_null()) {
    if (stored.status == "uninstalled")
      return {ReleaseState::absent, "found uninstalled release in storage"};
    return {ReleaseState::unmanaged, "found existing release in storage"};
  }
  if (broke_off_uninstalling(latest, stored)) return {ReleaseState::failed, ""};
  if (!is_observed(latest, stored))
    return {ReleaseState::unmanaged, "release digest verification error"};
  // An uninstall that failed half way is gone on with; the reference never gets out of it.
  if (stored.status == "failed" || stored.status == "uninstalling")
    return {ReleaseState::failed, ""};
  if (stored.status == "uninstalled")
    return {ReleaseState::absent, "found uninstalled release in storage"};
  if (stored.status == "deployed") return judge_deployed(input);
  return {ReleaseState::unknown,
          "unable to determine state for release with status '" + stored.status + "'"};
}

Decision decide(const DecideInput& input) {
  Decision out = decide_by_state(input, determine_state(input));
  // Nothing runs twice in one reconcile; what is left to do is done by the next.
  if (out.kind != DecisionKind::act || out.action == HelmActionKind::detect_drift) return out;
  if (!input.done.contains(helm_action_type(out.action))) return out;
  // Forced in sync: the force was what ran.
  const bool forced = out.state == ReleaseState::in_sync;
  const model::Remediation* active = active_remediation(input.spec, input.status);
  const bool waits = active != nullptr && active->retry_interval;
  out.kind = forced  ? DecisionKind::finished
             : waits ? DecisionKind::retry_later
                     : DecisionKind::requeue;
  out.action = HelmActionKind::none;
  return out;
}

Decision after_remediation(const model::HelmReleaseSpec& spec, const Value& status,
                           HelmActionKind remediation) {
  const bool upgrade = upgrade_was_attempted(status);
  Decision out;
  out.kind = DecisionKind::requeue;
  // An uninstalled upgrade begins anew with an install and its own retries.
  const bool anew = upgrade && remediation == HelmActionKind::uninstall;
  if (anew || active_remediation(spec, status) == nullptr ||
      !retries_exhausted(spec, status, upgrade))
    return out;
  out.kind = DecisionKind::stalled;
  out.reason = "RetriesExceeded";
  out.message = attempts_text(spec, status, upgrade);
  return out;
}

bool target_changed(const model::HelmReleaseSpec& spec, const Value& status,
                    std::string_view chart_name) {
  const std::string_view storage = status["storageNamespace"].get_string();
  const Value& latest = latest_snapshot(status["history"]);
  if (storage.empty() || latest.is_null()) return false;
  if (storage != spec.storage_namespace) return true;
  if (latest["namespace"].get_string() != spec.release_namespace ||
      latest["name"].get_string() != spec.release_name)
    return true;
  return spec.reinstall_on_chart_change && latest["chartName"].get_string() != chart_name;
}

std::string reset_reason(const Value& status, std::int64_t generation,
                         const DesiredRelease& desired, bool reset_requested) {
  if (status["lastAttemptedGeneration"].get_int(-1) != generation)
    return "generation differs from last attempt";
  if (status["lastAttemptedRevision"].get_string() != desired.chart_version)
    return "chart version differs from last attempt";
  if (status["lastAttemptedRevisionDigest"].get_string() != desired.oci_digest)
    return "chart digest differs from last attempt";
  if (status["lastAttemptedConfigDigest"].get_string() != desired.config_digest)
    return "values differ from last attempt";
  return reset_requested ? "reset requested" : "";
}

}  // namespace weir::reconcile
