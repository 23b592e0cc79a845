#include "store/projections/object_table.hh"

#include <algorithm>

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
  const auto effect = effect_of(event);
  return effect ? std::optional(effect->defines) : std::optional<Class>();
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
  Rows& rows = objects_[key_];
  Row& row = rows[static_cast<std::size_t>(*defines)];
  row.seq = view.seq;
  row.record.assign(record);
  return {};
}

Result<void> ObjectTable::fold_range(const Kv& kv, std::uint64_t from, std::uint64_t to) {
  if (from >= to) return {};
  auto cursor = kv.cursor(Family::events);
  for (cursor->seek(format::seq_key(from + 1)); cursor->valid(); cursor->next()) {
    const auto seq = format::take_seq(cursor->key());
    if (!seq) return make_error(Code::corrupt, "a key of the events is malformed");
    if (*seq > to) break;
    const std::string_view record = cursor->value();
    auto view = event::view_envelope(record);
    if (!view.ok()) {
      return std::move(view).error().with_context("event " + std::to_string(*seq));
    }
    WEIR_CHECK(fold(*view, record).with_context("event " + std::to_string(*seq)));
  }
  return cursor->status();
}

Result<void> ObjectTable::settle(Row& row) {
  if (row.record.empty()) return {};
  WEIR_TRY(const event::Event event, event::decode(row.record));
  auto change = projections::change_of(event);
  if (!change) return malformed(row.seq);
  row.change = std::move(*change);
  row.record.clear();
  return {};
}

Result<std::optional<ObjectChange>> ObjectTable::take_change(Row& row) {
  if (row.seq == 0) return std::optional<ObjectChange>();
  WEIR_CHECK(settle(row));
  return std::optional<ObjectChange>(std::move(row.change));
}

// Leaves what a state or the owner of one still stands on.
Result<void> ObjectTable::drop_superseded(Rows& rows) {
  auto& [both, live, desired] = rows;
  for (Row* own : {&live, &desired})
    if (own->seq < both.seq) *own = {};
  WEIR_CHECK(settle(both));
  if (both.change.gone) both = {};
  for (Row* own : {&live, &desired}) {
    WEIR_CHECK(settle(*own));
    if (both.seq == 0 && own->change.gone) *own = {};
  }
  return {};
}

Result<std::string> ObjectTable::encode(std::uint64_t seq) {
  std::vector<std::pair<std::string_view, const Rows*>> sorted;
  for (auto entry = objects_.begin(); entry != objects_.end();) {
    WEIR_CHECK(drop_superseded(entry->second));
    const bool empty = std::all_of(entry->second.begin(), entry->second.end(),
                                   [](const Row& row) { return row.seq == 0; });
    entry = empty ? objects_.erase(entry) : std::next(entry);
  }
  sorted.reserve(objects_.size());
  for (const auto& [key, rows] : objects_) sorted.emplace_back(key, &rows);
  std::sort(sorted.begin(), sorted.end());
  std::string out, keys, texts, digests;
  for (const auto& [key, rows] : sorted) {
    event::append_string(keys, key);
    for (const Row& row : *rows) {
      event::append_varint(keys, row.seq == 0 ? 0 : seq - row.seq + 1);
      if (row.seq != 0) encode_change(row.change, texts, digests);
    }
  }
  event::append_varint(out, sorted.size());
  for (const std::string* part : {&keys, &texts, &digests}) event::append_string(out, *part);
  return out;
}

Result<ObjectTable> ObjectTable::decode(std::uint64_t seq, std::string_view bytes) {
  event::Reader reader(bytes);
  const std::uint64_t count = reader.varint();
  event::Reader keys(reader.string()), texts(reader.string()), digests(reader.string());
  if (!reader.at_end() || count > bytes.size()) return malformed(seq);
  ObjectTable table;
  table.objects_.reserve(count);
  for (std::uint64_t i = 0; i < count && keys.ok() && texts.ok(); ++i) {
    Rows& rows = table.objects_[std::string(keys.string())];
    for (Row& row : rows) {
      const std::uint64_t age = keys.varint();
      if (age > seq) return malformed(seq);
      if (age == 0) continue;
      row.seq = seq - age + 1;
      row.change = decode_change(row.seq, texts, digests);
    }
  }
  const bool whole = keys.at_end() && texts.at_end() && digests.at_end();
  if (!whole || table.objects_.size() != count) return malformed(seq);
  return table;
}

std::uint64_t ObjectTable::count_in(std::string_view bytes) {
  event::Reader reader(bytes);
  const std::uint64_t count = reader.varint();
  return reader.ok() ? count : 0;
}

Result<std::vector<ObjectState>> ObjectTable::states(Side side, const StateFilter& filter) && {
  std::vector<std::pair<std::string_view, Rows*>> sorted;
  sorted.reserve(objects_.size());
  for (auto& [key, rows] : objects_) sorted.emplace_back(key, &rows);
  std::sort(sorted.begin(), sorted.end());
  std::vector<ObjectState> out;
  out.reserve(sorted.size());
  for (const auto& [key, rows] : sorted) {
    std::size_t prefix_bytes = 0;
    auto subject = projections::subject_of(key, prefix_bytes);
    if (!subject) return malformed_key();
    if (!is_wanted(*subject, filter)) continue;
    WEIR_TRY(auto both, take_change((*rows)[0]));
    WEIR_TRY(auto own, take_change((*rows)[static_cast<std::size_t>(class_of(side))]));
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
  WEIR_TRY(ObjectTable table, ObjectTable::decode(snapshot->seq, snapshot->bytes));
  WEIR_CHECK(table.fold_range(kv, snapshot->seq, to));
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
