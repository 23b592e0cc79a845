#include "tests/unit/base/rules_golden.hh"

#include <cstdlib>
#include <fstream>

#include "engine/base/assert.hh"

namespace weir::tests {

std::vector<std::string> split_fields(std::string_view text, char separator) {
  std::vector<std::string> fields;
  for (;;) {
    const std::size_t at = text.find(separator);
    fields.emplace_back(text.substr(0, at));
    if (at == std::string_view::npos) return fields;
    text.remove_prefix(at + 1);
  }
}

std::vector<std::vector<std::string>> read_rules(std::string_view kind) {
  const char* folder = std::getenv("WEIR_RULES_VECTORS");
  std::ifstream file((folder ? folder : std::string(WEIR_SOURCE_DIR) + "/tests/golden/rules") +
                     "/" + std::string(kind) + ".tsv");
  WEIR_ASSERT(file.good());
  std::vector<std::vector<std::string>> rows;
  for (std::string line; std::getline(file, line);) rows.push_back(split_fields(line, '\t'));
  return rows;
}

std::string unquote(std::string_view text) {
  if (text.size() >= 2 && text.front() == '"') text = text.substr(1, text.size() - 2);
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      out += text[i];
      continue;
    }
    switch (text[++i]) {
      case 'n': out += '\n'; break;
      case 'r': out += '\r'; break;
      case 't': out += '\t'; break;
      case 'x':
        out += static_cast<char>(std::stoi(std::string(text.substr(i + 1, 2)), nullptr, 16));
        i += 2;
        break;
      default: out += text[i];
    }
  }
  return out;
}

}  // namespace weir::tests
