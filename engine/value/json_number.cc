#include "engine/value/json_number.hh"

#include <simdjson.h>

#include "engine/value/number_text.hh"

namespace weir::value {

std::string json_number_at(std::string_view text, std::string_view pointer) {
  const simdjson::padded_string padded(text);
  simdjson::ondemand::parser parser;
  auto document = parser.iterate(padded);
  if (document.error()) return {};
  auto found = document.value_unsafe().at_pointer(pointer);
  if (found.error()) return {};
  std::string_view token = found.value_unsafe().raw_json_token();
  token = token.substr(0, token.find_last_not_of(" \t\r\n") + 1);
  return parse_json_number(token) ? std::string(token) : std::string();
}

}  // namespace weir::value
