// What a HelmRelease may say about names, values, records, kept objects, tests and managers: one
// case a line of the contract (H2-H15) that has no test of its own elsewhere.
#include <algorithm>
#include <catch2/catch.hpp>

#include "tests/support/release_bench.hh"

namespace weir::test {
namespace {

const ObjectId settings_id = object_id("ConfigMap", "default", "web-settings");

std::string config_yaml(const std::string& name, const std::string& annotations = "") {
  return "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: " + name + "\n" +
         (annotations.empty() ? "" : "  annotations: {" + annotations + "}\n") + "data: {a: b}\n";
}

bool has_event(ReleaseBench& bench, const std::string& text) {
  const auto events = bench.events("web");
  return std::any_of(events.begin(), events.end(), [&](const std::string& event) {
    return event.find(text) != std::string::npos;
  });
}

std::vector<std::string> managers_of(const Value& object) {
  std::vector<std::string> out;
  for (const Value& entry : object.path("metadata", "managedFields").items())
    out.push_back(std::string(entry["manager"].get_string()) + " " +
                  std::string(entry["operation"].get_string()));
  return out;
}

reconcile::WriteOptions by(const std::string& manager) {
  reconcile::WriteOptions options;
  options.field_manager = manager;
  return options;
}

std::vector<std::string> applied_actions(ReleaseBench& bench, const std::string& name) {
  std::vector<std::string> out;
  for (const auto& event : bench.logged(event::Type::object_applied))
    if (event.subject.object.name == name)
      out.emplace_back(event.data["action"].get_string());
  return out;
}

}  // namespace

TEST_CASE("H2.1, H2.2: the HelmChart is labelled, and goes when it is no longer wanted") {
  ReleaseBench bench;
  bench.release("{message: one}");
  bench.run(10);
  const ObjectId chart{model::helm_chart_gvk, "flux-system", "flux-system-web"};
  const Value labels = bench.get(chart).path("metadata", "labels");
  CHECK(labels["helm.toolkit.fluxcd.io/name"].get_string() == "web");
  CHECK(labels["helm.toolkit.fluxcd.io/namespace"].get_string() == "flux-system");
  CHECK(bench.get(release_id).path("status", "helmChart").get_string() ==
        "flux-system/flux-system-web");
  CHECK(has_event(bench,
                  "Created HelmChart/flux-system/flux-system-web with SourceRef "
                  "'GitRepository/flux-system/repo'"));
  bench.merge(release_id,
              R"({"spec":{"chart":null,"chartRef":{"kind":"OCIRepository","name":"x"}}})");
  bench.run(10);
  CHECK(bench.get(chart).is_null());
  CHECK(bench.get(release_id).path("status", "helmChart").is_null());
}

TEST_CASE("H4.1: an inline null takes a chart's default away") {
  ReleaseBench bench;
  bench.chart({{"chart/templates/more.yaml",
                "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: more}\n"
                "data: {all: '{{ .Values | toJson }}'}\n"}});
  bench.release("{message: null, kept: 1}");
  bench.run(10);
  CHECK(bench.get(object_id("ConfigMap", "default", "more")).path("data", "all").get_string() ==
        R"({"kept":1})");
}

TEST_CASE("H5.3: the generation is not observed while something is waited for") {
  ReleaseBench bench;
  bench.release("{message: one}", "  dependsOn: [{name: first}]\n");
  bench.run(10);
  CHECK(bench.get(release_id).path("status", "observedGeneration").get_int(-1) == -1);
}

TEST_CASE("H5.5: a force of another token than the request's is noted and not acted on") {
  ReleaseBench bench;
  bench.release("{message: one}");
  bench.run(10);
  bench.merge(release_id,
              R"({"metadata":{"annotations":{"reconcile.fluxcd.io/requestedAt":"t2",)"
              R"("reconcile.fluxcd.io/forceAt":"t1","reconcile.fluxcd.io/resetAt":"t1"}}})");
  bench.run(10);
  CHECK(bench.stored() == "v1 deployed");
  const Value status = bench.get(release_id)["status"];
  CHECK(status["lastHandledForceAt"].get_string() == "t1");
  CHECK(status["lastHandledResetAt"].get_string() == "t1");
}

TEST_CASE("H5.5: a reset lets a release that had used up its retries try again") {
  ReleaseBench bench;
  bench.release("{message: one, extra: '{bad: map}'}");
  bench.run(20);
  CHECK(bench.state("Stalled").starts_with("True RetriesExceeded"));
  bench.merge(release_id,
              R"({"metadata":{"annotations":{"reconcile.fluxcd.io/requestedAt":"t1",)"
              R"("reconcile.fluxcd.io/resetAt":"t1"}}})");
  bench.run(20);
  CHECK(bench.stored() == "v2 failed, v1 failed");
  CHECK(bench.get(release_id).path("status", "lastHandledResetAt").get_string() == "t1");
}

// The status of the first record is set in Helm's storage, behind weir's back.
void mark_record(ReleaseBench& bench, const char* status) {
  const ObjectId secret = object_id("Secret", "flux-system", helm::release_key("web", 1));
  auto record = helm::read_release_secret(bench.get(secret));
  REQUIRE(record.ok());
  record->status = status;
  auto changed = helm::release_secret(*record, "flux-system", "modifiedAt", 1);
  REQUIRE(changed.ok());
  bench.merge(secret, "{\"data\":{\"release\":\"" +
                          std::string(changed->path("data", "release").get_string()) + "\"}}");
}

TEST_CASE("H6: a record of a status that no action starts from is an error that is retried") {
  ReleaseBench bench;
  bench.release("{message: one}");
  bench.run(10);
  mark_record(bench, "superseded");
  // Its digest is another one now, so it is unmanaged; a history that never knew digests believes.
  Value history = bench.get(release_id).path("status", "history");
  history.item_mut(0).set("apiVersion", "v1");
  bench.merge_status(release_id, Value::object({{"history", history}}));
  bench.restart();
  bench.request("t1");
  bench.run(5);
  CHECK(bench.state("Ready") ==
        "False StateError Could not determine release state: unable to determine state for release "
        "with status 'superseded'");
}

TEST_CASE("H8.1: an install takes objects over that stand, with what client-side writes own") {
  ReleaseBench bench;
  REQUIRE(bench.kube
              ->create(Value::object(
                           {{"apiVersion", "v1"},
                            {"kind", "ConfigMap"},
                            {"metadata", Value::object({{"name", "web-settings"},
                                                        {"namespace", "default"}})},
                            {"data", Value::object({{"message", "old"}, {"gone", "soon"}})}}),
                       by("helm-controller"))
              .ok());
  bench.release("{message: one}");
  bench.run(10);
  CHECK(bench.setting() == "one");
  CHECK(bench.setting("gone").empty());
  CHECK(managers_of(bench.get(settings_id)) == std::vector<std::string>{"helm-controller Apply"});
  CHECK(applied_actions(bench, "web-settings") == std::vector<std::string>{"configured"});
}

TEST_CASE("an install looks at nothing before it writes, and tells what it made") {
  ReleaseBench bench;
  bench.release("{message: one}");
  bench.run(10);
  CHECK(applied_actions(bench, "web-settings") == std::vector<std::string>{"created"});
}

TEST_CASE("an upgrade tells of what it changed, and of nothing else") {
  ReleaseBench bench;
  bench.chart({{"chart/templates/more.yaml", config_yaml("more")}});
  bench.release("{message: one}");
  bench.run(10);
  bench.merge(release_id, R"({"spec":{"values":{"message":"two"}}})");
  bench.run(10);
  CHECK(applied_actions(bench, "web-settings") ==
        std::vector<std::string>{"created", "configured"});
  CHECK(applied_actions(bench, "more") == std::vector<std::string>{"created"});
  bench.remove(object_id("ConfigMap", "default", "more"));
  bench.merge(release_id, R"({"spec":{"values":{"message":"three"}}})");
  bench.run(10);
  CHECK(applied_actions(bench, "more") == std::vector<std::string>{"created", "created"});
}

TEST_CASE("H8.1: without ownership, what another has made is in the way") {
  ReleaseBench bench;
  bench.create(
      "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web-settings, namespace: default}\n"
      "data: {message: mine}\n");
  bench.release("{message: one}", "  install: {disableTakeOwnership: true}\n");
  bench.run(5);
  CHECK(bench.state("Ready").find("exists and cannot be imported into the current release: invalid "
                                  "ownership metadata") != std::string::npos);
  CHECK(bench.setting() == "mine");
}

TEST_CASE("H8.3: a namespace is made where that is asked for, with its name as a label") {
  ReleaseBench bench;
  bench.create(
      "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\n"
      "metadata: {name: web, namespace: flux-system}\n"
      "spec:\n  interval: 10m\n  targetNamespace: fresh\n  install: {createNamespace: true}\n"
      "  chart: {spec: {chart: ./chart, reconcileStrategy: Revision,"
      " sourceRef: {kind: GitRepository, name: repo}}}\n");
  bench.run(10);
  const Value made = bench.get(object_id("Namespace", "", "fresh"));
  CHECK(made.path("metadata", "labels", "name").get_string() == "fresh");
  CHECK(bench.state("Ready").find("fresh/fresh-web.v1") != std::string::npos);
  bench.remove(release_id);
  bench.run(10);
  CHECK(bench.get(release_id).is_null());
  CHECK_FALSE(bench.get(object_id("Namespace", "", "fresh")).is_null());
}

TEST_CASE("H8.4: values are kept where that is asked for, and old records go") {
  ReleaseBench bench;
  bench.release("{message: one, extra: kept}",
                "  maxHistory: 2\n  upgrade: {preserveValues: true}\n");
  bench.run(10);
  bench.merge(release_id, R"({"spec":{"values":{"message":"two","extra":null}}})");
  bench.run(10);
  CHECK(bench.setting() == "two");
  CHECK(bench.setting("extra") == "kept");
  bench.merge(release_id, R"({"spec":{"values":{"message":"three"}}})");
  bench.run(10);
  CHECK(bench.stored() == "v3 deployed, v2 superseded");
}

TEST_CASE("H8.6: expressions of health count with the poller alone") {
  ReleaseBench bench;
  bench.release("{message: one}",
                "  waitStrategy: {name: legacy}\n"
                "  healthCheckExprs: [{apiVersion: v1, kind: ConfigMap, current: 'false'}]\n");
  bench.run(10);
  CHECK(bench.state("Ready").starts_with("True InstallSucceeded"));
}

TEST_CASE("H9.3: what was found of drift stays told when it is looked for no more") {
  ReleaseBench bench;
  bench.release("{message: one}", "  driftDetection: {mode: warn}\n");
  bench.run(10);
  bench.merge(settings_id, R"({"data":{"message":"hand"}})");
  bench.run(10);
  bench.merge(release_id, R"({"spec":{"driftDetection":null}})");
  bench.run(10);
  CHECK(bench.state("Drifted").starts_with("True DriftDetected"));
}

TEST_CASE("H9.5: fields of managers that the operator overrides go with the correction") {
  for (const bool overridden : {true, false}) {
    ReleaseBench bench;
    if (overridden) bench.options.override_managers = {"meddler"};
    bench.restart();
    bench.release("{message: one}", "  driftDetection: {mode: enabled}\n");
    bench.run(10);
    const Value meddled = Value::object(
        {{"apiVersion", "v1"},
         {"kind", "ConfigMap"},
         {"metadata", Value::object({{"name", "web-settings"}, {"namespace", "default"}})},
         {"data", Value::object({{"message", "hand"}, {"more", "hand"}})}});
    reconcile::WriteOptions options = by("meddler-9");
    options.force = true;
    REQUIRE(bench.kube->apply(meddled, options).ok());
    bench.run(30);
    CHECK(bench.setting() == "one");
    CHECK(bench.setting("more") == (overridden ? "" : "hand"));
    CHECK(bench.stored() == "v1 deployed");
  }
}

TEST_CASE("H10.1: the owner's labels win over common metadata") {
  ReleaseBench bench;
  bench.release("{message: one}",
                "  commonMetadata: {labels: {helm.toolkit.fluxcd.io/name: else, team: a}}\n");
  bench.run(10);
  const Value labels = bench.get(settings_id).path("metadata", "labels");
  CHECK(labels["helm.toolkit.fluxcd.io/name"].get_string() == "web");
  CHECK(labels["team"].get_string() == "a");
}

TEST_CASE("H13.5: what is to be kept is read from the live object when it leaves the chart") {
  ReleaseBench bench;
  bench.chart({{"chart/templates/kept.yaml", config_yaml("kept")},
               {"chart/templates/gone.yaml", config_yaml("gone")}});
  bench.release("{message: one}");
  bench.run(10);
  const ObjectId kept = object_id("ConfigMap", "default", "kept");
  bench.merge(kept, R"({"metadata":{"annotations":{"helm.sh/resource-policy":"keep"}}})");
  bench.chart({});
  bench.run(70);
  CHECK_FALSE(bench.get(kept).is_null());
  CHECK(bench.get(object_id("ConfigMap", "default", "gone")).is_null());
}

TEST_CASE("H13.5: an uninstall reads it from the record, and leaves any other word alone too") {
  ReleaseBench bench;
  bench.chart({{"chart/templates/kept.yaml", config_yaml("kept", "helm.sh/resource-policy: keep")},
               {"chart/templates/odd.yaml", config_yaml("odd", "helm.sh/resource-policy: delete")},
               {"chart/templates/gone.yaml", config_yaml("gone")}});
  bench.release("{message: one}");
  bench.run(10);
  bench.merge(object_id("ConfigMap", "default", "gone"),
              R"({"metadata":{"annotations":{"helm.sh/resource-policy":"keep"}}})");
  bench.remove(release_id);
  bench.run(10);
  CHECK_FALSE(bench.get(object_id("ConfigMap", "default", "kept")).is_null());
  CHECK_FALSE(bench.get(object_id("ConfigMap", "default", "odd")).is_null());
  CHECK(bench.get(object_id("ConfigMap", "default", "gone")).is_null());
}

TEST_CASE("H13.7: tests are chosen by name, exclusions first") {
  ReleaseBench bench;
  const auto test = [](const std::string& name) {
    return config_yaml(name, "helm.sh/hook: test");
  };
  bench.chart({{"chart/templates/a.yaml", test("a")},
               {"chart/templates/b.yaml", test("b")},
               {"chart/templates/c.yaml", test("c")}});
  bench.release("{message: one}",
                "  test: {enable: true,"
                " filters: [{name: a}, {name: b}, {name: b, exclude: true}]}\n");
  bench.run(10);
  CHECK_FALSE(bench.get(object_id("ConfigMap", "default", "a")).is_null());
  CHECK(bench.get(object_id("ConfigMap", "default", "b")).is_null());
  CHECK(bench.get(object_id("ConfigMap", "default", "c")).is_null());
  CHECK(bench.state("Ready").starts_with("True TestSucceeded"));
}

TEST_CASE("H13.7: a chart without tests has passed them") {
  ReleaseBench bench;
  bench.release("{message: one}", "  test: {enable: true}\n");
  bench.run(10);
  CHECK(bench.state("TestSuccess").ends_with(": no test hooks"));
  CHECK(bench.state("Ready").starts_with("True TestSucceeded"));
}

TEST_CASE("H14.2: a release that is gone already is uninstalled, and a kept record stays") {
  ReleaseBench bench;
  bench.release("{message: one}");
  bench.run(10);
  bench.remove(object_id("Secret", "flux-system", helm::release_key("web", 1)));
  bench.remove(release_id);
  bench.run(10);
  CHECK(bench.get(release_id).is_null());
  CHECK(has_event(bench, "deleted HelmChart 'flux-system/flux-system-web'"));
  CHECK_FALSE(has_event(bench, "was not found"));  // nothing was done, nobody is told

  ReleaseBench keeping;
  keeping.release("{message: one}", "  uninstall: {keepHistory: true}\n");
  keeping.run(10);
  keeping.remove(release_id);
  keeping.run(10);
  CHECK(keeping.get(release_id).is_null());
  CHECK(keeping.stored() == "v1 uninstalled");
  CHECK(keeping.setting().empty());
}

TEST_CASE("H14.2: a release that was uninstalled by hand is no news when its owner goes") {
  ReleaseBench bench;
  bench.release("{message: one}", "  uninstall: {keepHistory: true}\n");
  bench.run(10);
  mark_record(bench, "uninstalled");
  bench.remove(release_id);
  bench.run(10);
  CHECK(bench.get(release_id).is_null());
  CHECK(bench.stored() == "v1 uninstalled");
  CHECK_FALSE(has_event(bench, "UninstallSucceeded"));
}

TEST_CASE("H15.1: a failure's event carries the last lines of what happened") {
  ReleaseBench bench;
  bench.release("{message: one, extra: '{bad: map}'}");
  bench.run(5);
  CHECK(has_event(bench, "\n\nLast Helm logs:\n\n"));
  CHECK(has_event(bench, "Warning InstallFailed Helm install failed for release default/web with"));
}

TEST_CASE("H15.2: charts of other namespaces are refused where the operator says so") {
  ReleaseBench bench;
  bench.options.no_cross_namespace_refs = true;
  bench.restart();
  bench.create(
      "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\n"
      "metadata: {name: web, namespace: flux-system}\n"
      "spec:\n  interval: 10m\n  chartRef: {kind: OCIRepository, name: shop, namespace: other}\n");
  bench.run(5);
  CHECK(bench.state("Stalled") ==
        "True AccessDenied cross-namespace references are not allowed: cannot access OCIRepository "
        "other/shop");
}

// The rest was found beside helm-controller 1.6.4 (tests/peers/flux_beside); in brackets the
// scenario.

TEST_CASE("what is missing is waited for as progressing, without an observed generation "
          "[values_missing_object, depends_on, chart_ref_missing]") {
  ReleaseBench bench;
  bench.release("{message: one}", "  valuesFrom: [{kind: ConfigMap, name: none}]\n");
  bench.run(3);
  CHECK(bench.state("Ready").starts_with("False ValuesError"));
  CHECK(bench.state("Reconciling") == "True Progressing Fulfilling prerequisites");
  bench.merge(release_id, R"({"spec":{"valuesFrom":null,"dependsOn":[{"name":"base"}]}})");
  bench.run(3);
  CHECK(bench.state("Ready").starts_with("False DependencyNotReady"));
  CHECK(bench.state("Reconciling") == "True Progressing Fulfilling prerequisites");
  bench.merge(release_id, R"({"spec":{"dependsOn":null,"chart":null,)"
                          R"("chartRef":{"kind":"OCIRepository","name":"none"}}})");
  bench.run(3);
  CHECK(bench.state("Ready") ==
        "False ArtifactFailed could not get Source object: OCIRepository.source.toolkit.fluxcd.io "
        "\"none\" not found");
}

TEST_CASE("a failure that left no record goes on being told of as the action under way "
          "[install_template_error]") {
  ReleaseBench bench;
  bench.chart({{"chart/templates/more.yaml", "{{ fail \"no\" }}"}});
  bench.release("{message: one}");
  bench.run(3);
  CHECK(bench.state("Ready").starts_with("False InstallFailed"));
  CHECK(bench.state("Reconciling") ==
        "True Progressing Running 'install' action with timeout of 5m0s");
}

TEST_CASE("an upgrade takes the action of the snapshot before it away, a rollback puts its own "
          "[upgrade_by_values, upgrade_refused_rollback]") {
  ReleaseBench bench;
  bench.release("{message: one}");
  bench.run(10);
  bench.merge(release_id, R"({"spec":{"values":{"message":"two"}}})");
  bench.run(10);
  const Value history = bench.get(release_id).path("status", "history");
  REQUIRE(history.size() == 2);
  CHECK(history.at(0)["action"].get_string() == "upgrade");
  CHECK(history.at(1)["action"].is_null());
}

TEST_CASE("an uninstall as a remediation leaves Ready, the inventory and the record as they were "
          "[install_refused_remediate_last_no_retries]") {
  ReleaseBench bench;
  bench.release("{message: one, extra: '{bad: map}'}",
                "  install: {remediation: {remediateLastFailure: true}}\n");
  bench.run(20);
  CHECK(bench.state("Stalled").starts_with("True RetriesExceeded"));
  CHECK(bench.state("Remediated").starts_with("True UninstallSucceeded"));
  CHECK(bench.state("Ready").starts_with("False InstallFailed"));
  const Value status = bench.get(release_id)["status"];
  CHECK_FALSE(status["inventory"].is_null());
  CHECK(status["history"].at(0)["status"].get_string() == "uninstalling");
}

TEST_CASE("the next try forgets what the last was remediated by [install_refused_retries]") {
  ReleaseBench bench;
  bench.release("{message: one, extra: '{bad: map}'}",
                "  install: {remediation: {retries: 1}}\n");
  bench.run(30);
  CHECK(bench.state("Stalled").starts_with("True RetriesExceeded"));
  CHECK(bench.state("Remediated").empty());
  CHECK(bench.state("Ready").starts_with("False InstallFailed"));
}

TEST_CASE("a suspended release's generation is observed [suspend_and_resume]") {
  ReleaseBench bench;
  bench.release("{message: one}");
  bench.run(10);
  bench.merge(release_id, R"({"spec":{"suspend":true,"values":{"message":"two"}}})");
  bench.run(10);
  CHECK(bench.get(release_id).path("status", "observedGeneration").get_int() == 2);
  CHECK(bench.setting() == "one");
}

TEST_CASE("a HelmChart that was changed by hand is set back before it is released "
          "[chart_edited_by_hand]") {
  ReleaseBench bench;
  bench.release("{message: one}");
  bench.run(10);
  const ObjectId chart{model::helm_chart_gvk, "flux-system", "flux-system-web"};
  const std::string wanted(bench.get(chart).path("spec", "chart").get_string());
  bench.merge(chart, R"({"spec":{"chart":"./elsewhere"}})");
  bench.request("t1");
  bench.run(40);  // the release asks again for a source that was not ready
  CHECK(bench.get(chart).path("spec", "chart").get_string() == wanted);
  CHECK(bench.stored() == "v1 deployed");
  CHECK(bench.state("Ready").starts_with("True InstallSucceeded"));
}

TEST_CASE("a name that an uninstalled release bears is taken only by replace "
          "[deleted_keep_history, replace]") {
  const bool replace = GENERATE(false, true);
  ReleaseBench bench;
  bench.release("{message: one}", "  uninstall: {keepHistory: true}\n");
  bench.run(10);
  bench.remove(release_id);
  bench.run(10);
  bench.release("{message: one}", replace ? "  install: {replace: true}\n" : "");
  bench.run(5);
  if (!replace) {
    CHECK(bench.state("Ready").ends_with(
        "release name check failed: cannot reuse a name that is still in use"));
    bench.remove(release_id);
    bench.run(10);
    CHECK(bench.get(release_id).is_null());
    CHECK(bench.stored() == "v1 uninstalled");
    return;
  }
  CHECK(bench.state("Ready").starts_with("True InstallSucceeded"));
  CHECK(bench.stored() == "v2 deployed, v1 superseded");
}

TEST_CASE("what is released is asked for again after an upgrade that left no record "
          "[upgrade_template_error_rollback]") {
  ReleaseBench bench;
  bench.chart({{"chart/templates/more.yaml", "{{ if .Values.bad }}{{ fail \"no\" }}{{ end }}"}});
  bench.release("{message: one}");
  bench.run(10);
  bench.merge(release_id, R"({"spec":{"values":{"bad":true}}})");
  bench.run(10);
  CHECK(bench.state("Released").starts_with("False UpgradeFailed"));
  bench.merge(release_id, R"({"spec":{"values":{"bad":null}}})");
  bench.run(40);
  CHECK(bench.state("Ready").starts_with(
      "True UpgradeSucceeded Helm upgrade succeeded for release default/web.v1 with chart shop@"));
  CHECK(bench.stored() == "v1 deployed");
}

}  // namespace weir::test
