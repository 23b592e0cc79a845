// Makes a damaged log whole again: keeps the longest prefix of events that its own hashes and
// signed checkpoints prove, drops what follows, and builds all that derives from events anew.
//
// For a log that nobody else has open. A repair that is cut off is begun again by the next one.
// Errors: unsupported (another schema version), io (the disk, or a store that cannot be read).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/base/clock.hh"
#include "engine/base/result.hh"
#include "engine/event/event.hh"
#include "store/blobs.hh"
#include "store/kv.hh"

namespace weir::store {

struct LostEvent {
  std::uint64_t seq = 0;
  bool readable = false;  // else only the number is known
  event::Event event;     // as its record says; not proven
};

struct RepairReport {
  std::uint64_t head_before = 0;       // as far as the head row or the records reach
  std::uint64_t head = 0;              // of the provable prefix
  std::string cause;                   // what is wrong behind it; "" = nothing, no event is lost
  std::vector<LostEvent> lost;         // the first lost_shown_max of them
  std::uint64_t blobs_lost = 0;        // contents that events name and that are damaged or gone
  std::uint64_t checkpoints_void = 0;  // signed ones that cover lost events
  bool derived_damaged = false;        // head row, tree, indexes or projections were not right
};

inline constexpr std::size_t lost_shown_max = 1000;

// What a repair would do; writes nothing.
Result<RepairReport> plan_repair(const Kv& kv, const BlobStore& blobs);

// Does it, and appends an event (operator_acted, action "repair") that says what was lost. Nothing
// is written to a log that is whole, but for what its store could not read (log_cut).
Result<RepairReport> repair(Kv& kv, const BlobStore& blobs, const base::Clock& clock,
                            const std::string& actor);

}  // namespace weir::store
