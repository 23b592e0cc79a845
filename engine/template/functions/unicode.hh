// Go's unicode package, as far as template functions use it: classes of characters and their case.
// Pure functions; characters that are no code points belong to no class and keep their case.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/value/utf8.hh"

namespace weir::tmpl::unicode {

bool is_letter(std::uint32_t rune);
bool is_upper(std::uint32_t rune);
bool is_lower(std::uint32_t rune);
bool is_title(std::uint32_t rune);
bool is_digit(std::uint32_t rune);
bool is_number(std::uint32_t rune);
bool is_punct(std::uint32_t rune);
bool is_space(std::uint32_t rune);

std::uint32_t to_upper(std::uint32_t rune);
std::uint32_t to_lower(std::uint32_t rune);
std::uint32_t to_title(std::uint32_t rune);

// Go's []rune(text): an invalid byte is U+FFFD.
std::vector<std::uint32_t> runes_of(std::string_view text);
std::string text_of_runes(const std::vector<std::uint32_t>& runes);

// Every character through `change`; an invalid byte becomes U+FFFD first, as in strings.Map.
template <typename Change>
std::string map_runes(std::string_view text, Change change) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const value::Rune rune = value::decode_rune(text, at);
    value::append_utf8(out, change(rune.code));
    at += rune.width;
  }
  return out;
}

}  // namespace weir::tmpl::unicode
