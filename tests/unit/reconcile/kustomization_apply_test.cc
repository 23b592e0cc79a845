#include <algorithm>
#include <catch2/catch.hpp>

#include "tests/support/engine_bench.hh"

namespace weir::test {
namespace {

std::string config(const std::string& name, const std::string& text = "x") {
  std::string yaml = "apiVersion: v1\nkind: ConfigMap\nmetadata: {namespace: default, name: ";
  return yaml.append(name).append("}\ndata: {key: '").append(text).append("'}\n---\n");
}

std::string space(const std::string& name) {
  return "apiVersion: v1\nkind: Namespace\nmetadata: {name: " + name + "}\n---\n";
}

std::string version(EngineBench& bench, const ObjectId& id) {
  return std::string(bench.get(id).path("metadata", "resourceVersion").get_string());
}

std::size_t position(const std::vector<std::string>& calls, const std::string& call) {
  return static_cast<std::size_t>(std::find(calls.begin(), calls.end(), call) - calls.begin());
}

const ObjectId one = object_id("ConfigMap", "default", "one");

TEST_CASE("the first pass applies, reports and is quiet afterwards") {
  EngineBench bench;
  bench.commit({{"app/a.yaml", config("one")}});
  bench.create_repository();
  bench.create_kustomization("app");
  bench.run();
  CHECK(bench.condition("app", "Ready") ==
        "True ReconciliationSucceeded Applied revision: " + bench.git.revision());
  CHECK(bench.condition("app", "Reconciling").empty());
  const Value status = bench.kustomization("app")["status"];
  CHECK(status["lastAppliedRevision"].get_string() == bench.git.revision());
  CHECK(status["observedGeneration"].get_int() == 1);
  const auto events = bench.events("app");
  REQUIRE(events.size() == 2);
  CHECK(events[0] == "Normal Progressing ConfigMap/default/one created");
  CHECK(events[1].starts_with("Normal ReconciliationSucceeded Reconciliation finished in "));
  CHECK(events[1].ends_with(", next run in 10m0s"));

  bench.kube->calls.clear();
  bench.run(1300);  // two intervals
  CHECK(bench.kube->calls.empty());
}

TEST_CASE("events go to the notification service too, with a severity and the revision") {
  EngineBench bench;
  bench.kube->refuse.emplace("ConfigMap/default/one", make_error(Code::invalid, "no", "Invalid"));
  bench.commit({{"app/a.yaml", config("one")}});
  bench.create_repository();
  bench.create_kustomization("app");
  bench.run();
  REQUIRE_FALSE(bench.notifications.posted.empty());
  const Value& last = bench.notifications.posted.back();
  CHECK(last.path("involvedObject", "name").get_string() == "app");
  CHECK(last["severity"].get_string() == "error");
  CHECK(last["reason"].get_string() == "ReconciliationFailed");
  CHECK(last["reportingController"].get_string() == "kustomize-controller");
  CHECK(last["metadata"]["kustomize.toolkit.fluxcd.io/revision"].get_string() ==
        bench.git.revision());
}

TEST_CASE("objects that are as applied are not applied again, also after a restart") {
  EngineBench bench;
  bench.commit({{"app/a.yaml", config("one") + config("two")}});
  bench.create_repository();
  bench.create_kustomization("app");
  bench.run();
  const std::string before = version(bench, one);
  bench.commit({{"app/a.yaml", config("one") + config("two", "changed")}});
  bench.run(61);
  CHECK(version(bench, one) == before);
  bench.restart();
  bench.kube->calls.clear();
  bench.run(61);
  CHECK(version(bench, one) == before);
  CHECK(std::none_of(bench.kube->calls.begin(), bench.kube->calls.end(),
                     [](const std::string& call) { return call.starts_with("apply"); }));
}

TEST_CASE("a namespace is there before what lives in it, whatever the order of the files") {
  EngineBench bench;
  std::string inner = config("inner");
  inner.replace(inner.find("default"), 7, "shop");
  bench.commit({{"app/a.yaml", inner + space("shop")}});
  bench.create_repository();
  bench.create_kustomization("app");
  bench.run();
  CHECK(bench.condition("app", "Ready").starts_with("True"));
  const auto& calls = bench.kube->calls;
  CHECK(position(calls, "apply Namespace/shop") < position(calls, "dry-run ConfigMap/shop/inner"));
}

TEST_CASE("one refused dry-run keeps the whole stage from being applied, earlier stages stand") {
  EngineBench bench;
  bench.kube->refuse.emplace(
      "ConfigMap/default/bad",
      make_error(Code::invalid, "ConfigMap \"bad\" is invalid: no", "Invalid"));
  bench.commit({{"app/a.yaml", space("shop") + config("bad") + config("one")}});
  bench.create_repository();
  bench.create_kustomization("app");
  bench.run();
  CHECK(bench.get(one).is_null());
  CHECK_FALSE(bench.get(object_id("Namespace", "", "shop")).is_null());
  CHECK(bench.condition("app", "Ready") ==
        "False ReconciliationFailed ConfigMap/default/bad dry-run failed (Invalid): ConfigMap "
        "\"bad\" is invalid: no\nNamespace/shop created");
  CHECK(bench.condition("app", "Reconciling").starts_with("True ProgressingWithRetry"));
  CHECK(bench.inventory("app").empty());

  bench.kube->refuse.clear();
  bench.run(601);  // retryInterval falls back to the interval
  CHECK(bench.condition("app", "Ready").starts_with("True"));
}

TEST_CASE("a second object of an accepted shape is looked for instead of dry-run") {
  EngineBench bench;
  bench.commit({{"a/a.yaml", config("one")}, {"b/a.yaml", config("two", "y")}});
  bench.create_repository();
  bench.create_kustomization("a");
  bench.run();
  bench.kube->calls.clear();
  bench.create_kustomization("b");
  bench.run();
  const auto& calls = bench.kube->calls;
  CHECK(position(calls, "dry-run ConfigMap/default/two") == calls.size());
  CHECK(position(calls, "apply ConfigMap/default/two") < calls.size());
}

TEST_CASE("an object that exists already is dry-run whatever its shape") {
  EngineBench bench;
  bench.create(
      "apiVersion: v1\nkind: ConfigMap\nmetadata: {namespace: default, name: two, "
      "annotations: {kustomize.toolkit.fluxcd.io/reconcile: disabled}}\ndata: {key: mine}\n");
  bench.commit({{"a/a.yaml", config("one")}, {"b/a.yaml", config("two", "y")}});
  bench.create_repository();
  bench.create_kustomization("a");
  bench.run();
  bench.create_kustomization("b");
  bench.run();
  CHECK(bench.get(object_id("ConfigMap", "default", "two")).path("data", "key").get_string() ==
        "mine");
}

TEST_CASE("a hand edit and a deletion are corrected at once, and logged with who did it") {
  EngineBench bench;
  bench.commit({{"app/a.yaml", config("one")}});
  bench.create_repository();
  bench.create_kustomization("app");
  bench.run();
  bench.merge(one, R"({"data":{"key":"hacked"}})");
  bench.run(1);
  CHECK(bench.get(one).path("data", "key").get_string() == "x");
  const auto drifts = bench.logged(event::Type::drift_detected);
  REQUIRE(drifts.size() == 1);
  CHECK(drifts[0].data["manager"].get_string() == "user");
  bench.remove(one);
  bench.run(1);
  CHECK_FALSE(bench.get(one).is_null());
}

TEST_CASE("what was applied when the process died, and then left the source, is pruned") {
  const ObjectId two = object_id("ConfigMap", "default", "two");
  EngineBench bench;
  bench.commit({{"app/a.yaml", config("one")}});
  bench.create_repository();
  bench.create_kustomization("app");
  bench.run();
  bench.commit({{"app/a.yaml", config("one")}, {"app/b.yaml", config("two")}});
  bench.die_after = two.subject();
  bench.died = [&] {
    // The new process sees the next commit before it can look at this one again.
    bench.merge(kustomization_id("app"), R"({"spec":{"suspend":true}})");
    bench.commit({{"app/a.yaml", config("one")}});
  };
  bench.run(70);
  REQUIRE(bench.die_after.empty());
  bench.run(70);
  REQUIRE_FALSE(bench.get(two).is_null());
  CHECK(bench.inventory("app") == std::vector<std::string>{"ConfigMap/default/one"});
  bench.merge(kustomization_id("app"), R"({"spec":{"suspend":false}})");
  bench.run();
  CHECK(bench.get(two).is_null());
  CHECK(bench.logged(event::Type::object_pruned).size() == 1);
}

TEST_CASE("a suspended Kustomization leaves drift alone and says nothing") {
  EngineBench bench;
  bench.commit({{"app/a.yaml", config("one")}});
  bench.create_repository();
  bench.create_kustomization("app");
  bench.run();
  bench.merge(kustomization_id("app"), R"({"spec":{"suspend":true}})");
  bench.run();
  bench.merge(one, R"({"data":{"key":"hacked"}})");
  bench.commit({{"app/a.yaml", config("one", "new")}});
  bench.run(700);
  CHECK(bench.get(one).path("data", "key").get_string() == "hacked");
  bench.merge(kustomization_id("app"), R"({"spec":{"suspend":false}})");
  bench.run();
  CHECK(bench.get(one).path("data", "key").get_string() == "new");
}

TEST_CASE("writes are made as the service account that the Kustomization names") {
  EngineBench bench;
  bench.commit({{"app/a.yaml", config("one")}});
  bench.create_repository();
  bench.create_kustomization("app", "serviceAccountName: deployer");
  bench.run();
  REQUIRE_FALSE(bench.kube->identities.empty());
  for (const auto& identity : bench.kube->identities)
    CHECK(identity.user == "system:serviceaccount:flux-system:deployer");
}

TEST_CASE("ssa: IfNotPresent applies once and never again") {
  EngineBench bench;
  std::string once = config("one");
  once.replace(once.find("name: one"), 9,
               "name: one, annotations: {kustomize.toolkit.fluxcd.io/ssa: IfNotPresent}");
  bench.commit({{"app/a.yaml", once}});
  bench.create_repository();
  bench.create_kustomization("app");
  bench.run();
  bench.merge(one, R"({"data":{"key":"mine"}})");
  bench.run(700);
  CHECK(bench.get(one).path("data", "key").get_string() == "mine");
  CHECK(bench.inventory("app").size() == 1);
}

TEST_CASE("validation dry-runs every stage before anything is written") {
  EngineBench bench;
  bench.kube->refuse.emplace("ConfigMap/default/bad", make_error(Code::invalid, "no", "Invalid"));
  bench.commit({{"app/a.yaml", space("shop") + config("bad")}});
  bench.create_repository();
  bench.create_kustomization("app", "validation: client");
  bench.run();
  CHECK(bench.get(object_id("Namespace", "", "shop")).is_null());
  CHECK(bench.condition("app", "Ready").starts_with("False ReconciliationFailed ConfigMap/"));
}

TEST_CASE("a stage kind list makes a stage of its own") {
  reconcile::EngineOptions options;
  options.stage_kinds = {{"", "Secret"}};
  EngineBench bench(options);
  bench.commit({{"app/a.yaml", config("one") +
                                   "apiVersion: v1\nkind: Secret\nmetadata: {name: s, namespace: "
                                   "default}\nstringData: {a: b}\n"}});
  bench.create_repository();
  bench.create_kustomization("app");
  bench.run();
  const auto& calls = bench.kube->calls;
  CHECK(position(calls, "apply Secret/default/s") <
        position(calls, "dry-run ConfigMap/default/one"));
}

}  // namespace
}  // namespace weir::test
