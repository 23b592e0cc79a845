#include "engine/helm/strvals.hh"

#include <catch2/catch.hpp>
#include <fstream>
#include <map>
#include <sstream>

#include "engine/helm/table.hh"
#include "engine/helm/values.hh"
#include "engine/value/json.hh"

namespace weir::helm {

namespace {

std::vector<std::string> fields_of(const std::string& line) {
  std::vector<std::string> fields;
  std::istringstream stream(line);
  for (std::string field; std::getline(stream, field, '\t');) fields.push_back(field);
  return fields;
}

std::string unquoted(const std::string& json) {
  const auto parsed = value::parse_json(json);
  REQUIRE(parsed.ok());
  return std::string(parsed->as_string());
}

ValueSources sources_of(const std::string& kind, const std::string& text) {
  ValueSources sources;
  (kind == "set"          ? sources.values
   : kind == "set-string" ? sources.string_values
   : kind == "set-json"   ? sources.json_values
                          : sources.literal_values)
      .push_back(text);
  return sources;
}

Result<std::string> no_files(const std::string& name) {
  return make_error(Code::not_found, "open " + name + ": no such file or directory");
}

// What a chart without values of its own shows: nulls are gone where its defaults had no say.
std::string shown(const Table& values) { return value::write_json(values.to_value()); }

}  // namespace

TEST_CASE("settings give what real helm gives, errors included") {
  std::ifstream golden(WEIR_SOURCE_DIR "/tests/golden/helm/strvals.tsv");
  REQUIRE(golden.good());
  std::size_t count = 0;
  for (std::string line; std::getline(golden, line); ++count) {
    const auto fields = fields_of(line);
    REQUIRE(fields.size() == 4);
    const std::string text = unquoted(fields[1]);
    CAPTURE(fields[0], text);
    const auto values = merge_value_sources(sources_of(fields[0], text), no_files);
    if (fields[2] == "ok") {
      REQUIRE((values.ok() || (UNSCOPED_INFO(values.error().message), false)));
      CHECK(shown(**values) == fields[3]);
    } else {
      REQUIRE_FALSE(values.ok());
      CHECK(values.error().message == unquoted(fields[3]));
    }
  }
  CHECK(count > 100);
}

TEST_CASE("a setting takes the contents of a file, and says which one is missing") {
  ValueSources sources;
  sources.file_values = {"a.b=some/file"};
  const auto read = [](const std::string& name) -> Result<std::string> {
    if (name == "some/file") return std::string("x: 1\n");
    return no_files(name);
  };
  const auto values = merge_value_sources(sources, read);
  REQUIRE(values.ok());
  CHECK(shown(**values) == R"({"a":{"b":"x: 1\n"}})");
  sources.file_values = {"a=other"};
  const auto missing = merge_value_sources(sources, read);
  REQUIRE_FALSE(missing.ok());
  CHECK(missing.error().message ==
        "failed parsing --set-file data: open other: no such file or directory");
}

TEST_CASE("sources are laid over one another in Helm's order, whatever the order of the flags") {
  ValueSources sources;
  sources.files = {"one", "two"};
  sources.json_values = {"j=1", R"({"a":{"json":true}})"};
  sources.values = {"a.set=1,j=2"};
  sources.string_values = {"a.set=2"};
  sources.literal_values = {"a.literal=x,y"};
  const auto read = [](const std::string& name) -> Result<std::string> {
    if (name == "one") return std::string("a: {one: 1, both: 1}\nl: [1, 2]\n");
    return std::string("a: {two: 2, both: 2}\nl: [3]\n---\na: {third: 3}\n");
  };
  const auto values = merge_value_sources(sources, read);
  REQUIRE(values.ok());
  CHECK(shown(**values) ==
        R"({"a":{"both":2,"json":true,"literal":"x,y","one":1,"set":"2","third":3,"two":2},)"
        R"("j":2,"l":[3]})");
}

TEST_CASE("an index or a path past the caps is refused, not built") {
  for (const std::string_view text : {"a[99999999999]=1", "a[65537]=1"}) {
    Value values = Value::object();
    CHECK_FALSE(set_values(values, text, SetKind::typed).ok());
  }
  Value values = Value::object();
  std::string deep = "a";
  for (int i = 0; i < 100'000; ++i) deep += "[0]";
  const auto done = set_values(values, deep + "=1", SetKind::typed);
  REQUIRE_FALSE(done.ok());
  CHECK(done.error().message.find("value_depth_max") != std::string::npos);
}

}  // namespace weir::helm
