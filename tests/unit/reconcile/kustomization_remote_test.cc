// spec.kubeConfig of a Kustomization: where its objects go, what is known of them there, and what
// becomes of them when the way there is lost.
#include <algorithm>
#include <catch2/catch.hpp>

#include "engine/base/digest.hh"
#include "tests/support/engine_bench.hh"

namespace weir::test {
namespace {

const ObjectId one = object_id("ConfigMap", "default", "one");
const ObjectId two = object_id("ConfigMap", "default", "two");
const ObjectId secret = object_id("Secret", "flux-system", "prod");

std::string config(const std::string& name, const std::string& value = "x") {
  return "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: " + name +
         ", namespace: default}\ndata: {value: '" + value + "'}\n";
}

std::string secret_yaml(const std::string& key = "value") {
  return "apiVersion: v1\nkind: Secret\nmetadata: {name: prod, namespace: flux-system,"
         " labels: {reconcile.fluxcd.io/watch: Enabled}}\ndata: {" +
         key + ": " + base::base64_encode("clusters: []\n") + "}\n";
}

class RemoteBench : public EngineBench {
 public:
  RemoteBench() {
    other();
    create(secret_yaml());
    commit({{"app/a.yaml", config("one")}, {"app/b.yaml", config("two")}});
    create_repository();
  }
  void start(const std::string& extra = "") {
    create_kustomization("app", "kubeConfig: {secretRef: {name: prod}}\n" + extra);
    run();
  }
  Value there(const ObjectId& id) {
    auto object = other().get(id);
    return object.ok() ? *std::move(object) : Value();
  }
  std::string value_there(const ObjectId& id = one) {
    return std::string(there(id).path("data", "value").get_string());
  }
  void change_there(const ObjectId& id, Value patch) {
    REQUIRE(other().patch(id, reconcile::PatchType::merge, patch, {}).ok());
  }
};

Value data(std::string_view key, std::string_view text) {
  return Value::object({{"data", Value::object({{key, text}})}});
}

}  // namespace

TEST_CASE("a Kustomization goes to its kubeconfig's cluster and its status stays here") {
  RemoteBench bench;
  bench.start();
  CHECK(bench.condition("app", "Ready").starts_with("True ReconciliationSucceeded"));
  CHECK(bench.value_there() == "x");
  CHECK(bench.get(one).is_null());
  CHECK(bench.inventory("app").size() == 2);
  CHECK(bench.clusters.asked.back().where == "KubeConfig secret 'flux-system/prod', key 'value'");
  const auto applied = bench.logged(event::Type::object_applied);
  REQUIRE(applied.size() == 2);
  for (const auto& event : applied) CHECK(event.subject.cluster == "flux-system/prod");
}

TEST_CASE("drift on the other cluster is seen by a watch there and corrected at once") {
  RemoteBench bench;
  bench.start();
  CHECK(bench.remote_watches() == 1);
  bench.change_there(one, data("value", "by hand"));
  bench.run(1);
  CHECK(bench.value_there() == "x");
  REQUIRE(bench.other().remove(two, {}).ok());
  bench.run(1);
  CHECK(bench.value_there(two) == "x");
  const auto drifts = bench.logged(event::Type::drift_detected);
  REQUIRE(drifts.size() == 2);
  CHECK(drifts.front().subject.cluster == "flux-system/prod");
}

TEST_CASE("an object here of the same name is another one") {
  RemoteBench bench;
  bench.create(config("one", "mine"));
  bench.start();
  CHECK(bench.get(one).path("data", "value").get_string() == "mine");
  bench.merge(one, R"({"data":{"value":"still mine"}})");
  bench.run();
  CHECK(bench.get(one).path("data", "value").get_string() == "still mine");
  CHECK(bench.value_there() == "x");
  CHECK(bench.logged(event::Type::drift_detected).empty());
}

TEST_CASE("what leaves the source is pruned on the other cluster alone") {
  RemoteBench bench;
  bench.start();
  bench.create(config("two", "mine"));
  bench.commit({{"app/a.yaml", config("one", "y")}});
  bench.run(70);
  CHECK(bench.value_there() == "y");
  CHECK(bench.there(two).is_null());
  CHECK(bench.get(two).path("data", "value").get_string() == "mine");
  const auto pruned = bench.logged(event::Type::object_pruned);
  REQUIRE(pruned.size() == 1);
  CHECK(pruned.front().subject.cluster == "flux-system/prod");
}

TEST_CASE("two Kustomizations with an object of the same id on two clusters do not hand it over") {
  RemoteBench bench;
  bench.commit({{"app/a.yaml", config("one")}, {"app/b.yaml", config("two")},
                {"local/b.yaml", config("two", "local")}});
  bench.start();
  bench.create_kustomization("local");
  bench.run();
  CHECK(bench.get(two).path("data", "value").get_string() == "local");
  bench.commit({{"app/a.yaml", config("one")}, {"local/b.yaml", config("two", "local")}});
  bench.run(70);
  CHECK(bench.there(two).is_null());
  CHECK(bench.get(two).path("data", "value").get_string() == "local");
}

TEST_CASE("health on the other cluster is awaited") {
  RemoteBench bench;
  bench.start("wait: true\nhealthCheckExprs:\n- {apiVersion: v1, kind: ConfigMap,"
              " current: \"has(data.ready) && data.ready == 'yes'\"}\n");
  CHECK(bench.condition("app", "Healthy").starts_with("Unknown Progressing"));
  for (const ObjectId& id : {one, two}) bench.change_there(id, data("ready", "yes"));
  bench.run(1);
  CHECK(bench.condition("app", "Healthy").starts_with("True Succeeded"));
  CHECK(bench.condition("app", "Ready").starts_with("True ReconciliationSucceeded"));
}

TEST_CASE("explicit health checks look on the other cluster") {
  RemoteBench bench;
  bench.start("healthChecks: [{apiVersion: v1, kind: ConfigMap, name: three, namespace: default}]");
  CHECK(bench.condition("app", "Healthy").starts_with("Unknown Progressing"));
  bench.create(config("three"));
  bench.run(10);
  CHECK(bench.condition("app", "Healthy").starts_with("Unknown Progressing"));
  REQUIRE(bench.other()
              .create(Value::object({{"apiVersion", "v1"},
                                     {"kind", "ConfigMap"},
                                     {"metadata", Value::object({{"name", "three"},
                                                                 {"namespace", "default"}})}}),
                      {})
              .ok());
  bench.run(10);
  CHECK(bench.condition("app", "Healthy").starts_with("True Succeeded"));
}

TEST_CASE("without its kubeconfig a Kustomization waits for the Secret") {
  RemoteBench bench;
  bench.remove(secret);
  bench.start("retryInterval: 5m\n");
  CHECK(bench.condition("app", "Ready") ==
        "False ReconciliationFailed failed to build kube client: unable to read KubeConfig secret "
        "'flux-system/prod': secrets \"prod\" not found");
  bench.create(secret_yaml());
  bench.run(1);
  CHECK(bench.condition("app", "Ready").starts_with("True ReconciliationSucceeded"));
}

TEST_CASE("providers that need a cloud are refused for good, and by name") {
  RemoteBench bench;
  bench.create(
      "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: prod, namespace: flux-system}\n"
      "data: {provider: gcp, cluster: prod}\n");
  bench.create_kustomization("app", "kubeConfig: {configMapRef: {name: prod}}");
  bench.run();
  CHECK(bench.condition("app", "Stalled") ==
        "True UnsupportedField failed to build kube client: KubeConfig ConfigMap "
        "'flux-system/prod': provider 'gcp' is not supported by this version of weir: use "
        "'generic', or a Secret with a kubeconfig");
  const std::size_t asked = bench.clusters.asked.size();
  bench.run(3600);
  CHECK(bench.clusters.asked.size() == asked);
}

TEST_CASE("after a restart the other cluster is asked once, and nothing is written") {
  RemoteBench bench;
  bench.start();
  const Value before = bench.there(one);
  bench.restart();
  bench.run();
  CHECK(bench.there(one) == before);
  CHECK(bench.logged(event::Type::object_applied).size() == 2);
  bench.change_there(one, data("value", "by hand"));
  bench.run(1);
  CHECK(bench.value_there() == "x");
}

TEST_CASE("rotated credentials count from the next pass on, for the watches too") {
  RemoteBench bench;
  bench.start();
  bench.merge(secret,
              R"({"data":{"value":")" + base::base64_encode("clusters: [new]\n") + R"("}})");
  bench.run(1);
  CHECK(bench.clusters.asked.back().kubeconfig == "clusters: [new]\n");
  CHECK(bench.remote_watches() == 1);
  bench.change_there(one, data("value", "by hand"));
  bench.run(1);
  CHECK(bench.value_there() == "x");
}

TEST_CASE("deleting prunes there, and lets go of what can no longer be reached") {
  for (const bool reachable : {true, false}) {
    RemoteBench bench;
    bench.start();
    if (!reachable) bench.remove(secret);
    bench.remove(kustomization_id("app"));
    bench.run(10);
    CHECK(bench.kustomization("app").is_null());
    CHECK(bench.there(one).is_null() == reachable);
    CHECK(bench.remote_watches() == 0);
    if (reachable) continue;
    const auto told = bench.events("app");
    CHECK(std::any_of(told.begin(), told.end(), [](const std::string& text) {
      return text.starts_with("Warning ReconciliationFailed unable to prune objects:");
    }));
  }
}

TEST_CASE("a cluster that does not answer keeps the finalizer until it does") {
  RemoteBench bench;
  bench.start();
  bench.clusters.fail = make_error(Code::unavailable, "no route to host");
  bench.remove(kustomization_id("app"));
  bench.run(10);
  CHECK_FALSE(bench.kustomization("app").is_null());
  const auto told = bench.events("app");
  CHECK(std::any_of(told.begin(), told.end(), [](const std::string& text) {
    return text.starts_with("Warning PruneFailed pruning for deleted resource failed: failed to "
                            "build kube client: no route to host");
  }));
  bench.clusters.fail.reset();
  bench.run(60);
  CHECK(bench.kustomization("app").is_null());
  CHECK(bench.there(one).is_null());
}

TEST_CASE("a Kustomization that comes home leaves nothing open there") {
  RemoteBench bench;
  bench.start();
  bench.merge(kustomization_id("app"), R"({"spec":{"kubeConfig":null}})");
  bench.run(2);
  CHECK(bench.get(one).path("data", "value").get_string() == "x");
  CHECK(bench.remote_watches() == 0);
  bench.merge(one, R"({"data":{"value":"by hand"}})");
  bench.run(1);
  CHECK(bench.get(one).path("data", "value").get_string() == "x");
}

}  // namespace weir::test
