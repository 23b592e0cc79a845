// Every reconcile of every owner: when it began and ended, what it built and how it went.
//
// Rows: 'r' kind ns name group seq -> a beginning (flag 1) or an end (flag 2); a query joins them
// by the reconcile's id. Thread-safe; errors are corrupt and io.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "engine/base/clock.hh"
#include "engine/base/result.hh"
#include "engine/event/event.hh"
#include "engine/model/object_id.hh"
#include "store/kv.hh"

namespace weir::store::projections {

struct ReconcileRecord {
  std::string id;
  std::uint64_t started_seq = 0;   // 0 = not in the log
  std::uint64_t finished_seq = 0;  // 0 = still running, or cut off by a stop of the engine
  base::TimeUs started = 0;
  base::TimeUs finished = 0;
  std::int64_t duration_ms = 0;
  std::string revision;
  std::string status;
  std::string reason;
  std::string message;
};

void fold_reconciles(const event::Event& event, WriteBatch& batch);

// The owner's reconciles, the latest first; at most `limit`.
Result<std::vector<ReconcileRecord>> reconciles(const Kv& kv, const model::ObjectId& owner,
                                                std::size_t limit);

}  // namespace weir::store::projections
