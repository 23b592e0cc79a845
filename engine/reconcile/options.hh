// What an operator sets about the engine. Defaults are Flux's flags' defaults unless said
// otherwise.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "engine/apply/order.hh"
#include "engine/base/duration.hh"
#include "engine/model/kinds/helm_release.hh"

namespace weir::reconcile {

struct EngineOptions {
  std::size_t concurrent = 16;     // workers of the executor
  std::size_t concurrent_ssa = 4;  // dry-runs and applies side by side
  base::Duration retry_delay_min = std::chrono::milliseconds(750);
  base::Duration retry_delay_max = std::chrono::minutes(15);
  base::Duration requeue_dependency = std::chrono::seconds(30);
  base::Duration full_check_interval = std::chrono::hours(1);  // 0 = every pass asks the server
  base::Duration stage_wait_max = std::chrono::seconds(60);    // contract K7.4
  base::Duration artifact_ttl = std::chrono::minutes(1);
  std::size_t artifact_records = 2;
  int interval_jitter_percent = 5;
  // A prune of more than this share of an inventory of at least so many objects is held; 100:
  // never.
  int prune_hold_percent = 50;
  std::size_t prune_hold_objects_min = 10;
  std::vector<apply::StageKind> stage_kinds;   // applied in a stage of their own, not awaited
  std::vector<std::string> override_managers;  // their fields are folded into ours (K7.9)
  bool no_cross_namespace_refs = false;
  bool no_remote_bases = false;
  bool allow_local_sources = false;  // file:// URLs (only `weir up`)
  bool strict_substitution = true;   // gate StrictPostBuildSubstitutions
  model::HelmDefaults helm_defaults;   // gates UseHelm3Defaults, DefaultToRetryOnFailure
  bool chart_digest_in_version = true;  // gate DisableChartDigestTracking, turned round
  // Gate AdditiveCELDependencyCheck: a readyExpr is asked beside the usual check of a dependency.
  bool additive_ready_expr = false;
  std::string default_service_account;
  // Kinds of sources that another controller still serves: they are read, never written.
  std::vector<std::string> external_sources;
  std::string watch_namespace;  // "" = all
  // Who commits when weir writes to a source's branch.
  std::string git_author_name = "weir", git_author_email = "weir@localhost";
  bool record_inputs = true;  // for `weir replay --decisions`
  // Digests that stand for values of Secrets are made under it; another one for each process, and
  // nowhere kept.
  std::string hiding_key;
};

}  // namespace weir::reconcile
