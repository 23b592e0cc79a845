// One action on a release, from its first write to its last: what the flow asks for, how far the
// executor has come, and what came of it. An action that must wait (for objects to become ready,
// for a hook, for deletions) hands back to the flow, which sends it on when it is time; a worker is
// never kept waiting.
//
// Owned by one reconcile; the flow and the executor take turns, so nothing here is locked.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/apply/health.hh"
#include "engine/helm/chart.hh"
#include "engine/reconcile/command.hh"
#include "engine/reconcile/helm_decide.hh"
#include "engine/reconcile/helm_object.hh"
#include "engine/reconcile/helm_recorded.hh"
#include "engine/reconcile/helm_storage.hh"

namespace weir::reconcile {

// What is to be released, ready to render.
struct PreparedRelease {
  std::shared_ptr<const helm::ChartSet> charts;  // null: there is nothing but `recorded`
  Value values;
  DesiredRelease desired;
  RecordedPtr recorded;        // of a rollback: what is released instead of a render
  std::string rollback_notes;  // of a rollback: the description of the revision it makes
};

enum class HelmWait : std::uint8_t { none, ready, hook, gone };

// How far the hooks of one event have come.
struct HookProgress {
  enum class Phase : std::uint8_t { start, clean, await_gone, create, await, finish, await_end };
  Phase phase = Phase::start;
  std::vector<std::size_t> order;  // indexes of the release's hooks
  std::size_t at = 0;
  std::optional<Error> error;
};

// A difference that drift detection found.
struct HelmDrift {
  ObjectId id;
  bool removed = false;
  int additions = 0, changes = 0, removals = 0;
  Value patch;     // JSON patch that corrects it; null when it is gone
  Value manifest;  // that should stand
};
// True for an object that is not compared because it says so; it is told of, and left alone.
inline bool is_excluded(const HelmDrift& drift) { return !drift.removed && drift.patch.is_null(); }

// How far a run has come, what it waits for and what came of it: all that its flow decides by, but
// for the releases and objects themselves. Kept as it stands in a record of the engine.
struct HelmResult {
  std::uint64_t step = 0;
  // What is being waited for; none when it is done.
  HelmWait wait = HelmWait::none;
  std::vector<ObjectId> waiting;
  base::TimeUs deadline = 0;
  int polls = 0;

  bool done = false;
  bool stored = false;  // some record was written
  std::optional<Error> failure;
  std::vector<ObjectChange> changes;  // since the flow looked last
  std::vector<ObjectId> inventory;    // objects and CRDs
  std::vector<std::string> logs;      // for people: the last lines of what happened
  std::vector<HelmDrift> drifts;
  bool not_found = false;            // uninstall: there was nothing
  bool already_uninstalled = false;  // uninstall: there was only its history, which is kept
  std::string left_alone;            // uninstall: why nothing was done; "" = it was
};

struct HelmRun : HelmResult {
  // What is asked for.
  HelmActionKind kind = HelmActionKind::none;
  bool resume = false;  // the newest record is of an action that broke off: go on with it
  std::shared_ptr<const model::HelmReleaseSpec> spec;
  PreparedPtr prepared;  // nullptr where there is nothing to render
  std::shared_ptr<HelmStorage> storage;
  KubeApiPtr cluster;        // that it is released to; null: the one weir runs against
  std::string cluster_name;  // "" for that one
  std::string release_ns;
  ObjectId owner;
  Identity as;
  std::vector<apply::HealthRule> rules;
  int rollback_version = 0;

  std::string cancelled;  // by what new thing a wait for objects is given up; "" = it is not

  // How far it has come.
  helm::Release release;                // that is being made, tested or deleted
  std::optional<helm::Release> before;  // whose objects it starts from
  bool server_side = true;
  std::vector<HelmObject> objects, previous;
  std::vector<HelmObject> created;  // did not exist before
  LiveTable applied;                // facts of the answers to our writes
  HookProgress hooks;
  std::vector<ObjectId> deleted;

  std::vector<ReleasePtr> written;     // records as they were written, in order
  RenderedPtr rendered;                // the objects of the release
  std::vector<std::string> leftovers;  // uninstall: what went wrong once the objects were deleted
};

}  // namespace weir::reconcile
