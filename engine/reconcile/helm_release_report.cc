#include <algorithm>
#include <functional>
#include <map>

#include "engine/base/duration.hh"
#include "engine/model/inventory.hh"
#include "engine/reconcile/flows.hh"
#include "engine/reconcile/helm_flow.hh"
#include "engine/reconcile/helm_history.hh"
#include "engine/reconcile/status.hh"

namespace weir::reconcile {
namespace {

// How an action is told: its condition, the reasons, the words.
struct ActionWords {
  HelmActionKind kind;
  std::string_view condition, succeeded, failed;
  std::string_view verb;  // "Helm install"
};
constexpr ActionWords words[] = {
    {HelmActionKind::install, "Released", "InstallSucceeded", "InstallFailed", "Helm install"},
    {HelmActionKind::upgrade, "Released", "UpgradeSucceeded", "UpgradeFailed", "Helm upgrade"},
    {HelmActionKind::rollback, "Remediated", "RollbackSucceeded", "RollbackFailed",
     "Helm rollback to previous release"},
    {HelmActionKind::uninstall, "Remediated", "UninstallSucceeded", "UninstallFailed",
     "Helm uninstall remediation for release"},
    {HelmActionKind::test, "TestSuccess", "TestSucceeded", "TestFailed", "Helm test"},
};

const ActionWords& words_of(HelmActionKind kind) {
  for (const ActionWords& row : words)
    if (row.kind == kind) return row;
  return words[0];
}

std::string failed_reason(HelmActionKind kind) {
  if (kind == HelmActionKind::unlock) return "PendingRelease";
  if (kind == HelmActionKind::correct_drift) return "DriftCorrectionFailed";
  return std::string(words_of(kind).failed);
}

std::string with_logs(const std::string& message, const HelmRun& run) {
  if (run.logs.empty()) return message;
  std::string text = message + "\n\nLast Helm logs:\n";
  for (const std::string& line : run.logs) text += "\n" + line;
  return text;
}

std::string why_failed(const HelmRun& run) {
  const std::string& text = run.failure->message;
  const std::size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r\n") + 1 - begin);
}

std::string on_release(const Value& snapshot) {
  return full_release_name(snapshot) + " with chart " + versioned_chart_name(snapshot);
}

void count_failure(Value& status, std::string_view name) {
  status.set(name, status[name].get_int() + 1);
}

using Annotations = std::vector<std::pair<std::string, std::string>>;

Annotations annotations(std::string_view revision, std::string_view token,
                        std::string_view app_version, std::string_view oci_digest) {
  const std::string group = "helm.toolkit.fluxcd.io/";
  Annotations out;
  if (!revision.empty()) out.emplace_back(group + "revision", revision);
  if (!token.empty()) out.emplace_back(group + "token", token);
  if (!app_version.empty()) out.emplace_back(group + "app-version", app_version);
  if (!oci_digest.empty()) out.emplace_back(group + "oci-digest", oci_digest);
  return out;
}

// Of what an action left behind or started from; `token` is the snapshot's own by default.
Annotations annotations_of(const Value& snapshot, std::string_view token = "") {
  return annotations(snapshot["chartVersion"].get_string(),
                     token.empty() ? snapshot["configDigest"].get_string() : token,
                     snapshot["appVersion"].get_string(), snapshot["ociDigest"].get_string());
}

// Of what was tried.
Annotations annotations_of(const DesiredRelease& desired) {
  return annotations(desired.chart_version, desired.config_digest, desired.app_version,
                     desired.oci_digest);
}

bool is_known(const Value& history, int version) {
  return std::any_of(history.items().begin(), history.items().end(),
                     [&](const Value& item) { return item["version"].get_int() == version; });
}

void forget_action(Value& history, int version) {
  for (std::size_t i = 0; i < history.size(); ++i)
    if (history.at(i)["version"].get_int() == version) history.item_mut(i).erase("action");
}

// An install or an upgrade: what it made comes first; of what it wrote besides, the newest that is
// known is taken over, and loses the action that made it.
void record_made(HelmReleaseState& hr, Value& history, std::string_view action,
                 const std::string& oci) {
  std::map<int, ReleasePtr, std::greater<>> written;
  for (const ReleasePtr& release : hr.run->written) written[release->version] = release;
  const int made = hr.run->release.version;
  for (const auto& [version, release] : written) {
    if (version == made) {
      record_snapshot(history, *release, oci, action);
    } else if (is_known(history, version)) {
      forget_action(history, version);
      record_snapshot(history, *release, oci, "");
      break;
    }
  }
}

// What was written to Helm's storage becomes history. Records that this history never knew stay
// unknown, but for the one that the action made.
void record_history(HelmReleaseState& hr, std::string_view action) {
  Value& history = hr.status.entry("history");
  const std::string oci = hr.prepared == nullptr ? std::string() : hr.prepared->desired.oci_digest;
  if (helm_action_type(hr.run->kind) == HelmActionType::release) {
    record_made(hr, history, action, oci);
  } else {
    // One that is unlocked was begun by a process that ended before it could note it down: without
    // it the way back that the history shows would be forgotten.
    const bool makes = hr.run->kind == HelmActionKind::rollback ||
                       (hr.run->kind == HelmActionKind::unlock && !history.empty());
    for (const ReleasePtr& release : hr.run->written)
      if (is_known(history, release->version) ||
          (makes && release->version == hr.run->release.version))
        record_snapshot(history, *release, oci, action);
  }
  if (history.empty()) hr.status.erase("history");
}

void report_released(Context& ctx, const ObjectId& id, HelmReleaseState& hr) {
  const HelmRun& run = *hr.run;
  const ActionWords& row = words_of(run.kind);
  StatusEditor status(hr, ctx.now);
  const DesiredRelease& desired = hr.prepared->desired;
  status.remove("TestSuccess");
  status.remove("Remediated");
  if (run.failure) {
    std::string text(row.verb);
    text += " failed for release " + hr.spec->release_namespace + "/" + hr.spec->release_name;
    text += " with chart " + desired.chart_name + "@" + desired.chart_version + ": ";
    text += why_failed(run);
    count_failure(hr.status, "failures");
    if (run.stored)
      count_failure(hr.status,
                    run.kind == HelmActionKind::install ? "installFailures" : "upgradeFailures");
    status.set("Released", "False", row.failed, text);
    ctx.emit(id, hr, "Warning", row.failed, with_logs(text, run), annotations_of(desired));
    return;
  }
  const Value latest = latest_snapshot(hr.status["history"]);
  const std::string text = std::string(row.verb) + " succeeded for release " + on_release(latest);
  status.set("Released", "True", row.succeeded, text);
  if (hr.spec->test.enable && !was_tested(latest))
    status.set("TestSuccess", "Unknown", "AwaitingTests",
               "Helm release " + on_release(latest) + " is awaiting tests");
  ctx.emit(id, hr, "Normal", row.succeeded, text, annotations_of(latest));
}

// `snapshot`: what was rolled back to, or uninstalled.
void report_remediated(Context& ctx, const ObjectId& id, HelmReleaseState& hr,
                       const Value& snapshot) {
  const HelmRun& run = *hr.run;
  const ActionWords& row = words_of(run.kind);
  StatusEditor status(hr, ctx.now);
  const bool rollback = run.kind == HelmActionKind::rollback;
  const Annotations notes =
      annotations_of(snapshot, rollback ? hr.prepared->desired.config_digest : "");
  std::string text = std::string(row.verb) + " " + on_release(snapshot);
  if (run.failure) {
    text += " failed: " + why_failed(run);
    count_failure(hr.status, "failures");
    status.set("Remediated", "False", row.failed, text);
    ctx.emit(id, hr, "Warning", row.failed, with_logs(text, run), notes);
    return;
  }
  text += " succeeded";
  status.set("Remediated", "True", row.succeeded, text);
  ctx.emit(id, hr, "Normal", row.succeeded, text, notes);
}

// Uninstalled because the owner goes, or because it releases elsewhere from now on.
void report_uninstalled(Context& ctx, const ObjectId& id, HelmReleaseState& hr,
                        const Value& before) {
  const HelmRun& run = *hr.run;
  StatusEditor status(hr, ctx.now);
  if (run.failure) {
    const std::string text =
        "Helm uninstall failed for release " + on_release(before) + ": " + why_failed(run);
    count_failure(hr.status, "failures");
    status.set("Released", "False", "UninstallFailed", text);
    log_failure(ctx, id, hr, "uninstall", {run.failure->code, "UninstallFailed", text, false});
    ctx.emit(id, hr, "Warning", "UninstallFailed", with_logs(text, run), annotations_of(before));
    return;
  }
  // What was not there to be uninstalled is no news.
  if (run.not_found || run.already_uninstalled) {
    status.set("Released", "False", "UninstallSucceeded",
               "Release " + full_release_name(before) +
                   (run.not_found ? " was not found, assuming it is uninstalled"
                                  : " was already uninstalled"));
    return;
  }
  const std::string text = "Helm uninstall succeeded for release " + on_release(before);
  status.set("Released", "False", "UninstallSucceeded", text);
  ctx.emit(id, hr, "Normal", "UninstallSucceeded", text, annotations_of(before));
}

void report_tested(Context& ctx, const ObjectId& id, HelmReleaseState& hr) {
  const HelmRun& run = *hr.run;
  StatusEditor status(hr, ctx.now);
  Value& history = hr.status.entry("history");
  const Value hooks = test_hooks_of(run.release, hr.spec->test);
  for (std::size_t i = 0; i < history.size(); ++i)
    if (history.at(i)["version"].get_int() == run.release.version)
      history.item_mut(i).set("testHooks", hooks);
  const Value latest = latest_snapshot(history);
  const std::string release = on_release(latest);
  if (run.failure) {
    const std::string text =
        "Helm test failed for release " + release + ": " + why_failed(run);
    count_failure(hr.status, "failures");
    if (was_tested(latest) && !ignores_test_failures(*hr.spec, hr.status)) {
      const bool upgraded = hr.status["lastAttemptedReleaseAction"].get_string() == "upgrade";
      count_failure(hr.status, upgraded ? "upgradeFailures" : "installFailures");
    }
    status.set("TestSuccess", "False", "TestFailed", text);
    ctx.emit(id, hr, "Warning", "TestFailed", text, annotations_of(latest));
    return;
  }
  std::string text = "Helm test succeeded for release " + release + ": ";
  text += hooks.empty()       ? "no test hooks"
          : hooks.size() == 1 ? "1 test hook completed successfully"
                              : std::to_string(hooks.size()) +
                                    " test hooks completed successfully";
  status.set("TestSuccess", "True", "TestSucceeded", text);
  ctx.emit(id, hr, "Normal", "TestSucceeded", text, annotations_of(latest));
}

void report_unlocked(Context& ctx, const ObjectId& id, HelmReleaseState& hr,
                     const std::string& locked) {
  const HelmRun& run = *hr.run;
  StatusEditor status(hr, ctx.now);
  const Value latest = latest_snapshot(hr.status["history"]);
  const bool known = latest["version"].get_int(-1) == run.release.version;
  const Value snapshot = make_snapshot(run.release, "", "", known ? latest : Value());
  const Annotations notes = annotations_of(known ? latest : snapshot);
  const std::string what = on_release(snapshot);
  if (run.failure) {
    count_failure(hr.status, "failures");
    const std::string text = "Unlock of Helm release " + what + " in " + locked +
                             " state failed: " + why_failed(run);
    status.set("Released", "False", "PendingRelease", text);
    ctx.emit(id, hr, "Warning", "PendingRelease", text, notes);
    return;
  }
  const std::string text = "Unlocked Helm release " + what + " in " + locked + " state";
  status.set("Released", "False", "PendingRelease", text);
  ctx.emit(id, hr, "Normal", "PendingRelease", text, notes);
}

std::string locked_state(const HelmRun& run) {
  const std::string& text = run.release.description;
  const std::size_t begin = text.find('\''), end = text.rfind('\'');
  return begin == std::string::npos || end <= begin ? "pending"
                                                    : text.substr(begin + 1, end - begin - 1);
}

void report_corrected(Context& ctx, const ObjectId& id, HelmReleaseState& hr) {
  const HelmRun& run = *hr.run;
  const Value latest = latest_snapshot(hr.status["history"]);
  const std::string release = full_release_name(latest);
  std::string corrected;
  for (const HelmDrift& drift : run.drifts)
    corrected += "\n" + drift.id.subject() + (drift.removed ? " created" : " configured");
  if (run.failure) {
    std::string text = corrected.empty() ? "Failed to correct" : "Failed to partially correct";
    text += " cluster state of release " + release + ":\n" + run.failure->message;
    if (!corrected.empty()) text += "\n\nSuccessful corrections:" + corrected;
    ctx.emit(id, hr, "Warning", "DriftCorrectionFailed", text, annotations_of(latest));
    return;
  }
  ctx.emit(id, hr, "Normal", "DriftCorrected",
           "Cluster state of release " + release + " has been corrected:" + corrected,
           annotations_of(latest));
}

std::string_view history_action(HelmActionKind kind, HelmPhase phase) {
  switch (kind) {
    case HelmActionKind::install: return "install";
    case HelmActionKind::upgrade: return "upgrade";
    case HelmActionKind::rollback: return "rollback";
    case HelmActionKind::uninstall:
      return phase == HelmPhase::acting ? "uninstall-remediation" : "uninstall";
    default: return "";
  }
}

void set_inventory(Context& ctx, HelmReleaseState& hr) {
  const HelmRun& run = *hr.run;
  if (run.kind == HelmActionKind::uninstall) {
    if (!run.failure) hr.inventory.clear();
    // A remediation leaves it in the status, as the reference does: another install is to come.
    if (!run.failure && hr.phase != HelmPhase::acting) hr.status.erase("inventory");
    return;
  }
  const bool makes = helm_action_type(run.kind) == HelmActionType::release ||
                     run.kind == HelmActionKind::rollback;
  if (!makes || !run.stored || run.rendered == nullptr) return;
  hr.inventory = run.inventory;
  StatusEditor(hr, ctx.now).set_inventory(hr.inventory);
}

void log_finished(Context& ctx, const ObjectId& id, HelmReleaseState& hr, std::string_view result,
                  std::string_view message) {
  Value data = Value::object({{"status", result},
                              {"revision", hr.status["lastAttemptedRevision"]},
                              {"durationMs", (ctx.now - hr.started) / 1000}});
  if (!message.empty()) data.set("message", message);
  ctx.log(event::Type::reconcile_finished, id, &hr, id, std::move(data));
}

}  // namespace

void summarize_helm(Context& ctx, HelmReleaseState& hr) {
  StatusEditor status(hr, ctx.now);
  const bool tests = hr.spec != nullptr && hr.spec->test.enable;
  const bool tests_count = tests && !hr.spec->test.ignore_failures;
  if (!tests) status.remove("TestSuccess");
  if (hr.spec != nullptr) {
    status.set_field("observedPostRenderersDigest",
                     helm::post_renderers_digest(hr.spec->post_renderers));
    status.set_field("observedCommonMetadataDigest",
                     helm::common_metadata_digest(hr.spec->common_metadata));
  }
  const auto is_true = [&](std::string_view type) {
    return condition_text(hr.status, type, "status") == "True";
  };
  if (is_true("Released") && (!tests_count || is_true("TestSuccess"))) status.remove("Remediated");
  const Value* best = nullptr;
  for (const std::string_view type : {"Remediated", "TestSuccess", "Released"}) {
    if (type == "TestSuccess" && !tests_count) continue;
    for (const Value& condition : hr.status["conditions"].items()) {
      if (condition["type"].get_string() != type) continue;
      if (best == nullptr ||
          condition["observedGeneration"].get_int() > (*best)["observedGeneration"].get_int())
        best = &condition;
    }
  }
  if (best == nullptr) return;
  const Value condition = *best;
  const bool good =
      condition["status"].get_string() == "True" && condition["type"].get_string() != "Remediated";
  status.set("Ready", good ? "True" : "False", condition["reason"].get_string(),
             std::string(condition["message"].get_string()) + (good ? helm_pin_note(hr) : ""));
}

bool report_helm_action(Context& ctx, const ObjectId& id, HelmReleaseState& hr) {
  HelmRun& run = *hr.run;
  // Told of the release as it was before this action changed the history.
  const Value before = latest_snapshot(hr.status["history"]);
  const Value target = previous_snapshot(
      hr.status["history"], hr.spec != nullptr && ignores_test_failures(*hr.spec, hr.status));
  record_history(hr, history_action(run.kind, hr.phase));
  set_inventory(ctx, hr);
  const bool releases = helm_action_type(run.kind) == HelmActionType::release;
  if (releases) {
    hr.status.set("lastAttemptedReleaseActionDuration",
                  base::format_duration(std::chrono::microseconds(ctx.now - hr.action_started)));
    report_released(ctx, id, hr);
  } else if (hr.phase != HelmPhase::acting) {
    report_uninstalled(ctx, id, hr, before);
  } else if (run.kind == HelmActionKind::test) {
    report_tested(ctx, id, hr);
  } else if (run.kind == HelmActionKind::unlock) {
    report_unlocked(ctx, id, hr, locked_state(run));
  } else if (run.kind == HelmActionKind::correct_drift) {
    report_corrected(ctx, id, hr);
  } else {
    report_remediated(ctx, id, hr, run.kind == HelmActionKind::rollback ? target : before);
  }
  // After an uninstall as a remediation Ready goes on telling of what failed.
  if (run.kind != HelmActionKind::uninstall || hr.phase != HelmPhase::acting)
    summarize_helm(ctx, hr);
  if (!run.failure) {
    ctx.metrics.count("helm_actions", helm_action_name(run.kind));
    return true;
  }
  log_failure(ctx, id, hr, helm_action_name(run.kind),
              {run.failure->code, failed_reason(run.kind), run.failure->message, false});
  // A failure that left a record is for the state machine to deal with.
  const bool remediates = helm_action_type(run.kind) == HelmActionType::remediate;
  if (releases || remediates) return run.stored;
  return run.kind == HelmActionKind::test || run.kind == HelmActionKind::correct_drift;
}

void report_helm_drift(Context& ctx, const ObjectId& id, HelmReleaseState& hr, bool found) {
  StatusEditor status(hr, ctx.now);
  if (!found) {
    hr.drift_logged.clear();
    status.set("Drifted", "False", "NoDriftDetected",
               "No drift detected against the cluster state");
    return;
  }
  std::string text = "Cluster state of release ";
  text += full_release_name(latest_snapshot(hr.status["history"]));
  text += " has drifted from the desired state:";
  for (const HelmDrift& drift : hr.drift_run->drifts) {
    text += "\n" + drift.id.subject();
    if (drift.removed)
      text += " removed";
    else if (is_excluded(drift))
      text += " excluded";
    else
      text += " changed (" + std::to_string(drift.additions) + " additions, " +
              std::to_string(drift.changes) + " changes, " + std::to_string(drift.removals) +
              " removals)";
  }
  status.set("Drifted", "True", "DriftDetected", text);
  if (hr.drift_logged == text) return;
  hr.drift_logged = text;
  for (const HelmDrift& drift : hr.drift_run->drifts) {
    if (is_excluded(drift)) continue;
    ctx.log(event::Type::drift_detected, drift.id, &hr, id,
            drift.removed ? Value::object({{"deleted", true}})
                          : Value::object({{"additions", drift.additions},
                                           {"changes", drift.changes},
                                           {"removals", drift.removals}}));
    ctx.out.events.back().subject.cluster = hr.drift_run->cluster_name;
  }
  ctx.emit(id, hr, "Warning", "DriftDetected", text, {});
}

void log_helm_rendered(Context& ctx, const ObjectId& id, HelmReleaseState& hr) {
  if (hr.run->rendered == nullptr) return;
  const RenderedSet& set = *hr.run->rendered;
  if (set.release_blob == hr.rendered_logged) return;
  ctx.announce(id, hr, set.revision);
  ctx.log(event::Type::manifests_rendered, id, &hr, id,
          Value::object({{"revision", set.revision},
                         {"digest", set.digest.to_string()},
                         {"release", set.release_blob.to_string()},
                         {"objects", set.size()}}),
          {set.set_blob, set.release_blob});
  hr.rendered_logged = set.release_blob;
}

void log_helm_changes(Context& ctx, const ObjectId& id, HelmReleaseState& hr) {
  // What stands on other clusters is no part of what the watches of this one tell.
  const std::string& cluster = hr.run->cluster_name;
  for (const ObjectChange& change : hr.run->changes) {
    ctx.metrics.count("objects", action_name(change.action));
    if (change.action == Action::deleted) {
      std::vector<base::Digest> blobs;
      if (!change.live_blob.empty()) blobs.push_back(change.live_blob);
      ctx.log(event::Type::object_pruned, change.id, &hr, id,
              Value::object({{"action", "deleted"}}), std::move(blobs));
      ctx.out.events.back().subject.cluster = cluster;
      if (cluster.empty()) ctx.state.live.erase(change.id);
      continue;
    }
    bool news = change.action != Action::unchanged;
    if (cluster.empty()) {
      LiveFacts& facts = ctx.state.live[change.id];
      news = news || facts.applied_manifest != change.manifest;
      facts = change.facts;
    }
    if (!news) continue;
    Value data = Value::object({{"action", action_name(change.action)},
                                {"resourceVersion", change.facts.resource_version},
                                {"revision", hr.run->release.chart_version()}});
    if (change.id.gvk.kind != "Secret") data.set("owned", change.facts.owned.to_string());
    ctx.log(event::Type::object_applied, change.id, &hr, id, std::move(data),
            {change.manifest_blob});
    ctx.out.events.back().subject.cluster = cluster;
  }
  hr.run->changes.clear();
}

void finish_helm(Context& ctx, const ObjectId& id, HelmReleaseState& hr) {
  StatusEditor status(hr, ctx.now);
  const bool ignore_tests = ignores_test_failures(*hr.spec, hr.status);
  if (active_remediation(*hr.spec, hr.status) != nullptr &&
      active_remediation(*hr.spec, hr.status)->retry_interval) {
    for (const std::string_view name : {"failures", "installFailures", "upgradeFailures"})
      hr.status.erase(name);
    truncate_history_to_newest(hr.status.entry("history"));
  } else {
    truncate_history(hr.status.entry("history"), ignore_tests);
  }
  // Rolled back to what is asked for now: that is a release in sync.
  const Value latest = latest_snapshot(hr.status["history"]);
  if (condition_text(hr.status, "Remediated", "status") == "True") {
    status.set("Released", "True", "UpgradeSucceeded",
               "Helm upgrade succeeded for release " + on_release(latest));
    status.remove("Remediated");
  }
  status.remove("Reconciling");
  status.remove("Stalled");
  // Nothing stands of a failure that left no record once what is released is asked for again.
  if (condition_text(hr.status, "Released", "status") != "True")
    status.set("Released", "True", "UpgradeSucceeded",
               "Helm upgrade succeeded for release " + on_release(latest));
  summarize_helm(ctx, hr);
  status.observe_generation();
  hr.retries = 0;
  hr.forced = false;
  if (hr.announced)
    log_finished(ctx, id, hr, "ReconciliationSucceeded", "");
  else
    ++ctx.state.verified;
  if (is_ready(hr.status)) hr.failure_logged.clear();
  settle_helm(ctx, id, hr, ctx.after_jittered(id, hr, hr.spec->interval));
  request_helm_dependents(ctx, id);
}

void fail_helm(Context& ctx, const ObjectId& id, HelmReleaseState& hr, const StepError& error,
               bool with_event, base::TimeUs due) {
  StatusEditor status(hr, ctx.now);
  const bool news = hr.failure_logged != error.reason + ": " + error.message;
  status.set("Ready", "False", error.reason, error.message);
  if (error.terminal) {
    status.remove("Reconciling");
    status.set("Stalled", "True", error.reason, error.message);
    status.observe_generation();
  } else {
    status.remove("Stalled");
    // What was said to be under way stays said until the next try.
    if (hr.phase != HelmPhase::acting)
      status.set("Reconciling", "True", "Progressing", "Fulfilling prerequisites");
  }
  if (news) log_failure(ctx, id, hr, "reconcile", error);
  if (hr.announced) log_finished(ctx, id, hr, error.reason, error.message);
  if (with_event) ctx.emit(id, hr, "Warning", error.reason, error.message, {});
  if (error.terminal) return settle_helm(ctx, id, hr, 0);
  settle_helm(ctx, id, hr, due == 0 ? ctx.after_backoff(hr) : due);
}

void settle_helm(Context& ctx, const ObjectId& id, HelmReleaseState& hr, base::TimeUs due) {
  StatusEditor(hr, ctx.now).handle_request(hr.request_taken);
  hr.handled_request = hr.request_taken;
  stop_helm_waiting(ctx, id, hr);
  hr.running = false;
  hr.run_waits = false;
  hr.phase = HelmPhase::idle;
  hr.run = nullptr;
  hr.drift_run = nullptr;
  hr.storage = nullptr;
  hr.cluster = nullptr;
  hr.prepared = nullptr;
  ctx.write_status(id, hr);
  ctx.metrics.reconciled(id, std::chrono::microseconds(ctx.now - hr.started));
  ctx.schedule(id, hr, due);
}

}  // namespace weir::reconcile
