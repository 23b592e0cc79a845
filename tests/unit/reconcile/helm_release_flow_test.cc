#include <algorithm>
#include <catch2/catch.hpp>

#include "tests/support/release_bench.hh"

namespace weir::test {
namespace {

TEST_CASE("a chart from Git is installed, with a record that Helm reads") {
  ReleaseBench bench;
  bench.release("{message: one}");
  bench.run(10);
  CHECK(bench.state("Ready").starts_with(
      "True InstallSucceeded Helm install succeeded for release default/web.v1 with chart "
      "shop@1.0.0+"));
  CHECK(bench.setting() == "one");
  CHECK(bench.stored() == "v1 deployed");
  const Value live = bench.get(object_id("ConfigMap", "default", "web-settings"));
  const Value& labels = live.path("metadata", "labels");
  CHECK(labels["app.kubernetes.io/managed-by"].get_string() == "Helm");
  CHECK(labels["helm.toolkit.fluxcd.io/name"].get_string() == "web");
  const Value status = bench.get(release_id)["status"];
  CHECK(status["history"].size() == 1);
  CHECK(status["history"].at(0)["action"].get_string() == "install");
  CHECK(status["inventory"]["entries"].size() == 1);
  CHECK(status["helmChart"].get_string() == "flux-system/flux-system-web");
  CHECK(status["observedGeneration"].get_int() == 1);
}

TEST_CASE("new values are an upgrade; a pass without news writes nothing") {
  ReleaseBench bench;
  bench.release("{message: one}");
  bench.run(10);
  bench.merge(release_id, R"({"spec":{"values":{"message":"two"}}})");
  bench.run(10);
  CHECK(bench.setting() == "two");
  CHECK(bench.stored() == "v2 deployed, v1 superseded");
  CHECK(bench.state("Ready").starts_with("True UpgradeSucceeded"));
  bench.kube->calls.clear();
  bench.run(700);
  for (const std::string& call : bench.kube->calls)
    CHECK_FALSE(call.find("web-settings") != std::string::npos);
  CHECK(bench.stored() == "v2 deployed, v1 superseded");
}

TEST_CASE("an upgrade that the server refuses is rolled back, then stalls") {
  ReleaseBench bench;
  bench.release("{message: one}", "  upgrade: {remediation: {retries: 1}}\n");
  bench.run(10);
  bench.merge(release_id, R"({"spec":{"values":{"message":"two","extra":"{bad: map}"}}})");
  bench.run(60);
  CHECK(bench.state("Remediated")
            .starts_with("True RollbackSucceeded Helm rollback to previous "
                         "release default/web.v3 with chart shop@1.0.0+"));
  CHECK(bench.state("Stalled") == "True RetriesExceeded Failed to upgrade after 2 attempt(s)");
  CHECK(bench.state("Ready").starts_with("False"));
  CHECK(bench.setting() == "one");
  const Value status = bench.get(release_id)["status"];
  CHECK(status["upgradeFailures"].get_int() == 2);
  bench.merge(release_id, R"({"spec":{"values":{"message":"three","extra":null}}})");
  bench.run(20);
  CHECK(bench.state("Ready").starts_with("True UpgradeSucceeded"));
  CHECK(bench.setting() == "three");
  CHECK(bench.get(release_id).path("status", "upgradeFailures").is_null());
}

TEST_CASE("a failed install without retries stalls and leaves its record") {
  ReleaseBench bench;
  bench.release("{message: one, extra: '{bad: map}'}");
  bench.run(20);
  CHECK(bench.state("Stalled") == "True RetriesExceeded Failed to install after 1 attempt(s)");
  CHECK(bench.state("Ready").starts_with(
      "False InstallFailed Helm install failed for release default/web with chart shop@1.0.0+"));
  CHECK(bench.stored() == "v1 failed");
}

TEST_CASE("a forced request is one upgrade, whatever is in sync") {
  ReleaseBench bench;
  bench.release("{message: one}");
  bench.run(10);
  bench.request("t1");
  bench.run(10);
  CHECK(bench.stored() == "v1 deployed");
  bench.request("t2", true);
  bench.run(10);
  CHECK(bench.stored() == "v2 deployed, v1 superseded");
  CHECK(bench.get(release_id).path("status", "lastHandledForceAt").get_string() == "t2");
  CHECK(bench.get(release_id).path("status", "lastHandledReconcileAt").get_string() == "t2");
}

TEST_CASE("drift is corrected without a new release") {
  ReleaseBench bench;
  bench.release("{message: one}", "  driftDetection: {mode: enabled}\n");
  bench.run(10);
  CHECK(bench.state("Drifted").starts_with("False NoDriftDetected"));
  bench.merge(object_id("ConfigMap", "default", "web-settings"), R"({"data":{"message":"hand"}})");
  bench.run(10);
  CHECK(bench.setting() == "one");
  bench.remove(object_id("ConfigMap", "default", "web-settings"));
  bench.run(10);
  CHECK(bench.setting() == "one");
  CHECK(bench.stored() == "v1 deployed");
  CHECK(bench.state("Ready").starts_with("True"));
}

TEST_CASE("drift of a Secret whose chart gives stringData is corrected at once") {
  ReleaseBench bench;
  bench.chart({{"chart/templates/secret.yaml",
                "apiVersion: v1\nkind: Secret\nmetadata: {name: web-secret}\n"
                "stringData: {text: good}\n"}});
  bench.release("{message: one}", "  driftDetection: {mode: enabled}\n");
  bench.run(10);
  const auto id = object_id("Secret", "default", "web-secret");
  const std::string good(bench.get(id).path("data", "text").get_string());
  REQUIRE_FALSE(good.empty());
  bench.merge(id, R"({"data":{"text":"YmFk"}})");
  bench.run(10);
  CHECK(bench.get(id).path("data", "text").get_string() == good);
  CHECK(bench.stored() == "v1 deployed");
}

TEST_CASE("drift that is only warned of stays") {
  ReleaseBench bench;
  bench.release("{message: one}", "  driftDetection: {mode: warn}\n");
  bench.run(10);
  bench.merge(object_id("ConfigMap", "default", "web-settings"), R"({"data":{"message":"hand"}})");
  bench.run(10);
  CHECK(bench.setting() == "hand");
  CHECK(bench.state("Drifted").starts_with("True DriftDetected"));
  CHECK(bench.state("Ready").starts_with("True"));
}

TEST_CASE("what is excluded from drift detection is told of and left alone") {
  ReleaseBench bench;
  bench.chart({{"chart/templates/free.yaml",
                "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: free\n  annotations:"
                " {helm.toolkit.fluxcd.io/driftDetection: disabled}\ndata: {a: b}\n"}});
  bench.release("{message: one}", "  driftDetection: {mode: enabled}\n");
  bench.run(10);
  bench.merge(object_id("ConfigMap", "default", "free"), R"({"data":{"a":"hand"}})");
  bench.merge(object_id("ConfigMap", "default", "web-settings"), R"({"data":{"message":"hand"}})");
  bench.run(10);
  CHECK(bench.setting() == "one");
  CHECK(bench.get(object_id("ConfigMap", "default", "free")).path("data", "a").get_string() ==
        "hand");
  const auto events = bench.events("web");
  const auto told = std::find_if(events.begin(), events.end(), [](const std::string& event) {
    return event.starts_with("Warning DriftDetected ");
  });
  REQUIRE(told != events.end());
  CHECK(told->find("\nConfigMap/default/free excluded") != std::string::npos);
  CHECK(told->find("ConfigMap/default/web-settings changed (0 additions, 1 changes, 0 removals)") !=
        std::string::npos);
}

TEST_CASE("events that only explain reach Kubernetes and nobody else") {
  ReleaseBench bench;
  bench.release("{message: one}");
  bench.run(10);
  const auto events = bench.events("web");
  CHECK(std::count(events.begin(), events.end(),
                   "Normal HelmChartCreated Created HelmChart/flux-system/flux-system-web with "
                   "SourceRef 'GitRepository/flux-system/repo'") == 1);
  for (const Value& posted : bench.notifications.posted)
    CHECK(posted["reason"].get_string() != "HelmChartCreated");
}

TEST_CASE("deleting the HelmRelease uninstalls, and takes its HelmChart along") {
  ReleaseBench bench;
  bench.release("{message: one}");
  bench.run(10);
  bench.remove(release_id);
  bench.run(10);
  CHECK(bench.get(release_id).is_null());
  CHECK(bench.setting().empty());
  CHECK(bench.stored().empty());
  CHECK(bench.get({model::helm_chart_gvk, "flux-system", "flux-system-web"}).is_null());
}

TEST_CASE("a suspended HelmRelease leaves everything when it is deleted") {
  ReleaseBench bench;
  bench.release("{message: one}");
  bench.run(10);
  bench.merge(release_id, R"({"spec":{"suspend":true}})");
  bench.run(5);
  bench.remove(release_id);
  bench.run(10);
  CHECK(bench.get(release_id).is_null());
  CHECK(bench.setting() == "one");
  CHECK(bench.stored() == "v1 deployed");
}

TEST_CASE("a new name of the release moves it") {
  ReleaseBench bench;
  bench.release("{message: one}");
  bench.run(10);
  bench.merge(release_id, R"({"spec":{"releaseName":"other"}})");
  bench.run(20);
  CHECK(bench.stored().empty());
  CHECK(bench.setting().empty());
  CHECK(bench.state("Ready").find("default/other.v1") != std::string::npos);
}

TEST_CASE("after a restart nothing is released again") {
  ReleaseBench bench;
  bench.release("{message: one}");
  bench.run(10);
  bench.restart();
  bench.run(30);
  CHECK(bench.stored() == "v1 deployed");
  CHECK(bench.state("Ready").starts_with("True InstallSucceeded"));
}

TEST_CASE("a release that an unknown process broke off in is unlocked and upgraded") {
  ReleaseBench bench;
  bench.release("{message: one}");
  bench.run(10);
  const ObjectId secret = object_id("Secret", "flux-system", helm::release_key("web", 1));
  auto record = helm::read_release_secret(bench.get(secret));
  REQUIRE(record.ok());
  record->status = "pending-upgrade";
  auto broken = helm::release_secret(*record, "flux-system", "modifiedAt", 1);
  REQUIRE(broken.ok());
  bench.merge(secret, "{\"data\":{\"release\":\"" +
                          std::string(broken->path("data", "release").get_string()) + "\"}}");
  bench.request("t1");
  bench.run(10);
  CHECK(bench.stored() == "v2 deployed, v1 superseded");
  CHECK(bench.state("Ready").starts_with("True UpgradeSucceeded"));
}

TEST_CASE("a chart that does not render fails the release and says where") {
  ReleaseBench bench;
  bench.chart({{"chart/templates/bad.yaml", "{{ required \"a name is needed\" .Values.name }}\n"}});
  bench.release("{message: one}");
  bench.run(10);
  CHECK(bench.state("Ready").find("a name is needed") != std::string::npos);
  CHECK(bench.stored().empty());
  CHECK(bench.get(release_id).path("status", "installFailures").is_null());
}

TEST_CASE("a chart that cannot be packaged is told of by its release at once") {
  ReleaseBench bench;
  bench.chart({}, "no version");
  bench.release("{message: one}");
  bench.run(10);
  CHECK(bench.state("Ready") ==
        "False SourceNotReady HelmChart 'flux-system/flux-system-web' is not ready: invalid "
        "chart reference: validation: chart.metadata.version \"no version\" is invalid");
  bench.chart({}, "1.0.1");
  bench.run(700);
  CHECK(bench.state("Ready").starts_with("True InstallSucceeded"));
}

TEST_CASE("values that cannot be resolved are named") {
  ReleaseBench bench;
  bench.release("{message: one}", "  valuesFrom: [{kind: ConfigMap, name: ghost}]\n");
  bench.run(10);
  CHECK(bench.state("Ready") ==
        "False ValuesError could not resolve ConfigMap chart values reference 'flux-system/ghost' "
        "with key 'values.yaml': configmaps \"ghost\" not found");
}

TEST_CASE("a dependency is waited for, and its readiness wakes the release") {
  ReleaseBench bench;
  bench.release("{message: one}", "  dependsOn: [{name: first}]\n");
  bench.run(5);
  CHECK(bench.state("Ready") ==
        "False DependencyNotReady unable to get 'flux-system/first' dependency: "
        "helmreleases.helm.toolkit.fluxcd.io \"first\" not found");
  bench.create(
      "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\n"
      "metadata: {name: first, namespace: flux-system}\n"
      "spec:\n  interval: 10m\n  chart: {spec: {chart: ./chart, reconcileStrategy: Revision,"
      " sourceRef: {kind: GitRepository, name: repo}}}\n");
  bench.run(20);
  CHECK(bench.state("Ready").starts_with("True"));
}

TEST_CASE("post renderers and common metadata reach the objects") {
  ReleaseBench bench;
  bench.release("{message: one}",
                "  commonMetadata: {labels: {team: a}}\n"
                "  postRenderers:\n"
                "  - kustomize:\n"
                "      patches:\n"
                "      - {patch: \"- {op: add, path: /data/patched, value: 'yes'}\","
                " target: {kind: ConfigMap}}\n");
  bench.run(10);
  CHECK(bench.setting("patched") == "yes");
  bench.run(60);
  CHECK(bench.stored() == "v1 deployed");
  const Value live = bench.get(object_id("ConfigMap", "default", "web-settings"));
  CHECK(live.path("metadata", "labels", "team").get_string() == "a");
}

TEST_CASE("hooks run in their order, and the kept ones stay") {
  ReleaseBench bench;
  const auto hook = [](const std::string& name, const std::string& weight,
                       const std::string& policy) {
    return "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: " + name +
           "\n  annotations: {helm.sh/hook: pre-install, helm.sh/hook-weight: '" + weight +
           "', helm.sh/hook-delete-policy: " + policy + "}\ndata: {a: b}\n";
  };
  bench.chart({{"chart/templates/one.yaml", hook("hook-b", "2", "before-hook-creation")},
               {"chart/templates/two.yaml", hook("hook-a", "1", "hook-succeeded")}});
  bench.release("{message: one}");
  bench.run(10);
  CHECK(bench.state("Ready").starts_with("True"));
  CHECK_FALSE(bench.get(object_id("ConfigMap", "default", "hook-b")).is_null());
  CHECK(bench.get(object_id("ConfigMap", "default", "hook-a")).is_null());
  const auto at = [&](const std::string& name) {
    for (std::size_t i = 0; i < bench.kube->calls.size(); ++i)
      if (bench.kube->calls[i].starts_with("apply") &&
          bench.kube->calls[i].find(name) != std::string::npos)
        return i;
    return bench.kube->calls.size();
  };
  CHECK(at("hook-a") < at("hook-b"));
  CHECK(at("hook-b") < at("web-settings"));
}

// A ConfigMap that is ready only once somebody has said so.
const std::string waits_for_word =
    "  healthCheckExprs:\n  - {apiVersion: v1, kind: ConfigMap,"
    " current: \"has(data.ready) && data.ready == 'yes'\"}\n";
const ObjectId settings_id = object_id("ConfigMap", "default", "web-settings");

TEST_CASE("an install waits for its objects, and a watch ends the wait") {
  ReleaseBench bench;
  bench.release("{message: one}", waits_for_word);
  bench.run(20);
  CHECK(bench.state("Ready") ==
        "Unknown Progressing Running 'install' action with timeout of 5m0s");
  CHECK(bench.stored() == "v1 pending-install");
  bench.merge(settings_id, R"({"data":{"ready":"yes"}})");
  bench.run(1);
  CHECK(bench.stored() == "v1 deployed");
  CHECK(bench.state("Ready").starts_with("True InstallSucceeded"));
}

TEST_CASE("objects that do not become ready in time fail the release") {
  ReleaseBench bench;
  bench.release("{message: one}", waits_for_word + "  timeout: 30s\n");
  bench.run(40);
  CHECK(bench.state("Ready").ends_with(
      ": timeout waiting for: [ConfigMap/default/web-settings status: 'InProgress']"));
  CHECK(bench.stored() == "v1 failed");
}

TEST_CASE("a new spec gives the wait up and is released") {
  ReleaseBench bench;
  bench.release("{message: one}", waits_for_word);
  bench.run(10);
  bench.merge(release_id, R"({"spec":{"healthCheckExprs":[],"values":{"message":"two"}}})");
  bench.run(5);
  CHECK(bench.setting() == "two");
  CHECK(bench.stored() == "v2 deployed, v1 superseded");
  CHECK(bench.state("Ready").starts_with("True UpgradeSucceeded"));
}

TEST_CASE("deleting a HelmRelease does not wait for what it waits for") {
  ReleaseBench bench;
  bench.release("{message: one}", waits_for_word);
  bench.run(10);
  bench.remove(release_id);
  bench.run(10);
  CHECK(bench.get(release_id).is_null());
  CHECK(bench.setting().empty());
}

TEST_CASE("an install that the end of the process broke off goes on as the same release") {
  ReleaseBench bench;
  bench.release("{message: one}", waits_for_word);
  bench.run(10);
  CHECK(bench.stored() == "v1 pending-install");
  bench.restart();
  bench.run(5);
  CHECK(bench.stored() == "v1 pending-install");
  bench.merge(settings_id, R"({"data":{"ready":"yes"}})");
  bench.run(10);
  CHECK(bench.stored() == "v1 deployed");
  CHECK(bench.state("Ready").starts_with("True InstallSucceeded"));
}

TEST_CASE("tests run after the release, and their failure is told") {
  ReleaseBench bench;
  bench.chart({{"chart/templates/test.yaml",
                "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: check\n"
                "  annotations: {helm.sh/hook: test}\n"}});
  bench.release("{message: one}", "  test: {enable: true}\n");
  bench.run(10);
  CHECK(bench.state("TestSuccess").ends_with(": 1 test hook completed successfully"));
  CHECK(bench.state("Ready").starts_with("True TestSucceeded"));
  const Value history = bench.get(release_id).path("status", "history");
  CHECK(history.at(0).path("testHooks", "check", "phase").get_string() == "Succeeded");
}

TEST_CASE("RetryOnFailure tries again after its interval, as an upgrade") {
  ReleaseBench bench;
  bench.release("{message: one, extra: '{bad: map}'}",
                "  install: {strategy: {name: RetryOnFailure, retryInterval: 20s}}\n"
                "  upgrade: {strategy: {name: RetryOnFailure, retryInterval: 20s}}\n");
  bench.run(10);
  CHECK(bench.stored() == "v1 failed");
  CHECK(bench.state("Reconciling") == "True ProgressingWithRetry retrying after 20s");
  CHECK(bench.get(release_id).path("status", "observedGeneration").get_int() == 1);
  CHECK(bench.state("Stalled").empty());
  bench.run(20);
  CHECK(bench.stored() == "v2 failed, v1 failed");
  bench.merge(release_id, R"({"spec":{"values":{"extra":null}}})");
  bench.run(10);
  CHECK(bench.state("Ready").starts_with("True UpgradeSucceeded"));
  CHECK(bench.get(release_id).path("status", "failures").is_null());
}

}  // namespace
}  // namespace weir::test
