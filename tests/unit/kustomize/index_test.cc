// tests/golden/kustomize_cases/INDEX says which case covers which field and rule; this holds it to
// that. Lines: "FIELD: CASE...", "configurations:FIELD: CASE...", "rule TEXT: CASE...".
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "engine/kustomize/shape.hh"

using namespace weir;
namespace fs = std::filesystem;

namespace {

const fs::path golden = fs::path(WEIR_SOURCE_DIR) / "tests/golden";

std::string read(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

// The text of a case, or of all the input of a folder; "" when there is none.
std::string case_text(const std::string& name) {
  if (!name.ends_with('/')) return read(golden / "kustomize_cases" / (name + ".txt"));
  std::string text;
  const fs::path folder = golden / "kustomize" / name / "input";
  if (!fs::is_directory(folder)) return text;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) text += read(entry.path());
  }
  return text;
}

struct Line {
  std::string key;
  std::vector<std::string> cases;
};

std::vector<Line> read_index() {
  std::vector<Line> lines;
  std::istringstream in(read(golden / "kustomize_cases/INDEX"));
  for (std::string line; std::getline(in, line);) {
    if (line.empty() || line[0] == '#') continue;
    const std::size_t colon = line.rfind(": ");
    REQUIRE(colon != std::string::npos);
    Line& added = lines.emplace_back();
    added.key = line.substr(0, colon);
    std::istringstream words(line.substr(colon + 2));
    for (std::string word; words >> word;) added.cases.push_back(word);
  }
  return lines;
}

void add_fields(const kustomize::Shape& shape, const std::string& above,
                std::vector<std::string>& fields) {
  for (const kustomize::ShapeField& field : shape.fields) {
    const std::string path = above + std::string(field.name);
    if (path.starts_with("helm")) continue;  // charts_test.cc
    fields.push_back(path);
    if (field.shape != nullptr) add_fields(*field.shape, path + ".", fields);
  }
}

}  // namespace

TEST_CASE("the index names a golden case for every field there is") {
  std::map<std::string, std::size_t> named;
  for (const Line& line : read_index()) named[line.key] = line.cases.size();
  std::vector<std::string> fields;
  add_fields(kustomize::kustomization_shape(), "", fields);
  add_fields(kustomize::transformer_config_shape(), "configurations:", fields);
  CHECK(fields.size() > 200);
  for (const std::string& field : fields) {
    INFO(field);
    CHECK(named[field] > 0);
  }
}

TEST_CASE("every case of the index exists and uses the field it stands for") {
  std::map<std::string, std::string> texts;
  for (const Line& line : read_index()) {
    INFO(line.key);
    CHECK_FALSE(line.cases.empty());
    const bool rule = line.key.starts_with("rule ");
    const std::string field = line.key.substr(line.key.find_last_of(".:") + 1);
    for (const std::string& name : line.cases) {
      INFO(name);
      std::string& text = texts[name];
      if (text.empty()) text = case_text(name);
      CHECK_FALSE(text.empty());
      if (!rule) CHECK_THAT(text, Catch::Contains(field));
    }
  }
}
