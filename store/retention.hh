// Retention: takes the records, index rows and projections of old events, and the blobs that
// nothing names any more. Leaf hashes stay, so every proof stays valid; what the state at the
// horizon stands on stays too (the last event of each type about each subject and owner), so every
// instant from the horizon on is answered as before.
//
// Blobs go a run later than the last event that named them, and only those that were not asked for
// in the meantime: an apply under way may be about to name them again. One run at a time, beside
// appends and reads. Errors: io, corrupt.
#pragma once

#include <cstdint>

#include "engine/base/clock.hh"
#include "engine/base/result.hh"
#include "store/blobs.hh"
#include "store/event_log.hh"

namespace weir::store {

struct RetentionPolicy {
  base::TimeUs age_max = 0;     // microseconds; 0 = for ever
  std::uint64_t bytes_max = 0;  // of the database; 0 = as many as it takes

  bool keeps_all() const { return age_max == 0 && bytes_max == 0; }
};

struct RetentionReport {
  std::uint64_t retained_from = 1;  // the horizon: events from here on are all there
  std::uint64_t events = 0;         // taken in this run
  std::uint64_t kept = 0;           // older than the horizon, and needed
  std::uint64_t blobs = 0;          // removed in this run
};

// The first event to be kept: by age, and by bytes at the average size of an event now.
Result<Seq> retention_horizon(const EventLog& log, const RetentionPolicy& policy, base::TimeUs now);

// Cut off in the middle, the next run goes on. Does not append an event; that is for the caller.
Result<RetentionReport> retain(EventLog& log, BlobStore& blobs, Seq horizon);

}  // namespace weir::store
