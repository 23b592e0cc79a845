// What a HelmRelease says and leaves, where a run beside Flux's controllers has shown it to be
// otherwise; the scenario of tests/peers/flux_beside in brackets.
#include <algorithm>
#include <catch2/catch.hpp>

#include "tests/support/release_bench.hh"
#include "tests/support/source_bench.hh"

namespace weir::test {
namespace {

Value status_of(ReleaseBench& bench) { return bench.get(release_id)["status"]; }

}  // namespace

TEST_CASE(
    "kept values stand in place of what a new chart has for defaults "
    "[preserve_values_new_defaults]") {
  const std::string more_template =
      "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: more}\n"
      "data: {added: '{{ .Values.added }}', other: '{{ .Values.other }}'}\n";
  ReleaseBench bench;
  bench.chart({{"chart/templates/more.yaml", more_template}});
  bench.release("{other: kept}", "  upgrade: {preserveValues: true}\n");
  bench.run(10);
  bench.commit({{"chart/Chart.yaml", chart_yaml("2.0.0")},
                {"chart/templates/config.yaml", config_template},
                {"chart/templates/more.yaml", more_template},
                {"chart/values.yaml", "message: changed\nadded: new\nother: new\n"}});
  bench.merge(release_id, R"({"spec":{"values":{"other":null,"extra":"x"}}})");
  bench.run(700);
  CHECK(bench.stored() == "v3 deployed, v2 superseded, v1 superseded");
  CHECK(bench.setting() == "hello");
  CHECK(bench.setting("extra") == "x");
  const Value more = bench.get(object_id("ConfigMap", "default", "more"));
  CHECK(more.path("data", "added").get_string().empty());
  CHECK(more.path("data", "other").get_string() == "kept");
  const Value secret = bench.get(object_id("Secret", "flux-system", helm::release_key("web", 3)));
  const auto record = helm::read_release_secret(secret);
  REQUIRE(record.ok());
  CHECK(record->chart.path("values", "message").get_string() == "hello");
  CHECK(record->chart.path("values", "other").get_string() == "kept");
  CHECK(record->config["extra"].get_string() == "x");
}

TEST_CASE(
    "a release of nothing has an inventory with nothing in it "
    "[deprecated_chart_without_objects]") {
  ReleaseBench bench;
  bench.chart({{"chart/templates/config.yaml", ""}});
  bench.release("{message: one}");
  bench.run(10);
  CHECK(bench.state("Ready").starts_with("True InstallSucceeded"));
  CHECK(status_of(bench)["inventory"]["entries"].is_array());
  CHECK(status_of(bench)["inventory"]["entries"].size() == 0);
}

TEST_CASE(
    "of a release that is suspended from the start nothing is known "
    "[suspended_from_the_start]") {
  ReleaseBench bench;
  bench.release("{message: one}", "  suspend: true\n");
  bench.run(10);
  CHECK(status_of(bench)["observedGeneration"].get_int(-1) == -1);
  bench.request("t1");
  bench.run(10);
  CHECK(status_of(bench)["lastHandledReconcileAt"].get_string() == "t1");
  CHECK(status_of(bench)["observedGeneration"].get_int(-1) == 1);
  bench.merge(release_id, R"({"spec":{"suspend":false}})");
  bench.run(10);
  CHECK(bench.state("Ready").starts_with("True InstallSucceeded"));
}

TEST_CASE(
    "a chart is taken from an ExternalArtifact, which says no more than that it is there "
    "[chart_ref_external_artifact]") {
  ReleaseBench bench;
  const std::string chart = packed(
      {{"shop/Chart.yaml", chart_yaml("3.0.0")}, {"shop/templates/config.yaml", config_template}});
  bench.create(
      "apiVersion: source.toolkit.fluxcd.io/v1\nkind: ExternalArtifact\n"
      "metadata: {name: made, namespace: flux-system}\nspec: {}\n");
  bench.create(
      "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\n"
      "metadata: {name: web, namespace: flux-system}\n"
      "spec: {interval: 10m, targetNamespace: default, releaseName: web,"
      " chartRef: {kind: ExternalArtifact, name: made}}\n");
  bench.run(10);
  CHECK(bench.state("Ready") ==
        "False SourceNotReady ExternalArtifact 'flux-system/made' is not ready: does not have an "
        "artifact");
  bench.downloads.files["http://watcher/c.tgz"] = chart;
  bench.merge_status(
      SourceBench::id("ExternalArtifact", "made"),
      Value::object({{"artifact", Value::object({{"path", "externalartifact/a/b/c.tgz"},
                                                 {"revision", "v3.0.0"},
                                                 {"url", "http://watcher/c.tgz"},
                                                 {"lastUpdateTime", "2026-01-01T00:00:00Z"},
                                                 {"digest", base::sha256(chart).to_string()}})}}));
  bench.run(10);
  CHECK(bench.state("Ready") ==
        "True InstallSucceeded Helm install succeeded for release default/web.v1 with chart "
        "shop@3.0.0");
}

TEST_CASE("why a chart was never made is told by the release [repository_unreachable]") {
  ReleaseBench bench;
  bench.git.fail = make_error(Code::unavailable, "nobody listens", "GitOperationFailed");
  bench.release("{message: one}");
  bench.run(60);
  CHECK(bench.state("Ready") ==
        "False SourceNotReady HelmChart 'flux-system/flux-system-web' is not ready: no artifact "
        "available for GitRepository source 'repo'");
}

TEST_CASE(
    "a rollback that fails once the retries are used up ends there "
    "[rollback_post_hook_fails]") {
  ReleaseBench bench;
  bench.release("{message: one}", "  upgrade: {remediation: {remediateLastFailure: true}}\n");
  bench.run(10);
  bench.kube->refuse["ConfigMap/default/web-settings"] =
      make_error(Code::invalid, "refused by somebody");
  bench.merge(release_id, R"({"spec":{"values":{"message":"two"}}})");
  bench.run(700);
  CHECK(bench.state("Remediated")
            .starts_with("False RollbackFailed Helm rollback to previous release default/web.v1"));
  CHECK(bench.state("Stalled") == "True RetriesExceeded Failed to upgrade after 1 attempt(s)");
  CHECK(bench.stored() == "v3 failed, v2 failed, v1 deployed");
}

TEST_CASE("what was corrected of a drift is told beside what was not") {
  ReleaseBench bench;
  bench.chart({{"chart/templates/more.yaml",
                "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: more}\ndata: {a: b}\n---\n"
                "apiVersion: v1\nkind: Secret\nmetadata: {name: key}\nstringData: {a: b}\n"}});
  bench.release("{message: one}", "  driftDetection: {mode: enabled}\n");
  bench.run(10);
  bench.kube->refuse_changes["Secret/default/key"] = make_error(
      Code::invalid, "Secret \"key\" is invalid: data[a]: Invalid value: \"b\": refused");
  bench.kube->refuse_changes["ConfigMap/default/web-settings"] =
      make_error(Code::forbidden, "not you");
  bench.merge(object_id("ConfigMap", "default", "more"), R"({"data":{"a":"hand"}})");
  bench.merge(object_id("Secret", "default", "key"), R"({"data":{"a":"aGFuZA=="}})");
  bench.remove(object_id("ConfigMap", "default", "web-settings"));
  bench.run(5);
  const auto events = bench.events("web");
  CHECK(std::find(events.begin(), events.end(),
                  "Warning DriftCorrectionFailed Failed to partially correct cluster state of "
                  "release default/web.v1:\n"
                  "ConfigMap/default/web-settings creation failure: not you\n"
                  "Secret/default/key patch failure: refused\n\n"
                  "Successful corrections:\nConfigMap/default/more configured") != events.end());
}

TEST_CASE("a definition that the server refuses is told of as such [crds_broken]") {
  ReleaseBench bench;
  bench.chart({{"chart/crds/bad.yaml",
                "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\n"
                "metadata: {name: bad.example.com}\nspec: {group: example.com}\n"}});
  const bool replaced = GENERATE(false, true);
  bench.release("{message: one}", replaced ? "  install: {crds: CreateReplace}\n" : "");
  bench.kube->refuse["CustomResourceDefinition/bad.example.com"] =
      make_error(Code::invalid, "refused");
  bench.run(10);
  const std::string state = bench.state("Released");
  CAPTURE(state);
  CHECK(state.find(replaced ? ": failed to apply CustomResourceDefinitions: failed to update "
                              "CustomResourceDefinition(s): "
                            : ": failed to apply CustomResourceDefinitions: failed to create "
                              "CustomResourceDefinition bad.example.com: ") != std::string::npos);
  CHECK(state.ends_with(": refused"));
}

TEST_CASE("with AdditiveCELDependencyCheck a readyExpr is asked beside the condition") {
  const bool additive = GENERATE(false, true);
  ReleaseBench bench;
  bench.options.additive_ready_expr = additive;
  bench.restart();
  bench.create(
      "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\n"
      "metadata: {name: first, namespace: flux-system}\n"
      "spec: {interval: 10m, chartRef: {kind: OCIRepository, name: none}}\n");
  bench.release("{message: one}", "  dependsOn: [{name: first, readyExpr: 'true'}]\n");
  bench.run(10);
  CHECK(bench.state("Ready").starts_with(
      additive ? "False DependencyNotReady dependency 'flux-system/first' is not ready"
               : "True InstallSucceeded"));
}

TEST_CASE("a deletion that fails is tried again when it is time, or when the spec changes "
          "[deleted_hook_fails]") {
  ReleaseBench bench;
  bench.chart({{"chart/templates/hook.yaml",
                "apiVersion: v1\nkind: ConfigMap\n"
                "metadata: {name: bye, annotations: {helm.sh/hook: pre-delete}}\n"}});
  bench.release("{message: one}");
  bench.run(10);
  bench.kube->refuse["ConfigMap/default/bye"] = make_error(Code::forbidden, "not you");
  bench.remove(release_id);
  bench.run(60);
  CHECK(bench.state("Released").starts_with("False UninstallFailed"));
  const std::int64_t failures = status_of(bench)["failures"].get_int();
  CHECK(failures > 2);
  CHECK(failures < 10);  // within a minute, every delay twice the one before
  bench.merge(release_id, R"({"spec":{"uninstall":{"disableHooks":true}}})");
  bench.run(5);
  CHECK(bench.get(release_id).is_null());
}

TEST_CASE("what an account may not see is no try that counts [impersonation]") {
  ReleaseBench bench;
  bench.create(
      "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: all}\n"
      "rules: [{apiGroups: ['*'], resources: ['*'], verbs: ['*']}]\n");
  bench.create(
      "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\n"
      "metadata: {name: all}\nroleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole,"
      " name: all}\n"
      "subjects: [{kind: ServiceAccount, name: tenant, namespace: flux-system}]\n");
  bench.kube->refuse_reads["ConfigMap/default/web-settings"] =
      make_error(Code::forbidden, "not you");
  bench.release("{message: one}", "  serviceAccountName: tenant\n");
  bench.run(20);
  CHECK(bench.state("Ready").ends_with(
      ": unable to continue with install: could not get information about the resource ConfigMap "
      "\"web-settings\" in namespace \"default\": not you"));
  CHECK(bench.stored().empty());
  CHECK(status_of(bench)["installFailures"].is_null());
  bench.kube->refuse_reads.clear();
  bench.run(60);
  CHECK(bench.state("Ready").starts_with("True InstallSucceeded"));
  CHECK(bench.stored() == "v1 deployed");
}

TEST_CASE("a release whose upgrade is stopped by a hook keeps the action that made it "
          "[upgrade_hook_fails_then_good, upgrade_refused]") {
  const bool hook = GENERATE(false, true);
  ReleaseBench bench;
  bench.chart({{"chart/templates/hook.yaml",
                "apiVersion: v1\nkind: ConfigMap\n"
                "metadata: {name: before, annotations: {helm.sh/hook: pre-upgrade}}\n"}});
  bench.release("{message: one}");
  bench.run(10);
  bench.kube->refuse[hook ? "ConfigMap/default/before" : "ConfigMap/default/web-settings"] =
      make_error(Code::invalid, "refused");
  bench.merge(release_id, R"({"spec":{"values":{"message":"two"}}})");
  bench.run(20);
  CHECK(bench.stored() == "v2 failed, v1 deployed");
  const Value former = status_of(bench)["history"].at(1);
  CHECK(former["action"].get_string() == (hook ? "install" : ""));
}

TEST_CASE("a name that Helm would not take is refused in its words [release_name_is_none]") {
  ReleaseBench bench;
  bench.create(
      "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\n"
      "metadata: {name: web, namespace: flux-system}\n"
      "spec: {interval: 10m, releaseName: Not_a_name, chart: {spec: {chart: ./chart,"
      " sourceRef: {kind: GitRepository, name: repo}}}}\n");
  bench.run(10);
  CHECK(bench.state("Ready").find(": release name check failed: release name \"Not_a_name\": "
                                  "invalid release name, must match regex ^[a-z0-9](") !=
        std::string::npos);
}

}  // namespace weir::test
