// Words and lines are those of the real tool: tests/golden/kustomize_cases/error-yaml-*. Here is
// what no golden shows.
#include "engine/value/yaml_diagnosis.hh"

#include <catch2/catch.hpp>

using namespace weir::value;

namespace {

std::string told(std::string_view text, GoYaml version) {
  const auto diagnosis = diagnose_yaml(text, version);
  return diagnosis ? std::to_string(diagnosis->line) + " " + diagnosis->problem : "nothing";
}

}  // namespace

TEST_CASE("text that is YAML is not diagnosed") {
  for (const std::string_view text :
       {"", "a: b\n", "- a\n- b: c\n  d: |\n    e\n     f\n", "? a\n: b\n", "{a: [b, {c: d}], e}\n",
        "a: &x !!str b\nc: *x\n", "--- a\n", "...\n---\na: 'b''c'\n",
        "a:\n- b\n-\n- c\nd: \"e\\\n  f\"\n",
        "[a: b, c]\n", "a: b\n...\n{"}) {
    INFO(text);
    CHECK(told(text, GoYaml::v2) == "nothing");
    CHECK(told(text, GoYaml::v3) == "nothing");
  }
}

TEST_CASE("the versions count from another place") {
  const std::string_view text = "a: b\nc:\n  d: \"e\n\n";
  CHECK(told(text, GoYaml::v2) == "5 found unexpected end of stream");
  CHECK(told(text, GoYaml::v3) == "3 found unexpected end of stream");
}

TEST_CASE("the later version reads two tokens ahead, so another error may come first") {
  const std::string_view text = "z: y\na: {c}-d\n  e: f\n";
  CHECK(told(text, GoYaml::v2) == "1 did not find expected key");
  CHECK(told(text, GoYaml::v3) == "3 mapping values are not allowed in this context");
}

TEST_CASE("only the first document is looked at") {
  CHECK(told("a: b\n---\n{\n", GoYaml::v2) == "nothing");
  CHECK(told("{\n", GoYaml::v2) == "1 did not find expected node content");
}

TEST_CASE("what is not known is left alone: directives, nesting without end") {
  CHECK(told("%YAML 1.1\n---\n{", GoYaml::v2) == "nothing");
  CHECK(told("a: b\n%X\n", GoYaml::v2) == "2 found unknown directive name");
  CHECK(told(std::string(100'000, '['), GoYaml::v3) == "nothing");
  CHECK(told(std::string(100'000, '{'), GoYaml::v3) == "nothing");
}
