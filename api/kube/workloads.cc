#include "api/kube/workloads.hh"

#include <algorithm>

#include "engine/base/digest.hh"
#include "engine/value/json.hh"

namespace weir::api::kube {

namespace {

using Step = void (*)(Core&, const Key&);

const std::map<std::string_view, Step>& steps() {
  static const std::map<std::string_view, Step> table = {{"deployment", step_deployment},
                                                         {"replicaset", step_replica_set},
                                                         {"statefulset", step_stateful_set},
                                                         {"daemonset", step_daemon_set},
                                                         {"job", step_job},
                                                         {"pod", step_pod},
                                                         {"podstart", step_pod_start},
                                                         {"podfinish", step_pod_finish},
                                                         {"endpoints", step_endpoints},
                                                         {"claim", step_claim},
                                                         {"namespace", step_namespace},
                                                         {"definition", step_definition},
                                                         {"collect", step_collect},
                                                         {"orphaned", step_orphaned}};
  return table;
}

// Which controller looks after the objects of a set.
std::string_view controller_of(std::string_view set) {
  static const std::map<std::string_view, std::string_view> table = {
      {deployments_set, "deployment"},
      {replica_sets_set, "replicaset"},
      {stateful_sets_set, "statefulset"},
      {daemon_sets_set, "daemonset"},
      {jobs_set, "job"},
      {"pods", "pod"},
      {"services", "endpoints"},
      {"persistentvolumeclaims", "claim"}};
  const auto found = table.find(set);
  return found == table.end() ? std::string_view() : found->second;
}

std::string set_of_kind(std::string_view kind) {
  static const std::map<std::string_view, std::string_view> table = {
      {"Deployment", deployments_set},
      {"ReplicaSet", replica_sets_set},
      {"StatefulSet", stateful_sets_set},
      {"DaemonSet", daemon_sets_set},
      {"Job", jobs_set}};
  const auto found = table.find(kind);
  return found == table.end() ? std::string() : std::string(found->second);
}

void wake_controller(Core& core, std::string_view set, const Key& key) {
  const std::string_view controller = controller_of(set);
  if (controller.empty()) return;
  core.schedule({std::string(controller), {std::string(set), key.ns, key.name}},
                core.options.step_delay);
}

void wake_owners(Core& core, const Key& key, const Value& object) {
  for (const Value& owner : object["metadata"]["ownerReferences"].items()) {
    const std::string set = set_of_kind(owner["kind"].get_string());
    if (!set.empty())
      wake_controller(core, set, {set, key.ns, std::string(owner["name"].get_string())});
  }
}

void wake_services(Core& core, const Key& key, const Value& pod) {
  for (const auto& [name, service] : core.storage.all("services")) {
    if (name.first != key.ns) continue;
    const Value& selector = service["spec"]["selector"];
    if (selector.empty()) continue;
    if (Selector::of(Value::object({{"matchLabels", selector}}))
            .matches_labels(pod["metadata"]["labels"])) {
      core.schedule({"endpoints", {"services", name.first, name.second}}, core.options.step_delay);
    }
  }
}

}  // namespace

void Workloads::trigger(Core& core, const Key& key, const Value& object) {
  const Value& metadata = object["metadata"];
  if (metadata.contains("deletionTimestamp")) {
    if (key.set == "namespaces") core.schedule({"namespace", key}, core.options.step_delay);
    if (key.set == crds_set) core.schedule({"definition", key}, core.options.step_delay);
    for (const Value& finalizer : metadata["finalizers"].items()) {
      if (finalizer.get_string() == "foregroundDeletion" || finalizer.get_string() == "orphan") {
        core.schedule({"collect", key}, core.options.step_delay);
      }
    }
  }
  if (core.options.simulate_workloads) wake_controller(core, key.set, key);
}

void Workloads::observe(Core& core, const Change& change) {
  const Value& object = change.object;
  if (change.type == Change::Type::deleted) {
    const std::string uid(object["metadata"]["uid"].get_string());
    if (!core.storage.dependents(uid).empty()) {
      core.schedule({"orphaned", {"", "", uid}}, core.options.step_delay);
    }
    if (!change.key.ns.empty()) {
      const Value* ns = core.storage.find({"namespaces", "", change.key.ns});
      if (ns != nullptr) trigger(core, {"namespaces", "", change.key.ns}, *ns);
    }
    const Key definition{std::string(crds_set), "", change.key.set};
    if (const Value* crd = core.storage.find(definition)) trigger(core, definition, *crd);
    for (const Value& owner : object["metadata"]["ownerReferences"].items()) {
      if (!owner["blockOwnerDeletion"].get_bool()) continue;
      const Kind kind = core.registry.find(
          Gvk::from(owner["apiVersion"].get_string(), owner["kind"].get_string()));
      if (kind == nullptr) continue;
      core.schedule({"collect",
                     {kind->set, kind->namespaced ? change.key.ns : "",
                      std::string(owner["name"].get_string())}},
                    core.options.step_delay);
    }
  } else {
    trigger(core, change.key, object);
    // An object made for an owner that is already gone goes as well.
    if (change.type == Change::Type::added) {
      for (const Value& owner : object["metadata"]["ownerReferences"].items()) {
        core.schedule({"orphaned", {"", "", std::string(owner["uid"].get_string())}},
                      std::chrono::seconds(1));
      }
    }
  }
  if (!core.options.simulate_workloads) return;
  wake_owners(core, change.key, object);
  if (change.key.set == "pods") wake_services(core, change.key, object);
}

void Workloads::run(Core& core, const Task& task) {
  const auto found = steps().find(task.controller);
  if (found != steps().end()) found->second(core, task.key);
}

// --- helpers
// ----------------------------------------------------------------------------------------

Value load(Core& core, const Key& key) {
  const Value* stored = core.storage.find(key);
  return stored == nullptr ? Value() : *stored;
}

bool save(Core& core, const Key& key, const Value& object, std::string_view subresource,
          std::string_view manager) {
  const Kind kind = core.registry.find(Gvk::of(object));
  if (kind == nullptr) return false;
  Call call = core.internal(Verb::update, kind, key);
  call.subresource = subresource;
  call.field_manager = manager;
  call.body = object;
  return core.execute(call).ok();
}

bool make(Core& core, std::string_view set, const Value& object, std::string_view manager) {
  const Kind kind = core.registry.find(Gvk::of(object));
  if (kind == nullptr) return false;
  Call call = core.internal(
      Verb::create, kind,
      {std::string(set), std::string(object["metadata"]["namespace"].get_string()), ""});
  call.field_manager = manager;
  call.body = object;
  return core.execute(call).ok();
}

bool destroy(Core& core, const Key& key, std::string_view uid) {
  const Value* stored = core.storage.find(key);
  if (stored == nullptr) return false;
  const Kind kind = core.registry.find(Gvk::of(*stored));
  if (kind == nullptr) return false;
  Call call = core.internal(Verb::remove, kind, key);
  call.precondition_uid = uid;
  call.propagation = "Background";
  return core.execute(call).ok();
}

Value owner_reference(const Value& owner) {
  return Value::object({{"apiVersion", owner["apiVersion"]},
                        {"kind", owner["kind"]},
                        {"name", owner["metadata"]["name"]},
                        {"uid", owner["metadata"]["uid"]},
                        {"controller", true},
                        {"blockOwnerDeletion", true}});
}

std::vector<std::pair<Key, Value>> children(Core& core, const Value& owner, std::string_view set) {
  std::vector<std::pair<Key, Value>> found;
  for (const Key& key : core.storage.dependents(owner["metadata"]["uid"].get_string())) {
    if (key.set != set) continue;
    if (const Value* child = core.storage.find(key)) found.emplace_back(key, *child);
  }
  return found;
}

bool set_condition(Value& conditions, Value condition, const std::string& now) {
  if (conditions.is_null()) conditions = Value::array();
  for (std::size_t i = 0; i < conditions.size(); ++i) {
    const Value& had = conditions.at(i);
    if (!(had["type"] == condition["type"])) continue;
    const bool same_status = had["status"] == condition["status"];
    if (same_status && had["reason"] == condition["reason"] &&
        had["message"] == condition["message"])
      return false;
    condition.set("lastTransitionTime", same_status ? had["lastTransitionTime"] : Value(now));
    conditions.item_mut(i) = std::move(condition);
    return true;
  }
  condition.set("lastTransitionTime", now);
  conditions.push_back(std::move(condition));
  return true;
}

bool pod_ready(const Value& pod) {
  for (const Value& condition : pod["status"]["conditions"].items()) {
    if (condition["type"].get_string() == "Ready")
      return condition["status"].get_string() == "True";
  }
  return false;
}

bool pod_active(const Value& pod) {
  const std::string_view phase = pod["status"]["phase"].get_string();
  return phase != "Succeeded" && phase != "Failed" &&
         !pod["metadata"].contains("deletionTimestamp");
}

std::string template_hash(const Value& pod_template) {
  constexpr std::string_view letters = "bcdf456789";
  const base::Digest digest = base::sha256(value::write_json(pod_template));
  std::string out;
  for (std::size_t i = 0; i < 10; ++i) out.push_back(letters[digest.bytes[i] % letters.size()]);
  return out;
}

Value pod_from(const Value& owner, const Value& pod_template, const std::string& name) {
  Value pod = Value::object({{"apiVersion", "v1"}, {"kind", "Pod"}});
  Value& metadata = pod.entry("metadata");
  metadata = Value::object();
  for (const char* field : {"labels", "annotations"}) {
    if (const Value* present = pod_template["metadata"].find(field)) metadata.set(field, *present);
  }
  const std::string base(owner["metadata"]["name"].get_string());
  if (name.empty()) {
    metadata.set("generateName", base + "-");
  } else {
    metadata.set("name", name);
  }
  metadata.set("namespace", owner["metadata"]["namespace"]);
  metadata.set("ownerReferences", Value::array({owner_reference(owner)}));
  pod.set("spec", pod_template["spec"]);
  return pod;
}

std::int64_t scaled(const Value& amount, std::int64_t total, bool round_up) {
  if (amount.is_integer()) return amount.get_int();
  const std::string text(amount.get_string("0%"));
  const std::int64_t percent = std::strtoll(text.c_str(), nullptr, 10);
  return (total * percent + (round_up ? 99 : 0)) / 100;
}

}  // namespace weir::api::kube
