#include "engine/apply/drift.hh"

#include <catch2/catch.hpp>

#include "engine/value/json.hh"
#include "engine/value/pointer.hh"

using namespace weir;
using namespace weir::apply;

namespace {

Value json(std::string_view text) {
  Result<Value> value = value::parse_json(text);
  INFO(text);
  REQUIRE(value.ok());
  return *std::move(value);
}

Value live() {
  return json(R"({"apiVersion":"apps/v1","kind":"Deployment",
    "metadata":{"name":"web","namespace":"a","resourceVersion":"7","labels":{"x":"1"},
      "annotations":{"kubectl.kubernetes.io/last-applied-configuration":"{}","keep":"1"},
      "managedFields":[
        {"manager":"kustomize-controller","operation":"Apply","apiVersion":"apps/v1",
         "fieldsV1":{"f:spec":{"f:replicas":{}}}},
        {"manager":"kubectl-client-side-apply","operation":"Update","apiVersion":"apps/v1",
         "fieldsV1":{"f:spec":{"f:paused":{}}}},
        {"manager":"kubectl-edit","operation":"Update","subresource":"status",
            "apiVersion":"apps/v1",
         "fieldsV1":{"f:status":{"f:replicas":{}}}},
        {"manager":"flux-client-side-apply","operation":"Apply","apiVersion":"apps/v1",
         "fieldsV1":{"f:spec":{"f:minReadySeconds":{}}}}]},
    "spec":{"replicas":2,"paused":true,"minReadySeconds":3},"status":{"replicas":2}})");
}

}  // namespace

TEST_CASE("K7.8 labels, annotations and top-level fields count, other metadata and status do not") {
  const Value base = live();
  Value other = base;
  other.entry("metadata").set("resourceVersion", "8");
  other.entry("metadata").set("generation", 3);
  other.entry("status").set("replicas", 0);
  CHECK_FALSE(has_drifted(base, other));
  for (std::string_view field : {"labels", "annotations"}) {
    Value changed = base;
    changed.entry("metadata").entry(field).set("new", "1");
    CHECK(has_drifted(base, changed));
  }
  Value scaled = base;
  scaled.entry("spec").set("replicas", 3);
  CHECK(has_drifted(base, scaled));
  Value more = base;
  more.set("data", Value::object());
  CHECK(has_drifted(base, more));
}

TEST_CASE("K7.8 metrics of an autoscaler count once") {
  const auto scaler = [](std::string_view metrics) {
    return json(R"({"kind":"HorizontalPodAutoscaler","spec":{"maxReplicas":2,"metrics":)" +
                std::string(metrics) + "}}");
  };
  CHECK_FALSE(has_drifted(scaler(R"([{"type":"a"},{"type":"a"}])"), scaler(R"([{"type":"a"}])")));
  CHECK(has_drifted(scaler(R"([{"type":"a"},{"type":"b"}])"), scaler(R"([{"type":"a"}])")));
}

TEST_CASE("K7.9 the clean-up folds kubectl's fields into ours and leaves subresources and others") {
  Value object = live();
  const Value patch = make_cleanup_patch(object);
  REQUIRE(value::apply_json_patch(object, patch).ok());
  const Value& metadata = object["metadata"];
  CHECK(metadata["annotations"].size() == 1);
  CHECK(metadata["annotations"].contains("keep"));
  std::vector<std::string> managers;
  for (const Value& entry : metadata["managedFields"].items()) {
    managers.emplace_back(entry["manager"].get_string());
  }
  CHECK(managers == std::vector<std::string>{"kubectl-edit", "flux-client-side-apply",
                                             "kustomize-controller"});
  CHECK(metadata["managedFields"].at(2)["fieldsV1"] ==
        json(R"({"f:spec":{"f:paused":{},"f:replicas":{}}})"));
  CHECK(make_cleanup_patch(object).empty());
  CHECK_FALSE(has_foreign_manager(object));
  CHECK(has_foreign_manager(live()));
}

TEST_CASE("K7.9 the patch names the version it was made for") {
  const Value patch = make_cleanup_patch(live());
  CHECK(patch.at(patch.size() - 1)["path"].get_string() == "/metadata/resourceVersion");
  CHECK(patch.at(patch.size() - 1)["value"].get_string() == "7");
}

TEST_CASE("K7.9 --override-manager folds by prefix, Apply entries too") {
  CleanupOptions options;
  options.override_managers = {"flux-client"};
  Value object = live();
  REQUIRE(value::apply_json_patch(object, make_cleanup_patch(object, options)).ok());
  CHECK(object["metadata"]["managedFields"].size() == 2);
  CHECK(object["metadata"]["managedFields"].at(1)["fieldsV1"]["f:spec"].size() == 3);
}

TEST_CASE("K7.12 ignored paths are no drift, and targets are anchored") {
  const auto rules = compile_ignore_rules(json(
      R"([{"paths":["/spec/replicas"],"target":{"kind":"Deploy.*","name":"we"}},
          {"paths":["/spec/paused"],"target":{"kind":"Deployment",
              "labelSelector":"x in (1,2),!y"}}])"));
  REQUIRE(rules.ok());
  const auto pointers = ignored_pointers(*rules, live());
  REQUIRE(pointers.size() == 1);
  CHECK(pointers[0] == std::vector<std::string>{"spec", "paused"});
  Value a = live();
  Value b = live();
  b.entry("spec").erase("paused");
  CHECK(has_drifted(a, b));
  strip_ignored(a, b, pointers);
  CHECK_FALSE(has_drifted(a, b));
}

TEST_CASE("K7.12 an apply strips what another manager applies and adopts the rest") {
  Value manifest = json(R"({"spec":{"replicas":5,"minReadySeconds":9,"paused":false}})");
  Value dry_run = live();
  dry_run.entry("spec").set("replicas", 5);
  dry_run.entry("spec").set("minReadySeconds", 9);
  adopt_ignored(manifest, live(), dry_run,
                {{"spec", "replicas"}, {"spec", "minReadySeconds"}, {"spec", "paused"}});
  CHECK(manifest == json(R"({"spec":{"replicas":2,"paused":false}})"));
}

TEST_CASE("K7.12 malformed rules name their entry") {
  const auto bad = compile_ignore_rules(json(R"([{"paths":["/a"]},{"paths":["spec"]}])"));
  REQUIRE_FALSE(bad.ok());
  CHECK(bad.error().message.find("spec.ignore[1]") != std::string::npos);
  CHECK_FALSE(compile_ignore_rules(json(R"([{"paths":["/a"],"target":{"name":"("}}])")).ok());
  CHECK_FALSE(
      compile_ignore_rules(json(R"([{"paths":["/a"],"target":{"labelSelector":"a in b"}}])")).ok());
}

TEST_CASE("label expressions select as Kubernetes' do") {
  const Value labels = json(R"({"env":"prod","tier":"web"})");
  const std::pair<std::string_view, bool> cases[] = {
      {"", true},           {"env=prod", true},        {"env==prod,tier=web", true},
      {"env!=prod", false}, {"other!=x", true},        {"env in (dev, prod)", true},
      {"env notin (prod)", false}, {"env", true},      {"!env", false},
      {"!other", true},     {"env=prod,tier=db", false}};
  for (const auto& [text, want] : cases) {
    INFO(text);
    const auto selector = parse_label_selector(text);
    REQUIRE(selector.ok());
    CHECK(labels_match(*selector, labels) == want);
  }
}
