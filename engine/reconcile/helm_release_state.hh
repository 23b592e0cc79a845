// What the engine knows of one HelmRelease, and where its reconcile stands. Owned by State.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "engine/apply/health.hh"
#include "engine/reconcile/helm_run.hh"
#include "engine/reconcile/ready_programs.hh"

namespace weir::reconcile {

enum class HelmPhase : std::uint8_t {
  idle,
  finalizer,   // our finalizer is being added
  chart,       // the HelmChart is being written
  preparing,   // values, chart and Helm's storage are being read
  acting,      // an action is under way
  moving,      // the old release is being uninstalled: its target has changed
  finalizing,  // deletion of the release
};

// An action that the log says has begun and not that it ended.
struct HelmInFlight {
  std::string action;
  int version = 0;
  std::string chart_version, config_digest;
};

// A rollback in force: this release of the log stands instead of what source and values say.
struct HelmPin {
  std::uint64_t seq = 0;      // of the rollback_pinned event
  std::uint64_t to_seq = 0;   // the instant rolled back to
  base::Digest release_blob;
  std::string revision;       // the chart's version
  std::string from;           // DesiredRelease::identity() rolled away from; another one ends it
  std::string actor;
  bool hold = false;          // only `weir unpin` ends it
};

struct HelmReleaseFields {
  std::shared_ptr<const model::HelmReleaseSpec> spec;
  std::string spec_error;
  std::string cel_error;
  std::vector<apply::HealthRule> health_rules;
  ReadyPrograms ready_programs;
  HelmPhase phase = HelmPhase::idle;
  Artifact artifact;           // of this attempt
  base::Digest chart_applied;  // of the HelmChart last written
  PreparedPtr prepared;
  std::shared_ptr<HelmStorage> storage;
  KubeApiPtr cluster;  // of this attempt; null: the one weir runs against
  HelmRunPtr run;           // the action under way
  bool await_sync = false;  // the HelmCharts that stand are not known yet
  bool run_waits = false;   // it was handed back: objects are awaited
  HelmRunPtr drift_run;     // what drift detection found in this attempt
  std::set<HelmActionType> done;
  DriftFinding drift = DriftFinding::unknown;
  bool forced = false;  // a force request is to be answered in this attempt
  bool reset = false;   // a reset request
  std::vector<ObjectId> waiting;
  base::TimeUs action_started = 0;
  std::vector<ObjectId> inventory;
  base::Digest rendered_logged;
  std::optional<HelmInFlight> in_flight;
  std::optional<HelmPin> pin;
  std::string drift_logged;  // the last event about drift, so that it is told once
  int drift_retries = 0;
  base::TimeUs drift_corrected = 0;
};

}  // namespace weir::reconcile
