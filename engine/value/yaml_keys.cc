#include "engine/value/yaml_keys.hh"

#include <re2/re2.h>

#include <cstdint>

#include "engine/value/utf8.hh"

namespace weir::value {

namespace {

bool is_ascii_letter(std::uint32_t rune) {
  return (rune | 0x20) >= 'a' && (rune | 0x20) <= 'z';
}

bool matches(const RE2& pattern, std::uint32_t rune) {
  std::string text;
  append_utf8(text, rune);
  return RE2::FullMatch(text, pattern);
}

bool is_letter(std::uint32_t rune) {
  if (rune < 0x80) return is_ascii_letter(rune);
  static const RE2 letter("\\pL");
  return matches(letter, rune);
}

bool is_digit(std::uint32_t rune) {
  if (rune < 0x80) return rune >= '0' && rune <= '9';
  static const RE2 digit("\\p{Nd}");
  return matches(digit, rune);
}

struct DigitRun {
  std::int64_t number;
  std::size_t end;
};

// Wraps on overflow as the Go code does.
DigitRun read_digits(std::string_view text, std::size_t at, std::int64_t number) {
  auto value = static_cast<std::uint64_t>(number);
  while (at < text.size()) {
    const Rune rune = decode_rune(text, at);
    if (!is_digit(rune.code)) break;
    value = value * 10 + rune.code - '0';
    at += rune.width;
  }
  return {static_cast<std::int64_t>(value), at};
}

// Whether a digit other than 0 stands in the run of digits just before `at`.
bool follows_nonzero_digit(std::string_view text, std::size_t at) {
  while (at > 0) {
    std::size_t start = at - 1;
    while (start > 0 && (static_cast<unsigned char>(text[start]) & 0xC0) == 0x80) --start;
    const Rune rune = decode_rune(text, start);
    if (!is_digit(rune.code)) return false;
    if (rune.code != '0') return true;
    at = start;
  }
  return false;
}

}  // namespace

bool yaml_key_less(std::string_view a, std::string_view b) {
  const std::size_t common = std::min(a.size(), b.size());
  std::size_t at = 0;
  while (at < common && a[at] == b[at]) ++at;
  if (at == common) return a.size() < b.size();
  // The first difference may be inside a character: back to where it begins.
  while (at > 0 && (static_cast<unsigned char>(a[at]) & 0xC0) == 0x80) --at;
  const std::uint32_t left = decode_rune(a, at).code, right = decode_rune(b, at).code;
  const bool left_letter = is_letter(left), right_letter = is_letter(right);
  if (left_letter && right_letter) return left < right;
  if (left_letter || right_letter) return right_letter;
  const std::int64_t before =
      (left == '0' || right == '0') && follows_nonzero_digit(a, at) ? 1 : 0;
  const DigitRun x = read_digits(a, at, before), y = read_digits(b, at, before);
  if (x.number != y.number) return x.number < y.number;
  if (x.end != y.end) return x.end < y.end;
  return left < right;
}

}  // namespace weir::value
