// The record of what the core was told and what it decided: all that another build needs to decide
// again. A record is a run of entries; the log keeps it in the same write as the events of its
// steps.
//
// begin, begin_all: a core was made from the log up to `head`, by this build, under these options.
// step: an input (or a tick, without one) at a time, the seq that the log stood at, how many events
// it gave, and a digest of each command.
//
// Pure. Errors: corrupt.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/clock.hh"
#include "engine/base/result.hh"
#include "engine/reconcile/context.hh"

namespace weir::reconcile {

// A command, for people and by digest.
struct RecordedCommand {
  std::string text;  // "Kustomization/flux-system/apps: ApplyStage 0"
  std::uint64_t digest = 0;
  bool operator==(const RecordedCommand&) const = default;
};

RecordedCommand describe(const Command& command);
RecordedCommand describe(const WatchOptions& watch);
// Of the commands and watches from these positions on. `releases`: those of HelmReleases too.
std::vector<RecordedCommand> decisions_since(const Effects& effects, std::size_t commands,
                                             std::size_t watches, bool releases = true);

struct RecordEntry {
  enum class Kind : std::uint8_t {
    begin = 1,
    step = 2,
    ended = 3,  // what follows is not recorded: the run has outgrown what may be kept
    begin_all = 4,  // begin, as it is written now: of HelmReleases too; before, they were left out
  };
  Kind kind = Kind::step;
  base::TimeUs now = 0;
  std::uint64_t head = 0;    // of the log, the step's own events not counted
  std::string payload;       // begin: the options; step: the input, "" = a tick
  std::string build;         // begin: of which version
  std::uint64_t events = 0;  // that the step gave
  std::vector<RecordedCommand> decisions;
};

void append_entry(std::string& record, const RecordEntry& entry);
Result<std::vector<RecordEntry>> parse_record(std::string_view record);

}  // namespace weir::reconcile
