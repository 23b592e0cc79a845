// Cases whose answers Go's text/template gave: tests/golden/template.
#include <catch2/catch.hpp>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "engine/template/template.hh"
#include "engine/value/json.hh"
#include "tests/unit/template/peer_functions.hh"

using namespace weir;
using namespace weir::tmpl;

namespace {

std::vector<Value> read_lines(const std::string& name) {
  std::ifstream stream(std::string(WEIR_SOURCE_DIR "/tests/golden/template/") + name);
  std::vector<Value> lines;
  for (std::string line; std::getline(stream, line);) {
    auto parsed = value::parse_json(line);
    REQUIRE(parsed.ok());
    lines.push_back(std::move(parsed).value());
  }
  return lines;
}

Value read_data() {
  std::ifstream stream(WEIR_SOURCE_DIR "/tests/golden/template/data.json");
  const std::string text{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
  auto parsed = value::parse_json(text);
  REQUIRE(parsed.ok());
  return std::move(parsed).value();
}

Result<void> render(const Value& test, const Value& shared, std::string& out) {
  FunctionMap functions;
  functions.add(peer_functions());
  Set templates("main");
  WEIR_CHECK(templates.parse("main", test["template"].get_string(), functions));
  std::map<std::string, std::string, std::less<>> more;
  for (const value::Member& member : test["more"].members())
    more.emplace(member.name(), member.value.get_string());
  for (const auto& [name, text] : more) WEIR_CHECK(templates.parse(name, text, functions));
  ExecuteOptions options;
  const std::string_view missing = test["missingkey"].get_string();
  if (missing == "zero") options.missing_key = MissingKey::zero;
  if (missing == "error") options.missing_key = MissingKey::error;
  const Value& data = test["shared"].get_bool() ? shared : test["data"];
  return templates.execute_to(out, "main", data.is_null() ? Datum() : from_value(data), options);
}

}  // namespace

TEST_CASE("templates answer and fail with the texts of Go's text/template") {
  const DatumScope scope;
  const auto cases = read_lines("cases.jsonl");
  const auto answers = read_lines("answers.jsonl");
  const Value shared = read_data();
  REQUIRE(cases.size() == answers.size());
  REQUIRE(cases.size() > 300);
  for (std::size_t i = 0; i < cases.size(); ++i) {
    std::string out;
    const auto done = render(cases[i], shared, out);
    INFO("case " << i + 1 << ": " << cases[i]["template"].get_string());
    CHECK(out == answers[i]["out"].get_string());
    CHECK((done.ok() ? "" : done.error().message) == answers[i]["error"].get_string());
  }
}
