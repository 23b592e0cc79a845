#include "engine/expr/cel.hh"

#include <catch2/catch.hpp>

#include <thread>

#include "engine/value/json.hh"

using namespace weir;
using namespace weir::expr;

namespace {

Value object() {
  const auto condition = [](std::string_view type, std::string_view status) {
    return Value::object({{"type", type}, {"status", status}});
  };
  return Value::object(
      {{"metadata", Value::object({{"name", "web"}, {"generation", 3}})},
       {"status", Value::object({{"observedGeneration", 3},
                                 {"conditions", Value::array({condition("Stalled", "False"),
                                                              condition("Ready", "True")})}})}});
}

std::string run(std::string_view text, const Value& data = object()) {
  const auto program = CelProgram::compile(text);
  if (!program) return "compile: " + program.error().message;
  const auto value = program->evaluate(data);
  if (!value) return "error: " + value.error().message;
  return value::write_json(value->to_value());
}

struct Vector {
  std::string_view input;
  std::string_view output;
};

template <std::size_t count>
void check_all(const Vector (&vectors)[count]) {
  for (const Vector& vector : vectors) {
    INFO(vector.input);
    CHECK(run(vector.input) == vector.output);
  }
}

std::string ready(std::string_view text) {
  const auto program = CelProgram::compile(text, {{{"self", "dep"}}, true});
  if (!program) return program.error().message;
  const Value data = object();
  const auto value = program->evaluate_bool({{"self", &data}, {"dep", &data}});
  return value ? (*value ? "true" : "false") : "error: " + value.error().message;
}

}  // namespace

// The answers in these tables are cel-go 0.26.1's, in the environment Flux builds.
TEST_CASE("health check expressions see an object's fields") {
  constexpr Vector vectors[] = {
      {"status.conditions.filter(e, e.type == 'Ready').all(e, e.status == 'True')", "true"},
      {"status.conditions.exists(e, e.type == 'Stalled' && e.status == 'True')", "false"},
      {"has(status.observedGeneration) && metadata.generation != status.observedGeneration",
          "false"},
      {"status.conditions.map(e, e.type)", "[\"Stalled\",\"Ready\"]"},
      {"status.?phase.orValue('none')", "\"none\""},
      {"size(status.conditions) == 2", "true"},
  };
  check_all(vectors);
}

TEST_CASE("what is missing is named") {
  constexpr Vector vectors[] = {
      {"spec.ready", "error: no such attribute(s): spec.ready"},
      {"has(spec.ready)", "error: no such attribute(s): spec.ready"},
      {"status.nope.a", "error: no such key: nope"},
      {"status.conditions[7]", "error: index out of bounds: 7"},
      {"status.conditions['a']", "error: unsupported index type 'string' in list"},
      {"spec || true", "true"},
      {"foo(1)", "error: no such overload: foo"},
  };
  check_all(vectors);
}

TEST_CASE("&& and || absorb errors on either side") {
  constexpr Vector vectors[] = {
      {"nope && false", "false"},
      {"false && nope", "false"},
      {"nope || true", "true"},
      {"nope || false", "error: no such attribute(s): nope"},
      {"1 && true", "error: no such overload"},
      {"[1, 2].exists(x, x / 0 == 1 || x == 2)", "true"},
      {"[0, 1].all(x, 1 / x == 1)", "error: division by zero"},
      {"[1, 0].all(x, x == 0 && 1 / x == 1)", "false"},
  };
  check_all(vectors);
}

TEST_CASE("arithmetic stays within one kind and never wraps") {
  constexpr Vector vectors[] = {
      {"1 + 1.0", "error: no such overload"},
      {"1 == 1.0 && 1u == 1 && 2 > 1.5", "true"},
      {"9223372036854775807 + 1", "error: integer overflow"},
      {"-(-9223372036854775808)", "error: integer overflow"},
      {"-9223372036854775808 / -1", "error: integer overflow"},
      {"5u - 6u", "error: unsigned integer overflow"},
      {"1 % 0", "error: modulus by zero"},
      {"double('NaN') == double('NaN')", "false"},
      {"9007199254740993 == 9007199254740992.0", "false"},
  };
  check_all(vectors);
}

TEST_CASE("the library functions answer") {
  constexpr Vector vectors[] = {
      {"'héllo'.charAt(1)", "\"é\""},
      {"'a,b,c'.split(',', 2)", "[\"a\",\"b,c\"]"},
      {"['a', 'b'].join('-')", "\"a-b\""},
      {"'abc'.substring(2, 1)", "error: invalid substring range. start: 2, end: 1"},
      {"'%s has %d of %.2f'.format(['x', 3, 2.5])", "\"x has 3 of 2.50\""},
      {"'v1.2'.matches('^v[0-9]+')", "true"},
      {"sets.contains([1, 2], [2])", "true"},
      {"base64.encode(b'abc')", "\"YWJj\""},
      {"timestamp('2020-01-01T00:00:00Z') + duration('1h')", "\"2020-01-01T01:00:00Z\""},
      {"timestamp('2020-01-01T00:00:00Z').getHours('+02:30')", "2"},
      {"type(1) == int", "true"},
      {"optional.none().orValue(2)", "2"},
      {"{'a': 1}[?'a'].optMap(v, v + 1).value()", "2"},
      {"r'\\d' + '\\u00e9' + \"\"\"a\"b\"\"\"", "\"\\\\déa\\\"b\""},
  };
  check_all(vectors);
}

TEST_CASE("what is wrong whatever the data is fails to compile") {
  constexpr Vector vectors[] = {
      {"'a'.matches('(')", "compile: error parsing regexp: missing closing ): `(`"},
      {"int('x')", "compile: type conversion error from 'string' to 'int'"},
      {"data.", "compile: ERROR: <input>:1:6: Syntax error: no viable alternative at input '.'\n"
                " | data.\n | .....^"},
      {"a b", "compile: ERROR: <input>:1:3: Syntax error: extraneous input 'b' expecting <EOF>\n"
              " | a b\n | ..^"},
      {"(1", "compile: ERROR: <input>:1:3: Syntax error: missing ')' at '<EOF>'\n | (1\n | ..^"},
      {"has(a)", "compile: ERROR: <input>:1:5: invalid argument to has() macro\n"
                 " | has(a)\n | ....^"},
      {"for", "compile: ERROR: <input>:1:1: reserved identifier: for\n | for\n | ^"},
      {"9223372036854775808",
       "compile: ERROR: <input>:1:1: invalid int literal\n | 9223372036854775808\n | ^"},
  };
  check_all(vectors);
}

TEST_CASE("a readyExpr is checked before it runs") {
  CHECK(ready("dep.status.observedGeneration == self.metadata.generation") == "true");
  CHECK(ready("dep.status.conditions.exists(c, c.type == 'Nope')") == "false");
  CHECK(ready("dep.status.nope == 1") == "error: no such key: nope");
  CHECK(ready("self.status") ==
        "CEL expression output type mismatch: expected bool, got dyn");
  CHECK(ready("1 + 1") == "CEL expression output type mismatch: expected bool, got int");
  CHECK(ready("nope == 1") ==
        "ERROR: <input>:1:1: undeclared reference to 'nope' (in container '')\n | nope == 1\n | ^");
  CHECK(ready("dep.status.x + 1 == 'a'") ==
        "ERROR: <input>:1:18: found no matching overload for '_==_' applied to '(int, string)'\n"
        " | dep.status.x + 1 == 'a'\n | .................^");
}

TEST_CASE("a result that is no bool is an error of evaluate_bool") {
  const auto program = CelProgram::compile("metadata.name");
  REQUIRE(program.ok());
  CHECK(program->evaluate_bool(object()).error().message ==
        "failed to evaluate CEL expression as boolean: 'metadata.name'");
}

TEST_CASE("hostile expressions end in a limit error") {
  std::string range = "[1,2,3,4,5,6,7,8,9,0]";
  std::string body = "true";
  for (int i = 0; i < 8; ++i) body = range + ".all(x" + std::to_string(i) + ", " + body + ")";
  const auto program = CelProgram::compile(body);
  REQUIRE(program.ok());
  CHECK(program->evaluate(object()).error().code == Code::limit);
  CHECK(CelProgram::compile(std::string(100000, '(')).error().code == Code::limit);
  CHECK(CelProgram::compile(std::string(100000, '[')).error().code == Code::limit);
  std::string chain = "a";
  for (int i = 0; i < 100000; ++i) chain += ".a";
  CHECK(CelProgram::compile(chain).error().code == Code::limit);
  CHECK_FALSE(CelProgram::compile(std::string(100000, '!')).ok());
}

TEST_CASE("a program may be evaluated from several threads") {
  const auto program =
      CelProgram::compile("status.conditions.all(c, c.status.matches('^(True|False)$'))");
  REQUIRE(program.ok());
  const Value data = object();
  std::vector<char> answers(4, 0);
  std::vector<std::thread> threads;
  for (char& answer : answers) {
    threads.emplace_back([&] {
      for (int i = 0; i < 200; ++i) answer = program->evaluate_bool(data).ok();
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(answers == std::vector<char>(4, 1));
}
