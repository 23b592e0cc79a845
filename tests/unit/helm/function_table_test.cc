// The table in engine/helm/README.md says which charts of the real helm hold each function and
// method; it cannot fall behind what templates can call.
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <sstream>
#include <string>

#include "engine/helm/engine_functions.hh"
#include "engine/helm/load.hh"
#include "engine/helm/render_data.hh"
#include "engine/template/functions/tables.hh"

namespace weir::helm {

namespace {

namespace fs = std::filesystem;

std::string text_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  REQUIRE(file.good());
  return {std::istreambuf_iterator<char>(file), {}};
}

std::set<std::string> words_of(const std::string& text) {
  std::istringstream in(text);
  return {std::istream_iterator<std::string>(in), {}};
}

// Golden charts by function.
std::map<std::string, std::set<std::string>> documented() {
  std::map<std::string, std::set<std::string>> out;
  std::istringstream lines(text_of(WEIR_SOURCE_DIR "/engine/helm/README.md"));
  bool within = false;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("## ")) within = line == "## Functions and methods";
    if (!within || !line.starts_with("| ") || line.starts_with("| name ")) continue;
    std::istringstream cells(line.substr(1));
    std::string name, charts;
    std::getline(cells, name, '|');
    std::getline(cells, charts, '|');
    out[*words_of(name).begin()] = words_of(charts);
  }
  return out;
}

void add_methods(std::set<std::string>& names, const std::string& prefix,
                 const tmpl::Datum& datum) {
  REQUIRE_FALSE(datum.type()->methods.empty());
  for (const tmpl::Method& method : datum.type()->methods)
    names.insert(prefix + std::string(method.name));
}

// The field of an object that templates see.
tmpl::Datum field_of(const tmpl::Datum& object, std::string_view name) {
  const auto names = object.as_object().field_names();
  const auto found = std::find(names.begin(), names.end(), name);
  REQUIRE(found != names.end());
  return object.as_object().field(static_cast<std::size_t>(found - names.begin()));
}

// What the templates of any chart can call beside the tables of engine/template/functions, and
// those of these that end a render.
std::set<std::string> callable() {
  std::set<std::string> names;
  for (const tmpl::Function& function : engine_functions()) names.emplace(function.name);
  for (const tmpl::Function& function : tmpl::helm_flow_functions()) names.emplace(function.name);
  base::MemoryFileTree tree;
  tree.add("c/Chart.yaml", "apiVersion: v2\nname: c\nversion: 1.0.0\n");
  tree.add("c/templates/a.yaml", "a: 1\n");
  const auto loaded = load_chart(tree, "c");
  REQUIRE(loaded.ok());
  const Renderables renderables = make_renderables(
      loaded->charts.root(), Table(), {"rel", "ns"}, Capabilities::defaults(Compat::helm_4_2));
  const tmpl::Datum& data = renderables.begin()->second.data;
  add_methods(names, "Files.", *data.find("Files"));
  add_methods(names, "Values.", *data.find("Values"));
  const tmpl::Datum& capabilities = *data.find("Capabilities");
  add_methods(names, "Capabilities.APIVersions.", field_of(capabilities, "APIVersions"));
  add_methods(names, "Capabilities.KubeVersion.", field_of(capabilities, "KubeVersion"));
  return names;
}

// All templates of a golden chart, one behind the other.
std::string templates_of(const std::string& chart) {
  std::string out;
  const fs::path folder = WEIR_SOURCE_DIR "/tests/golden/helm/charts/small/" + chart;
  REQUIRE(fs::is_directory(folder));
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    if (entry.path().string().find("/templates/") != std::string::npos && entry.is_regular_file())
      out += text_of(entry.path().string());
  return out;
}

}  // namespace

TEST_CASE("each function and method of Helm has a row that says which charts hold it") {
  const auto rows = documented();
  const std::set<std::string> known = callable();
  for (const std::string& name : known) {
    CAPTURE(name);
    CHECK(rows.contains(name));
  }
  for (const auto& [name, charts] : rows) {
    CAPTURE(name);
    CHECK(known.contains(name));
    CHECK_FALSE(charts.empty());
  }
}

TEST_CASE("the charts of a row call its function, and the real helm rendered them") {
  std::set<std::string> rendered;
  std::istringstream lines(text_of(WEIR_SOURCE_DIR "/tests/golden/helm/cases.tsv"));
  for (std::string line; std::getline(lines, line);)
    rendered.insert(line.substr(0, line.find('\t')));
  for (const auto& [name, charts] : documented()) {
    const std::string called = name.substr(name.rfind('.') + 1);
    for (const std::string& chart : charts) {
      CAPTURE(name, chart);
      CHECK(rendered.contains(chart));
      CHECK(templates_of(chart).find(called) != std::string::npos);
    }
  }
}

}  // namespace weir::helm
