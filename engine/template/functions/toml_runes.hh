// The characters of TOML's grammar. Header only.
#pragma once

#include <cstdint>
#include <string>

#include "engine/template/quote.hh"

namespace weir::tmpl::toml {

inline bool is_digit(std::uint32_t rune) { return rune >= '0' && rune <= '9'; }
inline bool is_hex(std::uint32_t rune) {
  return is_digit(rune) || ((rune | 0x20) >= 'a' && (rune | 0x20) <= 'f');
}
inline bool is_space(std::uint32_t rune) { return rune == ' ' || rune == '\t'; }
inline bool is_line_end(std::uint32_t rune) { return rune == '\n' || rune == '\r'; }

inline std::string quoted_rune(std::uint32_t rune) {
  std::string out;
  append_quoted_rune(out, rune, false);
  return out;
}

}  // namespace weir::tmpl::toml
