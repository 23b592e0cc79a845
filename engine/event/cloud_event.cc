#include "engine/event/event.hh"

namespace weir::event {
namespace {

// Attribute values are never empty in CloudEvents: an absent fact is an absent attribute.
void set_text(Value& envelope, std::string_view name, const std::string& text) {
  if (!text.empty()) envelope.append_member(name, text);
}

std::string join_digests(const std::vector<base::Digest>& digests) {
  std::string text;
  for (const base::Digest& digest : digests) {
    if (!text.empty()) text += ',';
    text += digest.to_string();
  }
  return text;
}

std::string source_of(const Event& event) {
  return event.subject.cluster.empty() ? "/weir" : "/weir/clusters/" + event.subject.cluster;
}

}  // namespace

// Extension attributes follow the specification's naming rule: lower-case letters and digits, 20 at
// most.
Value to_cloud_event(const Event& event) {
  const model::ObjectId& object = event.subject.object;
  Value envelope = Value::object({
      {"specversion", "1.0"},
      {"id", std::to_string(event.seq)},
      {"source", source_of(event)},
      {"type", "weir." + std::string(type_name(event.type))},
      {"time", base::format_rfc3339_micro(event.time)},
  });
  if (!object.empty()) {
    envelope.append_member("subject", object.subject());
    set_text(envelope, "apiversion", object.gvk.api_version());
  }
  set_text(envelope, "uid", event.subject.uid);
  set_text(envelope, "reconcileid", event.reconcile_id);
  if (event.cause != 0) envelope.append_member("cause", std::to_string(event.cause));
  set_text(envelope, "actor", event.actor);
  if (!event.owner.empty()) {
    envelope.append_member("owner", event.owner.subject());
    set_text(envelope, "ownerapiversion", event.owner.gvk.api_version());
  }
  set_text(envelope, "blobs", join_digests(event.blobs));
  if (!event.data.is_null()) {
    envelope.append_member("datacontenttype", "application/json");
    envelope.append_member("data", event.data);
  }
  return envelope;
}

}  // namespace weir::event
