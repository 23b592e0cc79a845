// The flows: how each kind moves from what was observed to what is to be done. Every function takes
// a Context, edits State and Effects, and touches nothing else. Called by step.cc only.
#pragma once

#include <string_view>

#include "engine/apply/health.hh"
#include "engine/apply/order.hh"
#include "engine/reconcile/context.hh"

namespace weir::reconcile {

// ---- sources (source_flow.cc, source_finish.cc) ----
// Any kind of source.toolkit.fluxcd.io; kinds that somebody else's controller fills are only read.
void observe_source(Context& ctx, const ObjectId& id, bool deleted, const Value& object);
void run_source(Context& ctx, const ObjectId& id, SourceState& source, std::string reason);
void source_outcome(Context& ctx, const ObjectId& id, SourceState& source, const Outcome& outcome);

// ---- Kustomization ----
// kustomization_flow.cc: observation, triggers, checks before the build.
void observe_kustomization(Context& ctx, const ObjectId& id, bool deleted, const Value& object);
// Runs it now when it is idle, else as soon as it is; a wait for health is cancelled by new input.
void request_kustomization(Context& ctx, const ObjectId& id, KustomizationState& ks,
                           std::string reason);
// The source the spec names; without a sourceRef the one source of the namespace, else
// flux-system's.
ObjectId source_of(const Context& ctx, const ObjectId& id, const KustomizationState& ks);
void request_consumers(Context& ctx, const ObjectId& source);  // all that use this source
void request_dependents(Context& ctx, const ObjectId& id);  // all that depend on this Kustomization
void kustomization_outcome(Context& ctx, const ObjectId& id, KustomizationState& ks,
                           const Outcome& outcome);
void kustomization_due(Context& ctx, const ObjectId& id, KustomizationState& ks);
// kustomization_apply.cc: from the rendered set to the end of the prune.
void on_rendered(Context& ctx, const ObjectId& id, KustomizationState& ks,
                 const ManifestsRendered& made);
void on_stage_applied(Context& ctx, const ObjectId& id, KustomizationState& ks,
                      const StageApplied& applied);
void next_stage(Context& ctx, const ObjectId& id, KustomizationState& ks);
// kustomization_prune.cc: objects are deleted only when no other Kustomization of the source wants
// them; until all have said so, or for half a minute, the prune waits.
void begin_prune(Context& ctx, const ObjectId& id, KustomizationState& ks,
                 std::vector<ObjectId> stale);
void begin_finalize(Context& ctx, const ObjectId& id, KustomizationState& ks);
void finalize_connected(Context& ctx, const ObjectId& id, KustomizationState& ks);
void check_handover(Context& ctx, const ObjectId& id, KustomizationState& ks);
void on_claimed(Context& ctx, const ObjectId& id, KustomizationState& ks,
                const ManifestsRendered& made);
void wake_pruners(Context& ctx);  // some Kustomization has moved on
void on_pruned(Context& ctx, const ObjectId& id, KustomizationState& ks,
               const ObjectsPruned& pruned);
// kustomization_health.cc
void begin_health(Context& ctx, const ObjectId& id, KustomizationState& ks);
void check_stage_wait(Context& ctx, const ObjectId& id, KustomizationState& ks);
void check_health(Context& ctx, const ObjectId& id, KustomizationState& ks);
void health_due(Context& ctx, const ObjectId& id, KustomizationState& ks);
void stop_waiting(Context& ctx, const ObjectId& id, KustomizationState& ks);
// kustomization_finish.cc
void succeed(Context& ctx, const ObjectId& id, KustomizationState& ks);
void fail(Context& ctx, const ObjectId& id, KustomizationState& ks, const StepError& error);
void on_finalized(Context& ctx, const ObjectId& id, KustomizationState& ks,
                  const ObjectsPruned& pruned);
// Event metadata that every event of the Kustomization carries.
std::vector<std::pair<std::string, std::string>> revision_annotations(const KustomizationState& ks);

// Lets a held prune go, for good ("always") or for the revision it names.
inline constexpr std::string_view allow_prune_annotation = "weir.dev/allow-prune";

// kustomization_remote.cc: Kustomizations of other clusters.
// The cluster that it applies to, as events name it: "" for the one weir runs against.
std::string cluster_of(const ObjectId& id, const KustomizationState& ks);
// Logs an event about one of its objects, with the cluster that it is on.
std::uint64_t log_object(Context& ctx, event::Type type, const ObjectId& object, const ObjectId& id,
                         KustomizationState& ks, Value data, std::vector<base::Digest> blobs = {});
// What is known of its objects, where they are.
LiveTable& live_of(Context& ctx, KustomizationState& ks);
const LiveTable& live_of(const Context& ctx, const KustomizationState& ks);
// Asks for the way there; true when it is asked for and the answer goes on with the reconcile.
bool begin_connect(Context& ctx, const ObjectId& id, KustomizationState& ks);
// False when the pass has ended here.
bool on_connected(Context& ctx, const ObjectId& id, KustomizationState& ks, const Outcome& outcome);
// Watches on the kinds of its objects there, by the way of this attempt.
void want_remote_watches(Context& ctx, const ObjectId& id, KustomizationState& ks,
                         const std::vector<ObjectId>& ids);
// True when nothing of its objects there can have changed unseen.
bool remote_is_seen(const Context& ctx, const ObjectId& id, const KustomizationState& ks);
void observe_remote(Context& ctx, const std::string& cluster, const Value& object, bool deleted);
// Asks for the objects that are waited for, while no watch may tell of them.
void poll_remote(Context& ctx, const ObjectId& id, KustomizationState& ks);
// The Kustomization is gone, or goes elsewhere: watches that nobody needs any more are closed.
void leave_cluster(Context& ctx, KustomizationState& ks);

// The label by which an applied object names its Kustomization.
inline constexpr std::string_view owner_name_label = "kustomize.toolkit.fluxcd.io/name";

// Whom the Kustomization's writes are made as.
Identity identity_of(const Context& ctx, const ObjectId& id, const KustomizationState& ks);

// ---- ConfigMaps and Secrets that values come from (config_flow.cc) ----
inline constexpr std::string_view watch_config_selector = "reconcile.fluxcd.io/watch=Enabled";
std::vector<WatchOptions> config_watches(const EngineOptions& options);
bool is_config_watch(std::string_view key);
void observe_config(Context& ctx, std::string_view key, const Value& object, bool deleted);

// ---- live objects (live_flow.cc) ----
void observe_live(Context& ctx, const Value& object, bool deleted);
// The facts of a live object as the API returned it; health by the owner's CEL rules where there
// are some.
LiveFacts facts_of(const Value& object, const std::vector<apply::HealthRule>* rules,
                   base::TimeUs now, const EngineOptions& options,
                   const std::vector<Value>* pods = nullptr,
                   std::string_view manager = field_manager);
// The Kustomization that the object's labels name; an empty id when there is none.
ObjectId owner_of(const Value& object);
// A live object of a Kustomization is not as it was applied: logged, and corrected.
void notice_drift(Context& ctx, const ObjectId& id, const ObjectId& owner, const Value& object);
// Opens watches on the kinds of these objects unless they stand.
void want_watches(Context& ctx, const std::vector<ObjectId>& ids);
// True when the watches on all these kinds have told their first list.
bool watches_synced(const Context& ctx, const std::vector<ObjectId>& ids);
// True when some object of the owner's inventory no longer is as it was applied.
bool has_drifted(const Context& ctx, const KustomizationState& ks);

// ---- shared ----
// Logs step_failed unless the same failure is the last thing logged about the owner.
void log_failure(Context& ctx, const ObjectId& id, OwnerState& owner, std::string_view step,
                 const StepError& error);
// Logs spec_observed when the masked spec, labels or annotations differ from the last logged ones.
void log_spec(Context& ctx, const ObjectId& id, OwnerState& owner);
// The manifest without what must not be kept: Secret data, credentials in URLs, managedFields.
Value masked(const Value& object);
// In place, the values of a Secret become digests under options.hiding_key, and a source's URL
// loses its user information: what steps decide on is the same. Hiding twice changes nothing.
void hide_secrets(Value& object, const EngineOptions& options);
// "https://user:pass@host" -> "https://host".
std::string mask_url(std::string_view url);

}  // namespace weir::reconcile
