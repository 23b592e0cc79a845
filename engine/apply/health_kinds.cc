#include "engine/apply/health_kinds.hh"

#include <climits>

#include "engine/model/condition.hh"

namespace weir::apply {
namespace {

Health in_progress(std::string message) {
  return {HealthStatus::in_progress, std::move(message)};
}
Health current(std::string message) { return {HealthStatus::current, std::move(message)}; }
Health failed(std::string message) { return {HealthStatus::failed, std::move(message)}; }

std::string ratio(std::string_view what, std::int64_t have, std::int64_t want) {
  return std::string(what) + ": " + std::to_string(have) + "/" + std::to_string(want);
}

std::int64_t number(const Value& object, std::string_view field, std::int64_t fallback = 0) {
  return object[field].get_int(fallback);
}

const Value& condition_of(const Value& object, std::string_view type) {
  static const Value none;
  const Value* found = model::find_condition(object["status"]["conditions"], type);
  return found == nullptr ? none : *found;
}

Health deployment_health(const Value& object, base::TimeUs) {
  const Value& spec = object["spec"];
  const Value& status = object["status"];
  const std::int64_t wanted = number(spec, "replicas", 1);
  const std::int64_t replicas = number(status, "replicas");
  const std::int64_t updated = number(status, "updatedReplicas");
  const std::int64_t ready = number(status, "readyReplicas");
  const std::int64_t available = number(status, "availableReplicas");
  const std::int64_t deadline = number(spec, "progressDeadlineSeconds", INT32_MAX);
  const Value& progressing = condition_of(object, "Progressing");
  const std::string_view reason = progressing["reason"].get_string();
  if (reason == "ProgressDeadlineExceeded") return failed("progress deadline exceeded");
  if (wanted > replicas) return in_progress(ratio("Replicas", replicas, wanted));
  if (wanted > updated) return in_progress(ratio("Updated", updated, wanted));
  if (replicas > wanted) {
    return in_progress("Pending termination: " + std::to_string(replicas - wanted));
  }
  if (updated > available) return in_progress(ratio("Available", available, updated));
  if (wanted > ready) return in_progress(ratio("Ready", ready, wanted));
  const bool rolled_out = progressing["status"].get_string() == "True" &&
                          reason == "NewReplicaSetAvailable";
  if (!rolled_out && deadline != INT32_MAX) return in_progress("ReplicaSet not Available");
  if (object_condition(object, "Available") != "True") {
    return in_progress("Deployment not Available");
  }
  return current("Deployment is available. Replicas: " + std::to_string(replicas));
}

Health stateful_set_health(const Value& object, base::TimeUs) {
  const Value& spec = object["spec"];
  const Value& status = object["status"];
  if (spec["updateStrategy"]["type"].get_string() == "OnDelete") {
    return current("StatefulSet is using the ondelete update strategy");
  }
  const std::int64_t wanted = number(spec, "replicas", 1);
  const std::int64_t replicas = number(status, "replicas");
  const std::int64_t ready = number(status, "readyReplicas");
  const std::int64_t updated = number(status, "updatedReplicas");
  const std::int64_t at_current = number(status, "currentReplicas");
  if (wanted > replicas) return in_progress(ratio("Replicas", replicas, wanted));
  if (wanted > ready) return in_progress(ratio("Ready", ready, wanted));
  if (replicas > wanted) {
    return in_progress("Pending termination: " + std::to_string(replicas - wanted));
  }
  const std::int64_t partition =
      number(spec["updateStrategy"]["rollingUpdate"], "partition", 0);
  if (partition > 0) {
    if (updated < wanted - partition) {
      return in_progress("updated: " + std::to_string(updated) + "/" +
                         std::to_string(wanted - partition));
    }
    return current("Partition rollout complete. updated: " + std::to_string(updated));
  }
  if (wanted > at_current) return in_progress(ratio("current", at_current, wanted));
  if (status["currentRevision"] != status["updateRevision"]) {
    return in_progress("Waiting for updated revision to match current");
  }
  return current("All replicas scheduled as expected. Replicas: " + std::to_string(replicas));
}

Health daemon_set_health(const Value& object, base::TimeUs) {
  const Value& status = object["status"];
  if (!status.contains("observedGeneration") || !object["metadata"].contains("generation")) {
    return in_progress("Controller has not observed the latest change yet");
  }
  if (!status.contains("desiredNumberScheduled")) {
    return in_progress("Missing .status.desiredNumberScheduled");
  }
  const std::int64_t wanted = number(status, "desiredNumberScheduled");
  static constexpr std::pair<std::string_view, std::string_view> counts[] = {
      {"Current", "currentNumberScheduled"},
      {"Updated", "updatedNumberScheduled"},
      {"Available", "numberAvailable"},
      {"Ready", "numberReady"}};
  for (const auto& [name, field] : counts) {
    if (wanted > number(status, field)) {
      return in_progress(ratio(name, number(status, field), wanted));
    }
  }
  return current("All replicas scheduled as expected. Replicas: " + std::to_string(wanted));
}

Health replica_set_health(const Value& object, base::TimeUs) {
  const Value& status = object["status"];
  const std::int64_t wanted = number(object["spec"], "replicas", 1);
  if (object_condition(object, "ReplicaFailure") == "True") {
    return in_progress("Replica Failure condition. Check Pods");
  }
  static constexpr std::pair<std::string_view, std::string_view> counts[] = {
      {"Labelled", "fullyLabeledReplicas"},
      {"Available", "availableReplicas"},
      {"Ready", "readyReplicas"}};
  for (const auto& [name, field] : counts) {
    if (wanted > number(status, field)) {
      return in_progress(ratio(name, number(status, field), wanted));
    }
  }
  const std::int64_t replicas = number(status, "replicas");
  if (replicas > wanted) {
    return in_progress("Pending termination: " + std::to_string(replicas - wanted));
  }
  return current("ReplicaSet is available. Replicas: " + std::to_string(replicas));
}

Health job_health(const Value& object, base::TimeUs) {
  if (object["spec"]["suspend"].get_bool()) return current("Job is suspended");
  if (object_condition(object, "Complete") == "True") return current("Job Completed");
  const Value& failure = condition_of(object, "Failed");
  if (failure["status"].get_string() == "True") {
    return failed("Job Failed: " + std::string(failure["message"].get_string()));
  }
  return in_progress("Job in progress");
}

Health definition_health(const Value& object, base::TimeUs) {
  const Value& names = condition_of(object, "NamesAccepted");
  if (names["status"].get_string() == "False") {
    return failed(std::string(names["message"].get_string()));
  }
  const Value& established = condition_of(object, "Established");
  const std::string_view status = established["status"].get_string();
  if (status == "False" && established["reason"].get_string() != "Installing") {
    return failed(std::string(established["message"].get_string()));
  }
  return status == "True" ? current("CRD is established") : in_progress("Install in progress");
}

Health claim_health(const Value& object, base::TimeUs) {
  const std::string_view phase = object["status"]["phase"].get_string();
  if (phase == "Bound") return current("PVC is Bound");
  return in_progress("PVC is not Bound. phase: " + std::string(phase));
}

Health service_health(const Value& object, base::TimeUs) {
  const Value& spec = object["spec"];
  if (spec["type"].get_string() == "LoadBalancer" && spec["clusterIP"].get_string().empty()) {
    return in_progress("ClusterIP not set. Service type: LoadBalancer");
  }
  return current("Service is ready");
}

Health always_current(const Value&, base::TimeUs) { return current("Resource is always ready"); }

struct KindRow {
  std::string_view group;
  std::string_view kind;
  KindHealth health;
};

constexpr KindRow kind_rows[] = {
    {"apps", "Deployment", deployment_health},
    {"extensions", "Deployment", deployment_health},
    {"apps", "StatefulSet", stateful_set_health},
    {"apps", "DaemonSet", daemon_set_health},
    {"extensions", "DaemonSet", daemon_set_health},
    {"apps", "ReplicaSet", replica_set_health},
    {"extensions", "ReplicaSet", replica_set_health},
    {"", "Pod", pod_health},
    {"batch", "Job", job_health},
    {"batch", "CronJob", always_current},
    {"apiextensions.k8s.io", "CustomResourceDefinition", definition_health},
    {"", "PersistentVolumeClaim", claim_health},
    {"", "Service", service_health},
    {"", "Secret", always_current},
    {"", "ConfigMap", always_current},
    {"policy", "PodDisruptionBudget", always_current},
};

// A container that cannot stay up: its name, or "".
std::string crash_looping_container(const Value& pod) {
  for (std::string_view list : {"initContainerStatuses", "containerStatuses"}) {
    for (const Value& container : pod["status"][list].items()) {
      if (container["state"]["waiting"]["reason"].get_string() == "CrashLoopBackOff") {
        return std::string(container["name"].get_string());
      }
    }
  }
  return "";
}

Health pending_pod_health(const Value& pod, base::TimeUs now) {
  const Value& scheduled = condition_of(pod, "PodScheduled");
  const bool unschedulable = scheduled["status"].get_string() == "False" &&
                             scheduled["reason"].get_string() == "Unschedulable";
  if (!unschedulable) return in_progress("Pod is in the Pending phase");
  constexpr base::TimeUs grace = 15'000'000;
  const Result<base::TimeUs> created =
      base::parse_rfc3339(pod["metadata"]["creationTimestamp"].get_string());
  if (!created.ok() || now - *created < grace) {
    return in_progress("Pod has not been scheduled");
  }
  return failed("Pod could not be scheduled");
}

}  // namespace

std::string_view object_condition(const Value& object, std::string_view type) {
  return model::condition_status(object["status"]["conditions"], type);
}

Health pod_health(const Value& pod, base::TimeUs now) {
  const std::string_view phase = pod["status"]["phase"].get_string();
  if (phase == "Succeeded") return current("Pod has completed successfully");
  if (phase == "Failed") return current("Pod has completed, but not successfully");
  if (phase == "Running") {
    if (object_condition(pod, "Ready") == "True") return current("Pod is Ready");
    const std::string container = crash_looping_container(pod);
    if (!container.empty()) return failed("Containers in CrashLoop state: " + container);
    return in_progress("Pod is running but is not Ready");
  }
  if (phase == "Pending") return pending_pod_health(pod, now);
  return in_progress("Pod phase not available");
}

KindHealth find_kind_health(const Gvk& gvk) {
  for (const KindRow& row : kind_rows) {
    if (row.kind == gvk.kind && row.group == gvk.group) return row.health;
  }
  return nullptr;
}

}  // namespace weir::apply
