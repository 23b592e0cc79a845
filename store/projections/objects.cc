#include "store/projections/objects.hh"

#include <algorithm>

#include "engine/event/wire.hh"
#include "store/projections/view.hh"
#include "store/record_format.hh"

namespace weir::store::projections {
namespace {

using event::Event;
using event::Type;

// Which states a change defines; a part of the key, never renumber.
enum class Class : char { both = 0, live_only = 1, desired_only = 2, neither = 3 };
constexpr Class classes[] = {Class::both, Class::live_only, Class::desired_only, Class::neither};
constexpr char after_classes = '\x7f';

struct Effect {
  Class defines;
  bool gone;
  std::string_view action;
};

// Nothing for events that are no change of an object.
std::optional<Effect> effect_of(const Event& event) {
  const std::string_view action = event.data["action"].get_string();
  if (event.type == Type::object_applied) return Effect{Class::both, false, action};
  if (event.type == Type::object_observed) {
    return Effect{Class::live_only, event.data["deleted"].get_bool(), "observed"};
  }
  // A skipped prune lets go of the object: nobody desires it any more, and it lives on.
  if (event.type == Type::object_pruned) {
    return Effect{action == "deleted" ? Class::both : Class::desired_only, true, action};
  }
  if (event.type == Type::health_observed && !event.blobs.empty())
    return Effect{Class::live_only, false, "observed"};
  if (event.type == Type::object_skipped) return Effect{Class::neither, false, "skipped"};
  if (event.type == Type::drift_detected) return Effect{Class::neither, false, "drifted"};
  return std::nullopt;
}

std::string object_prefix(const model::ObjectId& id, std::string_view cluster) {
  std::string key(1, prefix_history);
  format::append_object(key, id);
  format::append_part(key, cluster);
  return key;
}

std::string change_key(const std::string& prefix, Class defines, std::uint64_t seq) {
  std::string key = prefix;
  key.push_back(static_cast<char>(defines));
  event::append_big_endian(key, seq);
  return key;
}

void append_id(std::string& out, const model::ObjectId& id) {
  event::append_string(out, id.gvk.kind);
  event::append_string(out, id.ns);
  event::append_string(out, id.name);
  event::append_string(out, id.gvk.group);
  event::append_string(out, id.gvk.version);
}

std::string encode_change(const Event& event, const Effect& effect) {
  std::string out;
  event::append_varint(out, static_cast<std::uint64_t>(event.time));
  out.push_back(static_cast<char>(event.type));
  const bool both = event.type == Type::object_applied && event.blobs.size() > 1;
  out.push_back(static_cast<char>((effect.gone ? 1 : 0) | (event.blobs.empty() ? 0 : 2) |
                                  (event.owner.empty() ? 0 : 4) | (both ? 8 : 0)));
  event::append_string(out, effect.action);
  event::append_string(out, event.subject.object.gvk.version);
  event::append_string(out, event.data["revision"].get_string());
  event::append_string(out, event.actor);
  event::append_string(out, event.reconcile_id);
  if (!event.owner.empty()) append_id(out, event.owner);
  if (!event.blobs.empty()) event::append_digest(out, event.blobs.front());
  if (both) event::append_digest(out, event.blobs[1]);
  return out;
}

Result<ObjectChange> decode_change(std::uint64_t seq, std::string_view bytes) {
  event::Reader reader(bytes);
  ObjectChange change;
  change.seq = seq;
  change.time = static_cast<base::TimeUs>(reader.varint());
  change.type = static_cast<Type>(reader.byte());
  const std::uint8_t flags = reader.byte();
  change.gone = (flags & 1) != 0;
  for (std::string* field :
       {&change.action, &change.version, &change.revision, &change.actor, &change.reconcile_id}) {
    *field = std::string(reader.string());
  }
  if ((flags & 4) != 0) {
    model::ObjectId& owner = change.owner;
    for (std::string* field :
         {&owner.gvk.kind, &owner.ns, &owner.name, &owner.gvk.group, &owner.gvk.version}) {
      *field = std::string(reader.string());
    }
  }
  if ((flags & 2) != 0) change.manifest = reader.digest();
  if ((flags & 8) != 0) change.live = reader.digest();
  if (!reader.at_end()) {
    return make_error(Code::corrupt,
                      "object history: the row of event " + std::to_string(seq) + " is malformed");
  }
  return change;
}

Error malformed_key() { return make_error(Code::corrupt, "object history: a key is malformed"); }

// The last row of a class at or before `at`, decoded; nothing when there is none.
Result<std::optional<ObjectChange>> last_of(Cursor& cursor, const std::string& prefix,
                                            Class defines, std::uint64_t at) {
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
  WEIR_TRY(ObjectChange change, decode_change(*seq, cursor.value()));
  return std::optional<ObjectChange>(std::move(change));
}

// What defined the state at `at`, a deletion included.
Result<std::optional<ObjectChange>> defining_change(Cursor& cursor, const std::string& prefix,
                                                    std::uint64_t at, Side side) {
  WEIR_TRY(auto change, last_of(cursor, prefix, Class::both, at));
  if (change && change->live && side == Side::live) change->manifest = change->live;
  const Class own = side == Side::live ? Class::live_only : Class::desired_only;
  WEIR_TRY(auto other, last_of(cursor, prefix, own, at));
  if (!other || (change && change->seq > other->seq)) return change;
  // An observation does not know the owner; the object stays with whoever applied it last.
  if (change && !change->gone && other->owner.empty()) other->owner = change->owner;
  return other;
}

struct Subject {
  model::ObjectId id;
  std::string cluster;
};

// The object that a history key is about; `prefix_bytes` gets the length of the part that names it.
std::optional<Subject> subject_of(std::string_view key, std::size_t& prefix_bytes) {
  std::string_view rest = key.substr(1);
  auto id = format::take_object(rest);
  if (!id) return std::nullopt;
  auto cluster = format::take_part(rest);
  if (!cluster) return std::nullopt;
  prefix_bytes = key.size() - rest.size();
  return Subject{std::move(*id), std::move(*cluster)};
}

bool wanted(const Subject& subject, const StateFilter& filter) {
  return (!filter.kind || *filter.kind == subject.id.gvk.kind) &&
         (!filter.ns || *filter.ns == subject.id.ns) &&
         (!filter.cluster || *filter.cluster == subject.cluster);
}

Result<void> add_state(Cursor& cursor, Subject subject, const std::string& prefix, std::uint64_t at,
                       Side side, const StateFilter& filter, std::vector<ObjectState>& states) {
  if (!wanted(subject, filter)) return {};
  WEIR_TRY(auto change, defining_change(cursor, prefix, at, side));
  if (!change || change->gone) return {};
  if (filter.owner && !model::same_object(*filter.owner, change->owner)) return {};
  subject.id.gvk.version = change->version;
  states.push_back({std::move(subject.id), std::move(subject.cluster), std::move(*change)});
  return {};
}

std::string owned_prefix(const model::ObjectId& owner) {
  std::string key(1, prefix_owned);
  format::append_object(key, owner);
  return key;
}

// Only objects that the owner ever had.
Result<std::vector<ObjectState>> state_of_owner(const Kv& kv, std::uint64_t at, Side side,
                                                const StateFilter& filter) {
  std::vector<ObjectState> states;
  const std::string prefix = owned_prefix(*filter.owner);
  auto objects = kv.cursor(Family::projections);
  auto history = kv.cursor(Family::projections);
  for (objects->seek(prefix); objects->valid() && objects->key().starts_with(prefix);
       objects->next()) {
    std::string_view rest = objects->key().substr(prefix.size());
    auto id = format::take_object(rest);
    auto cluster = format::take_part(rest);
    if (!id || !cluster) return malformed_key();
    const std::string object = object_prefix(*id, *cluster);
    WEIR_CHECK(add_state(*history, {std::move(*id), std::move(*cluster)}, object, at, side, filter,
                         states));
  }
  WEIR_CHECK(objects->status());
  return states;
}

}  // namespace

void fold_objects(const Event& event, WriteBatch& batch) {
  const auto effect = effect_of(event);
  if (!effect) return;
  const Subject subject{event.subject.object, event.subject.cluster};
  const std::string prefix = object_prefix(subject.id, subject.cluster);
  batch.put_moved(Family::projections, change_key(prefix, effect->defines, event.seq),
                  encode_change(event, *effect));
  if (event.owner.empty()) return;
  std::string owned = owned_prefix(event.owner);
  format::append_object(owned, subject.id);
  format::append_part(owned, subject.cluster);
  batch.put_moved(Family::projections, std::move(owned), {});
}

Result<std::vector<ObjectChange>> object_history(const Kv& kv, const model::ObjectId& id,
                                                 std::uint64_t to, std::size_t limit,
                                                 std::string_view cluster) {
  std::vector<ObjectChange> changes;
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
      WEIR_TRY(changes.emplace_back(), decode_change(*seq, cursor->value()));
      ++count;
    }
    WEIR_CHECK(cursor->status());
  }
  std::sort(changes.begin(), changes.end(),
            [](const ObjectChange& a, const ObjectChange& b) { return a.seq > b.seq; });
  if (changes.size() > limit) changes.resize(limit);
  return changes;
}

Result<std::optional<ObjectState>> object_at(const Kv& kv, const model::ObjectId& id,
                                             std::uint64_t at, Side side,
                                             std::string_view cluster) {
  auto cursor = kv.cursor(Family::projections);
  std::vector<ObjectState> states;
  WEIR_CHECK(add_state(*cursor, {id, std::string(cluster)}, object_prefix(id, cluster), at, side,
                       {}, states));
  if (states.empty()) return std::optional<ObjectState>();
  return std::optional<ObjectState>(std::move(states.front()));
}

Result<std::vector<ObjectState>> state_at(const Kv& kv, std::uint64_t at, Side side,
                                          const StateFilter& filter) {
  if (filter.owner) return state_of_owner(kv, at, side, filter);
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
    WEIR_CHECK(add_state(*cursor, std::move(*subject), prefix, at, side, filter, states));
    cursor->seek(prefix + after_classes);
  }
  WEIR_CHECK(cursor->status());
  return states;
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
