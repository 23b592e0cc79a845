#include "engine/apply/legacy_ready.hh"

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

namespace weir::apply {
namespace {

bool has_condition(const Value& live, std::string_view type, std::string_view status) {
  const auto conditions = live.path("status", "conditions").items();
  return std::any_of(conditions.begin(), conditions.end(), [&](const Value& condition) {
    return condition["type"].get_string() == type && condition["status"].get_string() == status;
  });
}

bool is_observed(const Value& live) {
  return live.path("status", "observedGeneration").get_int() ==
         live.path("metadata", "generation").get_int();
}

// "25%" of `total`, or a number as it is.
std::int64_t scaled(const Value& value, std::int64_t total, bool up) {
  const std::string text(value.get_string());
  if (!text.ends_with('%')) return value.get_int();
  std::int64_t percent = 0;
  for (const char c : text.substr(0, text.size() - 1))
    if (c >= '0' && c <= '9' && percent < 1000) percent = percent * 10 + (c - '0');
  return (percent * total + (up ? 99 : 0)) / 100;
}

bool is_deployment_ready(const Value& live) {
  if (live.path("spec", "paused").get_bool()) return true;
  if (!is_observed(live)) return false;
  const std::int64_t wanted = live.path("spec", "replicas").get_int(1);
  const Value& rolling = live.path("spec", "strategy", "rollingUpdate");
  std::int64_t unavailable = 0;
  if (rolling.is_object() && wanted > 0) {
    unavailable = scaled(rolling["maxUnavailable"], wanted, false);
    // Something must be allowed to move.
    if (unavailable == 0 && scaled(rolling["maxSurge"], wanted, true) == 0) unavailable = 1;
  }
  const Value& status = live["status"];
  const std::int64_t old = status["replicas"].get_int() - status["updatedReplicas"].get_int();
  return status["readyReplicas"].get_int() - old >= wanted - std::min(unavailable, wanted);
}

bool is_service_ready(const Value& live) {
  const Value& spec = live["spec"];
  if (spec["type"].get_string() == "ExternalName") return true;
  if (spec["clusterIP"].get_string().empty()) return false;
  if (spec["type"].get_string() != "LoadBalancer") return true;
  return !spec["externalIPs"].empty() || live.path("status", "loadBalancer").contains("ingress");
}

bool is_daemon_set_ready(const Value& live) {
  if (!is_observed(live)) return false;
  const Value& strategy = live.path("spec", "updateStrategy");
  if (strategy["type"].get_string() != "RollingUpdate") return true;
  const Value& status = live["status"];
  const std::int64_t wanted = status["desiredNumberScheduled"].get_int();
  if (status["updatedNumberScheduled"].get_int() != wanted) return false;
  const std::int64_t unavailable =
      scaled(strategy.path("rollingUpdate", "maxUnavailable"), wanted, true);
  return status["numberReady"].get_int() >= wanted - unavailable;
}

bool is_stateful_set_ready(const Value& live) {
  if (!is_observed(live)) return false;
  const Value& strategy = live.path("spec", "updateStrategy");
  if (strategy["type"].get_string() != "RollingUpdate") return true;
  const std::int64_t partition = strategy.path("rollingUpdate", "partition").get_int();
  const std::int64_t wanted = live.path("spec", "replicas").get_int(1);
  const Value& status = live["status"];
  if (status["updatedReplicas"].get_int() < wanted - partition) return false;
  if (status["readyReplicas"].get_int() != wanted) return false;
  return partition != 0 || status["currentRevision"] == status["updateRevision"];
}

bool is_job_ready(const Value& live) {
  const Value& status = live["status"];
  const Value& completions = live.path("spec", "completions");
  const std::int64_t succeeded = status["succeeded"].get_int();
  return completions.is_null() ? succeeded > 0 : succeeded >= completions.get_int();
}

bool are_replicas_ready(const Value& live) {
  return is_observed(live) && live.path("status", "readyReplicas").get_int() >=
                                  live.path("spec", "replicas").get_int(1);
}

}  // namespace

bool is_ready_for_helm_3(const Value& live, bool with_jobs) {
  const std::string_view kind = live["kind"].get_string();
  if (kind == "Pod") return has_condition(live, "Ready", "True");
  if (kind == "Job") return !with_jobs || is_job_ready(live);
  if (kind == "Deployment") return is_deployment_ready(live);
  if (kind == "PersistentVolumeClaim") return live.path("status", "phase").get_string() == "Bound";
  if (kind == "Service") return is_service_ready(live);
  if (kind == "DaemonSet") return is_daemon_set_ready(live);
  if (kind == "StatefulSet") return is_stateful_set_ready(live);
  if (kind == "ReplicaSet" || kind == "ReplicationController") return are_replicas_ready(live);
  if (kind == "CustomResourceDefinition")
    return has_condition(live, "Established", "True") ||
           has_condition(live, "NamesAccepted", "False");
  return true;
}

}  // namespace weir::apply
