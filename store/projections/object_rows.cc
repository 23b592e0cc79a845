#include "store/projections/object_rows.hh"

#include "engine/event/wire.hh"
#include "engine/value/json.hh"
#include "store/projections/view.hh"
#include "store/record_format.hh"

namespace weir::store::projections {

using event::Event;
using event::Type;

namespace {

void append_id(std::string& out, const model::ObjectId& id) {
  event::append_string(out, id.gvk.kind);
  event::append_string(out, id.ns);
  event::append_string(out, id.name);
  event::append_string(out, id.gvk.group);
  event::append_string(out, id.gvk.version);
}

}  // namespace

Class class_of(Side side) { return side == Side::live ? Class::live_only : Class::desired_only; }

std::optional<Effect> effect_of(Type type, const Value& data, bool has_blobs) {
  const std::string_view action = data["action"].get_string();
  if (type == Type::object_applied) return Effect{Class::both, false, action};
  if (type == Type::object_observed) {
    return Effect{Class::live_only, data["deleted"].get_bool(), "observed"};
  }
  // A skipped prune lets go of the object: nobody desires it any more, and it lives on.
  if (type == Type::object_pruned) {
    return Effect{action == "deleted" ? Class::both : Class::desired_only, true, action};
  }
  if (type == Type::health_observed && has_blobs)
    return Effect{Class::live_only, false, "observed"};
  if (type == Type::object_skipped) return Effect{Class::neither, false, "skipped"};
  if (type == Type::drift_detected) return Effect{Class::neither, false, "drifted"};
  return std::nullopt;
}

namespace {

void append_prefix(std::string& out, const model::ObjectId& id, std::string_view cluster) {
  out.push_back(prefix_history);
  format::append_object(out, id);
  format::append_part(out, cluster);
}

void append_place(std::string& out, Class defines, std::uint64_t seq) {
  out.push_back(static_cast<char>(defines));
  event::append_big_endian(out, seq);
}

}  // namespace

std::string object_prefix(const model::ObjectId& id, std::string_view cluster) {
  std::string key;
  append_prefix(key, id, cluster);
  return key;
}

void append_change_key(std::string& out, const Event& event, Class defines) {
  append_prefix(out, event.subject.object, event.subject.cluster);
  append_place(out, defines, event.seq);
}

std::string change_key(const std::string& prefix, Class defines, std::uint64_t seq) {
  std::string key = prefix;
  append_place(key, defines, seq);
  return key;
}

// Of all that stands in the event only what a change needs is copied: a question about the whole
// cluster asks for ten thousand of them.
Result<std::optional<ObjectChange>> change_of(const event::EnvelopeView& event) {
  Value data;
  if (!event.data.empty()) {
    WEIR_TRY(data, value::parse_json(event.data));
  }
  const auto effect = effect_of(event.type, data, !event.blobs.empty());
  if (!effect) return std::optional<ObjectChange>();
  ObjectChange change;
  change.seq = event.seq;
  change.time = event.time;
  change.type = event.type;
  change.action = effect->action;
  change.gone = effect->gone;
  event::Reader blobs(event.blobs);
  if (!blobs.at_end()) change.manifest = blobs.digest();
  if (event.type == Type::object_applied && !blobs.at_end()) change.live = blobs.digest();
  change.version = event.version;
  change.owner = event::owner_of(event);
  change.revision = data["revision"].get_string();
  change.actor = event.actor;
  change.reconcile_id = event.reconcile_id;
  return std::optional<ObjectChange>(std::move(change));
}

Result<ObjectChange> read_change(const Kv& kv, std::uint64_t seq) {
  const std::string name = "event " + std::to_string(seq);
  WEIR_TRY(const auto record, kv.get(Family::events, format::seq_key(seq)));
  if (!record) {
    return make_error(Code::corrupt, "object history: " + name + " of a row is missing");
  }
  WEIR_TRY(const event::EnvelopeView view, event::view_envelope(*record).with_context(name));
  WEIR_TRY(auto change, change_of(view).with_context(name));
  if (!change) {
    return make_error(Code::corrupt, "object history: " + name + " of a row is no change");
  }
  return std::move(*change);
}

void encode_change(const ObjectChange& change, std::string& texts, std::string& digests) {
  event::append_varint(texts, static_cast<std::uint64_t>(change.time));
  texts.push_back(static_cast<char>(change.type));
  texts.push_back(static_cast<char>((change.gone ? 1 : 0) | (change.manifest ? 2 : 0) |
                                    (change.owner.empty() ? 0 : 4) | (change.live ? 8 : 0)));
  event::append_string(texts, change.action);
  event::append_string(texts, change.version);
  event::append_string(texts, change.revision);
  event::append_string(texts, change.actor);
  event::append_string(texts, change.reconcile_id);
  if (!change.owner.empty()) append_id(texts, change.owner);
  if (change.manifest) event::append_digest(digests, *change.manifest);
  if (change.live) event::append_digest(digests, *change.live);
}

ObjectChange decode_change(std::uint64_t seq, event::Reader& texts, event::Reader& digests) {
  ObjectChange change;
  change.seq = seq;
  change.time = static_cast<base::TimeUs>(texts.varint());
  change.type = static_cast<Type>(texts.byte());
  const std::uint8_t flags = texts.byte();
  change.gone = (flags & 1) != 0;
  for (std::string* field :
       {&change.action, &change.version, &change.revision, &change.actor, &change.reconcile_id}) {
    *field = std::string(texts.string());
  }
  if ((flags & 4) != 0) {
    model::ObjectId& owner = change.owner;
    for (std::string* field :
         {&owner.gvk.kind, &owner.ns, &owner.name, &owner.gvk.group, &owner.gvk.version}) {
      *field = std::string(texts.string());
    }
  }
  if ((flags & 2) != 0) change.manifest = digests.digest();
  if ((flags & 8) != 0) change.live = digests.digest();
  return change;
}

Error malformed_key() { return make_error(Code::corrupt, "object history: a key is malformed"); }

std::optional<ObjectChange> defining(std::optional<ObjectChange> both,
                                     std::optional<ObjectChange> own, Side side) {
  if (both && both->live && side == Side::live) both->manifest = both->live;
  if (!own || (both && both->seq > own->seq)) return both;
  // An observation does not know the owner; the object stays with whoever applied it last.
  if (both && !both->gone && own->owner.empty()) own->owner = both->owner;
  return own;
}

std::optional<Subject> subject_of(std::string_view key, std::size_t& prefix_bytes) {
  std::string_view rest = key.substr(1);
  auto id = format::take_object(rest);
  if (!id) return std::nullopt;
  auto cluster = format::take_part(rest);
  if (!cluster) return std::nullopt;
  prefix_bytes = key.size() - rest.size();
  return Subject{std::move(*id), std::move(*cluster)};
}

}  // namespace weir::store::projections
