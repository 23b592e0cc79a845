#include "engine/helm/package.hh"

#include <catch2/catch.hpp>

#include "engine/helm/archive.hh"

namespace weir::helm {
namespace {

ChartFile file(const std::string& name, const std::string& text) {
  return {name, std::make_shared<const std::string>(text), 0};
}

std::vector<ChartFile> chart() {
  return {file("Chart.yaml", "# kept as it is\napiVersion: v2\nname: web\nversion: 1.0.0\n"),
          file("values.yaml", "# why\nreplicas: 1\n"),
          file("templates/web.yaml", "kind: Service\n")};
}

std::string text_of(const std::string& package, std::string_view name) {
  auto files = read_chart_archive(package);
  REQUIRE(files.ok());
  const ChartFile* found = find_file(*files, name);
  return found == nullptr ? "absent" : *found->data;
}

}  // namespace

TEST_CASE("a packed chart unpacks to the files it was made from") {
  const auto package = package_chart("web", chart(), {"1.0.0", std::nullopt});
  REQUIRE(package.ok());
  CHECK(text_of(*package, "Chart.yaml") == *chart()[0].data);
  CHECK(text_of(*package, "templates/web.yaml") == "kind: Service\n");
  CHECK(*package == *package_chart("web", chart(), {"1.0.0", std::nullopt}));
}

TEST_CASE("a packed chart carries the version and the values it was given") {
  const Value values = Value::object({{"replicas", 3}});
  const auto package = package_chart("web", chart(), {"1.0.0+abc", values});
  REQUIRE(package.ok());
  CHECK(text_of(*package, "Chart.yaml") == "apiVersion: v2\nname: web\nversion: 1.0.0+abc\n");
  CHECK(text_of(*package, "values.yaml") == "replicas: 3\n");
}

TEST_CASE("a file that leaves its chart is not packed") {
  const auto package = package_chart("web", {file("../x", "")}, {});
  REQUIRE_FALSE(package.ok());
  CHECK(package.error().message == "chart file ../x leaves its chart");
}

TEST_CASE("version metadata replaces what is there and drops a leading v") {
  CHECK(*with_version_metadata("v1.2.3+old", "abc.2") == "1.2.3+abc.2");
  CHECK(*with_version_metadata("1.2.3-rc.1", "7") == "1.2.3-rc.1+7");
  CHECK_FALSE(with_version_metadata("one", "7").ok());
}

TEST_CASE("a chart takes another name and keeps the rest of its metadata") {
  std::vector<ChartFile> files = {
      {"Chart.yaml", std::make_shared<const std::string>("name: a\nversion: 1.0.0\n"), 0}};
  REQUIRE(rename_chart(files, "b").ok());
  CHECK(*files.front().data == "name: b\nversion: 1.0.0\n");
  files.clear();
  CHECK(rename_chart(files, "b").error().message == "Chart.yaml file is missing");
}

TEST_CASE("values files are merged in order, objects deeply") {
  Value base = *parse_values_file("a: {x: 1, y: [1, 2]}\nb: 1\n", "a.yaml");
  merge_values_files(base, *parse_values_file("a: {y: [3], z: null}\nb: {c: 2}\n", "b.yaml"));
  CHECK(base == *parse_values_file("a: {x: 1, y: [3], z: null}\nb: {c: 2}\n", "c.yaml"));
  CHECK(parse_values_file("- a\n", "d.yaml").error().message ==
        "unmarshaling values from 'd.yaml' failed: error unmarshaling JSON: while decoding JSON: "
        "json: cannot unmarshal array into Go value of type map[string]interface {}");
  CHECK(parse_values_file("a: [\n", "d.yaml").error().message ==
        "unmarshaling values from 'd.yaml' failed: error converting YAML to JSON: yaml: line 1: "
        "did not find expected node content");
  CHECK(parse_values_file("", "e.yaml")->empty());
}

}  // namespace weir::helm
