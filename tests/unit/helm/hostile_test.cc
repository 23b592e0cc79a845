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

std::string tar_entry(const std::string& name, const std::string& content, char type = '0',
                      std::string_view link = {}) {
  std::string header(512, '\0');
  char size[12];
  std::snprintf(size, sizeof size, "%011zo", content.size());
  header.replace(0, name.size(), name);
  header.replace(100, 7, "0000644");
  header.replace(124, 11, size);
  header.replace(136, 11, "00000000000");
  header[156] = type;
  header.replace(157, link.size(), link);
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

// A package of a sound chart with entries behind it.
std::string package_of(const std::string& entries) {
  const std::string list = "files:{{ range $name, $data := .Files.Glob \"**\" }} {{ $name }}={{ "
                           "$data | toString }};{{ end }}\n";
  return base::gzip_compress(tar_entry("c/Chart.yaml", std::string(plain)) +
                             tar_entry("c/templates/a.yaml", list) + entries +
                             std::string(1024, '\0'));
}

TEST_CASE("links and devices in packages lead nowhere: they are files without contents") {
  struct Entry {
    char type;
    std::string_view link;
  };
  for (const Entry& entry : {Entry{'2', "/etc/passwd"}, Entry{'2', "../../../etc/passwd"},
                             Entry{'1', "c/Chart.yaml"}, Entry{'3', ""}, Entry{'4', ""},
                             Entry{'6', ""}, Entry{'7', ""}}) {
    CAPTURE(entry.type);
    const auto loaded =
        load_chart_archive(package_of(tar_entry("c/odd", "", entry.type, entry.link)), "c.tgz");
    REQUIRE(loaded.ok());
    RenderRequest request;
    request.release = {"rel", "default"};
    request.capabilities = Capabilities::defaults(request.compat);
    const auto rendered = render_chart(loaded->charts, Table(), request);
    REQUIRE(rendered.ok());
    CHECK(manifest_text(*rendered, false) ==
          "---\n# Source: c/templates/a.yaml\nfiles: odd=;\n\n");
  }
}

TEST_CASE("a link in the place of a chart's folder brings nothing in") {
  const auto loaded =
      load_chart_archive(package_of(tar_entry("c/templates", "", '2', "/etc")), "c.tgz");
  REQUIRE(loaded.ok());
  CHECK(loaded->charts.root().contents->templates.size() == 1);
}

TEST_CASE("of two entries of one name the later template counts, and both are bounded") {
  const auto loaded = load_chart_archive(
      package_of(tar_entry("c/templates/a.yaml", "kind: Second\n") +
                 tar_entry("c/Chart.yaml", "apiVersion: v2\nname: d\nversion: 1.0.0\n")),
      "c.tgz");
  REQUIRE(loaded.ok());
  CHECK(loaded->charts.root().name() == "d");
}

TEST_CASE("a package that unpacks to 800 times its size is stopped at the cap") {
  std::string entries;
  for (int i = 0; i < 30; ++i)
    entries += tar_entry("c/f" + std::to_string(i), std::string(4u << 20, 'x'));
  const std::string bomb = package_of(entries);
  CHECK(bomb.size() * 800 < entries.size());
  const auto loaded = load_chart_archive(bomb, "c.tgz");
  REQUIRE_FALSE(loaded.ok());
  CHECK(loaded.error().code == Code::limit);
  CHECK(loaded.error().message.find("helm_chart_bytes_max") != std::string::npos);
}

TEST_CASE("a package of more files than a chart may have is refused") {
  std::string entries;
  entries.reserve(110'000 * 512);
  for (int i = 0; i < 100'001; ++i) entries += tar_entry("c/f" + std::to_string(i), "");
  const auto loaded = load_chart_archive(package_of(entries), "c.tgz");
  REQUIRE_FALSE(loaded.ok());
  CHECK(loaded.error().code == Code::limit);
  CHECK(loaded.error().message ==
        "unable to load chart archive: archive holds more than 100000 entries "
        "(helm_chart_files_max)");
}

TEST_CASE("printf takes no width that is too large, as Go does not") {
  const auto rendered =
      render(chart_with({{"templates/a.yaml", "a: {{ printf \"%2000000000d\" 1 | quote }}"}}));
  REQUIRE(rendered.ok());
  CHECK(manifest_text(*rendered, false).find("%!(NOVERB)") != std::string::npos);
}

TEST_CASE("templates that ask for too much end in an error that names a cap") {
  struct Case {
    std::string_view what;
    std::string text;
    std::string_view error;  // the cap, or Helm's own words where it has some
  };
  constexpr std::string_view bytes = "template_bytes_max";
  const Case cases[] = {
      {"include of itself",
       "{{ define \"r\" }}{{ include \"r\" . }}{{ end }}{{ include \"r\" . }}",
       "nested reference name: r"},
      {"two that call each other",
       "{{ define \"a\" }}{{ include \"b\" . }}{{ end }}{{ define \"b\" }}{{ include \"a\" . }}"
       "{{ end }}{{ include \"a\" . }}",
       "nested reference name: a"},
      {"template of itself",
       "{{ define \"r\" }}{{ template \"r\" . }}{{ end }}{{ template \"r\" . }}",
       "template_stack_bytes_max"},
      {"tpl of itself", "{{ tpl \"{{ tpl . . }}\" \"{{ tpl . . }}\" }}", "helm_include_depth_max"},
      {"repeat", "{{ repeat 2000000000 \"x\" }}", bytes},
      {"repeat of repeat", "{{ repeat 100000 (repeat 100000 \"x\") }}", bytes},
      {"until", "{{ until 2000000000 | len }}", bytes},
      {"untilStep", "{{ untilStep 0 2000000000 1 | len }}", bytes},
      {"seq", "{{ seq 1 2000000000 | len }}", bytes},
      {"doubling text",
       "{{ $x := \"0123456789\" }}{{ range until 40 }}{{ $x = print $x $x }}{{ end }}{{ len $x }}",
       bytes},
      {"doubling list",
       "{{ $x := list 1 2 3 }}{{ range until 40 }}{{ $x = concat $x $x }}{{ end }}{{ len $x }}",
       bytes},
      {"indent", "{{ indent 1000000000 \"x\" }}", bytes},
      {"wrap", "{{ wrap 1 (repeat 90000000 \"x \") | len }}", bytes},
      {"regexReplaceAll",
       "{{ regexReplaceAll \"x\" (repeat 10000000 \"x\") (repeat 1000 \"y\") | len }}", bytes},
      {"randAlphaNum", "{{ randAlphaNum 2000000000 | len }}", bytes},
      {"parts of a text", "{{ splitList \"x\" (repeat 60000000 \"x\") | len }}", bytes},
      {"characters of a text", "{{ splitList \"\" (repeat 60000000 \"x\") | len }}", bytes},
      {"matches of a text", "{{ regexFindAll \"x\" (repeat 60000000 \"x\") -1 | len }}", bytes},
      {"a list in fromJsonArray",
       "{{ printf \"[%s1]\" (repeat 20000000 \"1,\") | fromJsonArray | len }}", bytes},
      {"a list in fromYamlArray", "{{ repeat 5000000 \"- {}\\n\" | fromYamlArray | len }}", bytes},
      {"a table in fromToml", "{{ repeat 5000000 \"[[a]]\\n\" | fromToml | len }}", bytes},
      {"range of a number", "{{ range 9000000000 }}x{{ end }}", "template_steps_max"},
      {"a map in itself printed",
       "{{ $m := dict }}{{ $_ := set $m \"m\" $m }}{{ $m }}", "template_value_depth_max"},
      {"a map in itself as JSON",
       "{{ $m := dict }}{{ $_ := set $m \"m\" $m }}{{ mustToJson $m }}", "encountered a cycle"},
      {"a copy of a map in itself",
       "{{ $m := dict }}{{ $_ := set $m \"m\" $m }}{{ deepCopy $m | len }}", "value_depth_max"},
      {"aliases of aliases in fromYaml",
       "{{ $t := \"a0: &a0 [1,1,1,1,1,1,1,1,1,1]\" }}{{ range $i := until 9 }}{{ $a := printf "
       "\"*a%d,\" $i | repeat 10 }}{{ $t = printf \"%s\\na%d: &a%d [%s]\" $t (add1 $i) (add1 $i) "
       "$a }}{{ end }}{{ fromYaml $t | len }}",
       "yaml_alias_nodes_max"},
      {"lists in lists in mustFromJson", "{{ mustFromJson (repeat 1000 \"[\") | len }}",
       "exceeded max depth"},
      {"lists in lists in fromYaml", "{{ fromYaml (repeat 1000 \"[\") | len }}", "value_depth_max"},
      {"parentheses", "{{ " + std::string(200'000, '(') + "1" + std::string(200'000, ')') + " }}",
       "max expression depth exceeded"},
  };
  for (const Case& one : cases) {
    CAPTURE(one.what);
    const auto rendered = render(chart_with({{"templates/a.yaml", one.text}}));
    REQUIRE_FALSE(rendered.ok());
    const std::string& message = rendered.error().message;
    CAPTURE(message.substr(0, 200));
    CHECK(message.find(one.error) != std::string::npos);
  }
}

TEST_CASE("aliases of aliases end at a cap, in values and in what a template makes") {
  std::string bomb = "a0: &a0 [1,1,1,1,1,1,1,1,1,1]\n";
  for (int i = 1; i < 10; ++i) {
    std::string items;
    for (int j = 0; j < 10; ++j) items += "*a" + std::to_string(i - 1) + ",";
    const std::string name = "a" + std::to_string(i);
    bomb += name + ": &" + name + " [" + items + "]\n";
  }
  for (const char* file : {"values.yaml", "templates/a.yaml", "Chart.yaml"}) {
    CAPTURE(file);
    const bool metadata = std::string_view(file) == "Chart.yaml";
    const auto rendered = render(chart_with({{file, (metadata ? std::string(plain) : "") + bomb}}));
    REQUIRE_FALSE(rendered.ok());
    CHECK(rendered.error().message.find("yaml_alias_nodes_max") != std::string::npos);
  }
}

TEST_CASE("a schema that refers to itself for ever is given up") {
  struct Case {
    std::string_view schema, error;
  };
  const Case cases[] = {
      {R"({"$ref":"#"})", "reference cycle"},
      {R"({"$ref":"#/definitions/a","definitions":{"a":{"$ref":"#/definitions/b"},
           "b":{"$ref":"#/definitions/a"}}})",
       "reference cycle"},
      {R"({"allOf":[{"$ref":"#"}]})", "reference cycle"},
      {R"({"not":{"not":{"$ref":"#"}}})", "'not' failed"},
  };
  for (const Case& one : cases) {
    CAPTURE(one.schema);
    const auto checked = check_schema(Value::object(), one.schema);
    REQUIRE_FALSE(checked.ok());
    CHECK(checked.error().message.find(one.error) != std::string::npos);
  }
}

TEST_CASE("a regular expression takes time by the length of the text alone") {
  const std::string text(100'000, 'a');
  const auto checked =
      check_schema(Value::object({{"a", Value(text)}}),
                   R"({"properties":{"a":{"pattern":"^(a|aa|a*)*(a*)*(a+)+$b"}}})");
  CHECK_FALSE(checked.ok());
  const auto large =
      check_schema(Value::object({{"a", Value(text)}}),
                   R"({"properties":{"a":{"pattern":"((a{1,100}){1,100}){1,100}"}}})");
  REQUIRE_FALSE(large.ok());
  CHECK(large.error().message.find("regex") != std::string::npos);
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
