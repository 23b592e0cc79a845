#include "engine/apply/health.hh"

#include <algorithm>

#include "engine/apply/health_kinds.hh"
#include "engine/model/condition.hh"

namespace weir::apply {
namespace {

// Rule 2 of K10.7: the controller has not seen this generation.
bool generation_lags(const Value& object, std::string& message) {
  const Value& seen = object["status"]["observedGeneration"];
  if (seen.kind() != value::Kind::integer) return false;
  const std::int64_t generation = object["metadata"]["generation"].get_int();
  if (seen.as_int() == generation) return false;
  message = object["kind"].get_string();
  message += " generation is " + std::to_string(generation) +
             ", but latest observed generation is " + std::to_string(seen.as_int());
  return true;
}

Health rule_health(const Value& object, const HealthRule& rule) {
  std::string lag;
  if (generation_lags(object, lag)) return {HealthStatus::in_progress, std::move(lag)};
  struct Step {
    const HealthPredicate& predicate;
    HealthStatus status;
    std::string_view message;
  };
  const Step steps[] = {
      {rule.in_progress, HealthStatus::in_progress, "CEL expression inProgress is true"},
      {rule.failed, HealthStatus::failed, "CEL expression failed is true"},
      {rule.current, HealthStatus::current, "CEL expression current is true"},
  };
  for (const Step& step : steps) {
    if (!step.predicate) continue;
    const Result<bool> holds = step.predicate(object);
    if (!holds.ok()) return {HealthStatus::unknown, holds.error().message};
    if (*holds) return {step.status, std::string(step.message)};
  }
  return {HealthStatus::in_progress, "no CEL expression is true"};
}

// Rule 3: the first of Reconciling and Stalled that is True, in the order of the list.
bool standard_conditions(const Value& object, Health& out) {
  for (const Value& condition : object["status"]["conditions"].items()) {
    const std::string_view type = condition["type"].get_string();
    if (condition["status"].get_string() != "True") continue;
    if (type != "Reconciling" && type != "Stalled") continue;
    out.status = type == "Stalled" ? HealthStatus::failed : HealthStatus::in_progress;
    out.message = condition["message"].get_string();
    return true;
  }
  return false;
}

// Rules 5 and 6.
Health generic_health(const Value& object) {
  const Value* ready = model::find_condition(object["status"]["conditions"], "Ready");
  if (ready == nullptr) return {HealthStatus::current, "Resource is current"};
  const std::string_view status = (*ready)["status"].get_string();
  if (status == "True") return {HealthStatus::current, "Resource is Ready"};
  if (status == "False" || status == "Unknown") {
    return {HealthStatus::in_progress, std::string((*ready)["message"].get_string())};
  }
  return {HealthStatus::current, "Resource is current"};
}

// K10.7, extra row: a failed pod fails its set early.
Health with_pods(Health health, const HealthContext& context) {
  if (health.status != HealthStatus::in_progress || context.pods == nullptr) return health;
  for (const Value& pod : *context.pods) {
    if (!pod["metadata"]["deletionTimestamp"].is_null()) continue;
    const Value* scheduled =
        model::find_condition(pod["status"]["conditions"], "PodScheduled");
    if (scheduled != nullptr && (*scheduled)["reason"].get_string() == "Unschedulable") continue;
    const Health of_pod = pod_health(pod, context.now);
    if (of_pod.status != HealthStatus::failed) continue;
    return {HealthStatus::failed,
            "Pod/" + std::string(pod["metadata"]["name"].get_string()) + ": " + of_pod.message};
  }
  return health;
}

}  // namespace

std::string_view health_status_name(HealthStatus status) {
  static constexpr std::string_view names[] = {"InProgress",  "Current",  "Failed",
                                               "Terminating", "NotFound", "Unknown"};
  return names[static_cast<std::size_t>(status)];
}

const HealthRule* match_health_rule(const std::vector<HealthRule>& rules, const Gvk& gvk) {
  const HealthRule* of_group = nullptr;
  for (const HealthRule& rule : rules) {
    if (rule.group != gvk.group) continue;
    if (rule.kind == gvk.kind) return &rule;
    if (rule.kind.empty() && of_group == nullptr) of_group = &rule;
  }
  return of_group;
}

Health compute_health(const Value& object, const HealthContext& context) {
  const Gvk gvk = Gvk::of(object);
  if (context.rules != nullptr) {
    if (const HealthRule* rule = match_health_rule(*context.rules, gvk)) {
      return rule_health(object, *rule);
    }
  }
  if (!object["metadata"]["deletionTimestamp"].is_null()) {
    return {HealthStatus::terminating, "Resource scheduled for deletion"};
  }
  Health health;
  if (generation_lags(object, health.message)) {
    health.status = HealthStatus::in_progress;
  } else if (!standard_conditions(object, health)) {
    const KindHealth of_kind = find_kind_health(gvk);
    health = of_kind != nullptr ? of_kind(object, context.now) : generic_health(object);
  }
  return wants_pods(gvk) ? with_pods(std::move(health), context) : health;
}

Health missing_health(const Value& desired) {
  const Gvk gvk = Gvk::of(desired);
  if (gvk.group == "batch" && gvk.kind == "Job" &&
      !desired["spec"]["ttlSecondsAfterFinished"].is_null()) {
    return {HealthStatus::current, "Job finished and was deleted by its ttlSecondsAfterFinished"};
  }
  return {HealthStatus::not_found, "Resource not found"};
}

bool wants_pods(const Gvk& gvk) {
  return gvk.group == "apps" && (gvk.kind == "StatefulSet" || gvk.kind == "ReplicaSet");
}

HealthStatus aggregate_health(const std::vector<HealthStatus>& all) {
  bool unknown = false;
  bool all_current = true;
  for (HealthStatus status : all) {
    if (status == HealthStatus::failed) return HealthStatus::failed;
    unknown = unknown || status == HealthStatus::unknown;
    all_current = all_current && status == HealthStatus::current;
  }
  if (unknown) return HealthStatus::unknown;
  return all_current ? HealthStatus::current : HealthStatus::in_progress;
}

}  // namespace weir::apply
