#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "engine/value/json.hh"
#include "engine/value/yaml.hh"
#include "engine/value/yaml_keys.hh"
#include "engine/value/yaml_unfolded.hh"

using namespace weir::value;
using weir::Value;

namespace {

const std::filesystem::path golden_folder =
    std::filesystem::path(WEIR_SOURCE_DIR) / "tests/golden/value";

std::string read_file(const std::filesystem::path& path) {
  std::ifstream stream(path, std::ios::binary);
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

std::string yaml(std::string_view json) { return write_yaml(parse_json(json).value()); }

}  // namespace

TEST_CASE("sequences stand at the column of their key, inside sequences on one line") {
  CHECK(yaml(R"({"a":[1,[2,[3]],{"c":[4],"b":{"x":1}},[],{}]})") ==
        "a:\n- 1\n- - 2\n  - - 3\n- b:\n    x: 1\n  c:\n  - 4\n- []\n- {}\n");
  CHECK(yaml("[]") == "[]\n");
  CHECK(yaml(R"("x")") == "x\n");
}

TEST_CASE("what would read as something else is quoted") {
  CHECK(yaml(R"(["yes","1","null","","1.5","12:30","2001-01-02","~"])") ==
        "- \"yes\"\n- \"1\"\n- \"null\"\n- \"\"\n- \"1.5\"\n- \"12:30\"\n- \"2001-01-02\"\n"
        "- \"~\"\n");
  CHECK(yaml(R"(["a: b","# x","- x","*a","it's"," x","0x1","a#b"])") ==
        "- 'a: b'\n- '# x'\n- '- x'\n- '*a'\n- it's\n- ' x'\n- \"0x1\"\n- a#b\n");
}

TEST_CASE("text of several lines is literal unless it cannot be") {
  CHECK(yaml(R"({"a":"x\ny\n","b":"x\ny","c":"x\n\n","d":" x\ny"})") ==
        "a: |\n  x\n  y\nb: |-\n  x\n  y\nc: |+\n  x\n\nd: |2-\n   x\n  y\n");
  CHECK(yaml(R"({"e":"x \ny","f":"x\ty\nz","g":"\n"})") ==
        "e: \"x \\ny\"\nf: \"x\\ty\\nz\"\n"
        "g: |2+\n\n");
}

TEST_CASE("long text is folded at a space beyond column 80, keys never are") {
  const std::string words =
      "aaaa bbbb cccc dddd eeee ffff gggg hhhh iiii jjjj kkkk llll mmmm nnnn oooo pppp qqqq";
  CHECK(write_yaml(Value::object({{"k", words}})) ==
        "k: aaaa bbbb cccc dddd eeee ffff gggg hhhh iiii jjjj kkkk llll mmmm nnnn oooo pppp\n"
        "  qqqq\n");
  CHECK(write_yaml(Value::object({{words, 1}})) == words + ": 1\n");
  const std::string long_key(129, 'k');
  CHECK(write_yaml(Value::object({{long_key, Value::array({1})}})) ==
        "? " + long_key + "\n: - 1\n");
}

TEST_CASE("floats have the shortest form that reads back") {
  CHECK(yaml("[1.5,1e6,1.5e6,1e21,1e-7,0.1,123456789.5,18446744073709551615,1e20]") ==
        "- 1.5\n- 1000000\n- 1500000\n- 1e+21\n- 1e-07\n- 0.1\n- 1.234567895e+08\n"
        "- 18446744073709551615\n- 1e+20\n");
}

TEST_CASE("keys are in go-yaml's order: numbers by value, marks before letters") {
  CHECK(yaml_key_less("a2", "a10"));
  CHECK(yaml_key_less("a-b", "ab"));
  CHECK(yaml_key_less("a.b", "aB"));
  CHECK(yaml_key_less("B", "a"));
  CHECK(yaml_key_less("a", "ab"));
  CHECK(yaml_key_less("a01", "a2"));
  CHECK(yaml_key_less("1", "a"));
  CHECK_FALSE(yaml_key_less("a", "a"));
  CHECK(yaml(R"({"b10":1,"b9":2,"a":3,"_":4})") == "_: 4\na: 3\nb9: 2\nb10: 1\n");
}

TEST_CASE("unfolded, a long line stays one, however it is quoted") {
  const std::string words = "word word word word word word word word word word word word word word";
  const std::string text = words + " " + words;
  CHECK(weir::value::write_yaml_unfolded(Value(text)) == text + "\n");
  CHECK(weir::value::write_yaml_unfolded(Value("# " + text)) == "'# " + text + "'\n");
  CHECK(weir::value::write_yaml_unfolded(Value(text + "\x01")) == "\"" + text + "\\x01\"\n");
  CHECK(weir::value::write_yaml_unfolded(parse_json(R"({"b":["1"],"a":null})").value()) ==
        write_yaml(parse_json(R"({"b":["1"],"a":null})").value()));
}

TEST_CASE("the ordered style keeps members where they are") {
  CHECK(write_yaml(parse_json(R"({"b":1,"a":2})").value(), YamlStyle::ordered) == "b: 1\na: 2\n");
}

TEST_CASE("goldens of the real writer are reproduced byte for byte") {
  const std::filesystem::path folder = golden_folder / "writer";
  std::size_t cases = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() != ".json") continue;
    auto golden = entry.path();
    golden.replace_extension(".yaml");
    INFO(golden);
    CHECK(yaml(read_file(entry.path())) == read_file(golden));
    ++cases;
  }
  CHECK(cases >= 3);
}

TEST_CASE("goldens of the real readers are reproduced byte for byte") {
  const std::filesystem::path folder = golden_folder / "reader";
  std::size_t cases = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() != ".in") continue;
    for (const auto& [name, dialect] : {std::pair("kustomize", YamlDialect::kustomize),
                                        std::pair("helm", YamlDialect::helm)}) {
      auto golden = entry.path();
      golden.replace_extension(name);
      if (!std::filesystem::exists(golden)) continue;
      YamlOptions options;
      options.dialect = dialect;
      const auto value = parse_yaml(read_file(entry.path()), options);
      INFO(golden);
      REQUIRE(value.ok());
      CHECK(write_yaml(value.value()) == read_file(golden));
      ++cases;
    }
  }
  CHECK(cases >= 4);
}
