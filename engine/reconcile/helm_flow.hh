// The flow of a HelmRelease, part by part: what core.cc and the other flows call, and what its own
// files share. Every function works on the loop's thread, on a Context.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/reconcile/context.hh"

namespace weir::reconcile {

// ---- helm_release_flow.cc: observation, triggers, what must be there first ----
void observe_helm_release(Context& ctx, const ObjectId& id, bool deleted, const Value& object);
void request_helm_release(Context& ctx, const ObjectId& id, HelmReleaseState& hr,
                          std::string reason);
// Those that waited for the first list of HelmCharts.
void wake_synced_releases(Context& ctx);
// All HelmReleases that install this source's chart.
void request_helm_consumers(Context& ctx, const ObjectId& source);
void helm_release_outcome(Context& ctx, const ObjectId& id, HelmReleaseState& hr,
                          const Outcome& outcome);
void helm_release_due(Context& ctx, const ObjectId& id, HelmReleaseState& hr);
// Some awaited object has changed.
void check_helm_wait(Context& ctx, const ObjectId& id, HelmReleaseState& hr);
// A live object of the release is not as it was applied.
void notice_helm_drift(Context& ctx, const ObjectId& object, const ObjectId& owner);
// The HelmRelease that the object's labels name; an empty id when there is none.
ObjectId helm_owner_of(const Value& object);
void request_helm_dependents(Context& ctx, const ObjectId& ready);
// DesiredRelease::identity() of what was attempted last.
std::string attempted_identity(const HelmReleaseState& hr);
// " (pinned by ...)" while a rollback is in force, else "".
std::string helm_pin_note(const HelmReleaseState& hr);
// The cluster that it is released to, as events name it; "" for the one that weir runs against.
std::string helm_cluster_name(const ObjectId& id, const HelmReleaseState& hr);
Identity helm_identity_of(const Context& ctx, const ObjectId& id, const HelmReleaseState& hr);

// ---- helm_release_act.cc: from what is known to the next action, and back ----
void on_helm_prepared(Context& ctx, const ObjectId& id, HelmReleaseState& hr,
                      const HelmPrepared& made);
void next_helm_action(Context& ctx, const ObjectId& id, HelmReleaseState& hr);
void on_helm_ran(Context& ctx, const ObjectId& id, HelmReleaseState& hr);
void send_helm_run(Context& ctx, const ObjectId& id, HelmReleaseState& hr, bool trust_watches);
void begin_helm_finalize(Context& ctx, const ObjectId& id, HelmReleaseState& hr);
// Uninstalls what the status says stands; false when there is nothing to uninstall.
bool send_helm_uninstall(Context& ctx, const ObjectId& id, HelmReleaseState& hr);
void stop_helm_waiting(Context& ctx, const ObjectId& id, HelmReleaseState& hr);
// When a run that waits is looked after, whatever the watches tell.
base::TimeUs helm_poll_due(const Context& ctx, const HelmReleaseState& hr);

// ---- helm_release_report.cc: conditions, history, events ----
// Ready follows from the other conditions (H15).
void summarize_helm(Context& ctx, HelmReleaseState& hr);
// What came of the run, told in status and events; true when the release may go on.
bool report_helm_action(Context& ctx, const ObjectId& id, HelmReleaseState& hr);
void report_helm_drift(Context& ctx, const ObjectId& id, HelmReleaseState& hr, bool found);
// Changes of objects become events of the log.
void log_helm_changes(Context& ctx, const ObjectId& id, HelmReleaseState& hr);
void log_helm_rendered(Context& ctx, const ObjectId& id, HelmReleaseState& hr);

// Ends of a reconcile.
void finish_helm(Context& ctx, const ObjectId& id, HelmReleaseState& hr);
// Under back-off, at `due` when that is not 0, or never (terminal).
void fail_helm(Context& ctx, const ObjectId& id, HelmReleaseState& hr, const StepError& error,
               bool with_event, base::TimeUs due = 0);
// Ends the attempt; whatever the status says is written.
void settle_helm(Context& ctx, const ObjectId& id, HelmReleaseState& hr, base::TimeUs due);

}  // namespace weir::reconcile
