#include "engine/expr/envsubst.hh"

#include <catch2/catch.hpp>

using namespace weir;
using namespace weir::expr;

namespace {

const Variables vector_variables = {
    {"a", "abc"}, {"e", ""}, {"d", "foo"}, {"p", "/home/bozo/x.tar.gz"}, {"u", "straße é"}};

std::string run(std::string_view text, bool strict = false) {
  auto result = substitute(text, vector_variables, {strict});
  return result ? *result : "error: " + result.error().message;
}

struct Vector {
  std::string_view input;
  std::string_view output;
};

Value config_map(Value data) {
  return Value::object({{"apiVersion", "v1"},
                        {"kind", "ConfigMap"},
                        {"metadata", Value::object({{"name", "x"}})},
                        {"data", std::move(data)}});
}

}  // namespace

TEST_CASE("the grammar vectors of the contract hold") {
  constexpr Vector vectors[] = {
      {"$a", "$a"},
      {"$(c)", "$(c)"},
      {"$((1))", "$((1))"},
      {"$${a}", "${a}"},
      {"$$a", "$a"},
      {"$$$a", "$$a"},
      {"$$${a}", "$abc"},
      {"\\${a}", "\\abc"},
      {"${x}", ""},
      {"${x:-b}", "b"},
      {"${x:=b}", "b"},
      {"${x=b}", "b"},
      {"${e=b}", "b"},
      {"${x:+b}", "b"},
      {"${a:+b}", "abc"},
      {"${x:?b}", "b"},
      {"${x-b}", "error: missing closing brace"},
      {"${x+b}", "error: missing closing brace"},
      {"${x?b}", "error: missing closing brace"},
      {"${x:=p-${d}-s}", "p-foo-s"},
      {"${x:=a}b}", "ab}"},
      {"$${x:=${d}}", "${x:=foo}"},
      {"${1}", ""},
      {"${1a:=z}", "z"},
      {"${a:1}", "bc"},
      {"${a:1:1}", "b"},
      {"${a:-1}", "abc"},
      {"${a: -1}", "abc"},
      {"${a:x}", "abc"},
      {"${a:5}", ""},
      {"${#a}", "3"},
      {"${#x}", "0"},
      {"${a^}", "Abc"},
      {"${a^^}", "ABC"},
      {"${a,}", "abc"},
      {"${a,,}", "abc"},
      {"${a/b/x}", "axc"},
      {"${a//b/x}", "axc"},
      {"${a/#a/x}", "xbc"},
      {"${a/%c/x}", "abx"},
      {"${a/b/}", "ac"},
      {"${a/b}", "error: bad substitution"},
      {"${p#*/}", "home/bozo/x.tar.gz"},
      {"${p##*/}", "x.tar.gz"},
      {"${p%.*}", "/home/bozo/x.tar"},
      {"${p%%.*}", "/home/bozo/x"},
      {"${p//\\//-}", "-home-bozo-x.tar.gz"},
      {"${}", "error: unable to parse variable name"},
      {"${!a}", "error: unable to parse variable name"},
      {"${a", "error: missing closing brace"},
      {"${a b}", "error: missing closing brace"},
      {"${a.b}", "error: missing closing brace"},
      {"${a-}", "error: missing closing brace"},
  };
  for (const Vector& vector : vectors) {
    INFO(vector.input);
    CHECK(run(vector.input) == vector.output);
  }
}

// Seen with `flux envsubst` 2.9.5.
TEST_CASE("corners of the grammar are those of the reference") {
  constexpr Vector vectors[] = {
      {"${a:0:-1}", "ab"},
      {"${a:1:-1}", "b"},
      {"${a:2:-2}", ""},
      {"${a:5:1}", ""},
      {"${a:1:9223372036854775807}", "error: bad substitution"},  // panics there
      {"${a:é}", "error: bad substitution"},
      {"${a:", "error: bad substitution"},
      {"${x:=$$}", "$$"},
      {"${a/b//c}", "acc"},
      {"${a:}", "error: unable to parse substitution within function"},
      {"${a:::1}", "error: unable to parse substitution within function"},
      {"${a,^}", "abc"},
      {"x: ${a/b} z/q}", "x: abc"},
      {"${a#}", "error: unable to parse substitution within function"},
  };
  for (const Vector& vector : vectors) {
    INFO(vector.input);
    CHECK(run(vector.input) == vector.output);
  }
  CHECK(run("${u^^}") == "STRAßE É");
}

TEST_CASE("strict mode refuses an unset variable unless its operator has a default") {
  CHECK(run("${v}", true) == "error: variable not set (strict mode): \"v\"");
  CHECK(run("${#v}", true) == "error: variable not set (strict mode): \"v\"");
  CHECK(run("${v^^}", true) == "error: variable not set (strict mode): \"v\"");
  CHECK(run("${x:-${v}}", true) == "error: variable not set (strict mode): \"v\"");
  for (std::string_view text : {"${v:-b}", "${v:=b}", "${v=b}", "${v:+b}", "${v:?b}"}) {
    CHECK(run(text, true) == "b");
  }
  CHECK(run("${e}", true).empty());
}

TEST_CASE("a syntax error wins over an unset variable before it") {
  CHECK(run("${v} ${a", true) == "error: missing closing brace");
}

TEST_CASE("a glob takes time in proportion to text and pattern") {
  Variables variables;
  set_variable(variables, "long", std::string(20000, 'a'));
  const auto result = substitute("${long##*a*a*a*a*a*a*b}", variables);
  REQUIRE(result.ok());
  CHECK(result->size() == 20000);
}

TEST_CASE("hostile nesting and growth end in a limit error") {
  std::string deep;
  for (int i = 0; i < 5000; ++i) deep += "${x:-";
  CHECK(substitute(deep, vector_variables).error().code == Code::limit);
  Variables variables;
  set_variable(variables, "big", std::string(1 << 20, 'a'));
  std::string many;
  for (int i = 0; i < 100; ++i) many += "${big}";
  CHECK(substitute(many, variables).error().code == Code::limit);
  CHECK(substitute("${big//a/${big}}", variables).error().code == Code::limit);
}

TEST_CASE("variable names follow the shell") {
  for (std::string_view name : {"a", "_", "A1_b"}) CHECK(valid_variable_name(name));
  for (std::string_view name : {"", "1a", "a-b", "a.b", "é"}) {
    CHECK_FALSE(valid_variable_name(name));
  }
}

TEST_CASE("newlines are dropped from every value") {
  Variables variables;
  set_variable(variables, "v", "a\nb\r\n");
  CHECK(variables["v"] == "ab\r");
}

// The output of `flux build ks --dry-run` 2.9.5 for the same ConfigMap and variable.
TEST_CASE("a quoted reference takes the type of its value") {
  const Variables variables = {{"x", "true"}};
  const auto result = substitute_object(config_map(Value::object({{"a", "${x}"},
                                                                  {"b", "pre ${x} post"},
                                                                  {"c", "${x}: y"},
                                                                  {"d", "# ${x}"},
                                                                  {"e", "$${x}"},
                                                                  {"f", "{${x}}"},
                                                                  {"g", "true"},
                                                                  {"h", "multi ${x}\nline\n"},
                                                                  {"i", "${x:-a: b}"},
                                                                  {"k", "*${x}"},
                                                                  {"l", "on"},
                                                                  {"m", "${x} #c"}})),
                                        variables);
  REQUIRE(result.ok());
  CHECK((*result)["data"] == Value::object({{"a", true},
                                            {"b", "pre true post"},
                                            {"c", "true: y"},
                                            {"d", "# true"},
                                            {"e", "${x}"},
                                            {"f", "{true}"},
                                            {"g", "true"},
                                            {"h", "multi true\nline\n"},
                                            {"i", "true"},
                                            {"k", "*true"},
                                            {"l", "on"},
                                            {"m", "true #c"}}));
}

TEST_CASE("a value with quotes around it stays a string") {
  const auto result =
      substitute_object(config_map(Value::object({{"a", "${x}"}})), {{"x", "\"123\""}});
  REQUIRE(result.ok());
  CHECK((*result)["data"]["a"] == Value("123"));
}

TEST_CASE("a resource without a dollar sign is returned as it is") {
  const Value resource = config_map(Value::object({{"a", "plain"}}));
  const auto result = substitute_object(resource, {{"x", "1"}});
  REQUIRE(result.ok());
  CHECK(result->same_storage(resource));
}

TEST_CASE("a label or annotation disables substitution, in exactly these letters") {
  for (std::string_view place : {"labels", "annotations"}) {
    Value resource = config_map(Value::object({{"a", "${x}"}}));
    Value& mark = resource.entry("metadata").entry(place);
    mark.set("kustomize.toolkit.fluxcd.io/substitute", "disabled");
    CHECK(substitution_disabled(resource));
    CHECK(substitute_object(resource, {{"x", "1"}})->same_storage(resource));
    resource.entry("metadata").entry(place).set("kustomize.toolkit.fluxcd.io/substitute",
        "Disabled");
    CHECK_FALSE(substitution_disabled(resource));
  }
}

TEST_CASE("without variables nothing is substituted unless always") {
  const Value resource = config_map(Value::object({{"a", "$${x:=1}"}, {"b", "${y:=z}"}}));
  CHECK(substitute_object(resource, {})->same_storage(resource));
  const auto result = substitute_object(resource, {}, {.strict = true, .always = true});
  REQUIRE(result.ok());
  CHECK((*result)["data"] == Value::object({{"a", "${x:=1}"}, {"b", "z"}}));
}

TEST_CASE("substitution failures name their cause as the reference does") {
  const Value resource = config_map(Value::object({{"a", "${v}"}}));
  CHECK(substitute_object(resource, {{"x", "1"}}).error().message ==
        "envsubst error: variable substitution failed: variable not set (strict mode): \"v\"");
  CHECK(substitute_object(resource, {{"a-b", "1"}}).error().message ==
        "envsubst error: 'a-b' var name is invalid, must match "
        "'^[_[:alpha:]][_[:alpha:][:digit:]]*$'");
}
