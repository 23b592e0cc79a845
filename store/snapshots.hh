// Snapshots: a state folded up to some event, as bytes, so that a start-up or a question about the
// past folds only the events after it. They are derived: any may be dropped and is made again from
// the log.
//
// Thread-safe as the Kv is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.hh"
#include "store/kv.hh"

namespace weir::store {

struct Snapshot {
  std::uint64_t seq = 0;  // the last event folded into it
  std::string bytes;
};

// Stores (or replaces) the snapshot of `name` at `seq`, compressed; not synced. Errors: io, limit
// (over blob_bytes_max).
Result<void> put_snapshot(Kv& kv, std::string_view name, std::uint64_t seq,
                          std::string_view bytes);

// The youngest undamaged snapshot of `name` at or before `max_seq`; nothing when there is none. A
// damaged one is passed over for an older one, for the log can make up the difference. Error: io.
Result<std::optional<Snapshot>> latest_snapshot(const Kv& kv, std::string_view name,
                                                std::uint64_t max_seq);

// The seqs at which there is one of `name`, undamaged or not, in order. Error: io.
Result<std::vector<std::uint64_t>> snapshot_seqs(const Kv& kv, std::string_view name);

// Removes, of every name, those before `seq`: the events between are not all there any more. Error:
// io.
Result<void> drop_snapshots_before(Kv& kv, std::uint64_t seq);

// Removes all but the `keep` youngest of `name`; returns how many went. Error: io.
Result<std::size_t> drop_snapshots(Kv& kv, std::string_view name, std::size_t keep);

}  // namespace weir::store
