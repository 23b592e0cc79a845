#include "engine/value/strategic_merge.hh"

#include <catch2/catch.hpp>

#include "engine/value/yaml.hh"

using namespace weir;
using value::MergeSchema;

namespace {

Value yaml(std::string_view text) {
  return value::parse_yaml(text, {value::YamlDialect::kustomize, {}}).value();
}

// One kind: spec.items merges by name, spec.ports by port and protocol, spec.set as a set.
class Schemas final : public value::MergeSchemaSource {
 public:
  Schemas() {
    items_.merges = ports_.merges = set_.merges = true;
    items_.keys = {"name"};
    ports_.keys = {"port", "protocol"};
    spec_.fields = {{"items", &items_}, {"ports", &ports_}, {"set", &set_}};
    kind_.fields = {{"spec", &spec_}};
  }
  const MergeSchema* find(std::string_view api_version, std::string_view kind) const override {
    return api_version == "v1" && kind == "K" ? &kind_ : nullptr;
  }

 private:
  MergeSchema items_, ports_, set_, spec_, kind_;
};

std::string merged(std::string_view target, std::string_view patch) {
  static const Schemas schemas;
  Value result = yaml("apiVersion: v1\nkind: K\nspec: " + std::string(target));
  const auto kept = value::apply_strategic_merge(
      result, yaml("apiVersion: v1\nkind: K\nspec: " + std::string(patch)), schemas);
  if (!kept.ok()) return "error: " + kept.error().message;
  return *kept ? value::write_yaml(result["spec"]) : "gone";
}

std::string text(std::string_view expected) { return value::write_yaml(yaml(expected)); }

}  // namespace

TEST_CASE("maps merge and null deletes") {
  CHECK(merged("{a: 1, b: {c: 2, d: 3}}", "{b: {c: null, e: 4}}") ==
        text("{a: 1, b: {d: 3, e: 4}}"));
}

TEST_CASE("lists without merge keys are replaced") {
  CHECK(merged("{l: [1, 2]}", "{l: [3]}") == text("{l: [3]}"));
}

TEST_CASE("items of keyed lists merge, and new ones come first") {
  CHECK(merged("{items: [{name: a, v: 1}, {name: b, v: 2}]}",
               "{items: [{name: n}, {name: b, w: 3}]}") ==
        text("{items: [{name: n}, {name: b, v: 2, w: 3}, {name: a, v: 1}]}"));
}

TEST_CASE("several keys tell items apart, and then the old order stays") {
  CHECK(merged("{ports: [{port: 1, protocol: TCP}, {port: 1, protocol: UDP}]}",
               "{ports: [{port: 1, protocol: UDP, name: dns}]}") ==
        text("{ports: [{port: 1, protocol: TCP}, {port: 1, protocol: UDP, name: dns}]}"));
}

TEST_CASE("scalars of merging lists form a set") {
  CHECK(merged("{set: [a, b]}", "{set: [c, a]}") == text("{set: [c, a, b]}"));
}

TEST_CASE("directives delete and replace") {
  CHECK(merged("{items: [{name: a}, {name: b}]}", "{items: [{name: a, $patch: delete}]}") ==
        text("{items: [{name: b}]}"));
  CHECK(merged("{items: [{name: a}]}", "{items: [{$patch: replace}, {name: z}]}") ==
        text("{items: [{name: z}]}"));
  CHECK(merged("{b: {c: 1}}", "{b: {$patch: replace, d: 2}}") == text("{b: {d: 2}}"));
  CHECK(merged("{b: {c: 1}, a: 1}", "{b: {$patch: delete}}") == text("{a: 1}"));
  CHECK(merged("{}", "{b: {$patch: nonsense}}").empty() == false);
}

TEST_CASE("a whole target can be deleted") {
  static const Schemas schemas;
  Value target = yaml("{apiVersion: v1, kind: K}");
  const auto kept = value::apply_strategic_merge(target, yaml("{$patch: delete}"), schemas);
  REQUIRE(kept.ok());
  CHECK_FALSE(*kept);
}

TEST_CASE("empty nulls vanish where written nulls stay") {
  static const Schemas schemas;
  Value target = yaml("a:\nb: null\nc: 1\n");
  REQUIRE(value::apply_strategic_merge(target, yaml("d: 2"), schemas).ok());
  CHECK(value::write_yaml(target) == "b: null\nc: 1\nd: 2\n");
}

TEST_CASE("a map over a scalar is refused") {
  CHECK(merged("{a: 1}", "{a: {b: 1}}")
            .starts_with("error: wrong node kind: expected ScalarNode but got MappingNode"));
}

TEST_CASE("a target without a patch below it is not copied") {
  static const Schemas schemas;
  Value target = yaml("apiVersion: v1\nkind: K\nspec: {items: [{name: a}]}\n");
  const Value before = target["spec"];
  REQUIRE(value::apply_strategic_merge(target, yaml("{metadata: {name: x}}"), schemas).ok());
  CHECK(target["spec"].same_storage(before));
}
