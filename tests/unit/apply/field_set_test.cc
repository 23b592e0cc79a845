#include "engine/apply/field_set.hh"

#include <algorithm>
#include <catch2/catch.hpp>
#include <fstream>

#include "engine/apply/normalise.hh"
#include "engine/value/json.hh"

using namespace weir;
using namespace weir::apply;

namespace {

Value json(std::string_view text) {
  Result<Value> value = value::parse_json(text);
  REQUIRE(value.ok());
  return *std::move(value);
}

const model::SchemaType* deployment_type() {
  return model::find_type(Gvk{"apps", "v1", "Deployment"});
}

Value deployment() {
  return json(R"({"apiVersion":"apps/v1","kind":"Deployment",
    "metadata":{"name":"web","labels":{"a":"b"}},
    "spec":{"replicas":2,"strategy":{},"selector":{"matchLabels":{"a":"b"}},
      "template":{"spec":{"containers":[{"name":"app","image":"x:1","args":["-v"],"resources":{},
        "ports":[{"containerPort":80}]}]}}}})");
}

}  // namespace

TEST_CASE("normalised manifests own exactly the fields that kustomize-controller owns") {
  std::ifstream file(WEIR_SOURCE_DIR "/tests/golden/apply/owned.jsonl");
  std::string line;
  int count = 0;
  while (std::getline(file, line)) {
    const Value live = json(line);
    const model::SchemaType* type = model::find_type(Gvk::of(live));
    const FieldSet owned = owned_fields(live, "kustomize-controller");
    // What was applied, read back from the live object; then normalised again.
    Value manifest = project(live, owned, type);
    manifest.set("apiVersion", live["apiVersion"]);
    manifest.set("kind", live["kind"]);
    manifest.entry("metadata").set("name", live["metadata"]["name"]);
    INFO(line);
    const FieldSet applied = applied_fields(normalise(manifest), type);
    CHECK(value::write_json(format_fields(applied)) == value::write_json(format_fields(owned)));
    CHECK(applied == owned);
    ++count;
  }
  CHECK(count >= 9);
}

TEST_CASE("field sets survive their wire form") {
  const FieldSet set = applied_fields(deployment(), deployment_type());
  const Result<FieldSet> again = parse_fields(format_fields(set));
  REQUIRE(again.ok());
  CHECK(*again == set);
}

TEST_CASE("paths name list items by their keys, defaults filled in") {
  const std::vector<std::string> paths = applied_fields(deployment(), deployment_type()).paths();
  const auto has = [&](std::string_view path) {
    return std::find(paths.begin(), paths.end(), path) != paths.end();
  };
  CHECK(has(".spec.replicas"));
  CHECK(has(".spec.selector"));
  CHECK(has(".spec.template.spec.containers[name=\"app\"].args"));
  CHECK(has(".spec.template.spec.containers[name=\"app\"].ports"
            "[containerPort=80,protocol=\"TCP\"].containerPort"));
  CHECK_FALSE(has(".metadata.name"));
  CHECK_FALSE(has(".kind"));
}

TEST_CASE("fields of others do not move the owned digest, ours do") {
  const FieldSet set = applied_fields(deployment(), deployment_type());
  const auto digest = [&](const Value& live) { return owned_digest(live, set, deployment_type()); };
  const Value applied = deployment();
  Value live = applied;
  live.entry("spec").set("progressDeadlineSeconds", 600);
  live.entry("spec").set("strategy", json(R"({"type":"RollingUpdate"})"));
  live.entry("metadata").entry("labels").set("other", "x");
  live.entry("status").set("replicas", 2);
  CHECK(digest(live) == digest(applied));
  Value scaled = live;
  scaled.entry("spec").set("replicas", 3);
  CHECK_FALSE(digest(scaled) == digest(applied));
  Value removed = live;
  removed.entry("metadata").entry("labels").erase("a");
  CHECK_FALSE(digest(removed) == digest(applied));
}

TEST_CASE("an item that somebody else put first in a keyed list is not ours") {
  const FieldSet set = applied_fields(deployment(), deployment_type());
  Value live = deployment();
  Value& containers = live.entry("spec").entry("template").entry("spec").entry("containers");
  containers.insert(0, json(R"({"name":"sidecar","image":"mesh"})"));
  CHECK(project(live, set, deployment_type()) == project(deployment(), set, deployment_type()));
}

TEST_CASE("a set contains another when it has every path of it") {
  FieldSet set = applied_fields(deployment(), deployment_type());
  FieldSet part = *parse_fields(json(R"({"f:spec":{"f:replicas":{}}})"));
  CHECK(set.contains(part));
  CHECK_FALSE(part.contains(set));
  part.unite(set);
  CHECK(part == set);
}

TEST_CASE("malformed field sets are errors") {
  CHECK_FALSE(parse_fields(json("[]")).ok());
  CHECK_FALSE(parse_fields(json(R"({"x:spec":{}})")).ok());
  CHECK_FALSE(parse_fields(json(R"({"f:spec":1})")).ok());
  Value deep = Value::object();
  for (int i = 0; i < 1000; ++i) deep = Value::object({{"f:a", deep}});
  CHECK(parse_fields(deep).error().code == Code::limit);
}

TEST_CASE("fields of a kind without a schema are owned member by member, lists as a whole") {
  const Value custom = json(R"({"apiVersion":"x.io/v1","kind":"Foo","metadata":{"name":"a",
    "labels":{"l":"1"}},"spec":{"list":[{"name":"a"}],"map":{"k":{"x":1}},"empty":{}}})");
  const FieldSet set = applied_fields(custom, nullptr);
  CHECK(value::write_json(format_fields(set)) ==
        R"({"f:metadata":{"f:labels":{"f:l":{}}},)"
        R"("f:spec":{"f:empty":{},"f:list":{},"f:map":{"f:k":{"f:x":{}}}}})");
}
