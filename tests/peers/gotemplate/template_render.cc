// Our answer to render/main.go: the same cases in, the same answers out (texts in base64).
#include <iostream>
#include <map>
#include <string>

#include "engine/base/digest.hh"
#include "engine/template/datum.hh"
#include "engine/template/function.hh"
#include "engine/template/template.hh"
#include "engine/value/json.hh"
#include "tests/unit/template/peer_functions.hh"

using namespace weir;
using namespace weir::tmpl;

namespace {

Result<std::string> run(const Value& test, const FunctionMap& map, std::string& out) {
  const DatumScope scope;
  Set templates("main");
  WEIR_CHECK(templates.parse("main", test["template"].get_string(), map));
  std::map<std::string_view, std::string_view> more;
  for (const value::Member& member : test["more"].members())
    more[member.name()] = member.value.get_string();
  for (const auto& [name, text] : more) WEIR_CHECK(templates.parse(name, text, map));
  ExecuteOptions options;
  Budget budget;
  budget.steps_left = 200'000;
  budget.bytes_left = 4'000'000;
  options.budget = &budget;
  const std::string_view missing = test["missingkey"].get_string();
  if (missing == "zero") options.missing_key = MissingKey::zero;
  if (missing == "error") options.missing_key = MissingKey::error;
  const Datum data = test["data"].is_null() ? Datum() : from_value(test["data"]);
  WEIR_CHECK(templates.execute_to(out, "main", data, options));
  return std::string();
}

}  // namespace

int main() {
  FunctionMap map;
  map.add(peer_functions());
  std::string line;
  while (std::getline(std::cin, line)) {
    const auto test = value::parse_json(line);
    if (!test.ok()) {
      std::cerr << test.error().message << "\n";
      return 2;
    }
    std::string out;
    const auto done = run(test.value(), map, out);
    const std::string problem = done.ok() ? "" : done.error().message;
    std::cout << "{\"out\":\"" << base::base64_encode(out) << "\",\"error\":\""
              << base::base64_encode(problem) << "\"}\n";
  }
  return 0;
}
