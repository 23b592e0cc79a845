#include "engine/template/functions/toml_keys.hh"

#include <algorithm>

namespace weir::tmpl {

bool is_bare_key_char(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-';
}

std::string quoted_toml(std::string_view text) {
  static constexpr char digits[] = "0123456789abcdef";
  static constexpr std::string_view short_escapes = "\b\t\n\f\r\"\\";
  static constexpr std::string_view letters = "btnfr\"\\";
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (const std::size_t at = short_escapes.find(c); at != std::string_view::npos) {
      out += '\\';
      out += letters[at];
    } else if (byte < 0x20 || byte == 0x7F) {
      out += "\\u00";
      out += digits[byte >> 4];
      out += digits[byte & 15];
    } else {
      out += c;
    }
  }
  out += '"';
  return out;
}

std::string toml_key(std::string_view part) {
  const bool bare = !part.empty() && std::all_of(part.begin(), part.end(), is_bare_key_char);
  return bare ? std::string(part) : quoted_toml(part);
}

std::string toml_path(std::span<const std::string> parts) {
  std::string out;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (i > 0) out += '.';
    out += toml_key(parts[i]);
  }
  return out;
}

}  // namespace weir::tmpl
