#include "api/audit/views.hh"

#include "engine/reconcile/sensitive.hh"
#include "engine/value/json.hh"

namespace weir::api::audit {
namespace {

void set_text(Value& object, std::string_view key, std::string_view text) {
  if (!text.empty()) object.append_member(key, text);
}

void append_owner(Value& object, const model::ObjectId& owner) {
  if (!owner.empty()) object.append_member("owner", owner.subject());
}

std::string marker(const store::BlobStore& blobs, std::string_view place, const Value& value) {
  std::string text(place);
  text.push_back('\0');
  text += value.is_string() ? std::string(value.as_string()) : value::write_json(value);
  const auto digest = blobs.keyed_digest(text);
  return digest.ok() ? "*** (" + digest->hex().substr(0, 8) + ")" : "***";
}

void mask_secret(const store::BlobStore& blobs, const model::ObjectId& id, Value& manifest) {
  for (const std::string_view field : {"data", "stringData"}) {
    Value* values = manifest.find_mut(field);
    if (values == nullptr) continue;
    if (!values->is_object()) {
      *values = "***";
      continue;
    }
    for (std::size_t i = 0; i < values->size(); ++i) {
      value::Member& member = values->member_mut(i);
      // data is base64 of what stringData has in clear: equal values get equal markers.
      Value plain = member.value;
      if (field == "data" && plain.is_string())
        if (auto bytes = base::base64_decode(plain.as_string()); bytes.ok())
          plain = Value(std::string_view(*bytes));
      const std::string place = id.ns + "/" + id.name + "/" + std::string(member.name());
      member.value = marker(blobs, place, plain);
    }
  }
}

}  // namespace

Value id_view(const model::ObjectId& id) {
  Value out = Value::object();
  if (!id.gvk.version.empty() || !id.gvk.group.empty())
    set_text(out, "apiVersion",
             id.gvk.version.empty() ? id.gvk.group : id.gvk.api_version());
  set_text(out, "kind", id.gvk.kind);
  set_text(out, "namespace", id.ns);
  set_text(out, "name", id.name);
  return out;
}

Value change_view(const store::projections::ObjectChange& change) {
  Value out = Value::object({{"seq", change.seq},
                             {"time", base::format_rfc3339_micro(change.time)},
                             {"type", event::type_name(change.type)},
                             {"action", change.action}});
  if (change.gone) out.append_member("gone", true);
  set_text(out, "revision", change.revision);
  append_owner(out, change.owner);
  set_text(out, "actor", change.actor);
  set_text(out, "reconcileID", change.reconcile_id);
  if (change.manifest) out.append_member("manifest", change.manifest->to_string());
  return out;
}

Value state_view(const store::projections::ObjectState& state) {
  model::ObjectId id = state.id;
  if (!state.change.version.empty()) id.gvk.version = state.change.version;
  Value out = id_view(id);
  set_text(out, "cluster", state.cluster);
  const Value change = change_view(state.change);
  for (const value::Member& member : change.members())
    out.append_member(member.key, member.value);
  return out;
}

Value reconcile_view(const store::projections::ReconcileRecord& record) {
  Value out = Value::object({{"id", record.id}});
  if (record.started_seq != 0) {
    out.append_member("startedSeq", record.started_seq);
    out.append_member("started", base::format_rfc3339_micro(record.started));
  }
  if (record.finished_seq != 0) {
    out.append_member("finishedSeq", record.finished_seq);
    out.append_member("finished", base::format_rfc3339_micro(record.finished));
    out.append_member("durationMs", record.duration_ms);
  }
  set_text(out, "revision", record.revision);
  set_text(out, "status", record.status);
  set_text(out, "reason", record.reason);
  set_text(out, "message", record.message);
  return out;
}

Result<Value> instant_view(const store::EventLog& log, store::Seq seq) {
  Value out = Value::object({{"seq", seq}});
  if (seq == 0) return out;
  WEIR_TRY(const event::Event event, log.read(seq));
  out.append_member("time", base::format_rfc3339_micro(event.time));
  return out;
}

Result<Value> read_manifest(const store::BlobStore& blobs, const model::ObjectId& id,
                            const base::Digest& digest) {
  WEIR_TRY(const std::string bytes, blobs.get(digest));
  auto parsed = value::parse_json(bytes);
  // The parser's text is not passed on: it may quote the bytes.
  if (!parsed.ok())
    return make_error(Code::corrupt, "the manifest of " + id.subject() + " does not parse");
  Value manifest = std::move(parsed).value();
  if (Value* metadata = manifest.find_mut("metadata")) {
    metadata->erase("managedFields");
    if (Value* annotations = metadata->find_mut("annotations")) {
      annotations->erase("kubectl.kubernetes.io/last-applied-configuration");
      if (annotations->empty()) metadata->erase("annotations");
    }
  }
  if (reconcile::has_url_credentials(bytes)) reconcile::drop_url_credentials(manifest);
  if (id.gvk.kind == "Secret" || manifest["kind"].get_string() == "Secret")
    mask_secret(blobs, id, manifest);
  return manifest;
}

}  // namespace weir::api::audit
