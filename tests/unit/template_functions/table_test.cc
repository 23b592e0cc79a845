// The table in engine/template/functions/README.md says how each function is held against its peer;
// it cannot fall behind the tables of functions.
#include <algorithm>
#include <catch2/catch.hpp>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "engine/template/functions/tables.hh"
#include "engine/value/json.hh"

namespace {

using namespace weir;

std::string text_of(const std::string& path) {
  std::ifstream file(std::string(WEIR_SOURCE_DIR) + "/" + path);
  REQUIRE(file);
  return {std::istreambuf_iterator<char>(file), {}};
}

// The words of a text: letters, digits and '_'.
std::set<std::string> words_of(const std::string& text) {
  std::set<std::string> out;
  std::string word;
  for (const char c : text + " ") {
    if (std::isalnum(static_cast<unsigned char>(c)) || c == '_') {
      word += c;
    } else if (!word.empty()) {
      out.insert(std::exchange(word, {}));
    }
  }
  return out;
}

struct Row {
  std::set<std::string> functions;
  bool twins = false;  // each has one that begins with "must"
  std::string golden;
};

// By source: "strings.cc".
std::map<std::string, Row> documented() {
  std::map<std::string, Row> out;
  std::istringstream lines(text_of("engine/template/functions/README.md"));
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("| ") || line.find(".cc |") == std::string::npos) continue;
    std::vector<std::string> cells;
    std::istringstream rest(line.substr(2));
    for (std::string cell; std::getline(rest, cell, '|');) cells.push_back(cell);
    REQUIRE(cells.size() >= 6);
    std::string names = cells[1].substr(0, cells[1].find(';'));
    Row row;
    const std::size_t comma = names.find(", and their must twins");
    row.twins = comma != std::string::npos;
    if (row.twins) names.resize(comma);
    row.functions = words_of(names);
    row.golden = cells[3];
    out[cells[0].substr(0, cells[0].find(' '))] = row;
  }
  return out;
}

struct Table {
  std::string source;
  std::span<const tmpl::Function> functions;
};

std::vector<Table> tables() {
  using namespace weir::tmpl;
  return {{"strings.cc", string_functions()},     {"words.cc", word_functions()},
          {"encodings.cc", encoding_functions()}, {"numbers.cc", number_functions()},
          {"lists.cc", list_functions()},         {"maps.cc", map_functions()},
          {"defaults.cc", default_functions()},   {"regexes.cc", regex_functions()},
          {"dates.cc", date_functions()},         {"paths.cc", path_functions()},
          {"urls.cc", url_functions()},           {"versions.cc", version_functions()},
          {"json.cc", json_functions()},          {"yaml.cc", helm_yaml_functions()},
          {"toml.cc", helm_toml_functions()},     {"random.cc", random_functions()},
          {"ciphers.cc", cipher_functions()},     {"certificates.cc", certificate_functions()},
          {"flow.cc", helm_flow_functions()}};
}

// "mustFirst" and "must_date_modify" are twins of "first" and "date_modify".
std::string without_must(const std::string& name) {
  if (!name.starts_with("must") || name.size() < 6) return name;
  std::string out = name.substr(name[4] == '_' ? 5 : 4);
  out[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(out[0])));
  return out;
}

}  // namespace

TEST_CASE("each function of the tables has a row that says what it is held against") {
  const auto rows = documented();
  for (const Table& table : tables()) {
    CAPTURE(table.source);
    const auto row = rows.find(table.source);
    REQUIRE(row != rows.end());
    std::set<std::string> known;
    for (const tmpl::Function& function : table.functions) {
      const std::string name(function.name);
      CAPTURE(name);
      const bool twin = row->second.twins && row->second.functions.contains(without_must(name));
      CHECK((row->second.functions.contains(name) || twin));
      known.insert(name);
    }
    for (const std::string& name : row->second.functions) {
      CAPTURE(name);
      CHECK(known.contains(name));
    }
  }
}

TEST_CASE("what the table calls golden stands in the peer's answers") {
  std::set<std::string> answered;
  for (const char* file : {"generated.jsonl", "written.jsonl"}) {
    std::istringstream lines(text_of(std::string("tests/golden/template_functions/") + file));
    for (std::string line; std::getline(lines, line);) {
      const auto answer = value::parse_json(line);
      REQUIRE(answer.ok());
      answered.merge(words_of(std::string((*answer)["template"].get_string())));
    }
  }
  const auto rows = documented();
  for (const Table& table : tables()) {
    const Row& row = rows.at(table.source);
    if (!row.golden.starts_with(" yes")) continue;
    const std::set<std::string> but = words_of(row.golden);
    for (const tmpl::Function& function : table.functions) {
      const std::string name(function.name);
      CAPTURE(table.source, name);
      CHECK((answered.contains(name) || but.contains(name)));
    }
  }
}
