// What an entry of helmCharts asks of the inflator. The values were seen in a chart that prints
// them, built by kustomize 5.7.1 with helm 3.17.
#include <catch2/catch.hpp>

#include "engine/kustomize/build.hh"
#include "engine/value/yaml.hh"

using namespace weir;

namespace {

constexpr std::string_view chart_values =
    "# comment\na: yes\nb: 0755\nd: 2020-01-01\ne: \"yes\"\nh: null\nl: [1, 2]\nm: {x: 1, v: {z: "
    "on}}\nq: ~\n";

class FakeCharts final : public kustomize::ChartInflator {
 public:
  Result<std::shared_ptr<const base::FileTree>> pull(
      const kustomize::ChartSource& asked) override {
    source = asked;
    auto tree = std::make_shared<base::MemoryFileTree>();
    tree->add("c/values.yaml", "from: remote\n");
    return std::shared_ptr<const base::FileTree>(tree);
  }
  Result<std::string> inflate(const base::FileTree& tree,
                              const kustomize::ChartRequest& asked) override {
    request = asked;
    REQUIRE(tree.stat(asked.directory + "/values.yaml"));
    return std::string("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: made}\n");
  }
  kustomize::ChartSource source;
  kustomize::ChartRequest request;
};

struct Built {
  FakeCharts charts;
  std::string error, text;
};

Built build(const std::string& entry, const std::string& more = "", bool enabled = true) {
  base::MemoryFileTree tree;
  tree.add("top/charts/c/values.yaml", std::string(chart_values));
  tree.add("top/more.yaml", "a: more\n");
  tree.add("top/own.yaml", "own: 1\n");
  tree.add("top/kustomization.yaml",
           "helmCharts:\n- releaseName: r\n  " + entry + "\n" + more + "\n");
  Built built;
  kustomize::BuildOptions options;
  options.display_root = "/";
  options.enable_helm = enabled;
  options.charts = &built.charts;
  options.helm_kube_version = "1.30.0";
  const auto result = kustomize::build(tree, "top", options);
  if (!result.ok()) built.error = result.error().message;
  if (result.ok()) built.text = kustomize::write_resources(result->resources);
  return built;
}

Value helm_values(const std::string& text) {
  return value::parse_yaml(text, {value::YamlDialect::helm, {}, false, nullptr}).value();
}

}  // namespace

TEST_CASE("valuesInline goes over, under or in the place of the values file") {
  struct Row {
    std::string_view entry, values;
  };
  const Row rows[] = {
      {"name: c", chart_values},
      {"{name: c, valuesFile: own.yaml}", "own: 1"},
      {"{name: c, valuesInline: {a: 1, m: {x: null, w: off, v: {q: '1'}}, l: [3], h: 1, dd: "
       "2020-01-01}}",
       "{a: 1, b: 493, d: '2020-01-01T00:00:00Z', dd: '2020-01-01', e: 'yes', h: 1, l: [3], m: {v: "
       "{q: '1', z: 'on'}, w: false}, q: null}"},
      {"{name: c, valuesMerge: merge, valuesInline: {a: 1, m: {w: off, v: {q: '1'}}, l: [3], h: 1, "
       "zz: 0755}}",
       "{a: 'yes', b: 493, d: '2020-01-01T00:00:00Z', e: 'yes', l: [1, 2], m: {x: 1, v: {q: '1', "
       "z: 'on'}, w: false}, zz: 493}"},
      {"{name: c, valuesMerge: replace, valuesInline: {a: 1, m: {x: null}}}",
       "{a: 1, m: {x: null}}"},
  };
  for (const Row& row : rows) {
    INFO(row.entry);
    std::string entry(row.entry);
    if (entry.starts_with('{')) entry = entry.substr(1, entry.size() - 2);
    std::string lines;
    // The flow map's members become those of the entry.
    const Value fields = helm_values("{" + entry + "}");
    for (const value::Member& member : fields.members()) {
      const std::string text = value::write_yaml(Value::object({{member.name(), member.value}}));
      for (const char c : text) lines += c == '\n' ? std::string("\n  ") : std::string(1, c);
    }
    const Built built = build(lines);
    REQUIRE(built.error.empty());
    REQUIRE(built.charts.request.values.size() == 1);
    CHECK(helm_values(built.charts.request.values[0]) == helm_values(std::string(row.values)));
  }
}

TEST_CASE("an entry's fields reach the inflator, globals fill in") {
  const Built built = build(
      "name: c\n  namespace: ns\n  nameTemplate: t\n  apiVersions: [a/v1]\n  includeCRDs: true\n"
      "  skipHooks: true\n  skipTests: true\n  additionalValuesFiles: [more.yaml]");
  CHECK(built.text == "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: made\n");
  const kustomize::ChartRequest& request = built.charts.request;
  CHECK(request.directory == "top/charts/c");
  CHECK(request.release_name == "r");
  CHECK(request.ns == "ns");
  CHECK(request.name_template == "t");
  CHECK(request.api_versions == std::vector<std::string>{"a/v1"});
  CHECK(request.kube_version == "1.30.0");
  CHECK((request.include_crds && request.skip_hooks && request.skip_tests));
  REQUIRE(request.values.size() == 2);
  CHECK(request.values[1] == "a: more\n");
  CHECK(build("name: c", "helmGlobals: {chartHome: elsewhere}").error ==
        "no repo specified for pull, no chart found at '/top/elsewhere/c'");
}

TEST_CASE("a generator's file takes the fields of an entry and of the globals") {
  base::MemoryFileTree tree;
  tree.add("top/kustomization.yaml", "generators: [gen.yaml]\n");
  tree.add("top/gen.yaml",
           "apiVersion: builtin\nkind: HelmChartInflationGenerator\nmetadata: {name: any}\nname: "
           "c\nreleaseName: rel\nchartHome: elsewhere\nvaluesInline: {a: 5}\n");
  tree.add("top/elsewhere/c/values.yaml", "a: 1\nb: 2\n");
  FakeCharts charts;
  kustomize::BuildOptions options;
  options.enable_helm = true;
  options.charts = &charts;
  REQUIRE(kustomize::build(tree, "top", options).ok());
  CHECK(charts.request.directory == "top/elsewhere/c");
  CHECK(charts.request.release_name == "rel");
  CHECK(helm_values(charts.request.values.at(0)) == helm_values("{a: 5, b: 2}"));
}

TEST_CASE("a chart that is not below chartHome is pulled, with its own values") {
  const Built built = build("name: c\n  version: 1.2.3\n  repo: https://charts.example/x");
  CHECK(built.error.empty());
  CHECK(built.charts.source.name == "c");
  CHECK(built.charts.source.version == "1.2.3");
  CHECK(built.charts.source.repo == "https://charts.example/x");
  CHECK(built.charts.request.directory == "c");
  CHECK(built.charts.request.values == std::vector<std::string>{"from: remote\n"});
}

TEST_CASE("entries that cannot be inflated are told apart, and never show their values") {
  const std::string hidden = "\n  valuesInline: {password: hunter2}";
  const Built off = build("name: c" + hidden, "", false);
  CHECK_THAT(off.error, Catch::Contains("must specify --enable-helm"));
  CHECK_THAT(off.error, !Catch::Contains("hunter2"));
  CHECK_THAT(build("version: 1.0.0").error, Catch::Contains("chart name cannot be empty"));
  CHECK_THAT(build("name: c\n  valuesMerge: none").error,
             Catch::Contains("valuesMerge must be one of [merge override replace]"));
  CHECK_THAT(build("name: c\n  additionalValuesFiles: [none.yaml]").error,
             Catch::Contains("could not load additionalValuesFile"));
  CHECK(build("name: gone").error ==
        "no repo specified for pull, no chart found at '/top/charts/gone'");
}
