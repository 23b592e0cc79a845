#include <catch2/catch.hpp>

#include "tests/support/engine_bench.hh"

namespace weir::test {
namespace {

// The embedded API's workloads become ready by themselves, unless the pods are told to fail.
std::string workload(const std::string& kind, const std::string& name, bool fails) {
  std::string text = "apiVersion: apps/v1\nkind: " + kind;
  text.append("\nmetadata: {namespace: default, name: ").append(name).append("}\nspec:\n");
  text.append("  replicas: 1\n  serviceName: x\n  selector: {matchLabels: {app: ").append(name);
  text.append("}}\n  template:\n    metadata:\n      labels: {app: ").append(name).append("}\n");
  if (fails) text.append("      annotations: {sim.weir.dev/fail: CrashLoopBackOff}\n");
  return text.append("    spec: {containers: [{name: main, image: 'example.com/app:1'}]}\n---\n");
}

std::string deployment(const std::string& name, bool fails = false) {
  std::string text = workload("Deployment", name, fails);
  return text.erase(text.find("  serviceName: x\n"), 17);
}

TEST_CASE("with wait a Kustomization is ready when its objects are") {
  EngineBench bench;
  bench.commit({{"app/a.yaml", deployment("web")}});
  bench.create_repository();
  bench.create_kustomization("app", "wait: true");
  bench.run(30);
  CHECK(bench.condition("app", "Ready").starts_with("True ReconciliationSucceeded"));
  CHECK(bench.condition("app", "Healthy").starts_with("True Succeeded Health check passed in "));
}

TEST_CASE("what does not become ready fails the check by its deadline, naming it") {
  EngineBench bench;
  bench.commit({{"app/a.yaml", deployment("web", true)}});
  bench.create_repository();
  bench.create_kustomization("app", "wait: true\ntimeout: 40s");
  bench.run(35);
  CHECK(bench.condition("app", "Healthy").starts_with("Unknown Progressing Running health checks"));
  bench.run(10);
  CHECK(bench.condition("app", "Ready") ==
        "False HealthCheckFailed health check failed after 40s: timeout waiting for: "
        "[Deployment/default/web status: 'InProgress']");
  CHECK(bench.condition("app", "Healthy").starts_with("False HealthCheckFailed"));
  CHECK(bench.inventory("app").size() == 1);
}

TEST_CASE("a StatefulSet whose pod crashes fails early, its pods are asked") {
  EngineBench bench;
  bench.commit({{"app/a.yaml", workload("StatefulSet", "db", true)}});
  bench.create_repository();
  bench.create_kustomization("app", "wait: true\ntimeout: 5m");
  bench.run(60);
  const std::string ready = bench.condition("app", "Ready");
  CHECK(ready.starts_with("False HealthCheckFailed health check failed after "));
  CHECK(ready.ends_with(
      ": failed early due to stalled resources: [StatefulSet/default/db status: 'Failed']"));
}

TEST_CASE("a Job that deletes itself when it is done counts as healthy once it is gone") {
  EngineBench bench;
  bench.commit({{"app/a.yaml",
                 "apiVersion: batch/v1\nkind: Job\nmetadata: {name: once, namespace: default}\n"
                 "spec:\n  ttlSecondsAfterFinished: 1\n  template:\n    spec:\n"
                 "      restartPolicy: Never\n      containers: [{name: main, image: x}]\n"}});
  bench.create_repository();
  bench.create_kustomization("app", "wait: true\ntimeout: 2m");
  bench.run(90);
  CHECK(bench.condition("app", "Ready").starts_with("True"));
}

TEST_CASE("a new revision cancels the wait for the old one") {
  EngineBench bench;
  bench.commit({{"app/a.yaml", deployment("web", true)}});
  bench.create_repository();
  bench.create_kustomization("app", "wait: true\ntimeout: 5m");
  bench.run(20);
  bench.commit({{"app/a.yaml", deployment("web")}});
  bench.run(90);
  CHECK(bench.condition("app", "Ready").starts_with("True"));
  bool cancelled = false;
  for (const std::string& event : bench.events("app"))
    cancelled = cancelled || event ==
                                 "Normal HealthCheckCanceled New reconciliation triggered by "
                                 "GitRepository/flux-system/repo";
  CHECK(cancelled);
}

TEST_CASE("a health check expression decides for its kind") {
  EngineBench bench;
  bench.commit({{"app/a.yaml",
                 "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: flag, namespace: "
                 "default}\ndata: {state: waiting}\n"}});
  bench.create_repository();
  bench.create_kustomization(
      "app",
      "wait: true\ntimeout: 30s\nhealthCheckExprs:\n"
      "- apiVersion: v1\n  kind: ConfigMap\n  current: data.state == 'done'");
  bench.run(35);
  CHECK(bench.condition("app", "Ready").find("[ConfigMap/default/flag status: 'InProgress']") !=
        std::string::npos);
  bench.commit({{"app/a.yaml",
                 "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: flag, namespace: "
                 "default}\ndata: {state: done}\n"}});
  bench.run(61);
  CHECK(bench.condition("app", "Ready").starts_with("True"));
}

TEST_CASE("an explicit health check may name an object that somebody else made") {
  EngineBench bench;
  bench.commit({{"app/a.yaml",
                 "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x, namespace: "
                 "default}\n"}});
  bench.create_repository();
  bench.create_kustomization(
      "app",
      "timeout: 1m\nhealthChecks: [{apiVersion: apps/v1, kind: Deployment, name: other, namespace: "
      "default}]");
  bench.run(10);
  CHECK(bench.condition("app", "Healthy").starts_with("Unknown"));
  bench.create(deployment("other").substr(0, deployment("other").find("---")));
  bench.run(30);
  CHECK(bench.condition("app", "Ready").starts_with("True"));
}

}  // namespace
}  // namespace weir::test
