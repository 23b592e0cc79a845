// The StatefulSet, DaemonSet and Job controllers.
#include <algorithm>

#include "api/kube/workloads.hh"

namespace weir::api::kube {

namespace {

constexpr const char* revision_label = "controller-revision-hash";

void put_count(Value& status, const char* field, std::int64_t number) {
  if (number != 0) status.set(field, number);
}

void write_if_changed(Core& core, const Key& key, Value object, Value status) {
  if (object["status"] == status) return;
  object.set("status", std::move(status));
  save(core, key, object, "status");
}

// The claims of one replica of a StatefulSet; fills in the Pod's volumes.
void make_claims(Core& core, const Value& set, const std::string& pod_name, Value& pod) {
  for (const Value& claim : set["spec"]["volumeClaimTemplates"].items()) {
    const std::string base(claim["metadata"]["name"].get_string());
    const std::string name = base + "-" + pod_name;
    const std::string ns(set["metadata"]["namespace"].get_string());
    if (core.storage.find({"persistentvolumeclaims", ns, name}) == nullptr) {
      Value made = Value::object({{"apiVersion", "v1"}, {"kind", "PersistentVolumeClaim"}});
      made.set("metadata", Value::object({{"name", name},
                                          {"namespace", ns},
                                          {"labels", set["spec"]["selector"]["matchLabels"]}}));
      made.set("spec", claim["spec"]);
      make(core, "persistentvolumeclaims", made);
    }
    pod.entry("spec").entry("volumes").push_back(Value::object(
        {{"name", base}, {"persistentVolumeClaim", Value::object({{"claimName", name}})}}));
  }
}

}  // namespace

void step_stateful_set(Core& core, const Key& key) {
  const Value set = load(core, key);
  if (set.is_null() || set["metadata"].contains("deletionTimestamp")) return;
  const Value& spec = set["spec"];
  const std::int64_t wanted = spec["replicas"].get_int(1);
  const bool parallel = spec["podManagementPolicy"].get_string() == "Parallel";
  const std::string hash = template_hash(spec["template"]);
  const std::string revision = key.name + "-" + hash;
  std::map<std::string, Value> pods;
  for (auto& [pod_key, pod] : children(core, set, "pods")) pods.emplace(pod_key.name, pod);
  bool blocked = false;
  for (std::int64_t i = 0; i < wanted && (!blocked || parallel); ++i) {
    const std::string name = key.name + "-" + std::to_string(i);
    const auto found = pods.find(name);
    if (found != pods.end()) {
      blocked = blocked || !pod_ready(found->second) || !pod_active(found->second);
      continue;
    }
    Value pod = pod_from(set, spec["template"], name);
    Value& labels = pod.entry("metadata").entry("labels");
    labels.set(revision_label, revision);
    labels.set("statefulset.kubernetes.io/pod-name", name);
    labels.set("apps.kubernetes.io/pod-index", std::to_string(i));
    pod.entry("spec").set("hostname", name);
    if (spec.contains("serviceName")) pod.entry("spec").set("subdomain", spec["serviceName"]);
    make_claims(core, set, name, pod);
    make(core, "pods", pod);
    blocked = true;
  }
  std::int64_t replicas = 0;
  std::int64_t ready = 0;
  std::int64_t updated = 0;
  bool replaced = false;
  for (auto i = pods.rbegin(); i != pods.rend(); ++i) {
    const Value& pod = i->second;
    const std::int64_t ordinal =
        std::strtoll(i->first.substr(key.name.size() + 1).c_str(), nullptr, 10);
    const bool fresh = pod["metadata"]["labels"][revision_label].get_string() == revision;
    ++replicas;
    if (pod_ready(pod)) ++ready;
    if (fresh) ++updated;
    if (!pod_active(pod)) continue;
    const bool surplus = ordinal >= wanted;
    const bool outdated = !fresh && !blocked && !replaced &&
                          spec["updateStrategy"]["type"].get_string() != "OnDelete" &&
                          ordinal >= spec["updateStrategy"]["rollingUpdate"]["partition"].get_int();
    if (surplus || outdated) {
      replaced = true;
      destroy(core, {"pods", key.ns, i->first}, pod["metadata"]["uid"].get_string());
    }
  }
  Value status = Value::object({{"availableReplicas", ready}, {"collisionCount", 0}});
  put_count(status, "currentReplicas", updated);
  const bool rolled = updated == replicas && replicas == wanted;
  const Value was = set["status"]["currentRevision"];
  status.set("currentRevision", rolled || was.is_null() ? Value(revision) : was);
  status.set("observedGeneration", set["metadata"]["generation"]);
  put_count(status, "readyReplicas", ready);
  status.set("replicas", replicas);
  status.set("updateRevision", revision);
  put_count(status, "updatedReplicas", updated);
  write_if_changed(core, key, load(core, key), std::move(status));
}

void step_daemon_set(Core& core, const Key& key) {
  const Value set = load(core, key);
  if (set.is_null() || set["metadata"].contains("deletionTimestamp")) return;
  const std::string hash = template_hash(set["spec"]["template"]);
  std::int64_t have = 0;
  std::int64_t ready = 0;
  std::int64_t updated = 0;
  for (const auto& [pod_key, pod] : children(core, set, "pods")) {
    if (!pod_active(pod)) continue;
    const bool fresh = pod["metadata"]["labels"][revision_label].get_string() == hash;
    if (!fresh && set["spec"]["updateStrategy"]["type"].get_string() != "OnDelete") {
      destroy(core, pod_key, pod["metadata"]["uid"].get_string());
      continue;
    }
    ++have;
    if (fresh) ++updated;
    if (pod_ready(pod)) ++ready;
  }
  if (have == 0) {
    Value pod = pod_from(set, set["spec"]["template"], "");
    pod.entry("metadata").entry("labels").set(revision_label, hash);
    if (make(core, "pods", pod)) ++have, ++updated;
  }
  Value status = Value::object({{"currentNumberScheduled", have}, {"desiredNumberScheduled", 1}});
  put_count(status, "numberAvailable", ready);
  status.set("numberMisscheduled", 0);
  status.set("numberReady", ready);
  put_count(status, "numberUnavailable", 1 - ready);
  status.set("observedGeneration", set["metadata"]["generation"]);
  put_count(status, "updatedNumberScheduled", updated);
  write_if_changed(core, key, load(core, key), std::move(status));
}

void step_job(Core& core, const Key& key) {
  const Value job = load(core, key);
  if (job.is_null() || job["metadata"].contains("deletionTimestamp")) return;
  const Value& spec = job["spec"];
  const Value& was = job["status"];
  for (const Value& condition : was["conditions"].items()) {
    if (condition["type"].get_string() == "Complete" || condition["type"].get_string() == "Failed")
      return;
  }
  const std::int64_t completions = spec["completions"].get_int(1);
  std::int64_t succeeded = 0;
  std::int64_t active = 0;
  std::int64_t ready = 0;
  for (const auto& [pod_key, pod] : children(core, job, "pods")) {
    if (pod["status"]["phase"].get_string() == "Succeeded") ++succeeded;
    if (pod_active(pod)) ++active;
    if (pod_ready(pod)) ++ready;
  }
  const bool suspended = spec["suspend"].get_bool();
  const std::int64_t most = std::min(spec["parallelism"].get_int(1), completions - succeeded);
  while (!suspended && active < most && make(core, "pods", pod_from(job, spec["template"], "")))
    ++active;
  const std::string now = core.now_text();
  Value status = Value::object();
  put_count(status, "active", active);
  if (succeeded >= completions) {
    status.set("completionTime", now);
    const auto condition = [&](std::string_view type) {
      return Value::object({{"type", type},
                            {"status", "True"},
                            {"reason", "CompletionsReached"},
                            {"message", "Reached expected number of succeeded pods"},
                            {"lastProbeTime", now},
                            {"lastTransitionTime", now}});
    };
    status.set("conditions",
               Value::array({condition("SuccessCriteriaMet"), condition("Complete")}));
  }
  status.set("ready", ready);
  status.set("startTime", was.contains("startTime") ? was["startTime"] : Value(now));
  put_count(status, "succeeded", succeeded);
  status.set("terminating", 0);
  status.set("uncountedTerminatedPods", Value::object());
  write_if_changed(core, key, load(core, key), std::move(status));
}

}  // namespace weir::api::kube
