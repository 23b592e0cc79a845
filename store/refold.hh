// Rebuilding the projections from the events, and proving that what is stored equals such a
// rebuild.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "engine/base/result.hh"
#include "engine/event/event.hh"
#include "store/kv.hh"

namespace weir::store {

// Calls `visit` with every event in [first, last], decoded, in order; those that retention took are
// passed over. Stops at the first error, its
// own or one that `visit` returns. Errors: corrupt (a record is missing or damaged, named by its
// seq), io.
Result<void> for_each_event(const Kv& kv, std::uint64_t first, std::uint64_t last,
                            const std::function<Result<void>(const event::Event&)>& visit);

// Drops all projections and folds every event again. Cut off in the middle, it is begun anew when
// the log is opened next. Errors: corrupt, io.
Result<void> refold_projections(Kv& kv);

// What the first differing row is.
struct ProjectionDifference {
  std::string view_prefix;  // the key's first byte
  std::string key_hex;
  std::string what;         // "missing", "not in a refold" or "another value"
};

// Compares the stored projections with a refold, byte for byte; nothing when they are equal. Works
// in passes so that memory stays flat on a log of any size. Errors: corrupt, io.
Result<std::optional<ProjectionDifference>> compare_projections(const Kv& kv);

}  // namespace weir::store
