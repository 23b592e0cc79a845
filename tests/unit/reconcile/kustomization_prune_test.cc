#include <catch2/catch.hpp>

#include "engine/reconcile/durable_state.hh"
#include "tests/support/engine_bench.hh"

namespace weir::test {
namespace {

std::string config(const std::string& name, const std::string& text = "x") {
  std::string yaml = "apiVersion: v1\nkind: ConfigMap\nmetadata: {namespace: default, name: ";
  return yaml.append(name).append("}\ndata: {key: '").append(text).append("'}\n---\n");
}

std::string configs(int count) {
  std::string all;
  for (int i = 0; i < count; ++i) all += config("c" + std::to_string(i));
  return all;
}

std::string uid(EngineBench& bench, const std::string& name) {
  return std::string(
      bench.get(object_id("ConfigMap", "default", name)).path("metadata", "uid").get_string());
}

TEST_CASE("what leaves the source is deleted, the newest inventory stands") {
  EngineBench bench;
  bench.commit({{"app/a.yaml", config("one") + config("two")}});
  bench.create_repository();
  bench.create_kustomization("app");
  bench.run();
  REQUIRE(bench.inventory("app").size() == 2);
  bench.commit({{"app/a.yaml", config("one")}});
  bench.run(61);
  CHECK(uid(bench, "two").empty());
  CHECK(bench.inventory("app") == std::vector<std::string>{"ConfigMap/default/one"});
  CHECK(bench.logged(event::Type::object_pruned).size() == 1);
}

TEST_CASE("an object whose apply got no answer is pruned, after a restart too") {
  EngineBench bench;
  bench.commit({{"app/a.yaml", config("one") + config("two")}});
  bench.create_repository();
  bench.kube->lose = "ConfigMap/default/two";
  bench.create_kustomization("app");
  bench.run(1);
  REQUIRE_FALSE(uid(bench, "two").empty());
  CHECK(bench.condition("app", "Ready").find("connection reset by peer") != std::string::npos);
  bench.merge(kustomization_id("app"), R"({"spec":{"suspend":true}})");
  bench.run(1);
  bench.restart();
  bench.commit({{"app/a.yaml", config("one")}});
  bench.run(70);
  bench.merge(kustomization_id("app"), R"({"spec":{"suspend":false}})");
  bench.run(5);
  CHECK(bench.condition("app", "Ready").starts_with("True"));
  CHECK(uid(bench, "two").empty());
  CHECK_FALSE(uid(bench, "one").empty());
}

TEST_CASE("without prune nothing is deleted, and the inventory forgets it") {
  EngineBench bench;
  bench.commit({{"app/a.yaml", config("one") + config("two")}});
  bench.create_repository();
  bench.create_kustomization("app", "prune: false");
  bench.run();
  bench.commit({{"app/a.yaml", config("one")}});
  bench.run(61);
  CHECK_FALSE(uid(bench, "two").empty());
  CHECK(bench.inventory("app").size() == 1);
}

TEST_CASE("an object whose labels name another owner is skipped by prune") {
  EngineBench bench;
  bench.commit({{"app/a.yaml", config("one") + config("two")}});
  bench.create_repository();
  bench.create_kustomization("app");
  bench.run();
  bench.kube->refuse.emplace("ConfigMap/default/two", Error{});
  bench.merge(object_id("ConfigMap", "default", "two"),
              R"({"metadata":{"labels":{"kustomize.toolkit.fluxcd.io/name":"other"}}})");
  bench.commit({{"app/a.yaml", config("one")}});
  bench.run(61);
  CHECK_FALSE(uid(bench, "two").empty());
}

TEST_CASE("prune: disabled on the live object keeps it") {
  EngineBench bench;
  bench.commit({{"app/a.yaml", config("one") + config("two")}});
  bench.create_repository();
  bench.create_kustomization("app");
  bench.run();
  bench.merge(object_id("ConfigMap", "default", "two"),
              R"({"metadata":{"annotations":{"kustomize.toolkit.fluxcd.io/prune":"Disabled"}}})");
  bench.commit({{"app/a.yaml", config("one")}});
  bench.run(61);
  CHECK_FALSE(uid(bench, "two").empty());
}

TEST_CASE("an object that moves to another Kustomization is neither deleted nor made again") {
  EngineBench bench;
  bench.commit({{"a/a.yaml", config("one") + config("two")}, {"b/b.yaml", config("three")}});
  bench.create_repository();
  bench.create_kustomization("a");
  bench.create_kustomization("b");
  bench.run();
  const std::string before = uid(bench, "two");
  bench.commit({{"a/a.yaml", config("one")}, {"b/b.yaml", config("three") + config("two")}});
  bench.run(61);
  CHECK(uid(bench, "two") == before);
  CHECK(bench.inventory("a").size() == 1);
  CHECK(bench.inventory("b").size() == 2);
  CHECK(bench.get(object_id("ConfigMap", "default", "two"))
            .path("metadata", "labels", "kustomize.toolkit.fluxcd.io/name")
            .get_string() == "b");
  // The log alone says who had it, for a taker that may have to delete it after a restart.
  reconcile::State state;
  reconcile::Delivery delivery;
  REQUIRE(reconcile::fold_log(bench.port(), bench.port().head(), state, delivery).ok());
  const auto& received = state.kustomizations[kustomization_id("b")].received;
  REQUIRE(received.size() == 1);
  CHECK(received.begin()->first.name == "two");
  CHECK(received.begin()->second.name == "a");
}

TEST_CASE("what moves to a Kustomization that waits for the old one is not deleted either") {
  EngineBench bench;
  bench.commit({{"a/a.yaml", config("one") + config("two")}, {"b/b.yaml", config("three")}});
  bench.create_repository();
  bench.create_kustomization("a");
  bench.create_kustomization("b", "dependsOn: [{name: a}]");
  bench.run(65);
  const std::string before = uid(bench, "two");
  REQUIRE_FALSE(before.empty());
  bench.commit({{"a/a.yaml", config("one")}, {"b/b.yaml", config("three") + config("two")}});
  bench.run(120);
  CHECK(uid(bench, "two") == before);
  CHECK(bench.inventory("b").size() == 2);
}

TEST_CASE("a renamed Kustomization takes everything over") {
  EngineBench bench;
  bench.commit({{"a/a.yaml", config("one") + config("two")}});
  bench.create_repository();
  bench.create_kustomization("a");
  bench.run();
  const std::string before = uid(bench, "one");
  bench.create_kustomization("renamed", "path: ./a");
  bench.remove(kustomization_id("a"));
  bench.run(30);
  CHECK(bench.kustomization("a").is_null());
  CHECK(uid(bench, "one") == before);
  CHECK(bench.inventory("renamed").size() == 2);
}

TEST_CASE("a prune of more than half of ten objects is held and says how to let it go") {
  EngineBench bench;
  bench.commit({{"app/a.yaml", configs(10)}});
  bench.create_repository();
  bench.create_kustomization("app");
  bench.run();
  bench.commit({{"app/a.yaml", configs(4)}});
  bench.run(61);
  CHECK(bench.condition("app", "Ready") ==
        "False PruneHeld prune held: revision " + bench.git.revision() +
            " would delete 6 of 10 objects; release it with 'weir release ks/app -n flux-system' "
            "or the annotation weir.dev/allow-prune=" +
            bench.git.revision());
  CHECK_FALSE(uid(bench, "c9").empty());
  CHECK(bench.inventory("app").size() == 10);

  SECTION("the annotation of that revision releases it") {
    bench.merge(kustomization_id("app"), R"({"metadata":{"annotations":{"weir.dev/allow-prune":")" +
                                             bench.git.revision() + R"("}}})");
    bench.run(5);
    CHECK(uid(bench, "c9").empty());
    CHECK(bench.condition("app", "Ready").starts_with("True"));
  }
  SECTION("an operator releases it") {
    reconcile::OperatorAction action;
    action.kind = reconcile::OperatorAction::Kind::release;
    action.target = kustomization_id("app");
    action.actor = "alice";
    REQUIRE(bench.act(action).ok());
    bench.run(5);
    CHECK(uid(bench, "c9").empty());
    CHECK(bench.inventory("app").size() == 4);
    CHECK(bench.logged(event::Type::operator_acted).back().actor == "alice");
    CHECK_FALSE(bench.act(action).ok());  // nothing is held any more
  }
  SECTION("the objects back in the source release it") {
    bench.commit({{"app/a.yaml", configs(10)}});
    bench.run(61);
    CHECK(bench.condition("app", "Ready").starts_with("True"));
  }
}

TEST_CASE("half of ten objects is not yet held") {
  EngineBench bench;
  bench.commit({{"app/a.yaml", configs(10)}});
  bench.create_repository();
  bench.create_kustomization("app");
  bench.run();
  bench.commit({{"app/a.yaml", configs(5)}});
  bench.run(61);
  CHECK(bench.inventory("app").size() == 5);
}

TEST_CASE("a source that renders nothing any more deletes nothing unasked") {
  EngineBench bench;
  bench.commit({{"app/kustomization.yaml", "resources: [a.yaml]"}, {"app/a.yaml", config("one")}});
  bench.create_repository();
  bench.create_kustomization("app");
  bench.run();
  bench.commit({{"app/kustomization.yaml", "resources: []"}});
  bench.run(61);
  CHECK_FALSE(uid(bench, "one").empty());
  CHECK(bench.condition("app", "Ready").starts_with("False PruneHeld"));
}

TEST_CASE("deleting the Kustomization deletes its objects, suspended it orphans them") {
  EngineBench bench;
  bench.commit({{"app/a.yaml", config("one")}, {"sleepy/a.yaml", config("two")}});
  bench.create_repository();
  bench.create_kustomization("app");
  bench.create_kustomization("sleepy");
  bench.run();
  bench.merge(kustomization_id("sleepy"), R"({"spec":{"suspend":true}})");
  bench.run();
  bench.remove(kustomization_id("app"));
  bench.remove(kustomization_id("sleepy"));
  bench.run(60);
  CHECK(bench.kustomization("app").is_null());
  CHECK(bench.kustomization("sleepy").is_null());
  CHECK(uid(bench, "one").empty());
  CHECK_FALSE(uid(bench, "two").empty());
}

TEST_CASE("deletionPolicy Orphan leaves the objects") {
  EngineBench bench;
  bench.commit({{"app/a.yaml", config("one")}});
  bench.create_repository();
  bench.create_kustomization("app", "deletionPolicy: Orphan");
  bench.run();
  bench.remove(kustomization_id("app"));
  bench.run(60);
  CHECK(bench.kustomization("app").is_null());
  CHECK_FALSE(uid(bench, "one").empty());
}

}  // namespace
}  // namespace weir::test
