// The character tables that unicode.cc looks in: generated, sorted by code point, static storage.
#pragma once

#include <cstdint>

namespace weir::tmpl::unicode {

// Code points from `low` to `high`, every `stride`-th.
struct RuneRange {
  std::uint32_t low;
  std::uint32_t high;
  std::uint32_t stride;
};

// In `to_upper`: even offsets from `low` are upper case, odd ones their lower case.
inline constexpr std::int32_t alternating = 0x110000;

// What is added to a code point of the range to change its case.
struct CaseRange {
  std::uint32_t low;
  std::uint32_t high;
  std::int32_t to_upper;
  std::int32_t to_lower;
  std::int32_t to_title;
};

extern const RuneRange letter_ranges[623];
extern const RuneRange upper_ranges[149];
extern const RuneRange lower_ranges[163];
extern const RuneRange title_ranges[7];
extern const RuneRange digit_ranges[64];
extern const RuneRange number_ranges[135];
extern const RuneRange punct_ranges[167];
extern const CaseRange case_ranges[328];

}  // namespace weir::tmpl::unicode
