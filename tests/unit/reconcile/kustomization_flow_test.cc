#include <catch2/catch.hpp>

#include "tests/support/engine_bench.hh"

namespace weir::test {
namespace {

std::string config(const std::string& name, const std::string& text = "x") {
  std::string yaml = "apiVersion: v1\nkind: ConfigMap\nmetadata: {namespace: default, name: ";
  return yaml.append(name).append("}\ndata: {key: '").append(text).append("'}\n---\n");
}

std::string value_of(EngineBench& bench, const std::string& name) {
  return std::string(
      bench.get(object_id("ConfigMap", "default", name)).path("data", "key").get_string());
}

TEST_CASE("without its source a Kustomization says so, and goes on when it comes") {
  EngineBench bench;
  bench.commit({{"app/a.yaml", config("one")}});
  bench.create_kustomization("app");
  bench.run();
  CHECK(bench.condition("app", "Ready") ==
        "False ArtifactFailed GitRepository.source.toolkit.fluxcd.io \"repo\" not found");
  bench.create_repository();
  bench.run();
  CHECK(bench.condition("app", "Ready").starts_with("True"));
}

TEST_CASE("a failing fetch is told on the source and retried with back-off") {
  EngineBench bench;
  bench.commit({{"app/a.yaml", config("one")}});
  bench.git.fail =
      make_error(Code::unavailable, "failed to checkout: connection refused", "GitOperationFailed");
  bench.create_repository();
  bench.run(1);
  const ObjectId id{model::git_repository_gvk, "flux-system", "repo"};
  Value conditions = bench.get(id).path("status", "conditions");
  bool failed = false;
  for (const Value& condition : conditions.items())
    failed = failed || (condition["type"].get_string() == "FetchFailed" &&
                        condition["status"].get_string() == "True" &&
                        condition["reason"].get_string() == "GitOperationFailed");
  CHECK(failed);
  bench.run(10);
  const int tries = bench.git.checkouts;
  CHECK(tries > 2);
  CHECK(tries < 8);
  bench.git.fail.reset();
  bench.run(30);
  CHECK_FALSE(bench.get(id).path("status", "artifact", "revision").is_null());
}

TEST_CASE("a path that is not in the source is named") {
  EngineBench bench;
  bench.commit({{"other/a.yaml", config("one")}});
  bench.create_repository();
  bench.create_kustomization("app");
  bench.run();
  CHECK(bench.condition("app", "Ready") ==
        "False ArtifactFailed kustomization path not found: stat ./app: no such file or directory");
}

TEST_CASE("a build that fails leaves what runs alone") {
  EngineBench bench;
  bench.commit({{"app/a.yaml", config("one")}});
  bench.create_repository();
  bench.create_kustomization("app");
  bench.run();
  const std::string good = bench.git.revision();
  bench.commit({{"app/kustomization.yaml", "resources: [missing.yaml]"}});
  bench.run(61);
  CHECK(bench.condition("app", "Ready").starts_with("False BuildFailed kustomize build failed: "));
  CHECK(value_of(bench, "one") == "x");
  const Value status = bench.kustomization("app")["status"];
  CHECK(status["lastAppliedRevision"].get_string() == good);
  CHECK(status["lastAttemptedRevision"].get_string() == bench.git.revision());
}

TEST_CASE("a dependency is waited for, and its readiness wakes what depends on it") {
  EngineBench bench;
  bench.kube->refuse.emplace("ConfigMap/default/one", make_error(Code::invalid, "no", "Invalid"));
  bench.commit({{"first/a.yaml", config("one")}, {"second/a.yaml", config("two")}});
  bench.create_repository();
  bench.create_kustomization("first", "retryInterval: 20s");
  bench.create_kustomization("second", "dependsOn: [{name: first}]");
  bench.run(10);
  CHECK(bench.condition("second", "Ready") ==
        "False DependencyNotReady dependency 'flux-system/first' is not ready");
  CHECK(value_of(bench, "two").empty());
  bench.kube->refuse.clear();
  bench.run(25);
  CHECK(bench.condition("first", "Ready").starts_with("True"));
  CHECK(bench.condition("second", "Ready").starts_with("True"));
}

TEST_CASE("a dependency that is not there is named") {
  EngineBench bench;
  bench.commit({{"app/a.yaml", config("one")}});
  bench.create_repository();
  bench.create_kustomization("app", "dependsOn: [{name: ghost}]");
  bench.run();
  CHECK(bench.condition("app", "Ready") ==
        "False DependencyNotReady dependency 'flux-system/ghost' not found: "
        "kustomizations.kustomize.toolkit.fluxcd.io \"ghost\" not found");
}

TEST_CASE("readyExpr decides in place of the condition") {
  EngineBench bench;
  bench.commit({{"first/a.yaml", config("one")}, {"second/a.yaml", config("two")}});
  bench.create_repository();
  bench.create_kustomization("first");
  bench.create_kustomization(
      "second", "dependsOn: [{name: first, readyExpr: \"dep.metadata.name == 'other'\"}]");
  bench.run();
  CHECK(bench.condition("second", "Ready") ==
        "False DependencyNotReady dependency 'flux-system/first' is not ready according to "
        "readyExpr eval");
}

TEST_CASE("AdditiveCELDependencyCheck asks for the condition too") {
  EngineBench bench;
  bench.options.additive_ready_expr = true;
  bench.restart();
  bench.commit({{"first/a.yaml", "no: object\n"}, {"second/a.yaml", config("two")}});
  bench.create_repository();
  bench.create_kustomization("first");
  bench.create_kustomization("second", "dependsOn: [{name: first, readyExpr: \"true\"}]");
  bench.run();
  CHECK(bench.condition("second", "Ready") ==
        "False DependencyNotReady dependency 'flux-system/first' is not ready");
}

TEST_CASE("an expression that does not parse stalls, without a retry") {
  EngineBench bench;
  bench.commit({{"app/a.yaml", config("one")}});
  bench.create_repository();
  bench.create_kustomization("app", "dependsOn: [{name: first, readyExpr: \"dep.(\"}]");
  bench.run();
  CHECK(bench.condition("app", "Ready")
            .starts_with("False InvalidCELExpression Reconciliation failed terminally due to "
                         "configuration error: "));
  CHECK(bench.condition("app", "Stalled").starts_with("True InvalidCELExpression"));
  CHECK(bench.kustomization("app").path("status", "observedGeneration").get_int() == 1);
}

TEST_CASE("a request is answered, whatever comes of it") {
  EngineBench bench;
  bench.commit({{"app/a.yaml", config("one")}});
  bench.create_repository();
  bench.create_kustomization("app");
  bench.run();
  bench.merge(kustomization_id("app"),
              R"({"metadata":{"annotations":{"reconcile.fluxcd.io/requestedAt":"now"}}})");
  bench.run(1);
  CHECK(bench.kustomization("app").path("status", "lastHandledReconcileAt").get_string() == "now");
}

TEST_CASE("values out of a watched ConfigMap are taken as soon as it changes") {
  EngineBench bench;
  bench.commit({{"app/a.yaml", config("one", "${word}")}});
  bench.create_repository();
  bench.create(
      "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: vars, namespace: flux-system, labels: "
      "{reconcile.fluxcd.io/watch: Enabled}}\ndata: {word: first}\n");
  bench.create_kustomization("app", "postBuild: {substituteFrom: [{kind: ConfigMap, name: vars}]}");
  bench.run();
  CHECK(value_of(bench, "one") == "first");
  bench.merge(object_id("ConfigMap", "flux-system", "vars"), R"({"data":{"word":"second"}})");
  bench.run(1);
  CHECK(value_of(bench, "one") == "second");
}

TEST_CASE("fields that are not supported yet are refused, never ignored") {
  EngineBench bench;
  bench.commit({{"app/a.yaml", config("one")}});
  bench.create_repository();
  bench.create_kustomization("app", "decryption: {provider: sops}");
  bench.run();
  CHECK(bench.condition("app", "Stalled").starts_with("True UnsupportedField"));
  CHECK(value_of(bench, "one").empty());
}

TEST_CASE("cross-namespace sources are blocked when the operator says so") {
  reconcile::EngineOptions options;
  options.no_cross_namespace_refs = true;
  EngineBench bench(options);
  bench.commit({{"app/a.yaml", config("one")}});
  bench.create_repository();
  bench.create(
      "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\n"
      "metadata: {name: app, namespace: default}\n"
      "spec: {interval: 1m, prune: true, path: ./app, sourceRef: {kind: GitRepository, "
      "name: repo, namespace: flux-system}}\n");
  bench.run();
  const Value object = bench.get({model::kustomization_gvk, "default", "app"});
  std::string message;
  for (const Value& condition : object.path("status", "conditions").items())
    if (condition["type"].get_string() == "Ready") message = condition["message"].get_string();
  CHECK(message ==
        "can't access 'GitRepository/flux-system/repo', cross-namespace references have been "
        "blocked");
}

TEST_CASE("a rollback pins what was applied, survives a restart, and a newer commit lets it go") {
  EngineBench bench;
  bench.commit({{"app/a.yaml", config("one", "first")}});
  bench.create_repository();
  bench.create_kustomization("app");
  bench.run();
  const std::string first = bench.git.revision();
  const auto rendered = bench.logged(event::Type::manifests_rendered);
  REQUIRE(rendered.size() == 1);
  bench.commit({{"app/a.yaml", config("one", "second")}});
  bench.run(61);
  REQUIRE(value_of(bench, "one") == "second");
  reconcile::OperatorAction action;
  action.target = kustomization_id("app");
  action.set_blob = rendered[0].blobs.front();
  action.revision = first;
  action.to_seq = rendered[0].seq;
  action.actor = "alice";
  REQUIRE(bench.act(action).ok());
  bench.run();
  CHECK(value_of(bench, "one") == "first");
  CHECK(bench.condition("app", "Ready") ==
        "True ReconciliationSucceeded Applied revision: " + first + " (pinned by alice to event " +
            std::to_string(action.to_seq) + ", until a newer revision)");
  bench.restart();
  bench.run(700);
  CHECK(value_of(bench, "one") == "first");
  bench.commit({{"app/a.yaml", config("one", "third")}});
  bench.run(61);
  CHECK(value_of(bench, "one") == "third");
  CHECK(bench.logged(event::Type::rollback_released).size() == 1);
}

TEST_CASE("a held rollback stays until it is unpinned") {
  EngineBench bench;
  bench.commit({{"app/a.yaml", config("one", "first")}});
  bench.create_repository();
  bench.create_kustomization("app");
  bench.run();
  const auto rendered = bench.logged(event::Type::manifests_rendered);
  reconcile::OperatorAction action;
  action.target = kustomization_id("app");
  action.set_blob = rendered.at(0).blobs.front();
  action.revision = bench.git.revision();
  action.to_seq = rendered[0].seq;
  action.hold = true;
  action.actor = "alice";
  REQUIRE(bench.act(action).ok());
  bench.run();
  bench.commit({{"app/a.yaml", config("one", "second")}});
  bench.run(700);
  CHECK(value_of(bench, "one") == "first");
  action.kind = reconcile::OperatorAction::Kind::unpin;
  REQUIRE(bench.act(action).ok());
  bench.run();
  CHECK(value_of(bench, "one") == "second");
  CHECK_FALSE(bench.act(action).ok());
}

}  // namespace
}  // namespace weir::test
