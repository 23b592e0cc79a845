// The scheduler and the kubelet: Pods come up, fail where they are told to, end where they are
// Jobs'. Endpoints and volume claims follow.
#include <algorithm>

#include "api/kube/workloads.hh"

namespace weir::api::kube {

namespace {

constexpr std::string_view fail_note = "sim.weir.dev/fail";

// "" or the reason its containers wait with.
std::string failure_of(const Value& pod) {
  const std::string_view told = pod["metadata"]["annotations"][fail_note].get_string();
  if (!told.empty()) return std::string(told);
  for (const Value& container : pod["spec"]["containers"].items()) {
    if (container["image"].get_string().find(":does-not-exist") != std::string_view::npos)
      return "ImagePullBackOff";
  }
  return "";
}

Value condition(std::string_view type, bool holds, const std::string& now,
                std::string_view reason = {}, std::string_view message = {}) {
  Value made = Value::object({{"type", type},
                              {"status", holds ? "True" : "False"},
                              {"lastProbeTime", Value()},
                              {"lastTransitionTime", now}});
  if (!reason.empty()) made.set("reason", reason);
  if (!message.empty()) made.set("message", message);
  return made;
}

Value container_status(const Value& container, const std::string& now, const std::string& failure,
                       bool done) {
  Value state;
  const std::string image(container["image"].get_string());
  if (failure.empty() && done) {
    state = Value::object({{"terminated", Value::object({{"exitCode", 0},
                                                         {"reason", "Completed"},
                                                         {"startedAt", now},
                                                         {"finishedAt", now}})}});
  } else if (failure.empty()) {
    state = Value::object({{"running", Value::object({{"startedAt", now}})}});
  } else {
    const std::string message = failure == "CrashLoopBackOff"
                                    ? "back-off 10s restarting failed container=" +
                                          std::string(container["name"].get_string())
                                    : "Back-off pulling image \"" + image + "\"";
    state =
        Value::object({{"waiting", Value::object({{"reason", failure}, {"message", message}})}});
  }
  return Value::object({{"image", image},
                        {"imageID", ""},
                        {"lastState", Value::object()},
                        {"name", container["name"]},
                        {"ready", failure.empty() && !done},
                        {"restartCount", failure == "CrashLoopBackOff" ? 1 : 0},
                        {"started", failure.empty() && !done},
                        {"state", std::move(state)}});
}

std::string pod_address(const Value& pod) {
  std::uint32_t hash = 2166136261u;
  for (const char c : pod["metadata"]["uid"].get_string())
    hash = (hash ^ static_cast<unsigned char>(c)) * 16777619u;
  return "10.244." + std::to_string(hash % 254 + 1) + "." + std::to_string(hash / 254 % 254 + 1);
}

void write_pod_status(Core& core, const Key& key, Value pod, const std::string& failure,
                      bool done) {
  const std::string now = core.now_text();
  const bool up = failure.empty() && !done;
  Value containers = Value::array();
  std::string names;
  for (const Value& container : pod["spec"]["containers"].items()) {
    containers.push_back(container_status(container, now, failure, done));
    names += (names.empty() ? "" : " ") + std::string(container["name"].get_string());
  }
  Value status = pod["status"];
  Value& conditions = status.entry("conditions");
  if (conditions.is_null()) conditions = Value::array();
  const std::string unready = "containers with unready status: [" + names + "]";
  for (const char* type :
       {"PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled"}) {
    const bool readiness =
        std::string_view(type) == "Ready" || std::string_view(type) == "ContainersReady";
    const bool holds = readiness ? up : true;
    set_condition(conditions,
                  holds ? condition(type, true, now)
                        : condition(type, false, now, done ? "PodCompleted" : "ContainersNotReady",
                                    done ? "" : unready),
                  now);
  }
  status.set("containerStatuses", std::move(containers));
  status.set("hostIP", "127.0.0.1");
  status.set("hostIPs", Value::array({Value::object({{"ip", "127.0.0.1"}})}));
  status.set("phase", done                                               ? "Succeeded"
                      : failure.empty() || failure == "CrashLoopBackOff" ? "Running"
                                                                         : "Pending");
  const std::string address = pod_address(pod);
  status.set("podIP", address);
  status.set("podIPs", Value::array({Value::object({{"ip", address}})}));
  if (!status.contains("startTime")) status.set("startTime", now);
  status.set("observedGeneration", pod["metadata"]["generation"]);
  pod.set("status", std::move(status));
  save(core, key, pod, "status", "kubelet");
}

bool runs_to_end(const Value& pod) { return pod["spec"]["restartPolicy"].get_string() != "Always"; }

bool started(const Value& pod) { return !pod["status"]["containerStatuses"].empty(); }

}  // namespace

void step_pod(Core& core, const Key& key) {
  Value pod = load(core, key);
  if (pod.is_null()) return;
  if (pod["metadata"].contains("deletionTimestamp")) {
    Call call = core.internal(Verb::remove, core.registry.find("", "v1", "pods"), key);
    call.grace_seconds = 0;
    (void)core.execute(call);
    return;
  }
  if (pod["spec"]["nodeName"].get_string().empty()) {
    pod.entry("spec").set("nodeName", "weir-node");
    if (!save(core, key, pod, "", "kube-scheduler")) return;
    pod = load(core, key);
  }
  if (!started(pod)) core.schedule({"podstart", key}, core.options.pod_start_delay);
}

void step_pod_start(Core& core, const Key& key) {
  const Value pod = load(core, key);
  if (pod.is_null() || pod["metadata"].contains("deletionTimestamp") || started(pod)) return;
  const std::string failure = failure_of(pod);
  write_pod_status(core, key, pod, failure, false);
  if (failure.empty() && runs_to_end(pod))
    core.schedule({"podfinish", key}, core.options.pod_start_delay);
}

void step_pod_finish(Core& core, const Key& key) {
  const Value pod = load(core, key);
  if (pod.is_null() || pod["metadata"].contains("deletionTimestamp")) return;
  if (pod["status"]["phase"].get_string() == "Running") write_pod_status(core, key, pod, "", true);
}

namespace {

Value put_object(std::string_view api_version, std::string_view kind, const Key& key,
                 const Value& labels) {
  Value metadata = Value::object({{"name", key.name}, {"namespace", key.ns}});
  if (!labels.empty()) metadata.set("labels", labels);
  return Value::object(
      {{"apiVersion", api_version}, {"kind", kind}, {"metadata", std::move(metadata)}});
}

// Creates the object, or makes the stored one equal to it in the given members.
void ensure(Core& core, const Key& key, const Value& wanted,
            std::initializer_list<const char*> members) {
  const Value had = load(core, key);
  if (had.is_null()) {
    make(core, key.set, wanted);
    return;
  }
  Value next = had;
  for (const char* member : members) {
    if (wanted.contains(member)) {
      next.set(member, wanted[member]);
    } else {
      next.erase(member);
    }
  }
  if (!(next == had)) save(core, key, next, "");
}

std::int64_t port_number(const Value& target, const Value& pod) {
  if (target.is_integer()) return target.get_int();
  for (const Value& container : pod["spec"]["containers"].items()) {
    for (const Value& port : container["ports"].items()) {
      if (port["name"] == target) return port["containerPort"].get_int();
    }
  }
  return 0;
}

}  // namespace

void step_endpoints(Core& core, const Key& key) {
  const Value service = load(core, key);
  if (service.is_null() || service["metadata"].contains("deletionTimestamp")) return;
  const Value& selector = service["spec"]["selector"];
  if (selector.empty()) return;
  const Selector wanted = Selector::of(Value::object({{"matchLabels", selector}}));
  Value addresses = Value::array();
  Value slice_points = Value::array();
  Value any_pod;
  for (const auto& [name, pod] : core.storage.all("pods")) {
    if (name.first != key.ns || !wanted.matches_labels(pod["metadata"]["labels"]) ||
        !pod_ready(pod))
      continue;
    any_pod = pod;
    const Value target = Value::object({{"kind", "Pod"},
                                        {"name", name.second},
                                        {"namespace", name.first},
                                        {"uid", pod["metadata"]["uid"]}});
    addresses.push_back(Value::object(
        {{"ip", pod["status"]["podIP"]}, {"nodeName", "weir-node"}, {"targetRef", target}}));
    slice_points.push_back(Value::object(
        {{"addresses", Value::array({pod["status"]["podIP"]})},
         {"conditions",
          Value::object({{"ready", true}, {"serving", true}, {"terminating", false}})},
         {"nodeName", "weir-node"},
         {"targetRef", target}}));
  }
  Value ports = Value::array();
  for (const Value& port : service["spec"]["ports"].items()) {
    Value one = Value::object();
    if (port.contains("name")) one.set("name", port["name"]);
    one.set("port", port_number(port["targetPort"], any_pod));
    one.set("protocol", port["protocol"]);
    ports.push_back(std::move(one));
  }
  Value endpoints =
      put_object("v1", "Endpoints", {"endpoints", key.ns, key.name}, service["metadata"]["labels"]);
  if (!addresses.empty()) {
    endpoints.set("subsets",
                  Value::array({Value::object({{"addresses", addresses}, {"ports", ports}})}));
  }
  endpoints.entry("metadata").set("ownerReferences", Value::array({owner_reference(service)}));
  ensure(core, {"endpoints", key.ns, key.name}, endpoints, {"subsets"});
  const Key slice_key{"endpointslices.discovery.k8s.io", key.ns, key.name + "-weir"};
  Value slice = put_object("discovery.k8s.io/v1", "EndpointSlice", slice_key,
                           Value::object({{"kubernetes.io/service-name", key.name},
                                          {"endpointslice.kubernetes.io/managed-by",
                                           "endpointslice-controller.k8s.io"}}));
  slice.set("addressType", "IPv4");
  slice.set("endpoints", std::move(slice_points));
  slice.set("ports", std::move(ports));
  slice.entry("metadata").set("ownerReferences", Value::array({owner_reference(service)}));
  ensure(core, slice_key, slice, {"endpoints", "ports"});
}

void step_claim(Core& core, const Key& key) {
  Value claim = load(core, key);
  if (claim.is_null() || claim["metadata"].contains("deletionTimestamp")) return;
  if (claim["status"]["phase"].get_string() == "Bound") return;
  const std::string volume = "pvc-" + std::string(claim["metadata"]["uid"].get_string());
  const Value& spec = claim["spec"];
  if (spec["volumeName"].get_string().empty()) {
    const Value capacity = Value::object({{"storage", spec["resources"]["requests"]["storage"]}});
    Value made = Value::object({{"apiVersion", "v1"},
                                {"kind", "PersistentVolume"},
                                {"metadata", Value::object({{"name", volume}})}});
    made.set("spec",
             Value::object({{"accessModes", spec["accessModes"]},
                            {"capacity", capacity},
                            {"claimRef", Value::object({{"kind", "PersistentVolumeClaim"},
                                                        {"namespace", key.ns},
                                                        {"name", key.name},
                                                        {"uid", claim["metadata"]["uid"]}})},
                            {"hostPath", Value::object({{"path", "/var/lib/weir/" + volume}})},
                            {"persistentVolumeReclaimPolicy", "Delete"},
                            {"storageClassName", spec["storageClassName"].get_string("standard")},
                            {"volumeMode", "Filesystem"}}));
    make(core, "persistentvolumes", made);
    claim.entry("spec").set("volumeName", volume);
    if (!spec.contains("storageClassName")) claim.entry("spec").set("storageClassName", "standard");
    save(core, key, claim, "");
    claim = load(core, key);
  }
  claim.set(
      "status",
      Value::object(
          {{"phase", "Bound"},
           {"accessModes", claim["spec"]["accessModes"]},
           {"capacity",
            Value::object({{"storage", claim["spec"]["resources"]["requests"]["storage"]}})}}));
  save(core, key, claim, "status");
  Value bound = load(core, {"persistentvolumes", "", volume});
  if (bound.is_null()) return;
  bound.set("status", Value::object({{"phase", "Bound"}}));
  save(core, {"persistentvolumes", "", volume}, bound, "status");
}

}  // namespace weir::api::kube
