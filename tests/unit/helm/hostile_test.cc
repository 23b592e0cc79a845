// Charts made to do harm: each ends in an error that names the cap, and soon.
#include <catch2/catch.hpp>
#include <cstdio>

#include "engine/base/gzip.hh"
#include "engine/base/targz.hh"
#include "engine/helm/load.hh"
#include "engine/helm/render.hh"
#include "engine/helm/schema.hh"

namespace weir::helm {

namespace {

constexpr std::string_view plain = "apiVersion: v2\nname: c\nversion: 1.0.0\n";

base::MemoryFileTree chart_with(std::initializer_list<std::pair<std::string, std::string>> files) {
  base::MemoryFileTree tree;
  tree.add("Chart.yaml", std::string(plain));
  for (const auto& [path, text] : files) tree.add(path, text);
  return tree;
}

Result<RenderedChart> render(const base::MemoryFileTree& tree) {
  WEIR_TRY(const LoadedChart loaded, load_chart_directory(tree, ""));
  RenderRequest request;
  request.release = {"rel", "default"};
  request.capabilities = Capabilities::defaults(request.compat);
  return render_chart(loaded.charts, Table(), request);
}

std::string tar_entry(const std::string& name, const std::string& content) {
  std::string header(512, '\0');
  char size[12];
  std::snprintf(size, sizeof size, "%011zo", content.size());
  header.replace(0, name.size(), name);
  header.replace(100, 7, "0000644");
  header.replace(124, 11, size);
  header.replace(136, 11, "00000000000");
  header[156] = '0';
  header.replace(257, 5, "ustar");
  header.replace(263, 2, "00");
  header.replace(148, 8, "        ");
  unsigned sum = 0;
  for (const char c : header) sum += static_cast<unsigned char>(c);
  char digits[8];
  std::snprintf(digits, sizeof digits, "%06o", sum);
  header.replace(148, 7, std::string(digits, 6) + '\0');
  return header + content + std::string((512 - content.size() % 512) % 512, '\0');
}

void check_limit(const base::MemoryFileTree& tree, std::string_view cap) {
  const auto rendered = render(tree);
  REQUIRE_FALSE(rendered.ok());
  CAPTURE(rendered.error().message.substr(0, 300));
  CHECK(rendered.error().code == Code::limit);
  CHECK(rendered.error().message.find(cap) != std::string::npos);
}

}  // namespace

TEST_CASE("tpl that calls itself is stopped") {
  check_limit(chart_with({{"values.yaml", "t: '{{ tpl .Values.t . }}'\n"},
                          {"templates/a.yaml", "{{ tpl .Values.t . }}"}}),
              "_max");
}

TEST_CASE("includes that double at each level run out of a budget") {
  std::string helpers = "{{ define \"l0\" }}aaaaaaaaaaaaaaaaaaaa{{ end }}\n";
  for (int i = 1; i < 60; ++i) {
    const std::string below = "{{ include \"l" + std::to_string(i - 1) + "\" . }}";
    helpers += "{{ define \"l" + std::to_string(i) + "\" }}" + below + below + "{{ end }}\n";
  }
  check_limit(
      chart_with({{"templates/_h.tpl", helpers}, {"templates/a.yaml", "{{ include \"l59\" . }}"}}),
      "template_");
}

TEST_CASE("a loop over a huge count runs out of a budget") {
  check_limit(chart_with({{"templates/a.yaml",
                           "{{ range until 100000000 }}{{ range until 100000000 }}x{{ end }}"
                           "{{ end }}"}}),
              "_max");
}

TEST_CASE("a package that unpacks to more than a chart may hold is refused") {
  base::MemoryFileTree tree;
  tree.add("c/Chart.yaml", std::string(plain));
  tree.add("c/big", std::string(6u << 20, 'x'));
  const auto one = base::pack_targz(tree);
  REQUIRE(one.ok());
  const auto file = load_chart_archive(*one, "c.tgz");
  REQUIRE_FALSE(file.ok());
  CHECK(file.error().message.find("helm_chart_file_bytes_max") != std::string::npos);
  base::MemoryFileTree many;
  many.add("c/Chart.yaml", std::string(plain));
  for (int i = 0; i < 27; ++i) many.add("c/f" + std::to_string(i), std::string(4u << 20, 'x'));
  const auto all = base::pack_targz(many);
  REQUIRE(all.ok());
  const auto chart = load_chart_archive(*all, "c.tgz");
  REQUIRE_FALSE(chart.ok());
  CHECK(chart.error().message.find("helm_chart_bytes_max") != std::string::npos);
}

TEST_CASE("a chart in a chart in a chart ends at a depth") {
  base::MemoryFileTree tree;
  std::string folder;
  for (int i = 0; i < 100; ++i, folder += "charts/c/")
    tree.add(folder + "Chart.yaml", std::string(plain));
  const auto loaded = load_chart_directory(tree, "");
  REQUIRE_FALSE(loaded.ok());
  CHECK(loaded.error().message.find("helm_chart_depth_max") != std::string::npos);
}

TEST_CASE("imports that lead a table into itself are noticed") {
  check_limit(chart_with({{"Chart.yaml",
                           std::string(plain) +
                               "dependencies:\n- name: sub\n  version: 1.0.0\n  import-values:\n"
                               "  - {child: data, parent: x}\n  - {child: data, parent: x.y}\n"},
                          {"charts/sub/Chart.yaml", "apiVersion: v2\nname: sub\nversion: 1.0.0\n"},
                          {"charts/sub/values.yaml", "data: {k: 1}\n"}}),
              "helm_values_depth_max");
}

TEST_CASE("a schema that never ends is given up") {
  // Each level asks the next one twice.
  std::string schema = "{\"$ref\":\"#/d/l0\",\"d\":{";
  for (int i = 0; i < 60; ++i) {
    const std::string next = "{\"$ref\":\"#/d/l" + std::to_string(i + 1) + "\"}";
    schema += "\"l" + std::to_string(i) + "\":{\"allOf\":[" + next + "," + next + "]},";
  }
  schema += "\"l60\":{}}}";
  const auto checked = check_schema(Value::object(), schema);
  REQUIRE_FALSE(checked.ok());
  CHECK(checked.error().code == Code::limit);
  CHECK(checked.error().message.find("helm_schema_steps_max") != std::string::npos);
}

// A package with one more file, by whatever name.
std::string package_with(const std::string& name) {
  std::string tar = tar_entry("c/Chart.yaml", std::string(plain)) + tar_entry(name, "x: 1\n");
  return base::gzip_compress(tar + std::string(1024, '\0'));
}

TEST_CASE("names that leave the chart are refused in packages") {
  struct Name {
    std::string name;
    std::string_view error;
  };
  const Name names[] = {
      {"c/../../x", "chart illegally references parent directory"},
      {"c//x", "chart illegally contains absolute paths"},
      {"c/..", "chart illegally references parent directory"},
      {"c\\..\\..\\x", "chart illegally references parent directory"},
      {"c/.", "chart illegally contains content outside the base directory: \"c/.\""},
      {"x", "chart illegally contains content outside the base directory: \"x\""},
      {"/./c://foo", "chart contains illegally named files"},
      {"Chart.yaml/x", "chart yaml not in base directory"},
  };
  for (const Name& one : names) {
    CAPTURE(one.name);
    const auto loaded = load_chart_archive(package_with(one.name), "c.tgz");
    REQUIRE_FALSE(loaded.ok());
    CHECK(loaded.error().message == "unable to load chart archive: " + std::string(one.error));
  }
  CHECK(load_chart_archive(package_with("c/templates/a.yaml"), "c.tgz").ok());
}

TEST_CASE("what is no package is refused by its name") {
  const auto yaml = load_chart_archive("a: 1\n", "values.yaml");
  REQUIRE_FALSE(yaml.ok());
  CHECK(yaml.error().message ==
        "file 'values.yaml' seems to be a YAML file, but expected a gzipped archive");
  CHECK_FALSE(load_chart_archive("\x1F\x8B\x08junk", "c.tgz").ok());
  CHECK_FALSE(load_chart_archive(package_with("c/a").substr(0, 100), "c.tgz").ok());
}

}  // namespace weir::helm
