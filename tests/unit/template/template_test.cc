// Sets, caps and calls back: what the golden cases do not reach.
#include "engine/template/template.hh"

#include <catch2/catch.hpp>
#include <string>
#include <thread>
#include <vector>

#include "engine/template/format.hh"

using namespace weir;
using namespace weir::tmpl;

namespace {

Datum include(CallContext& context, std::span<Datum> arguments) {
  std::string out;
  context.execute(context.templates(), arguments[0].as_string(), arguments[1], out);
  return Datum::string(std::move(out));
}

constexpr Function table[] = {{"include", include, {&types::string, &types::any}}};

FunctionMap functions() {
  FunctionMap map;
  map.add(table);
  return map;
}

Set parsed(std::string_view text) {
  Set set("gotpl");
  const auto done = set.parse("t", text, functions());
  INFO((done.ok() ? "" : done.error().message));
  REQUIRE(done.ok());
  return set;
}

Error failure(const Set& set, Budget* budget = nullptr, const Datum& data = {}) {
  ExecuteOptions options;
  options.budget = budget;
  auto done = set.execute("t", data, options);
  REQUIRE_FALSE(done.ok());
  return std::move(done).error();
}

class StoppedClock final : public base::Clock {
 public:
  base::TimeUs now() const override { return 0; }
  // Each look at the clock takes a second.
  std::chrono::microseconds monotonic() const override { return std::chrono::seconds(++seconds_); }

 private:
  mutable int seconds_ = 0;
};

}  // namespace

TEST_CASE("a child set sees its parent's templates and hides what it replaces") {
  const Set parent =
      parsed(R"({{define "a"}}parent{{end}}{{define "b"}}[{{template "a"}}]{{end}})");
  Set child = Set::child_of(parent);
  REQUIRE(child.parse("t", R"({{define "a"}}child{{end}}{{template "b"}})", functions()).ok());
  CHECK(child.execute("t", {}).value() == "[child]");
  CHECK(parent.execute("b", {}).value() == "[parent]");
  CHECK(child.names() == std::vector<std::string>{"a", "b", "t"});
  CHECK(parent.names() == std::vector<std::string>{"a", "b"});
}

TEST_CASE("an empty definition does not replace the parent's") {
  const Set parent = parsed(R"({{define "a"}}parent{{end}})");
  Set child = Set::child_of(parent);
  REQUIRE(
      child.parse("u", R"({{define "a"}} {{/* nothing */}} {{end}}{{template "a"}})", functions())
          .ok());
  CHECK(child.execute("u", {}).value() == "parent");
}

TEST_CASE("a text that fails to parse adds nothing") {
  Set set;
  CHECK_FALSE(set.parse("t", R"({{define "a"}}x{{end}}{{)", functions()).ok());
  CHECK(set.find("a") == nullptr);
}

TEST_CASE("a template that does not exist is named with its set") {
  CHECK(parsed("").execute("nope", {}).error().message ==
        R"(template: no template "nope" associated with template "gotpl")");
}

TEST_CASE("delimiters can be others") {
  Set set;
  REQUIRE(set.parse("t", "<% . %>{{.}}<%- /* c */ -%> x", FunctionMap(), {"<%", "%>"}).ok());
  CHECK(set.execute("t", Datum::string("d")).value() == "d{{.}}x");
}

TEST_CASE("errors of included templates carry the whole chain") {
  const Set set = parsed("{{define \"in\"}}\n{{.x.y}}{{end}}{{include \"in\" .}}");
  CHECK(failure(set, nullptr, Datum::string("s")).message ==
        R"(template: t:2:17: executing "t" at <include "in" .>: error calling include: )"
        R"(template: t:2:4: executing "in" at <.x.y>: can't evaluate field x in type string)");
}

TEST_CASE("a function that is not known is a parse error, as is one that was removed") {
  FunctionMap map = functions();
  map.remove("include");
  Set set;
  CHECK(set.parse("t", "\n{{include}}", map).error().message ==
        R"(template: t:2: function "include" not defined)");
}

TEST_CASE("break and continue are names where functions have them") {
  static constexpr Function own[] = {
      {"break", [](CallContext&, std::span<Datum>) { return Datum::string("called"); }, {}}};
  FunctionMap map;
  map.add(own);
  Set set;
  REQUIRE(set.parse("t", "{{break}}", map).ok());
  CHECK(set.execute("t", {}).value() == "called");
}

TEST_CASE("endless recursion ends in an error, through templates and through functions") {
  CHECK(failure(parsed(R"({{define "a"}}{{template "a"}}{{end}}{{template "a"}})")).code ==
        Code::limit);
  const Error error = failure(parsed(R"({{define "a"}}{{include "a" .}}{{end}}{{include "a" .}})"));
  CHECK(error.code == Code::limit);
  CHECK(error.message.find("template_stack_bytes_max") != std::string::npos);
  CHECK(error.message.size() < 300);
}

TEST_CASE("text nested too deep is refused by the parser") {
  const std::string parens = std::string(200'000, '(') + "1" + std::string(200'000, ')');
  Set set;
  CHECK_FALSE(set.parse("t", "{{" + parens + "}}", functions()).ok());
  std::string ifs;
  for (int i = 0; i < 200'000; ++i) ifs += "{{if 1}}";
  const auto done = set.parse("t", ifs, functions());
  REQUIRE_FALSE(done.ok());
  CHECK(done.error().code == Code::limit);
}

TEST_CASE("steps are counted over everything a render calls") {
  Budget budget;
  budget.steps_left = 1000;
  const Error error = failure(
      parsed(R"({{define "a"}}{{range 100}}x{{end}}{{end}}{{range 100}}{{include "a" .}}{{end}})"),
      &budget);
  CHECK(error.code == Code::limit);
  CHECK(error.message.find("template_steps_max") != std::string::npos);
}

TEST_CASE("a string that doubles itself runs out of bytes") {
  Budget budget;
  budget.bytes_left = 1'000'000;
  const Error error =
      failure(parsed(R"({{$s := "x"}}{{range 100}}{{$s = print $s $s}}{{end}})"), &budget);
  CHECK(error.code == Code::limit);
  CHECK(error.message.find("template_bytes_max") != std::string::npos);
}

TEST_CASE("output counts against the bytes") {
  Budget budget;
  budget.bytes_left = 1000;
  CHECK(failure(parsed("{{range 1000}}text{{end}}"), &budget).code == Code::limit);
}

TEST_CASE("a render that takes too long by its clock ends") {
  const StoppedClock clock;
  ExecuteOptions options;
  options.ports.clock = &clock;
  const auto done = parsed("{{range 10000000}}{{end}}").execute("t", {}, options);
  REQUIRE_FALSE(done.ok());
  CHECK(done.error().message.find("template_seconds_max") != std::string::npos);
}

TEST_CASE("printing what holds itself ends in an error") {
  const DatumScope scope;
  const Datum map = Datum::map();
  map.set("self", map);
  CHECK(failure(parsed("{{.}}"), nullptr, map).code == Code::limit);
  CHECK(failure(parsed(R"({{printf "%v" .}})"), nullptr, map).code == Code::limit);
}

TEST_CASE("one set is executed by several threads at once") {
  const Set set =
      parsed(R"({{range $i, $e := .l}}{{$i}}{{printf "%v" $e}}{{"lit" | print}}{{end}})");
  const Datum data = Datum::map();
  data.set("l", Datum::slice({Datum::integer(1), Datum::string("x")}));
  std::vector<std::thread> threads;
  std::vector<int> good(4, 0);
  for (std::size_t t = 0; t < good.size(); ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 200; ++i)
        if (set.execute("t", data).value() == "01lit1xlit") ++good[t];
    });
  for (std::thread& thread : threads) thread.join();
  CHECK(good == std::vector<int>(4, 200));
}

TEST_CASE("floats print as strconv.FormatFloat does") {
  struct Case {
    double number;
    char format;
    int precision;
    const char* text;
  };
  const Case cases[] = {
      {1e23, 'f', -1, "100000000000000000000000"},
      {1e23, 'e', -1, "1e+23"},
      {123456, 'g', 3, "1.23e+05"},
      {0.000012345, 'g', 10, "1.2345e-05"},
      {100, 'g', 3, "100"},
      {0, 'e', 3, "0.000e+00"},
      {0, 'g', -1, "0"},
      {-0.0, 'f', 1, "-0.0"},
      {2.5, 'f', 0, "2"},
      {3.5, 'f', 0, "4"},
      {1, 'b', -1, "4503599627370496p-52"},
      {1, 'x', -1, "0x1p+00"},
      {1.999, 'x', 0, "0x1p+01"},
      {5e-324, 'x', -1, "0x1p-1074"},
      {5e-324, 'e', -1, "5e-324"},
      {1.7976931348623157e308, 'g', -1, "1.7976931348623157e+308"},
      {0.3, 'X', 3, "0X1.333P-02"},
  };
  for (const Case& test : cases) {
    std::string out;
    append_float(out, test.number, test.format, test.precision);
    CHECK(out == test.text);
  }
  std::string small;
  append_float(small, static_cast<double>(0.1F), 'e', -1, 32);
  CHECK(small == "1e-01");
}

TEST_CASE("literals are unquoted as strconv does") {
  CHECK(unquote(R"("a\tb\x41é\101\U0001F600")") ==
        "a\tbA\xC3\xA9"
        "A\xF0\x9F\x98\x80");
  CHECK(unquote("`raw\\n`") == "raw\\n");
  CHECK(unquote("`a\rb`") == "ab");
  CHECK_FALSE(unquote(R"("\ud800")").has_value());
  CHECK_FALSE(unquote(R"("\q")").has_value());
  CHECK_FALSE(unquote("\"a\nb\"").has_value());
  CHECK_FALSE(unquote("\"").has_value());
}
