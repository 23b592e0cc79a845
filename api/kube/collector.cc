// Garbage collection and the end of namespaces.
#include <algorithm>

#include "api/kube/workloads.hh"

namespace weir::api::kube {

namespace {

bool exists(Core& core, const Value& owner, const std::string& ns) {
  const Kind kind =
      core.registry.find(Gvk::from(owner["apiVersion"].get_string(), owner["kind"].get_string()));
  if (kind == nullptr) return false;
  const Value* found = core.storage.find(
      {kind->set, kind->namespaced ? ns : "", std::string(owner["name"].get_string())});
  return found != nullptr && (*found)["metadata"]["uid"] == owner["uid"];
}

void write_raw(Core& core, const Key& key, const Value& object) { save(core, key, object, ""); }

void drop_finalizer(Core& core, const Key& key, Value object, std::string_view finalizer) {
  Value kept = Value::array();
  for (const Value& item : object["metadata"]["finalizers"].items()) {
    if (item.get_string() != finalizer) kept.push_back(item);
  }
  if (kept.empty()) {
    object.entry("metadata").erase("finalizers");
  } else {
    object.entry("metadata").set("finalizers", std::move(kept));
  }
  write_raw(core, key, object);
}

void drop_owner(Core& core, const Key& key, const Value& uid) {
  Value object = load(core, key);
  if (object.is_null()) return;
  Value kept = Value::array();
  for (const Value& owner : object["metadata"]["ownerReferences"].items()) {
    if (!(owner["uid"] == uid)) kept.push_back(owner);
  }
  if (kept.empty()) {
    object.entry("metadata").erase("ownerReferences");
  } else {
    object.entry("metadata").set("ownerReferences", std::move(kept));
  }
  write_raw(core, key, object);
}

bool has_finalizer(const Value& object, std::string_view finalizer) {
  const auto list = object["metadata"]["finalizers"].items();
  return std::any_of(list.begin(), list.end(),
                     [&](const Value& item) { return item.get_string() == finalizer; });
}

}  // namespace

void step_orphaned(Core& core, const Key& key) {
  const std::string& uid = key.name;
  for (const Key& dependent : core.storage.dependents(uid)) {
    const Value object = load(core, dependent);
    bool kept = false;
    for (const Value& owner : object["metadata"]["ownerReferences"].items()) {
      kept = kept || exists(core, owner, dependent.ns);
    }
    if (kept) {
      bool this_one_exists = false;
      for (const Value& owner : object["metadata"]["ownerReferences"].items()) {
        if (owner["uid"].get_string() == uid) this_one_exists = exists(core, owner, dependent.ns);
      }
      if (!this_one_exists) drop_owner(core, dependent, Value(uid));
    } else if (!object["metadata"].contains("deletionTimestamp")) {
      destroy(core, dependent, object["metadata"]["uid"].get_string());
    }
  }
}

void step_collect(Core& core, const Key& key) {
  const Value object = load(core, key);
  if (object.is_null() || !object["metadata"].contains("deletionTimestamp")) return;
  const Value& uid = object["metadata"]["uid"];
  const std::vector<Key> dependents = core.storage.dependents(uid.get_string());
  if (has_finalizer(object, "orphan")) {
    for (const Key& dependent : dependents) drop_owner(core, dependent, uid);
    drop_finalizer(core, key, load(core, key), "orphan");
    return;
  }
  if (!has_finalizer(object, "foregroundDeletion")) return;
  bool blocked = false;
  for (const Key& dependent : dependents) {
    const Value child = load(core, dependent);
    for (const Value& owner : child["metadata"]["ownerReferences"].items()) {
      blocked = blocked || (owner["uid"] == uid && owner["blockOwnerDeletion"].get_bool());
    }
    if (!child["metadata"].contains("deletionTimestamp")) {
      destroy(core, dependent, child["metadata"]["uid"].get_string());
    }
  }
  if (!blocked || core.storage.dependents(uid.get_string()).empty()) {
    const Value now = load(core, key);
    if (!now.is_null()) drop_finalizer(core, key, now, "foregroundDeletion");
  }
}

void step_namespace(Core& core, const Key& key) {
  Value ns = load(core, key);
  if (ns.is_null() || !ns["metadata"].contains("deletionTimestamp")) return;
  std::vector<Key> inside;
  for (const auto& [set, objects] : core.storage.sets()) {
    for (auto from = objects.lower_bound({key.name, ""});
         from != objects.end() && from->first.first == key.name; ++from) {
      inside.push_back({set, key.name, from->first.second});
    }
  }
  bool waiting = false;
  for (const Key& one : inside) {
    const Value object = load(core, one);
    if (object.is_null()) continue;
    if (!object["metadata"].contains("deletionTimestamp")) {
      destroy(core, one, object["metadata"]["uid"].get_string());
    }
    waiting = waiting || core.storage.find(one) != nullptr;
  }
  if (waiting) return;  // the last one to go wakes this step again
  ns = load(core, key);
  Call call = core.internal(Verb::update, core.registry.find("", "v1", "namespaces"), key);
  call.subresource = "finalize";
  call.body = ns;
  call.body.entry("spec").erase("finalizers");
  (void)core.execute(call);
}

void step_definition(Core& core, const Key& key) {
  const Value crd = load(core, key);
  if (crd.is_null() || !crd["metadata"].contains("deletionTimestamp")) return;
  std::vector<Key> objects;
  for (const auto& [name, object] : core.storage.all(key.name))
    objects.push_back({key.name, name.first, name.second});
  for (const Key& one : objects) {
    const Value object = load(core, one);
    if (!object.is_null() && !object["metadata"].contains("deletionTimestamp"))
      destroy(core, one, object["metadata"]["uid"].get_string());
  }
  // The last one to go wakes this step again.
  if (core.storage.all(key.name).empty()) drop_finalizer(core, key, load(core, key), crd_finalizer);
}

}  // namespace weir::api::kube
