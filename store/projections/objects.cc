#include "store/projections/objects.hh"

#include <algorithm>

#include "engine/event/wire.hh"
#include "store/projections/object_rows.hh"
#include "store/projections/object_table.hh"
#include "store/projections/view.hh"
#include "store/record_format.hh"

namespace weir::store::projections {
namespace {

using event::Event;

// An owner's objects are looked at one by one up to so many: some 20 ms where nothing is cached.
constexpr std::size_t looks_max = 200;

// The last change of a class at or before `at`; nothing when there is none.
Result<std::optional<ObjectChange>> last_of(const Kv& kv, Cursor& cursor,
                                            const std::string& prefix, Class defines,
                                            std::uint64_t at) {
  const std::string key = change_key(prefix, defines, at);
  cursor.seek_for_previous(key);
  WEIR_CHECK(cursor.status());
  const std::size_t fixed = prefix.size() + 1;
  if (!cursor.valid() || cursor.key().size() != key.size() ||
      cursor.key().substr(0, fixed) != std::string_view(key).substr(0, fixed)) {
    return std::optional<ObjectChange>();
  }
  const auto seq = format::take_seq(cursor.key().substr(fixed));
  if (!seq) return malformed_key();
  WEIR_TRY(ObjectChange change, read_change(kv, *seq));
  return std::optional<ObjectChange>(std::move(change));
}

// What defined the state at `at`, a deletion included.
Result<std::optional<ObjectChange>> defining_change(const Kv& kv, Cursor& cursor,
                                                    const std::string& prefix, std::uint64_t at,
                                                    Side side) {
  WEIR_TRY(auto both, last_of(kv, cursor, prefix, Class::both, at));
  WEIR_TRY(auto own, last_of(kv, cursor, prefix, class_of(side), at));
  return defining(std::move(both), std::move(own), side);
}

Result<void> add_state(const Kv& kv, Cursor& cursor, Subject subject, const std::string& prefix,
                       std::uint64_t at, Side side, const StateFilter& filter,
                       std::vector<ObjectState>& states) {
  if (!is_wanted(subject, filter)) return {};
  WEIR_TRY(auto change, defining_change(kv, cursor, prefix, at, side));
  if (!change || change->gone) return {};
  if (filter.owner && !model::same_object(*filter.owner, change->owner)) return {};
  subject.id.gvk.version = change->version;
  states.push_back({std::move(subject.id), std::move(subject.cluster), std::move(*change)});
  return {};
}

void append_owned_prefix(std::string& out, const model::ObjectId& owner) {
  out.push_back(prefix_owned);
  format::append_object(out, owner);
}

std::string owned_prefix(const model::ObjectId& owner) {
  std::string key;
  append_owned_prefix(key, owner);
  return key;
}

// Only objects that the owner ever had; nothing where they are too many for a look at each.
Result<std::optional<std::vector<ObjectState>>> state_of_owner(const Kv& kv, std::uint64_t at,
                                                               Side side,
                                                               const StateFilter& filter) {
  std::vector<ObjectState> states;
  const std::string prefix = owned_prefix(*filter.owner);
  auto objects = kv.cursor(Family::projections);
  auto history = kv.cursor(Family::projections);
  std::size_t looks = 0;
  for (objects->seek(prefix); objects->valid() && objects->key().starts_with(prefix);
       objects->next()) {
    std::string_view rest = objects->key().substr(prefix.size());
    auto id = format::take_object(rest);
    auto cluster = format::take_part(rest);
    if (!id || !cluster) return malformed_key();
    if (++looks > looks_max) return std::optional<std::vector<ObjectState>>();
    const std::string object = object_prefix(*id, *cluster);
    WEIR_CHECK(add_state(kv, *history, {std::move(*id), std::move(*cluster)}, object, at, side,
                         filter, states));
  }
  WEIR_CHECK(objects->status());
  return std::optional(std::move(states));
}

// By a look at the history of each.
Result<std::vector<ObjectState>> state_by_looks(const Kv& kv, std::uint64_t at, Side side,
                                                const StateFilter& filter) {
  std::string range(1, prefix_history);
  if (filter.kind) format::append_part(range, *filter.kind);
  if (filter.kind && filter.ns) format::append_part(range, *filter.ns);
  std::vector<ObjectState> states;
  auto cursor = kv.cursor(Family::projections);
  cursor->seek(range);
  while (cursor->valid() && cursor->key().starts_with(range)) {
    std::size_t prefix_bytes = 0;
    auto subject = subject_of(cursor->key(), prefix_bytes);
    if (!subject) return malformed_key();
    const std::string prefix(cursor->key().substr(0, prefix_bytes));
    WEIR_CHECK(add_state(kv, *cursor, std::move(*subject), prefix, at, side, filter, states));
    cursor->seek(prefix + after_classes);
  }
  WEIR_CHECK(cursor->status());
  return states;
}

}  // namespace

void fold_objects(const Event& event, WriteBatch& batch) {
  const auto effect = effect_of(event.type, event.data, !event.blobs.empty());
  if (!effect) return;
  append_change_key(batch.begin_put(Family::projections), event, effect->defines);
  if (event.owner.empty()) return;
  std::string& owned = batch.begin_put(Family::projections);
  append_owned_prefix(owned, event.owner);
  format::append_object(owned, event.subject.object);
  format::append_part(owned, event.subject.cluster);
}

Result<std::vector<ObjectChange>> object_history(const Kv& kv, const model::ObjectId& id,
                                                 std::uint64_t to, std::size_t limit,
                                                 std::string_view cluster) {
  std::vector<std::uint64_t> seqs;
  const std::string prefix = object_prefix(id, cluster);
  auto cursor = kv.cursor(Family::projections);
  for (Class defines : classes) {
    const std::string first = change_key(prefix, defines, 0);
    const std::string_view own = std::string_view(first).substr(0, prefix.size() + 1);
    std::size_t count = 0;
    for (cursor->seek_for_previous(change_key(prefix, defines, to));
         count < limit && cursor->valid() && cursor->key().starts_with(own); cursor->previous()) {
      const auto seq = format::take_seq(cursor->key().substr(own.size()));
      if (!seq) return malformed_key();
      seqs.push_back(*seq);
      ++count;
    }
    WEIR_CHECK(cursor->status());
  }
  std::sort(seqs.begin(), seqs.end(), std::greater<>());
  if (seqs.size() > limit) seqs.resize(limit);
  std::vector<ObjectChange> changes;
  changes.reserve(seqs.size());
  for (const std::uint64_t seq : seqs) {
    WEIR_TRY(changes.emplace_back(), read_change(kv, seq));
  }
  return changes;
}

Result<std::optional<ObjectState>> object_at(const Kv& kv, const model::ObjectId& id,
                                             std::uint64_t at, Side side,
                                             std::string_view cluster) {
  auto cursor = kv.cursor(Family::projections);
  std::vector<ObjectState> states;
  WEIR_CHECK(add_state(kv, *cursor, {id, std::string(cluster)}, object_prefix(id, cluster), at,
                       side, {}, states));
  if (states.empty()) return std::optional<ObjectState>();
  return std::optional<ObjectState>(std::move(states.front()));
}

Result<std::vector<ObjectState>> state_at(const Kv& kv, std::uint64_t at, Side side,
                                          const StateFilter& filter) {
  if (filter.owner) {
    WEIR_TRY(auto of_owner, state_of_owner(kv, at, side, filter));
    if (of_owner) return std::move(*of_owner);
  }
  WEIR_TRY(auto states, state_from_snapshot(kv, at, side, filter));
  if (states) return std::move(*states);
  return state_by_looks(kv, at, side, filter);
}

Result<std::vector<model::ObjectId>> owners_ever(const Kv& kv) {
  std::vector<model::ObjectId> owners;
  auto cursor = kv.cursor(Family::projections);
  const std::string prefix(1, prefix_owned);
  cursor->seek(prefix);
  while (cursor->valid() && cursor->key().starts_with(prefix)) {
    std::string_view rest = cursor->key().substr(1);
    auto owner = format::take_object(rest);
    if (!owner) return malformed_key();
    std::string next = owned_prefix(*owner);
    owners.push_back(std::move(*owner));
    // Behind the last of its objects: no key part begins with this byte.
    next.push_back('\xff');
    cursor->seek(next);
  }
  WEIR_CHECK(cursor->status());
  return owners;
}

}  // namespace weir::store::projections
