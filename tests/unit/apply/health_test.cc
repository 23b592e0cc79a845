#include "engine/apply/health.hh"

#include <catch2/catch.hpp>

#include "engine/value/json.hh"

using namespace weir;
using namespace weir::apply;

namespace {

Value json(std::string_view text) {
  Result<Value> value = value::parse_json(text);
  INFO(text);
  REQUIRE(value.ok());
  return *std::move(value);
}

Value object(std::string_view api, std::string_view kind, std::string_view spec,
             std::string_view status, std::string_view metadata = R"({"generation":2})") {
  return Value::object({{"apiVersion", api},
                        {"kind", kind},
                        {"metadata", json(metadata)},
                        {"spec", json(spec)},
                        {"status", json(status)}});
}

std::string_view state(const Value& live, const HealthContext& context = {}) {
  return health_status_name(compute_health(live, context).status);
}

constexpr std::string_view rolled_out =
    R"({"observedGeneration":2,"replicas":1,"updatedReplicas":1,"readyReplicas":1,
        "availableReplicas":1,
    "conditions":[{"type":"Available","status":"True"},
      {"type":"Progressing","status":"True","reason":"NewReplicaSetAvailable"}]})";

}  // namespace

TEST_CASE("K10.7 general rules come in their order") {
  const std::string deleting = R"({"generation":2,"deletionTimestamp":"2024-01-01T00:00:00Z"})";
  CHECK(state(object("x.io/v1", "Foo", "{}", "{}", deleting)) == "Terminating");
  CHECK(state(object("x.io/v1", "Foo", "{}", R"({"observedGeneration":1})")) == "InProgress");
  CHECK(state(object("x.io/v1", "Foo", "{}", "{}")) == "Current");
  const auto conditions = [](std::string_view list) {
    return object("x.io/v1", "Foo", "{}", R"({"conditions":)" + std::string(list) + "}");
  };
  CHECK(state(conditions(R"([{"type":"Reconciling","status":"True"},{"type":"Stalled",
      "status":"True"}])")) ==
        "InProgress");
  CHECK(state(conditions(R"([{"type":"Stalled","status":"True"},{"type":"Reconciling",
      "status":"True"}])")) ==
        "Failed");
  CHECK(state(conditions(R"([{"type":"Ready","status":"False"}])")) == "InProgress");
  CHECK(state(conditions(R"([{"type":"Ready","status":"Unknown"}])")) == "InProgress");
  CHECK(state(conditions(R"([{"type":"Ready","status":"True"}])")) == "Current");
}

TEST_CASE("K10.7 a Deployment is current when it is rolled out") {
  const std::string spec = R"({"replicas":1,"progressDeadlineSeconds":600})";
  const Value good = object("apps/v1", "Deployment", spec, rolled_out);
  CHECK(state(good) == "Current");
  const auto changed = [&](std::string_view field, int number) {
    Value live = good;
    live.entry("status").set(field, number);
    return live;
  };
  for (std::string_view field :
       {"replicas", "updatedReplicas", "readyReplicas", "availableReplicas"}) {
    INFO(field);
    CHECK(state(changed(field, 0)) == "InProgress");
  }
  CHECK(state(changed("replicas", 2)) == "InProgress");
  Value late = good;
  late.entry("status").entry("conditions").item_mut(1).set("reason", "ProgressDeadlineExceeded");
  CHECK(state(late) == "Failed");
  Value rolling = good;
  rolling.entry("status").entry("conditions").item_mut(1).set("reason", "ReplicaSetUpdated");
  CHECK(state(rolling) == "InProgress");
  rolling.entry("spec").erase("progressDeadlineSeconds");
  CHECK(state(rolling) == "Current");
  Value unavailable = good;
  unavailable.entry("status").entry("conditions").item_mut(0).set("status", "False");
  CHECK(state(unavailable) == "InProgress");
}

TEST_CASE("K10.7 kinds of workloads") {
  CHECK(state(object("apps/v1", "StatefulSet", R"({"replicas":3,
      "updateStrategy":{"type":"OnDelete"}})",
                     "{}")) == "Current");
  const std::string partition = R"({"replicas":3,
      "updateStrategy":{"rollingUpdate":{"partition":2}}})";
  CHECK(state(object("apps/v1", "StatefulSet", partition,
                     R"({"replicas":3,"readyReplicas":3,"updatedReplicas":1})")) == "Current");
  CHECK(state(object("apps/v1", "StatefulSet", partition,
                     R"({"replicas":3,"readyReplicas":3,"updatedReplicas":0})")) == "InProgress");
  CHECK(state(object("apps/v1", "StatefulSet", "{}",
                     R"({"replicas":1,"readyReplicas":1,"currentReplicas":1,"currentRevision":"a",
                         "updateRevision":"b"})")) == "InProgress");
  CHECK(state(object("apps/v1", "DaemonSet", "{}", R"({"desiredNumberScheduled":0})")) ==
        "InProgress");
  CHECK(state(object("apps/v1", "DaemonSet", "{}",
                     R"({"observedGeneration":2,"desiredNumberScheduled":0})")) == "Current");
  CHECK(state(object("batch/v1", "Job", "{}", R"({"active":1})")) == "InProgress");
  CHECK(state(object("batch/v1", "Job", R"({"suspend":true})", "{}")) == "Current");
  CHECK(state(object("batch/v1", "Job", "{}",
                     R"({"conditions":[{"type":"Failed","status":"True"}]})")) == "Failed");
  CHECK(state(object("batch/v1", "Job", "{}",
                     R"({"conditions":[{"type":"Complete","status":"True"}]})")) == "Current");
}

TEST_CASE("K10.7 other kinds") {
  CHECK(state(object("v1", "PersistentVolumeClaim", "{}", R"({"phase":"Pending"})")) ==
      "InProgress");
  CHECK(state(object("v1", "PersistentVolumeClaim", "{}", R"({"phase":"Bound"})")) == "Current");
  CHECK(state(object("v1", "Service", R"({"type":"LoadBalancer"})", "{}")) == "InProgress");
  CHECK(state(object("v1", "Service", R"({"type":"LoadBalancer","clusterIP":"10.0.0.1"})", "{}")) ==
        "Current");
  const auto definition = [](std::string_view conditions) {
    return object("apiextensions.k8s.io/v1", "CustomResourceDefinition", "{}",
                  R"({"conditions":)" + std::string(conditions) + "}");
  };
  CHECK(state(definition("[]")) == "InProgress");
  CHECK(state(definition(R"([{"type":"Established","status":"True"}])")) == "Current");
  CHECK(state(definition(R"([{"type":"NamesAccepted","status":"False"}])")) == "Failed");
  CHECK(state(definition(R"([{"type":"Established","status":"False","reason":"Installing"}])")) ==
        "InProgress");
}

TEST_CASE("K10.7 an unschedulable Pod fails after fifteen seconds, a crash loop at once") {
  const Value pending = object(
      "v1", "Pod", "{}",
      R"({"phase":"Pending","conditions":[{"type":"PodScheduled","status":"False",
          "reason":"Unschedulable"}]})",
      R"({"creationTimestamp":"2024-01-01T00:00:00Z"})");
  HealthContext context;
  context.now = *base::parse_rfc3339("2024-01-01T00:00:14Z");
  CHECK(state(pending, context) == "InProgress");
  context.now += 2'000'000;
  CHECK(state(pending, context) == "Failed");
  CHECK(state(object("v1", "Pod", "{}", R"({"phase":"Failed"})")) == "Current");
  CHECK(state(object("v1", "Pod", "{}", R"({"phase":"Running"})")) == "InProgress");
  const Value crashing = object(
      "v1", "Pod", "{}",
      R"({"phase":"Running","containerStatuses":[{"name":"a",
          "state":{"waiting":{"reason":"CrashLoopBackOff"}}}]})");
  CHECK(state(crashing) == "Failed");
  const std::vector<Value> pods{crashing};
  context.pods = &pods;
  CHECK(state(object("apps/v1", "ReplicaSet", R"({"replicas":1})", "{}"), context) == "Failed");
  CHECK(state(object("apps/v1", "Deployment", R"({"replicas":1})", "{}"), context) == "InProgress");
}

TEST_CASE("K10.5 only a Job that deletes itself is healthy when it is gone") {
  CHECK(missing_health(object("batch/v1", "Job", R"({"ttlSecondsAfterFinished":0})",
      "{}")).status ==
        HealthStatus::current);
  CHECK(missing_health(object("batch/v1", "Job", "{}", "{}")).status == HealthStatus::not_found);
  CHECK(missing_health({}).status == HealthStatus::not_found);
}

TEST_CASE("K10.8 the worst status wins") {
  using S = HealthStatus;
  CHECK(aggregate_health({S::current, S::unknown, S::failed}) == S::failed);
  CHECK(aggregate_health({S::current, S::unknown, S::in_progress}) == S::unknown);
  CHECK(aggregate_health({S::current, S::in_progress}) == S::in_progress);
  CHECK(aggregate_health({S::current, S::not_found}) == S::in_progress);
  CHECK(aggregate_health({S::current}) == S::current);
}

TEST_CASE("K10.9 the user's rule: generation, then inProgress, failed, current") {
  const auto says = [](bool answer) {
    return HealthPredicate([answer](const Value&) -> Result<bool> { return answer; });
  };
  std::vector<HealthRule> rules{{"x.io", "", says(true), {}, {}},
                                {"x.io", "Foo", says(true), says(false), says(true)}};
  HealthContext context;
  context.rules = &rules;
  CHECK(state(object("x.io/v1", "Bar", "{}", "{}"), context) == "Current");
  CHECK(state(object("x.io/v9", "Foo", "{}", "{}"), context) == "Failed");
  CHECK(state(object("x.io/v9", "Foo", "{}", R"({"observedGeneration":1})"), context) ==
      "InProgress");
  CHECK(state(object("x.io/v9", "Foo", "{}", R"({"observedGeneration":"x"})"), context) ==
      "Failed");
  rules[1].in_progress = [](const Value&) -> Result<bool> {
    return make_error(Code::invalid, "no such key: y");
  };
  CHECK(compute_health(object("x.io/v1", "Foo", "{}", "{}"), context) ==
        Health{HealthStatus::unknown, "no such key: y"});
  rules[0].current = says(false);
  CHECK(state(object("x.io/v1", "Bar", "{}", "{}"), context) == "InProgress");
}

TEST_CASE("K10.9 healthCheckExprs compile into rules") {
  const auto rules = compile_health_rules(
      {{"x.io", "Foo", "status.phase == 'Up'", "status.phase == 'Starting'", ""}});
  REQUIRE(rules.ok());
  HealthContext context;
  context.rules = &*rules;
  CHECK(state(object("x.io/v1", "Foo", "{}", R"({"phase":"Up"})"), context) == "Current");
  CHECK(state(object("x.io/v1", "Foo", "{}", R"({"phase":"Starting"})"), context) == "InProgress");
  CHECK(state(object("x.io/v1", "Foo", "{}", R"({"phase":"?"})"), context) == "InProgress");
  CHECK(state(object("x.io/v1", "Foo", "{}", "{}"), context) == "Unknown");
  CHECK_FALSE(compile_health_rules({{"x.io", "Foo", "status.", "", ""}}).ok());
  const model::HealthCheckExpr once{"x.io", "Foo", "true", "", ""};
  CHECK_FALSE(compile_health_rules({once, once}).ok());
}
