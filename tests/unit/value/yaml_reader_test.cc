#include <catch2/catch.hpp>

#include "engine/base/limits.hh"
#include "engine/value/json.hh"
#include "engine/value/yaml.hh"
#include "engine/value/yaml_builder.hh"
#include "engine/value/yaml_library.hh"

using namespace weir::value;
using weir::Code;

namespace {

std::string read(std::string_view text, YamlDialect dialect = YamlDialect::kubernetes) {
  YamlOptions options;
  options.dialect = dialect;
  const auto parsed = parse_yaml(text, options);
  return parsed ? write_json(parsed.value()) : "error: " + parsed.error().message;
}

std::string failure(std::string_view text, std::string_view file = "apps/x.yaml") {
  YamlOptions options;
  options.file = file;
  const auto parsed = parse_yaml_documents(text, options);
  return parsed ? "no error" : parsed.error().message;
}

}  // namespace

TEST_CASE("the readers differ in booleans and timestamps exactly as the Go tools do") {
  const char* text = "a: yes\nb: on\nc: y\nd: 2001-1-2\ne: true\n";
  CHECK(read(text) == R"({"a":true,"b":true,"c":true,"d":"2001-1-2","e":true})");
  CHECK(read(text, YamlDialect::kustomize) ==
        R"({"a":"yes","b":"on","c":"y","d":"2001-01-02T00:00:00Z","e":true})");
}

TEST_CASE("numbers have YAML 1.1's forms, and whole floats become integers") {
  CHECK(read("[0777, 0o17, 0x1F, 0b11, 1_000, +5, -0b11, 12:30:45]") ==
        R"([511,15,31,3,1000,5,-3,"12:30:45"])");
  CHECK(read("[1.0, 1e3, .5, -1.5e-7, 1., 1e400, 1.2.3]") ==
        R"([1,1000,0.5,-1.5e-7,1,"1e400","1.2.3"])");
  CHECK(read("[18446744073709551615, 18446744073709551616]") ==
        R"([18446744073709551615,18446744073709552000])");
}

TEST_CASE("duplicate keys are errors, except to Helm, where the last one wins") {
  CHECK(failure("a: 1\nb: 2\na: 3\n") == "apps/x.yaml:3:1: mapping key \"a\" already defined");
  CHECK(read("a: 1\na: 3\n", YamlDialect::kustomize).starts_with("error: line 2, column 1: "));
  CHECK(read("a: 1\na: 3\n", YamlDialect::helm) == R"({"a":3})");
}

TEST_CASE("anchors, aliases and merge keys are expanded") {
  const char* text = "base: &b {x: 1, w: 2}\none: {<<: *b, w: 3}\ntwo:\n  <<: [*b, {x: 9, z: 9}]\n";
  const char* expected =
      R"({"base":{"w":2,"x":1},"one":{"w":3,"x":1},"two":{"w":2,"x":1,"z":9}})";
  CHECK(read(text) == expected);
  CHECK(read(text, YamlDialect::kustomize) == expected);
  CHECK(failure("a: *nothing\n") == "apps/x.yaml:1:4: unknown anchor 'nothing' referenced");
  CHECK(failure("a: &a [*a]\n").find("value contains itself") != std::string::npos);
  CHECK(failure("a: {<<: 1}\n").find("map merge requires map") != std::string::npos);
}

TEST_CASE("tags decide, unknown ones are ignored") {
  CHECK(read("[!!str 1, !!int \"2\", !!float 3, !!bool yes, !!null ~, !!binary aGk=, !local x]") ==
        R"(["1",2,3,true,null,"hi","x"])");
  CHECK(failure("a: !!int x\n") == "apps/x.yaml:1:10: cannot decode !!str `x` as a !!int");
}

TEST_CASE("block scalars keep, clip and strip their breaks") {
  CHECK(read("a: |\n  x\n   y\n\nb: |-\n  x\n\nc: |+\n  x\n\nd: |2-\n   x\n") ==
        R"({"a":"x\n y\n","b":"x","c":"x\n\n","d":" x"})");
  CHECK(read("a: >\n  x\n  y\n\n  z\n   w\n  v\n") == R"({"a":"x y\nz\n w\nv\n"})");
  CHECK(read("a: | # comment\n  # text\n") == R"({"a":"# text\n"})");
}

TEST_CASE("folded text reads as kustomize leaves it after its own rewriting") {
  CHECK(read("a: >-\n  foo\n    bar\n  baz\n", YamlDialect::kustomize) ==
        R"({"a":"foo\n\n  bar\nbaz"})");
  CHECK(read("a: >-\n  foo\n  bar\n", YamlDialect::kustomize) == R"({"a":"foo bar"})");
}

TEST_CASE("quoted and plain scalars fold over lines") {
  CHECK(read("a: 'it''s\n  two\n\n  lines'\nb: \"x\\\n   y\\u00e9\\x41\"\n"
             "c: plain\n  goes on\n\n  here\n") ==
        "{\"a\":\"it's two\\nlines\",\"b\":\"xy\u00e9A\",\"c\":\"plain goes on\\nhere\"}");
}

TEST_CASE("flow collections span lines, hold pairs and comments") {
  CHECK(read("a: [1, {b: c}, d: e, # no\n  \"f\":g, ]\nh: {i, j: }\n") ==
        R"({"a":[1,{"b":"c"},{"d":"e"},{"f":"g"}],"h":{"i":null,"j":null}})");
}

TEST_CASE("line ends of Windows, a byte order mark and tabs behind a colon change nothing") {
  CHECK(read("\xEF\xBB\xBF" "a:\t1\r\nb: x\r\n\r\nc: |\r\n  l\r\n  m\r\n") ==
        R"({"a":1,"b":"x","c":"l\nm\n"})");
}

TEST_CASE("documents are split, empty ones left out, and their comments kept") {
  const auto documents =
      parse_yaml_documents("# only a comment\n---\n# Source: a/b\n# more\na: 1\n---\n---\nnull\n"
                           "...\n---\nb: 2\n");
  REQUIRE(documents.ok());
  REQUIRE(documents.value().size() == 2);
  CHECK(documents.value()[0].line == 5);
  CHECK(documents.value()[0].head_comment == "Source: a/b\nmore");
  CHECK(documents.value()[1].line == 11);
  CHECK(parse_yaml("").value().is_null());
  CHECK_FALSE(parse_yaml("a: 1\n---\nb: 1\n").ok());
}

TEST_CASE("a missing space behind a colon is named with file, line and column") {
  CHECK(failure("apiVersion: v1\nkind:HelmRelease\nmetadata:\n  name: x\n", "guide/x.yaml") ==
        "guide/x.yaml:2:5: could not find expected ':': a space is missing after \"kind:\"");
  CHECK(failure("spec:\n  foo:bar\n  baz: 1\n") ==
        "apps/x.yaml:2:6: mapping values are not allowed in this context: a space is missing after "
        "\"foo:\"; noticed in line 3");
  CHECK(read("url: http://x\nb: c:d\n") == R"({"b":"c:d","url":"http://x"})");
}

TEST_CASE("what the Go tools refuse is refused with its place") {
  CHECK(failure("a: b: c\n").starts_with("apps/x.yaml:1:5: mapping values are not allowed"));
  CHECK(failure("a:\n\tb: 1\n").starts_with("apps/x.yaml:2:1: found character that cannot"));
  CHECK(failure("a:\n   b: 1\n  c: 2\n").starts_with("apps/x.yaml:3:3: did not find expected key"));
  CHECK(failure("a:\n  - b\n c\n").starts_with("apps/x.yaml:3:2: "));
  CHECK(failure("a: \"x\n").starts_with("apps/x.yaml:1:4: found unexpected end"));
  CHECK(failure("a: [1, 2\n").starts_with("apps/x.yaml:2:1: "));
  CHECK(failure("a: @x\n").starts_with("apps/x.yaml:1:4: found character that cannot start"));
  CHECK(failure("a: - b\n").starts_with("apps/x.yaml:1:4: block sequence entries"));
  CHECK(failure("a: \x01\n") == "apps/x.yaml:1:4: control characters are not allowed");
  CHECK(failure("a: \xff\n") == "apps/x.yaml:1:4: invalid UTF-8");
  CHECK(failure("%FOO bar\n---\na: 1\n") == "apps/x.yaml:1:1: found unknown directive name");
}

TEST_CASE("hostile input ends in a limit") {
  const std::size_t depth = weir::base::limits::value_depth_max;
  CHECK(parse_yaml(std::string(depth + 1, '[') + std::string(depth + 1, ']')).error().code ==
        Code::limit);
  std::string nested;
  for (std::size_t i = 0; i < depth + 1; ++i) nested += "- ";
  CHECK(parse_yaml(nested + "x").error().code == Code::limit);
  std::string bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n";
  for (int i = 1; i < 12; ++i) {
    const std::string before = "*a" + std::to_string(i - 1);
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int j = 0; j < 10; ++j) bomb += (j == 0 ? "" : ",") + before;
    bomb += "]\n";
  }
  CHECK(parse_yaml(bomb).error().code == Code::limit);
  std::string tower = "a0: &a0 [x]\n";
  for (int i = 1; i < 2000; ++i)
    tower += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [*a" +
             std::to_string(i - 1) + "]\n";
  CHECK(parse_yaml(tower).error().code == Code::limit);
}

TEST_CASE("text the scanner declines is read by the library") {
  CHECK(read("%YAML 1.1\n---\na: 1\n") == R"({"a":1})");
  CHECK(read("? a\n: b\n") == R"({"a":"b"})");
}

TEST_CASE("the scanner and the library agree on ordinary manifests") {
  const char* text =
      "apiVersion: v1\nkind: List\nitems:\n- a: 1\n  b: [x, \"y\"]\n-\n  c: |\n    text\n"
      "    more\n  d: {e: f}\n"
      "- - 1\n  - 'two'\n";
  std::vector<YamlDocument> documents;
  REQUIRE_FALSE(read_with_library(text, {}, documents).has_value());
  REQUIRE(documents.size() == 1);
  CHECK(documents[0].value == parse_yaml(text).value());
}
