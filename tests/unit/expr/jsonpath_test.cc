#include "engine/expr/jsonpath.hh"

#include <catch2/catch.hpp>

#include "engine/base/limits.hh"

using namespace weir;
using namespace weir::expr;

namespace {

Value pod_list() {
  const auto pod = [](std::string_view name, std::int64_t restarts, std::string_view ready) {
    return Value::object(
        {{"metadata", Value::object({{"name", name}})},
         {"status", Value::object({{"restarts", restarts},
                                   {"conditions", Value::array({Value::object(
                                                      {{"type", "Ready"}, {"status",
                                                          ready}})})}})}});
  };
  return Value::object({{"items", Value::array({pod("a", 0, "True"), pod("b", 3, "False")})},
                        {"kind", "List"},
                        {"ratio", 1.5},
                        {"nothing", Value()}});
}

std::string run(std::string_view text, bool allow_missing = true) {
  const auto path = JsonPath::parse(text);
  if (!path) return "parse: " + path.error().message;
  const auto out = path->print(pod_list(), {allow_missing});
  return out ? *out : "error: " + out.error().message;
}

struct Vector {
  std::string_view input;
  std::string_view output;
};

}  // namespace

// Answers of client-go 0.35.4's jsonpath package.
TEST_CASE("templates print what kubectl prints") {
  constexpr Vector vectors[] = {
      {"kind is {.kind}", "kind is List"},
      {"{.items[*].metadata.name}", "a b"},
      {"{.items[0].metadata.name}", "a"},
      {"{.items[-1:].metadata.name}", "b"},
      {"{.items[0:1].metadata.name}", "a"},
      {"{.items[-1].metadata.name}", "b"},
      {"{..name}", "a b"},
      {"{range .items[*]}{.metadata.name}={.status.restarts}{\"\\n\"}{end}", "a=0\nb=3\n"},
      {"{.items[?(@.status.restarts>1)].metadata.name}", "b"},
      {"{.items[?(@.metadata.name==\"a\")].status.restarts}", "0"},
      {"{.items[*].status.conditions[?(@.type==\"Ready\")].status}", "True False"},
      {"{['kind','ratio']}", "List 1.5"},
      {"{.items[0,1].metadata.name}", "a b"},
      {"{$.kind}", "List"},
      {"{.items[0].metadata}", "{\"name\":\"a\"}"},
      {"{.nothing}", "null"},
      {"{.none}", ""},
      {"{'text'}", "text"},
      {"{range .none[*]}{.x}{end}-", "-"},
  };
  for (const Vector& vector : vectors) {
    INFO(vector.input);
    CHECK(run(vector.input) == vector.output);
  }
}

TEST_CASE("wrong templates fail in client-go's words") {
  constexpr Vector vectors[] = {
      {"{.kind", "parse: unclosed action"},
      {"{.items[}", "parse: unterminated array"},
      {"{.items[x]}", "parse: invalid array index x"},
      {"{.items[?(@.a==1]}", "parse: unterminated filter"},
      {"{'a}", "parse: unterminated quoted string"},
      {"{....a}", "parse: invalid multiple recursive descent"},
      {"{&}", "parse: unrecognized character in action: U+0026 '&'"},
      {"{end}", "error: not in range, nothing to end"},
      {"{foo}", "error: unrecognized identifier foo"},
      {"{.items[7]}", "error: array index out of bounds: index 7, length 2"},
      {"{.kind[0]}", "error: string is not array or slice"},
      {"{.items[::0]}", "error: step must be > 0"},
      {"{.items[?(@.metadata==1)]}", "error: invalid type for comparison"},
      {"{.items[?(@.status.restarts==\"x\")]}", "error: incompatible types for comparison"},
  };
  for (const Vector& vector : vectors) {
    INFO(vector.input);
    CHECK(run(vector.input) == vector.output);
  }
}

TEST_CASE("a missing key is an error only where it is not allowed") {
  CHECK(run("{.none}", false) == "error: none is not found");
}

TEST_CASE("an error never prints the value it met") {
  const auto path = JsonPath::parse("{[?(@.x)]}");
  REQUIRE(path.ok());
  const Value secret = Value::object({{"password", "hunter2"}});
  const auto out = path->print(secret);
  REQUIRE_FALSE(out.ok());
  CHECK(out.error().message.find("hunter2") == std::string::npos);
}

TEST_CASE("a printer column's path finds its values") {
  for (std::string_view text : {".kind", "kind", "{.kind}", "$.kind", "{kind}"}) {
    INFO(text);
    const auto path = JsonPath::parse_path(text);
    REQUIRE(path.ok());
    CHECK(path->find(pod_list()) == std::vector<Value>{"List"});
  }
  const auto none = JsonPath::parse_path(".spec.none");
  REQUIRE(none.ok());
  CHECK(none->find(pod_list()).empty());
}

TEST_CASE("hostile paths end in a limit error") {
  std::string nested;
  for (int i = 0; i < 2000; ++i) nested += "[?(";
  CHECK_FALSE(JsonPath::parse("{" + nested + "}").ok());
  Value wide = Value::array();
  for (int i = 0; i < 3000; ++i) wide.push_back(Value::array({1, 2, 3}));
  const auto path = JsonPath::parse("{..[*]..[*]..[*]}");
  REQUIRE(path.ok());
  Value deep = wide;
  for (int i = 0; i < 100; ++i) deep = Value::array({deep, wide});
  const auto out = path->results(deep);
  REQUIRE_FALSE(out.ok());
  CHECK(out.error().code == Code::limit);
}
