#include "engine/event/codec.hh"

#include <utility>

#include "engine/base/limits.hh"
#include "engine/event/wire.hh"
#include "engine/value/json.hh"

namespace weir::event {
namespace {

constexpr std::uint8_t record_version = 1;
constexpr std::size_t digest_bytes = 32;
constexpr value::JsonStyle canonical{.sort_keys = true, .escape_html = false, .indent = 0};

void append_object(std::string& out, const model::ObjectId& id) {
  append_string(out, id.gvk.group);
  append_string(out, id.gvk.version);
  append_string(out, id.gvk.kind);
  append_string(out, id.ns);
  append_string(out, id.name);
}

bool has_owner(const Event& event) { return event.owner != model::ObjectId{}; }

void append_record(std::string& out, const Event& event, std::string_view data) {
  out.push_back(static_cast<char>(record_version));
  out.push_back(static_cast<char>(event.type));
  append_varint(out, event.seq);
  append_varint(out, static_cast<std::uint64_t>(event.time));
  append_varint(out, event.cause);
  append_string(out, event.subject.cluster);
  append_object(out, event.subject.object);
  append_string(out, event.subject.uid);
  append_string(out, event.reconcile_id);
  append_string(out, event.actor);
  out.push_back(has_owner(event) ? 1 : 0);
  if (has_owner(event)) append_object(out, event.owner);
  append_string(out, data);
  append_varint(out, event.blobs.size());
  for (const base::Digest& blob : event.blobs) append_digest(out, blob);
}

std::string data_text(const Event& event) {
  std::string text;
  if (!event.data.is_null()) value::append_json(text, event.data, canonical);
  return text;
}

Error corrupt(std::string what) {
  return make_error(Code::corrupt, "event record: " + std::move(what));
}

model::ObjectId make_id(std::string_view group, std::string_view version, std::string_view kind,
                        std::string_view ns, std::string_view name) {
  return {{std::string(group), std::string(version), std::string(kind)},
          std::string(ns),
          std::string(name)};
}

}  // namespace

std::string encode(const Event& event) {
  const std::string data = data_text(event);
  std::string out;
  out.reserve(160 + data.size() + event.blobs.size() * digest_bytes);
  append_record(out, event, data);
  return out;
}

Result<std::string> encode_within_limits(const Event& event) {
  std::string out;
  WEIR_CHECK(append_within_limits(out, event));
  return out;
}

Result<void> append_within_limits(std::string& out, const Event& event) {
  const std::string data = data_text(event);
  if (data.size() > base::limits::event_data_bytes_max) {
    return make_error(Code::limit, std::string(type_name(event.type)) + " event about " +
                                       event.subject.object.subject() + ": data of " +
                                       std::to_string(data.size()) + " bytes is over the cap of " +
                                       std::to_string(base::limits::event_data_bytes_max) +
                                       " bytes (event_data_bytes_max); it belongs in a blob");
  }
  append_record(out, event, data);
  return {};
}

model::ObjectId owner_of(const EnvelopeView& view) {
  if (!view.has_owner) return {};
  return make_id(view.owner_group, view.owner_version, view.owner_kind, view.owner_ns,
                 view.owner_name);
}

Type type_of(std::string_view record) {
  return static_cast<Type>(record.size() < 2 ? 0 : static_cast<std::uint8_t>(record[1]));
}

Result<EnvelopeView> view_envelope(std::string_view record) {
  Reader reader(record);
  const std::uint8_t version = reader.byte();
  if (!reader.ok()) return corrupt("empty");
  if (version != record_version) {
    return corrupt("unknown version " + std::to_string(static_cast<int>(version)));
  }
  EnvelopeView view;
  const std::uint8_t type = reader.byte();
  view.type = static_cast<Type>(type);
  view.seq = reader.varint();
  view.time = static_cast<base::TimeUs>(reader.varint());
  view.cause = reader.varint();
  for (std::string_view* field : {&view.cluster, &view.group, &view.version, &view.kind, &view.ns,
                                  &view.name, &view.uid, &view.reconcile_id, &view.actor}) {
    *field = reader.string();
  }
  const std::uint8_t owner_flag = reader.byte();
  view.has_owner = owner_flag == 1;
  if (view.has_owner) {
    for (std::string_view* field : {&view.owner_group, &view.owner_version, &view.owner_kind,
                                    &view.owner_ns, &view.owner_name}) {
      *field = reader.string();
    }
  }
  view.data = reader.string();
  const std::uint64_t blobs = reader.varint();
  if (!reader.ok()) return corrupt("cut short or malformed");
  if (owner_flag > 1) return corrupt("bad owner flag");
  view.blobs = reader.rest();
  if (view.blobs.size() % digest_bytes != 0 || view.blobs.size() / digest_bytes != blobs) {
    return corrupt("wrong number of blob digests");
  }
  if (type_name(view.type).empty()) {
    return corrupt("unknown event type " + std::to_string(static_cast<int>(type)));
  }
  return view;
}

Result<Event> decode(std::string_view bytes) {
  WEIR_TRY(const EnvelopeView view, view_envelope(bytes));
  Event event;
  event.seq = view.seq;
  event.time = view.time;
  event.type = view.type;
  event.subject.cluster = std::string(view.cluster);
  event.subject.object = make_id(view.group, view.version, view.kind, view.ns, view.name);
  event.subject.uid = std::string(view.uid);
  event.reconcile_id = std::string(view.reconcile_id);
  event.cause = view.cause;
  event.actor = std::string(view.actor);
  event.owner = owner_of(view);
  if (!view.data.empty()) {
    auto data = value::parse_json(view.data);
    if (!data.ok()) return corrupt("data: " + data.error().message);
    event.data = std::move(data).value();
  }
  Reader blobs(view.blobs);
  event.blobs.reserve(view.blobs.size() / digest_bytes);
  while (!blobs.at_end()) event.blobs.push_back(blobs.digest());
  return event;
}

}  // namespace weir::event
