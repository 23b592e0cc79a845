// What real helm printed for the charts of tests/golden/helm, held against the engine.
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

#include "engine/base/glob.hh"
#include "engine/helm/load.hh"
#include "engine/helm/render.hh"
#include "engine/helm/values.hh"
#include "engine/value/json.hh"

namespace weir::helm {

namespace {

namespace fs = std::filesystem;

const std::string root = WEIR_SOURCE_DIR "/tests/golden/helm/";

std::string read(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  REQUIRE(in.good());
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

// The charts' folder in memory.
const base::MemoryFileTree& tree() {
  static const auto loaded = [] {
    base::MemoryFileTree out;
    for (const auto& entry : fs::recursive_directory_iterator(root + "charts"))
      if (entry.is_regular_file())
        out.add("charts/" + fs::relative(entry.path(), root + "charts").string(),
                read(entry.path().string()));
    return out;
  }();
  return loaded;
}

struct Case {
  std::string name, version, stem;
  int exit_status = 0;
  std::vector<std::string> arguments;
};

std::vector<Case> cases() {
  std::vector<Case> out;
  std::istringstream lines(read(root + "cases.tsv"));
  for (std::string line; std::getline(lines, line);) {
    std::istringstream fields(line);
    Case one;
    std::string status, arguments;
    std::getline(fields, one.name, '\t');
    std::getline(fields, one.version, '\t');
    std::getline(fields, status, '\t');
    std::getline(fields, one.stem, '\t');
    std::getline(fields, arguments, '\t');
    one.exit_status = std::stoi(status);
    const auto parsed = value::parse_json(arguments);
    REQUIRE(parsed.ok());
    for (const Value& item : parsed->items()) one.arguments.emplace_back(item.as_string());
    out.push_back(std::move(one));
  }
  return out;
}

// The few flags the cases use.
struct Flags {
  std::string chart;
  ValueSources sources;
  RenderRequest request;
  std::vector<std::string> show_only;
  bool hooks = true, tests = true, crds = false;
};

Flags flags_of(const Case& one) {
  Flags flags;
  flags.request.compat = one.version == "4.1" ? Compat::helm_4_1 : Compat::helm_4_2;
  flags.request.release = {"rel", "default"};
  flags.request.capabilities = Capabilities::defaults(flags.request.compat);
  flags.request.capabilities.kube_version = *KubeVersion::parse("1.35.0");
  flags.chart = one.arguments.front();
  for (std::size_t i = 1; i < one.arguments.size(); ++i) {
    const std::string& flag = one.arguments[i];
    if (flag == "--include-crds") flags.crds = true;
    if (flag == "--no-hooks") flags.hooks = false;
    if (flag == "--skip-tests") flags.tests = false;
    if (flag == "--is-upgrade") flags.request.release.is_upgrade = true;
    if (flag == "--include-crds" || flag == "--no-hooks" || flag == "--skip-tests" ||
        flag == "--is-upgrade")
      continue;
    const std::string& value = one.arguments[++i];
    if (flag == "-f") flags.sources.files.push_back(value);
    if (flag == "--set") flags.sources.values.push_back(value);
    if (flag == "--set-string") flags.sources.string_values.push_back(value);
    if (flag == "--set-json") flags.sources.json_values.push_back(value);
    if (flag == "--set-file") flags.sources.file_values.push_back(value);
    if (flag == "-s") flags.show_only.push_back(value);
    if (flag == "-n") flags.request.release.ns = value;
    if (flag == "--kube-version")
      flags.request.capabilities.kube_version = *KubeVersion::parse(value);
    if (flag == "-a") {
      std::istringstream list(value);
      for (std::string version; std::getline(list, version, ',');)
        flags.request.capabilities.api_versions.push_back(version);
    }
  }
  return flags;
}

Result<RenderedChart> render(const Flags& flags) {
  const auto file = [](const std::string& name) -> Result<std::string> {
    WEIR_TRY(const base::FileBytes bytes, tree().read(name));
    return *bytes;
  };
  WEIR_TRY(const TablePtr values, merge_value_sources(flags.sources, file));
  WEIR_TRY(const LoadedChart loaded, load_chart(tree(), flags.chart));
  const Chart& chart = loaded.charts.root();
  if (chart.metadata.is_library())
    return make_error(Code::invalid, "library charts are not installable");
  WEIR_CHECK(check_dependencies(chart, flags.request.compat == Compat::helm_4_1));
  return render_chart(loaded.charts, *values, flags.request);
}

std::string trimmed(std::string text) {
  static constexpr std::string_view blanks = " \t\n\v\f\r";
  text.erase(0, std::min(text.find_first_not_of(blanks), text.size()));
  text.erase(text.find_last_not_of(blanks) + 1);
  return text;
}

std::string shown(const RenderedChart& rendered, const Flags& flags) {
  std::string text = trimmed(manifest_text(rendered, flags.crds)) + "\n";
  for (const Hook& hook : rendered.hooks)
    if (flags.hooks && (flags.tests || !hook.is_test()))
      append_source(text, hook.path, hook.content);
  return text;
}

}  // namespace

TEST_CASE("charts render to the bytes of real helm, or fail with its words") {
  std::size_t count = 0;
  for (const Case& one : cases()) {
    const Flags flags = flags_of(one);
    if (!flags.show_only.empty()) continue;  // the command's own, in the peer test
    CAPTURE(one.name, one.version);
    const auto rendered = render(flags);
    const std::string expected = read(root + "expected/" + one.stem);
    if (one.exit_status == 0) {
      REQUIRE((rendered.ok() || (UNSCOPED_INFO(rendered.error().message), false)));
      CHECK(shown(*rendered, flags) == expected);
    } else {
      REQUIRE_FALSE(rendered.ok());
      std::string message = "Error: " + rendered.error().message;
      if (rendered.error().reason == render_failed)
        message += "\n\nUse --debug flag to render out invalid YAML";
      CHECK(message + "\n" == expected);
    }
    ++count;
  }
  CHECK(count > 250);
}

TEST_CASE("a chart is rendered from a copy: the second time gives the same") {
  Case one;
  one.version = "4.2";
  one.arguments = {"charts/umbrella"};
  const Flags flags = flags_of(one);
  const auto loaded = load_chart(tree(), flags.chart);
  REQUIRE(loaded.ok());
  const auto first = render_chart(loaded->charts, Table(), flags.request);
  const auto second = render_chart(loaded->charts, Table(), flags.request);
  REQUIRE(first.ok());
  REQUIRE(second.ok());
  CHECK(shown(*first, flags) == shown(*second, flags));
  CHECK(loaded->charts.root().metadata.dependencies.size() == 11);
}

}  // namespace weir::helm
