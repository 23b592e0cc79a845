// Deletion: finalizers, propagation, graceful Pods. The collecting itself is a controller
// (collector.cc).
#include "api/kube/core.hh"
#include "api/kube/workloads.hh"

namespace weir::api::kube {

namespace {

void add_finalizer(Value& object, std::string_view finalizer) {
  Value& list = object.entry("metadata").entry("finalizers");
  for (const Value& item : list.items()) {
    if (item.get_string() == finalizer) return;
  }
  list.push_back(Value(finalizer));
}

Value success(const KindInfo& kind, const Value& object) {
  Value details = Value::object({{"name", object["metadata"]["name"]}});
  if (!kind.gvk.group.empty()) details.set("group", kind.gvk.group);
  details.set("kind", kind.plural);
  details.set("uid", object["metadata"]["uid"]);
  return Value::object({{"kind", "Status"},
                        {"apiVersion", "v1"},
                        {"metadata", Value::object()},
                        {"status", "Success"},
                        {"details", std::move(details)}});
}

}  // namespace

Result<Value> Core::erase(const Key& key) {
  WEIR_TRY(Value gone, storage.remove(key));
  changed();
  return gone;
}

Result<Value> Core::mark_deleted(Call& call, Value object) {
  Value& metadata = object.entry("metadata");
  if (!metadata.contains("deletionTimestamp")) {
    metadata.set("deletionTimestamp", now_text());
    if (!metadata.contains("deletionGracePeriodSeconds"))
      metadata.set("deletionGracePeriodSeconds", 0);
    if (metadata.contains("generation"))
      metadata.set("generation", metadata["generation"].get_int() + 1);
  }
  if (call.kind->set == "namespaces") object.entry("status").set("phase", "Terminating");
  if (call.dry_run) return object;
  WEIR_TRY(Value stored, storage.put(key_of(call), std::move(object)));
  changed();
  return show(stored, *call.kind);
}

Result<Value> Core::remove(Call& call) {
  const Key key = key_of(call);
  const Value* present = storage.find(key);
  if (present == nullptr) return not_found(*call.kind, call.name);
  Value object = *present;
  const std::string uid(object["metadata"]["uid"].get_string());
  if (!call.precondition_uid.empty() && call.precondition_uid != uid) {
    return write_conflict(*call.kind, call.name,
                          "Precondition failed: UID in precondition: " + call.precondition_uid +
                              ", UID in object meta: " + uid);
  }
  const std::string revision(object["metadata"]["resourceVersion"].get_string());
  if (!call.precondition_version.empty() && call.precondition_version != revision) {
    return write_conflict(
        *call.kind, call.name,
        "Precondition failed: ResourceVersion in precondition: " + call.precondition_version +
            ", ResourceVersion in object meta: " + revision);
  }
  // The definition goes when the last of its objects has: they are its to end.
  if (key.set == crds_set && !storage.all(key.name).empty()) add_finalizer(object, crd_finalizer);
  if (call.propagation == "Foreground") add_finalizer(object, "foregroundDeletion");
  if (call.propagation == "Orphan") add_finalizer(object, "orphan");
  const bool graceful = key.set == "pods" && options.simulate_workloads &&
                        call.grace_seconds != 0 && !object["spec"]["nodeName"].get_string().empty();
  if (graceful) {
    if (object["metadata"].contains("deletionTimestamp")) return show(object, *call.kind);
    const std::int64_t grace = call.grace_seconds > 0
                                   ? call.grace_seconds
                                   : object["spec"]["terminationGracePeriodSeconds"].get_int(30);
    object.entry("metadata")
        .set("deletionTimestamp", base::format_rfc3339(now() + grace * 1'000'000));
    object.entry("metadata").set("deletionGracePeriodSeconds", grace);
    return mark_deleted(call, std::move(object));
  }
  if (!object["metadata"]["finalizers"].empty() || !object["spec"]["finalizers"].empty()) {
    if (key.set == "pods") object.entry("metadata").set("deletionGracePeriodSeconds", 0);
    return mark_deleted(call, std::move(object));
  }
  if (call.dry_run) return success(*call.kind, object);
  WEIR_TRY(const Value gone, erase(key));
  return success(*call.kind, gone);
}

Result<Value> Core::remove_collection(Call& call) {
  WEIR_TRY(ListAnswer answer, list(call));
  Value items = Value::array();
  for (const Value& item : answer.items) {
    Call one = call;
    one.verb = Verb::remove;
    one.ns = item["metadata"]["namespace"].get_string();
    one.name = item["metadata"]["name"].get_string();
    if (Result<Value> done = remove(one); !done.ok() && done.error().code != Code::not_found) {
      return std::move(done).error();
    }
    items.push_back(item);
  }
  return Value::object(
      {{"kind", call.kind->list_kind},
       {"apiVersion", call.kind->gvk.api_version()},
       {"metadata", Value::object({{"resourceVersion", std::to_string(storage.revision())}})},
       {"items", std::move(items)}});
}

}  // namespace weir::api::kube
