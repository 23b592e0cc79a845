// Decides again: runs `step` of this build over what the engine was told, and compares what it
// would have logged and ordered with what was. HelmReleases are passed over in runs that an older
// build recorded.
//
// Reads the log, writes nothing. Errors: corrupt, io, not_found (a blob that is needed is gone).
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "engine/base/result.hh"
#include "engine/reconcile/log_port.hh"
#include "engine/reconcile/options.hh"

namespace weir::reconcile {

// A step that came out otherwise. Only what differs is told: facts and commands, in their order.
struct DecisionDifference {
  std::uint64_t seq = 0;  // the log stood at this event
  base::TimeUs time = 0;
  std::string told;                    // what the step was about
  std::vector<std::string> then, now;  // that were only then; that would only be now
  bool follows = false;  // something differed before in this run: this may be its consequence
};

struct DecisionReport {
  std::uint64_t runs = 0, steps = 0, events = 0, commands = 0;
  std::uint64_t differences = 0;
  std::uint64_t first_seq = 0, last_seq = 0;  // of the log, that the record covers
  std::uint64_t ended = 0;                    // runs whose record broke off for its size
};

// `adjust`: changes the recorded options of each run first ("what if"); may be empty.
Result<DecisionReport> replay_decisions(
    const LogPort& log, const std::function<void(EngineOptions&)>& adjust,
    const std::function<void(const DecisionDifference&)>& visit);

}  // namespace weir::reconcile
