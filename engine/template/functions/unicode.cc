#include "engine/template/functions/unicode.hh"

#include <algorithm>
#include <span>

#include "engine/template/functions/unicode_tables.hh"

namespace weir::tmpl::unicode {

namespace {

template <typename Range>
const Range* find_range(std::span<const Range> ranges, std::uint32_t rune) {
  const auto at =
      std::lower_bound(ranges.begin(), ranges.end(), rune,
                       [](const Range& range, std::uint32_t code) { return range.high < code; });
  return at == ranges.end() || rune < at->low ? nullptr : &*at;
}

bool is_in(std::span<const RuneRange> ranges, std::uint32_t rune) {
  const RuneRange* range = find_range(ranges, rune);
  return range != nullptr && (rune - range->low) % range->stride == 0;
}

enum class Case : std::uint8_t { upper, lower, title };

std::uint32_t change_case(std::uint32_t rune, Case wanted) {
  const CaseRange* range = find_range<CaseRange>(case_ranges, rune);
  if (range == nullptr) return rune;
  if (range->to_upper == alternating)
    return range->low + ((rune - range->low) & ~1u) + (wanted == Case::lower ? 1 : 0);
  const std::int32_t delta = wanted == Case::upper   ? range->to_upper
                             : wanted == Case::lower ? range->to_lower
                                                     : range->to_title;
  return rune + static_cast<std::uint32_t>(delta);
}

bool between(std::uint32_t rune, char low, char high) {
  return rune >= static_cast<unsigned char>(low) && rune <= static_cast<unsigned char>(high);
}

}  // namespace

bool is_letter(std::uint32_t rune) {
  if (rune < 0x80) return between(rune | 0x20, 'a', 'z');
  return is_in(letter_ranges, rune);
}

bool is_upper(std::uint32_t rune) {
  return rune < 0x80 ? between(rune, 'A', 'Z') : is_in(upper_ranges, rune);
}

bool is_lower(std::uint32_t rune) {
  return rune < 0x80 ? between(rune, 'a', 'z') : is_in(lower_ranges, rune);
}

bool is_title(std::uint32_t rune) { return rune >= 0x80 && is_in(title_ranges, rune); }

bool is_digit(std::uint32_t rune) {
  return rune < 0x80 ? between(rune, '0', '9') : is_in(digit_ranges, rune);
}

bool is_number(std::uint32_t rune) {
  return rune < 0x80 ? between(rune, '0', '9') : is_in(number_ranges, rune);
}

bool is_punct(std::uint32_t rune) { return is_in(punct_ranges, rune); }

bool is_space(std::uint32_t rune) {
  if (rune < 0x100) return between(rune, '\t', '\r') || rune == ' ' || rune == 0x85 || rune == 0xA0;
  return rune == 0x1680 || (rune >= 0x2000 && rune <= 0x200A) || rune == 0x2028 || rune == 0x2029 ||
         rune == 0x202F || rune == 0x205F || rune == 0x3000;
}

std::uint32_t to_upper(std::uint32_t rune) {
  if (rune < 0x80) return between(rune, 'a', 'z') ? rune - 32 : rune;
  return change_case(rune, Case::upper);
}

std::uint32_t to_lower(std::uint32_t rune) {
  if (rune < 0x80) return between(rune, 'A', 'Z') ? rune + 32 : rune;
  return change_case(rune, Case::lower);
}

std::uint32_t to_title(std::uint32_t rune) {
  if (rune < 0x80) return between(rune, 'a', 'z') ? rune - 32 : rune;
  return change_case(rune, Case::title);
}

std::vector<std::uint32_t> runes_of(std::string_view text) {
  std::vector<std::uint32_t> runes;
  runes.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const value::Rune rune = value::decode_rune(text, at);
    runes.push_back(rune.code);
    at += rune.width;
  }
  return runes;
}

std::string text_of_runes(const std::vector<std::uint32_t>& runes) {
  std::string out;
  out.reserve(runes.size());
  for (const std::uint32_t rune : runes) value::append_utf8(out, rune);
  return out;
}

}  // namespace weir::tmpl::unicode
