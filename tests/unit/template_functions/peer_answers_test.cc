#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>

#include "engine/base/digest.hh"
#include "engine/value/json.hh"
#include "tests/unit/template_functions/render.hh"

namespace {

using namespace weir;

// The complaints of YAML readers differ in their words; what comes before them must not.
std::string without_yaml_words(std::string text) {
  const std::size_t at = text.find("error converting YAML to JSON: yaml: ");
  if (at != std::string::npos) text.resize(at);
  return text;
}

void hold_against(const std::string& name, std::size_t least) {
  setenv("TZ", "UTC", 1);
  std::ifstream file(std::string(WEIR_SOURCE_DIR) + "/tests/golden/template_functions/" + name);
  std::string line;
  REQUIRE(std::getline(file, line));
  const auto data = value::parse_json(line);
  REQUIRE(data.ok());
  std::size_t count = 0;
  while (std::getline(file, line)) {
    const auto answer = value::parse_json(line);
    REQUIRE(answer.ok());
    const auto output = base::base64_decode((*answer)["output"].get_string());
    REQUIRE(output.ok());
    const std::string text((*answer)["template"].get_string());
    const tmpl::Rendered ours = tmpl::render(text, *data);
    INFO(text);
    CHECK(without_yaml_words(ours.output) == without_yaml_words(*output));
    CHECK(ours.error == (*answer)["error"].get_string());
    ++count;
  }
  CHECK(count >= least);
}

}  // namespace

TEST_CASE("written cases come out as the Go libraries have them") {
  hold_against("written.jsonl", 90);
}

TEST_CASE("generated calls of every function come out as the Go libraries have them") {
  hold_against("generated.jsonl", 1500);
}
