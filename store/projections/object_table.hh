// The last change of every object, by what it defines: all that a question about the whole cluster
// needs. A table is folded from events, kept as a snapshot each so many of them, and so the cluster
// at an instant is the snapshot before it and the few events since: two reads in a row, where a
// look at each object's history would be a random read an object.
//
// A table is a value, one thread. Errors: corrupt, io.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.hh"
#include "engine/event/codec.hh"
#include "store/kv.hh"
#include "store/projections/object_rows.hh"

namespace weir::store::projections {

inline constexpr std::string_view object_snapshots = "objects";

class ObjectTable {
 public:
  // Takes the event of `view` in; `record` is its bytes.
  Result<void> fold(const event::EnvelopeView& view, std::string_view record);
  // Folds the events of (from, to] that are in the store.
  Result<void> fold_range(const Kv& kv, std::uint64_t from, std::uint64_t to);

  // Decodes all that is folded.
  Result<void> settle_all();
  // Takes in a table of later events alone, all of it decoded.
  void absorb(ObjectTable newer);

  // Canonical: what no longer defines anything is left out, so that equal states are equal bytes.
  // `seq`: of the last event folded.
  Result<std::string> encode(std::uint64_t seq);
  static Result<ObjectTable> decode(std::uint64_t seq, std::string_view bytes);
  // How many objects a snapshot holds; 0 where it is malformed.
  static std::uint64_t count_in(std::string_view bytes);

  // The objects that exist on that side, in order of their keys.
  Result<std::vector<ObjectState>> states(Side side, const StateFilter& filter) &&;
  std::size_t size() const { return keys_.size(); }

 private:
  // Of one class. A record is decoded when somebody wants to know: most are replaced before.
  struct Row {
    std::uint64_t seq = 0;         // 0 = none
    std::uint32_t at = 0, size = 0;  // of the record in records_; size 0 = the change is known
    std::uint32_t change = 0;        // its place in changes_, from 1; 0 = it has none yet
  };
  using Rows = std::array<Row, 3>;  // both, live_only, desired_only

  // Of the object `key`, a new one where there is none.
  std::size_t number_of(std::string_view key);
  void grow_index();
  ObjectChange& change_at(Row& row);
  Result<void> settle(std::size_t object, std::size_t which);
  Result<std::optional<ObjectChange>> take_change(std::size_t object, std::size_t which);
  Result<void> drop_superseded(std::size_t object);
  bool is_empty(std::size_t object) const;
  std::vector<std::uint32_t> sorted() const;

  // What a fold touches is small and lies together; the changes lie apart.
  std::vector<std::string> keys_;  // object_prefix(), by the object's number
  std::vector<Rows> rows_;
  std::vector<ObjectChange> changes_;
  struct Slot {
    std::uint32_t hash = 0, object = 0;  // number + 1; 0 = free
  };
  std::vector<Slot> index_;  // open addressing, a power of two
  std::string records_;
  std::string key_;  // of the event in hand
};

// Whether the object passes the parts of the filter that do not need its owner.
bool is_wanted(const Subject& subject, const StateFilter& filter);

// The cluster at `at` from a snapshot; nothing when there is none near enough for that to be
// quicker than a look at each object.
Result<std::optional<std::vector<ObjectState>>> state_from_snapshot(const Kv& kv, std::uint64_t at,
                                                                    Side side,
                                                                    const StateFilter& filter);

// Adds the snapshots that are due up to the event `head`; returns how many. For a thread that has
// time: reads the events since the last snapshot. One caller at a time.
Result<std::size_t> keep_object_snapshots(Kv& kv, std::uint64_t head);
// One at exactly `seq`.
Result<void> keep_object_snapshot_at(Kv& kv, std::uint64_t seq);

// The first snapshot that is not what the events up to it give; 0 when all are.
Result<std::uint64_t> differing_object_snapshot(const Kv& kv, std::uint64_t head);

}  // namespace weir::store::projections
