// UTF-8 as Go's unicode/utf8 sees it: shortest forms only, no surrogates, nothing above U+10FFFF.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace weir::value {

inline constexpr std::uint32_t replacement_character = 0xFFFD;

// Surrogates and numbers above U+10FFFF are written as U+FFFD.
void append_utf8(std::string& out, std::uint32_t rune);

struct Rune {
  std::uint32_t code = replacement_character;
  std::uint8_t width = 1;  // bytes; 1 for an invalid byte
  bool valid = false;
};

// The character at `at`, which is below text.size().
Rune decode_rune(std::string_view text, std::size_t at);

bool valid_utf8(std::string_view text);

// Each invalid byte as U+FFFD, as Go's conversion to runes does.
std::string replace_invalid_utf8(std::string_view text);

}  // namespace weir::value
