// Small Unicode helpers that the expression languages share: runes of UTF-8 text and Go's string
// functions over them. Pure, any thread; invalid bytes count as one rune each and are kept.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "engine/base/result.hh"

namespace weir::expr {

// Bytes of the first rune; 1 for an invalid byte, 0 for an empty text.
std::size_t rune_bytes(std::string_view text);

// The first rune's code point; U+FFFD for an invalid byte or an empty text.
char32_t first_rune(std::string_view text);

std::size_t count_runes(std::string_view text);

// unicode.IsLetter, unicode.IsDigit or '_'.
bool is_word_rune(char32_t rune);

// Simple case mapping of every rune.
std::string to_upper(std::string_view text);
std::string to_lower(std::string_view text);

// Go's strings.Replace: the first `count` occurrences (all when negative); an empty pattern stands
// before each rune and at the end. Error: limit when the result would exceed `bytes_max`.
Result<std::string> replace_text(std::string_view text, std::string_view pattern,
                                 std::string_view by, std::int64_t count, std::size_t bytes_max);

}  // namespace weir::expr
