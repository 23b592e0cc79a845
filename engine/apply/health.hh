// Whether a live object does what it was applied for: Kubernetes' kstatus rules as Flux reads
// them, a table from kind to function, and the user's own rules (CEL). Pure: the clock is an
// argument. Contract K10.5, K10.7-K10.9.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/clock.hh"
#include "engine/base/result.hh"
#include "engine/model/kinds/kustomization.hh"
#include "engine/model/object_id.hh"
#include "engine/value/value.hh"

namespace weir::apply {

enum class HealthStatus : std::uint8_t {
  in_progress,
  current,
  failed,
  terminating,
  not_found,
  unknown,  // it could not be told; the message has the error
};
// "InProgress", "Current", "Failed", "Terminating", "NotFound", "Unknown".
std::string_view health_status_name(HealthStatus status);

struct Health {
  HealthStatus status = HealthStatus::unknown;
  std::string message;  // for people: what is being waited for, or what failed

  bool operator==(const Health&) const = default;
};

// A condition on an object's top-level fields. An error makes the health Unknown.
using HealthPredicate = std::function<Result<bool>(const Value& object)>;

// The user's rule for a kind, or with an empty kind for a whole group; the API version does not
// matter. Predicates may be empty (never true), except `current`.
struct HealthRule {
  std::string group;
  std::string kind;
  HealthPredicate current;
  HealthPredicate in_progress;
  HealthPredicate failed;
};

// Compiles the CEL of spec.healthCheckExprs. Errors: invalid (a parse error, or two rules with one
// key).
Result<std::vector<HealthRule>> compile_health_rules(
    const std::vector<model::HealthCheckExpr>& expressions);

// The rule that applies: an exact kind beats a whole group; nullptr when none does.
const HealthRule* match_health_rule(const std::vector<HealthRule>& rules, const Gvk& gvk);

struct HealthContext {
  const std::vector<HealthRule>* rules = nullptr;  // none when nullptr
  // Pods that the object's selector matches, for kinds that wants_pods() names; without them a
  // crash looping ReplicaSet is only InProgress.
  const std::vector<Value>* pods = nullptr;
  base::TimeUs now = 0;
};

// Of a live object.
Health compute_health(const Value& object, const HealthContext& context = {});

// Of an object that is not there. `desired` is what was applied (null when unknown): a Job that
// deletes itself when finished is Current (K10.5).
Health missing_health(const Value& desired);

// True for kinds whose health may ask for their pods (StatefulSet, ReplicaSet).
bool wants_pods(const Gvk& gvk);

// Any Failed => Failed; else any Unknown => Unknown; else all Current => Current; else InProgress
// (K10.8). An empty list is Current.
HealthStatus aggregate_health(const std::vector<HealthStatus>& all);

}  // namespace weir::apply
