// The engine's state: what it knows of sources, Kustomizations and live objects, and where each
// reconcile stands. One thread owns it (the loop, or the simulator). Durable parts are rebuilt by
// folding the event log (fold.cc); the rest comes back from the API's watches.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "engine/apply/health.hh"
#include "engine/base/clock.hh"
#include "engine/event/event.hh"
#include "engine/model/kinds/kustomization.hh"
#include "engine/model/kinds/source_spec.hh"
#include "engine/reconcile/command.hh"
#include "engine/reconcile/helm_release_state.hh"
#include "engine/reconcile/options.hh"
#include "engine/reconcile/ready_programs.hh"
#include "engine/reconcile/rendered.hh"

namespace weir::reconcile {

using ObjectSet = std::set<ObjectId, model::GroupKindOrder>;
template <typename T>
using ObjectMap = std::map<ObjectId, T, model::GroupKindOrder>;

// What every owner (a source or a Kustomization) has.
struct OwnerState {
  Value object;                 // as last observed; null once it is gone
  Value status;                 // the status that should stand; written when it differs
  base::Digest status_written;  // digest of the last status known to stand in the API
  bool status_in_flight = false;
  bool status_dirty = false;
  int status_failures = 0;
  std::uint64_t attempt = 0;  // of the reconcile under way, or the last
  bool running = false;
  std::string rerun;  // why it must run again as soon as it is idle; "" = need not
  std::string reconcile_id;
  std::string reason;       // why the reconcile under way runs
  std::uint64_t cause = 0;  // seq of the event behind it
  // Seq of the event that the next reconcile will be laid to; 0 = none.
  std::uint64_t pending_cause = 0;
  base::TimeUs started = 0;
  base::TimeUs due = 0;         // next timer; 0 = none
  int retries = 0;              // failures in a row, for the back-off
  bool announced = false;       // reconcile_started is in the log for this reconcile_id
  std::string handled_request;  // last value of reconcile.fluxcd.io/requestedAt dealt with
  std::string request_taken;    // the value that the reconcile under way answers
  std::int64_t last_generation = 0;
  base::Digest spec_logged;  // of the last spec_observed event
  std::string
      failure_logged;  // reason and message of the last step_failed event; "" after a success

  std::int64_t generation() const { return object.path("metadata", "generation").get_int(); }
  bool deleting() const { return !object.path("metadata", "deletionTimestamp").is_null(); }
  bool has_finalizer() const;
  std::string_view requested_at() const;
};

struct SourceState : OwnerState {
  model::SourceSpec spec;
  std::string spec_error;
  Artifact artifact;
  std::uint64_t fetched_seq = 0;  // of the event that brought the artifact, in this process
};

enum class Phase : std::uint8_t {
  idle,
  finalizer,    // our finalizer is being added
  connecting,   // ReachCluster is under way
  building,     // BuildManifests or LoadRendered is under way
  applying,     // ApplyStage is under way
  stage_wait,   // CRDs, namespaces, classes of this stage are awaited
  pruning,      //
  health_wait,  //
  finalizing,   // deletion of the owner's objects is under way
};

// A rollback in force: this set is applied instead of what the source says.
struct Pin {
  std::uint64_t seq = 0;     // of the rollback_pinned event
  std::uint64_t to_seq = 0;  // the instant rolled back to
  base::Digest set_blob;
  std::string revision;       // that the set was built from
  std::string from_revision;  // rolled away from; a newer one releases the pin
  std::string actor;
  base::TimeUs time = 0;
  bool hold = false;  // only `weir unpin` releases it
};

struct KustomizationState : OwnerState {
  model::KustomizationSpec spec;
  std::string spec_error;
  std::string cel_error;
  std::vector<apply::HealthRule> health_rules;  // of spec.healthCheckExprs
  ReadyPrograms ready_programs;
  Phase phase = Phase::idle;
  RenderedPtr rendered;
  base::Digest rendered_logged;   // last digest in a manifests_rendered event
  std::string rendered_revision;  // and its revision
  std::size_t stage = 0;
  KubeApiPtr cluster;  // of this attempt; null: the one weir runs against
  LiveTable remote;    // what is known of its objects there; State::live is of weir's own cluster
  std::string remote_of;  // the cluster that `remote` is of
  std::vector<ObjectId> inventory;
  // Objects that may stand in the cluster without being in the inventory: a stage broke off, or the
  // process ended before the status was written. `before`: of the last reconcile that succeeded.
  ObjectSet attempted, attempted_before;
  ObjectMap<ObjectId> received;  // handed over by another, whose labels may still stand on it
  std::vector<ObjectChange> changes;  // of this attempt
  std::vector<ObjectId> stage_waiting;
  ObjectSet waiting;  // ids whose health is awaited
  bool health_passed_before = false;
  base::TimeUs wait_started = 0;
  base::TimeUs deadline = 0;
  base::TimeUs full_check_due = 0;
  bool full_check = false;
  bool await_sync = false;  // the first lists of what it owns are not in yet
  bool quiet = false;       // a verification pass: nothing is written until something changes
  Artifact artifact;        // of this attempt
  std::optional<Pin> pin;
  std::vector<ObjectId> stale;  // have left the source, not yet deleted
  bool handover = false;        // the deletion waits for other Kustomizations to claim objects
  int claims_pending = 0;       // builds under way for those that wait for this one
  RenderedPtr claimed;          // what it will apply as soon as its dependencies let it
  base::TimeUs handover_deadline = 0;
  std::string prune_allowed;  // revision whose held prune an operator has let go
  int drift_retries = 0;
  base::TimeUs drift_corrected = 0;
};

struct HelmReleaseState : OwnerState, HelmReleaseFields {};

// An order to make pruned objects again that the log does not say the end of.
struct UnfinishedUndo {
  ObjectId owner;  // who had pruned them
  std::string actor;
  std::map<std::uint64_t, base::Digest> left;  // seq of the event about its end: manifest
};

// A watch the engine wants on applied kinds.
struct WatchState {
  WatchOptions options;
  bool synced = false;
  std::string cluster{};  // "" for the one weir runs against, else as events name it
  KubeApiPtr client{};    // that it is open on, of another cluster
};

struct State {
  ObjectMap<SourceState> sources;
  ObjectMap<KustomizationState> kustomizations;
  ObjectMap<HelmReleaseState> helm_releases;
  LiveTable live;
  ObjectMap<ObjectSet> waiters;               // object -> owners that await its health
  ObjectSet pruners;                          // Kustomizations whose deletions wait for others
  // Watched ConfigMaps and Secrets (config_flow.cc), with their resourceVersions.
  std::map<ObjectId, std::string> configs;
  std::map<std::string, WatchState> watches;  // by watch_key()
  std::set<std::pair<base::TimeUs, ObjectId>> timers;
  // By the order's seq, of the process before; in a running engine only until they are taken up.
  std::map<std::uint64_t, UnfinishedUndo> undoing;
  std::uint64_t verified = 0;  // owners found unchanged since the last heartbeat
  base::TimeUs heartbeat_due = 0;
  std::uint64_t head = 0;  // seq of the last event folded
};

std::string watch_key(const Gvk& gvk, std::string_view ns = {}, std::string_view name = {});
std::string watch_key(const WatchOptions& options);
// Of a kind on another cluster.
std::string remote_watch_key(const std::string& cluster, const Gvk& gvk);

// Folds one event into the durable part of the state. Pure; the same events give the same state.
void fold(State& state, const event::Event& event);

}  // namespace weir::reconcile
