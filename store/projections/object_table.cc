#include "store/projections/object_table.hh"

#include <algorithm>
#include <functional>
#include <future>
#include <numeric>

#include "engine/base/assert.hh"
#include "engine/event/wire.hh"
#include "store/projections/view.hh"
#include "store/record_format.hh"
#include "store/snapshots.hh"

namespace weir::store::projections {
namespace {

using event::EnvelopeView;
using event::Type;

// A snapshot is some 80 bytes an object, compressed: with six times as many events between two of
// them it costs 13 bytes an event. Below the first number a fold takes 20 ms.
constexpr std::uint64_t events_between_min = 16'384;
constexpr std::uint64_t events_between_an_object = 6;
// A look at one object is as dear as folding so many events.
constexpr std::uint64_t events_a_look = 60;
// Of records that wait to be decoded.
constexpr std::size_t records_bytes_max = 64u << 20;

std::uint64_t events_between(std::uint64_t objects) {
  return std::max(events_between_min, objects * events_between_an_object);
}

Error malformed(std::uint64_t seq) {
  return make_error(Code::corrupt,
                    "the snapshot of objects at event " + std::to_string(seq) + " is malformed");
}

// object_prefix() of the event's subject, without an ObjectId in between.
void write_prefix(std::string& key, const EnvelopeView& view) {
  key.assign(1, prefix_history);
  for (const std::string_view part : {view.kind, view.ns, view.name, view.group, view.cluster})
    format::append_part(key, part);
}

// What an event defines, without a look at its data where its type says it.
Result<std::optional<Class>> class_of_event(const EnvelopeView& view, std::string_view record) {
  if (view.type == Type::object_applied) return std::optional(Class::both);
  if (view.type == Type::object_observed) return std::optional(Class::live_only);
  if (view.type == Type::health_observed && !view.blobs.empty())
    return std::optional(Class::live_only);
  if (view.type != Type::object_pruned) return std::optional<Class>();
  WEIR_TRY(const event::Event event, event::decode(record));
  const auto effect = effect_of(event.type, event.data, !event.blobs.empty());
  return effect ? std::optional(effect->defines) : std::optional<Class>();
}

// Whether events of this type are looked at; one that is no type is, and found malformed.
bool may_change(Type type) {
  return type == Type::object_applied || type == Type::object_observed ||
         type == Type::health_observed || type == Type::object_pruned ||
         event::type_name(type).empty();
}

// The table at the youngest snapshot at or before `max_seq`; an empty one at 0 without any.
struct Base {
  std::uint64_t seq = 0;
  ObjectTable table;
};
Result<Base> base_at(const Kv& kv, std::uint64_t max_seq) {
  WEIR_TRY(const auto snapshot, latest_snapshot(kv, object_snapshots, max_seq));
  Base base;
  if (!snapshot) return base;
  base.seq = snapshot->seq;
  WEIR_TRY(base.table, ObjectTable::decode(snapshot->seq, snapshot->bytes));
  return base;
}

}  // namespace

bool is_wanted(const Subject& subject, const StateFilter& filter) {
  return (!filter.kind || *filter.kind == subject.id.gvk.kind) &&
         (!filter.ns || *filter.ns == subject.id.ns) &&
         (!filter.cluster || *filter.cluster == subject.cluster);
}

Result<void> ObjectTable::fold(const EnvelopeView& view, std::string_view record) {
  WEIR_TRY(const auto defines, class_of_event(view, record));
  if (!defines || *defines == Class::neither) return {};
  write_prefix(key_, view);
  Row& row = rows_[number_of(key_)][static_cast<std::size_t>(*defines)];
  row.seq = view.seq;
  if (row.size < record.size()) {
    if (records_.size() + record.size() > records_bytes_max) WEIR_CHECK(settle_all());
    row.at = static_cast<std::uint32_t>(records_.size());
    records_.append(record);
  } else {
    record.copy(records_.data() + row.at, record.size());
  }
  row.size = static_cast<std::uint32_t>(record.size());
  return {};
}

std::size_t ObjectTable::number_of(std::string_view key) {
  if (index_.size() < 2 * (keys_.size() + 1)) grow_index();
  const std::size_t hash = std::hash<std::string_view>()(key);
  const std::size_t mask = index_.size() - 1;
  const auto mark = static_cast<std::uint32_t>(hash >> 32);
  std::size_t at = hash & mask;
  for (; index_[at].object != 0; at = (at + 1) & mask)
    if (index_[at].hash == mark && keys_[index_[at].object - 1] == key)
      return index_[at].object - 1;
  keys_.emplace_back(key);
  rows_.emplace_back();
  index_[at] = {mark, static_cast<std::uint32_t>(keys_.size())};
  return keys_.size() - 1;
}

void ObjectTable::grow_index() {
  const std::size_t size = std::max<std::size_t>(64, index_.size() * 2);
  index_.assign(size, {});
  for (std::size_t object = 0; object < keys_.size(); ++object) {
    const std::size_t hash = std::hash<std::string_view>()(keys_[object]);
    std::size_t at = hash & (size - 1);
    while (index_[at].object != 0) at = (at + 1) & (size - 1);
    index_[at] = {static_cast<std::uint32_t>(hash >> 32), static_cast<std::uint32_t>(object + 1)};
  }
}

bool ObjectTable::is_empty(std::size_t object) const {
  return std::all_of(rows_[object].begin(), rows_[object].end(),
                     [](const Row& row) { return row.seq == 0; });
}

std::vector<std::uint32_t> ObjectTable::sorted() const {
  std::vector<std::uint32_t> out(keys_.size());
  std::iota(out.begin(), out.end(), 0u);
  const auto less = [this](std::uint32_t a, std::uint32_t b) { return keys_[a] < keys_[b]; };
  // A snapshot's come in order; few are new since.
  const auto fresh = std::is_sorted_until(out.begin(), out.end(), less);
  std::sort(fresh, out.end(), less);
  std::inplace_merge(out.begin(), fresh, out.end(), less);
  return out;
}

Result<void> ObjectTable::fold_range(const Kv& kv, std::uint64_t from, std::uint64_t to) {
  if (from >= to) return {};
  auto cursor = kv.cursor(Family::events);
  for (cursor->seek(format::seq_key(from + 1)); cursor->valid(); cursor->next()) {
    const auto seq = format::take_seq(cursor->key());
    if (!seq) return make_error(Code::corrupt, "a key of the events is malformed");
    if (*seq > to) break;
    const std::string_view record = cursor->value();
    if (!may_change(event::type_of(record))) continue;
    auto view = event::view_envelope(record);
    if (!view.ok()) {
      return std::move(view).error().with_context("event " + std::to_string(*seq));
    }
    WEIR_CHECK(fold(*view, record).with_context("event " + std::to_string(*seq)));
  }
  return cursor->status();
}

void ObjectTable::absorb(ObjectTable newer) {
  WEIR_ASSERT(newer.records_.empty());
  for (std::size_t object = 0; object < newer.keys_.size(); ++object) {
    Rows& rows = rows_[number_of(newer.keys_[object])];
    for (std::size_t which = 0; which < rows.size(); ++which) {
      Row& told = newer.rows_[object][which];
      if (told.seq == 0) continue;
      rows[which].seq = told.seq;
      rows[which].size = 0;
      change_at(rows[which]) = std::move(newer.change_at(told));
    }
  }
}

ObjectChange& ObjectTable::change_at(Row& row) {
  if (row.change == 0) {
    changes_.emplace_back();
    row.change = static_cast<std::uint32_t>(changes_.size());
  }
  return changes_[row.change - 1];
}

Result<void> ObjectTable::settle(std::size_t object, std::size_t which) {
  Row& row = rows_[object][which];
  if (row.size == 0) return {};
  WEIR_TRY(const EnvelopeView view,
           event::view_envelope(std::string_view(records_).substr(row.at, row.size)));
  WEIR_TRY(auto change, projections::change_of(view));
  if (!change) return malformed(row.seq);
  change_at(row) = std::move(*change);
  row.size = 0;
  return {};
}

Result<void> ObjectTable::settle_all() {
  for (std::size_t object = 0; object < keys_.size(); ++object)
    for (std::size_t which = 0; which < rows_[object].size(); ++which)
      WEIR_CHECK(settle(object, which));
  records_.clear();
  return {};
}

Result<std::optional<ObjectChange>> ObjectTable::take_change(std::size_t object,
                                                             std::size_t which) {
  if (rows_[object][which].seq == 0) return std::optional<ObjectChange>();
  WEIR_CHECK(settle(object, which));
  return std::optional<ObjectChange>(std::move(change_at(rows_[object][which])));
}

// Leaves what a state or the owner of one still stands on.
Result<void> ObjectTable::drop_superseded(std::size_t object) {
  Rows& rows = rows_[object];
  const auto drop = [&](std::size_t which) {
    rows[which].seq = 0;
    rows[which].size = 0;
  };
  for (const std::size_t own : {1, 2})
    if (rows[own].seq < rows[0].seq) drop(own);
  WEIR_CHECK(settle(object, 0));
  if (rows[0].seq != 0 && change_at(rows[0]).gone) drop(0);
  for (const std::size_t own : {1, 2}) {
    WEIR_CHECK(settle(object, own));
    if (rows[own].seq != 0 && rows[0].seq == 0 && change_at(rows[own]).gone) drop(own);
  }
  return {};
}

Result<std::string> ObjectTable::encode(std::uint64_t seq) {
  std::string out, keys, texts, digests;
  std::size_t count = 0;
  for (const std::uint32_t object : sorted()) {
    WEIR_CHECK(drop_superseded(object));
    if (is_empty(object)) continue;
    ++count;
    event::append_string(keys, keys_[object]);
    for (Row& row : rows_[object]) {
      event::append_varint(keys, row.seq == 0 ? 0 : seq - row.seq + 1);
      if (row.seq != 0) encode_change(change_at(row), texts, digests);
    }
  }
  records_.clear();  // every change is known
  event::append_varint(out, count);
  for (const std::string* part : {&keys, &texts, &digests}) event::append_string(out, *part);
  return out;
}

Result<ObjectTable> ObjectTable::decode(std::uint64_t seq, std::string_view bytes) {
  event::Reader reader(bytes);
  const std::uint64_t count = reader.varint();
  event::Reader keys(reader.string()), texts(reader.string()), digests(reader.string());
  if (!reader.at_end() || count > bytes.size()) return malformed(seq);
  ObjectTable table;
  table.keys_.reserve(count);
  table.rows_.reserve(count);
  table.changes_.reserve(2 * count);
  while (table.index_.size() < 2 * (count + 1)) table.grow_index();
  for (std::uint64_t i = 0; i < count && keys.ok() && texts.ok(); ++i) {
    const std::size_t object = table.number_of(keys.string());
    for (Row& row : table.rows_[object]) {
      const std::uint64_t age = keys.varint();
      if (age > seq) return malformed(seq);
      if (age == 0) continue;
      row.seq = seq - age + 1;
      table.change_at(row) = decode_change(row.seq, texts, digests);
    }
  }
  const bool whole = keys.at_end() && texts.at_end() && digests.at_end();
  if (!whole || table.size() != count) return malformed(seq);
  return table;
}

std::uint64_t ObjectTable::count_in(std::string_view bytes) {
  event::Reader reader(bytes);
  const std::uint64_t count = reader.varint();
  return reader.ok() ? count : 0;
}

Result<std::vector<ObjectState>> ObjectTable::states(Side side, const StateFilter& filter) && {
  std::vector<ObjectState> out;
  out.reserve(keys_.size());
  for (const std::uint32_t object : sorted()) {
    std::size_t prefix_bytes = 0;
    auto subject = projections::subject_of(keys_[object], prefix_bytes);
    if (!subject) return malformed_key();
    if (!is_wanted(*subject, filter)) continue;
    WEIR_TRY(auto both, take_change(object, 0));
    WEIR_TRY(auto own, take_change(object, static_cast<std::size_t>(class_of(side))));
    auto change = defining(std::move(both), std::move(own), side);
    if (!change || change->gone) continue;
    if (filter.owner && !model::same_object(*filter.owner, change->owner)) continue;
    subject->id.gvk.version = change->version;
    out.push_back({std::move(subject->id), std::move(subject->cluster), std::move(*change)});
  }
  return out;
}

Result<std::optional<std::vector<ObjectState>>> state_from_snapshot(const Kv& kv, std::uint64_t at,
                                                                    Side side,
                                                                    const StateFilter& filter) {
  using Answer = std::optional<std::vector<ObjectState>>;
  WEIR_TRY(const auto snapshot, latest_snapshot(kv, object_snapshots, at));
  if (!snapshot) return Answer();
  const std::uint64_t looks = ObjectTable::count_in(snapshot->bytes) * events_a_look;
  WEIR_TRY(const auto row, kv.get(Family::meta, format::meta_head));
  if (!row) return Answer();
  WEIR_TRY(const format::Head head, format::decode_head(*row));
  const std::uint64_t to = std::min(at, head.seq);
  if (to < snapshot->seq || to - snapshot->seq > std::max(looks, events_between_min)) {
    return Answer();
  }
  // In two threads: the snapshot and what follows it, and the rest, whose changes all stand.
  const std::uint64_t middle = snapshot->seq + (to - snapshot->seq) / 2;
  // Where no thread is to be had the second half waits for the first.
  auto rest = std::async(std::launch::async | std::launch::deferred, [&]() -> Result<ObjectTable> {
    ObjectTable table;
    WEIR_CHECK(table.fold_range(kv, middle, to));
    WEIR_CHECK(table.settle_all());
    return table;
  });
  auto begun = ObjectTable::decode(snapshot->seq, snapshot->bytes);
  const auto folded = begun.ok() ? begun->fold_range(kv, snapshot->seq, middle) : Result<void>();
  WEIR_TRY(ObjectTable newer, rest.get());
  WEIR_CHECK(folded);
  WEIR_TRY(ObjectTable table, std::move(begun));
  table.absorb(std::move(newer));
  WEIR_TRY(auto states, std::move(table).states(side, filter));
  return Answer(std::move(states));
}

Result<std::size_t> keep_object_snapshots(Kv& kv, std::uint64_t head) {
  WEIR_TRY(Base base, base_at(kv, head));
  std::size_t made = 0;
  for (;;) {
    const std::uint64_t next = base.seq + events_between(base.table.size());
    if (next > head) return made;
    WEIR_CHECK(base.table.fold_range(kv, base.seq, next));
    WEIR_TRY(const std::string bytes, base.table.encode(next));
    WEIR_CHECK(put_snapshot(kv, object_snapshots, next, bytes));
    base.seq = next;
    ++made;
  }
}

Result<void> keep_object_snapshot_at(Kv& kv, std::uint64_t seq) {
  WEIR_TRY(Base base, base_at(kv, seq));
  if (base.seq == seq) return {};
  WEIR_CHECK(base.table.fold_range(kv, base.seq, seq));
  WEIR_TRY(const std::string bytes, base.table.encode(seq));
  return put_snapshot(kv, object_snapshots, seq, bytes);
}

Result<std::uint64_t> differing_object_snapshot(const Kv& kv, std::uint64_t head) {
  WEIR_TRY(const std::vector<std::uint64_t> seqs, snapshot_seqs(kv, object_snapshots));
  ObjectTable table;
  std::uint64_t folded = 0;
  for (const std::uint64_t seq : seqs) {
    if (seq > head) return seq;
    WEIR_CHECK(table.fold_range(kv, folded, seq));
    folded = seq;
    WEIR_TRY(const std::string bytes, table.encode(seq));
    WEIR_TRY(const auto stored, latest_snapshot(kv, object_snapshots, seq));
    if (!stored || stored->seq != seq || stored->bytes != bytes) return seq;
  }
  return std::uint64_t{0};
}

}  // namespace weir::store::projections
