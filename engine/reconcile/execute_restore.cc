// Makes pruned objects again from what the log has kept of them.
#include <algorithm>
#include <map>
#include <thread>

#include "engine/apply/order.hh"
#include "engine/reconcile/executor.hh"
#include "engine/reconcile/flows.hh"
#include "engine/value/json.hh"

namespace weir::reconcile {
namespace {

constexpr std::string_view owner_labels[] = {"kustomize.toolkit.fluxcd.io/name",
                                             "kustomize.toolkit.fluxcd.io/namespace"};
constexpr int definition_wait_rounds = 100;  // of 100 ms

void erase_all(Value* object, std::initializer_list<std::string_view> names) {
  if (object == nullptr) return;
  for (const std::string_view name : names) object->erase(name);
}

// Members that the server or a controller has filled in, and that a new object must not carry.
void forget_server_fields(Value& object) {
  object.erase("status");
  Value* metadata = object.find_mut("metadata");
  erase_all(metadata,
            {"uid", "resourceVersion", "generation", "creationTimestamp", "deletionTimestamp",
             "deletionGracePeriodSeconds", "managedFields", "selfLink", "ownerReferences"});
  if (metadata == nullptr) return;
  erase_all(metadata->find_mut("annotations"),
            {"deployment.kubernetes.io/revision", "pv.kubernetes.io/bind-completed",
             "pv.kubernetes.io/bound-by-controller"});
  if (Value* labels = metadata->find_mut("labels"))
    for (const std::string_view label : owner_labels) labels->erase(label);
  for (const std::string_view name : {"annotations", "labels"})
    if ((*metadata)[name].is_object() && (*metadata)[name].empty()) metadata->erase(name);
}

constexpr std::string_view job_labels[] = {
    "controller-uid", "job-name", "batch.kubernetes.io/controller-uid",
    "batch.kubernetes.io/job-name"};

void forget_kind_fields(Value& object) {
  const std::string_view kind = object["kind"].get_string();
  Value* spec = object.find_mut("spec");
  if (spec == nullptr) return;
  if (kind == "Namespace") spec->erase("finalizers");
  if (kind == "PersistentVolumeClaim") spec->erase("volumeName");
  if (kind == "PersistentVolume") spec->erase("claimRef");
  if (kind == "Pod") spec->erase("nodeName");
  if (kind != "Job" || (*spec)["manualSelector"].get_bool()) return;
  spec->erase("selector");
  Value* pod = spec->find_mut("template");
  Value* pod_metadata = pod == nullptr ? nullptr : pod->find_mut("metadata");
  for (Value* metadata : {object.find_mut("metadata"), pod_metadata})
    if (Value* labels = metadata == nullptr ? nullptr : metadata->find_mut("labels"))
      for (const std::string_view label : job_labels) labels->erase(label);
}

// Addresses that somebody else may have by now.
bool forget_allocations(Value& object) {
  Value* spec = object.find_mut("spec");
  if (object["kind"].get_string() != "Service" || spec == nullptr) return false;
  if ((*spec)["clusterIP"].get_string() != "None")
    erase_all(spec, {"clusterIP", "clusterIPs", "healthCheckNodePort"});
  if (Value* ports = spec->find_mut("ports"))
    for (std::size_t i = 0; i < ports->size(); ++i) ports->item_mut(i).erase("nodePort");
  return true;
}

class Restore {
 public:
  Restore(const Ports& ports, const RestoreObjects& order) : ports_(ports), order_(order) {}

  ObjectsRestored run() {
    ObjectsRestored out;
    out.actor = order_.actor;
    std::vector<ObjectId> ids;
    std::map<ObjectId, const RestoreItem*> items;
    std::vector<RestoreItem> named = order_.items;
    for (RestoreItem& item : named) {
      if (item.id.empty()) item.id = pruned_object(item.pruned);
      ids.push_back(item.id);
      items[item.id] = &item;
    }
    apply::sort_for_apply(ids);
    bool defined = false;
    for (const ObjectId& id : ids) {
      const RestoreItem& item = *items[id];
      if (defined && apply::stage_of(id.gvk) != apply::Stage::definitions) {
        wait_for_definitions(out.changes);
        defined = false;
      }
      ObjectChange change = restore(item);
      defined = defined || (change.action == Action::created && change.error.empty() &&
                            id.gvk.kind == "CustomResourceDefinition");
      out.changes.push_back(std::move(change));
      out.pruned.push_back(item.pruned);
    }
    return out;
  }

 private:
  // Of an order that is taken up again: the event that says it was deleted names it.
  ObjectId pruned_object(std::uint64_t seq) const {
    ObjectId id;
    const auto read = ports_.log->replay(seq, [&](const event::Event& event) {
      if (event.seq == seq) id = event.subject.object;
      return false;
    });
    return read.ok() ? id : ObjectId{};
  }

  ObjectChange restore(const RestoreItem& item) {
    ObjectChange change;
    change.id = item.id;
    change.action = Action::created;
    auto manifest = read(item);
    if (!manifest.ok()) return failed(change, manifest.error());
    auto live = ports_.kube->get(item.id, order_.as);
    if (live.ok() && live->path("metadata", "deletionTimestamp").is_null()) {
      change.action = Action::skipped;
      change.note = "it is there";
      return change;
    }
    if (live.ok())
      return failed(change, make_error(Code::conflict, "the old one is still being deleted"));
    if (live.error().code != Code::not_found) return failed(change, live.error());
    auto stored = store_manifest(*ports_.log, *manifest);
    if (!stored.ok()) return failed(change, stored.error());
    change.manifest_blob = stored->second;
    auto made = apply(*manifest);
    if (!made.ok()) return failed(change, made.error());
    change.facts.resource_version = made->path("metadata", "resourceVersion").get_string();
    return change;
  }

  ObjectChange failed(ObjectChange& change, const Error& error) const {
    change.error = change.id.subject() + " was not restored: " + error.message;
    return std::move(change);
  }

  Result<Value> read(const RestoreItem& item) const {
    WEIR_TRY(const std::string bytes, ports_.log->get_blob(item.blob));
    auto manifest = value::parse_json(bytes);
    // The parser's text is not passed on: it may quote the bytes.
    if (!manifest.ok()) return make_error(Code::corrupt, "the manifest kept of it does not parse");
    forget_server_fields(*manifest);
    forget_kind_fields(*manifest);
    return manifest;
  }

  Result<Value> apply(Value& manifest) {
    WriteOptions options;
    options.as = order_.as;
    options.field_manager = order_.manager;
    options.force = true;
    auto made = ports_.kube->apply(manifest, options);
    if (made.ok() || made.error().code != Code::invalid || !forget_allocations(manifest))
      return made;
    return ports_.kube->apply(manifest, options);
  }

  // What they define can be made only when the server serves it.
  void wait_for_definitions(const std::vector<ObjectChange>& changes) {
    for (const ObjectChange& change : changes) {
      if (change.id.gvk.kind != "CustomResourceDefinition" || !change.error.empty()) continue;
      for (int round = 0; round < definition_wait_rounds; ++round) {
        const auto live = ports_.kube->get(change.id, order_.as);
        if (live.ok() && is_established(*live)) break;
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
      }
    }
  }

  static bool is_established(const Value& definition) {
    const auto conditions = definition.path("status", "conditions").items();
    return std::any_of(conditions.begin(), conditions.end(), [](const Value& condition) {
      return condition["type"].get_string() == "Established" &&
             condition["status"].get_string() == "True";
    });
  }

  const Ports& ports_;
  const RestoreObjects& order_;
};

}  // namespace

OutcomeBody Executor::run(const ObjectId&, const KeepLive& keep) {
  auto stored = store_live(*ports_.log, keep.object);
  if (!stored.ok()) return Done{};  // the log is in trouble, which says so itself
  const Value& version = keep.object.path("metadata", "resourceVersion");
  return LiveKept{ObjectId::of(keep.object), *stored, std::string(version.get_string()),
                  keep.health, keep.message};
}

OutcomeBody Executor::run(const ObjectId&, const RestoreObjects& order) {
  return Restore(ports_, order).run();
}

}  // namespace weir::reconcile
