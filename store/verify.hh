// Walks the whole log and checks that it vouches for itself: what `weir verify` prints. Needs no
// engine and no key; works on a store opened read-only. One thread; memory stays flat.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/digest.hh"
#include "engine/base/result.hh"
#include "store/blobs.hh"
#include "store/kv.hh"

namespace weir::store {

struct Finding {
  std::uint64_t seq = 0;  // of the first event concerned; 0 = of none
  std::string what;
};

inline constexpr std::size_t cuts_shown_max = 100;

struct VerifyReport {
  std::uint64_t events = 0;
  std::uint64_t pruned_events = 0;  // of these: retention took them; their leaf hashes stand
  std::uint64_t index_rows = 0;
  std::uint64_t projection_rows = 0;
  std::uint64_t blobs = 0;         // stored, each one's digest checked
  std::uint64_t sealed_blobs = 0;  // of these; opened only when the BlobStore has the key
  std::uint64_t pruned_blobs = 0;  // named by events, removed by retention
  std::uint64_t lost_blobs = 0;    // named by events; a repair found them gone
  base::Digest root;               // of the tree over `events` leaves
  // Starts on a write-ahead log that could not be read to its end: after the event before these,
  // others may be missing. No damage of what is there; the first cuts_shown_max.
  std::vector<Finding> cuts;
  // The first thing wrong, the one with the lowest seq of those that the walk met; nothing = all is
  // well.
  std::optional<Finding> first;

  bool clean() const { return !first.has_value(); }
};

// Checks: head and schema; records dense, decodable, times never going back; each leaf the hash of
// the one before and its record; every tree hash and the root; both indexes complete and nothing in
// them beside; blobs present (unless older than the retention's mark) and true to their digests;
// projections equal to a refold. The result is an Error only when the store cannot be read at all
// (io).
Result<VerifyReport> verify(const Kv& kv, const BlobStore& blobs);

}  // namespace weir::store
