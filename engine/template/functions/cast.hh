// Numbers out of anything: spf13/cast's conversions, which never fail, and strconv's parsers.
// Pure functions; nothing here throws.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "engine/template/datum.hh"

namespace weir::tmpl {

// cast.ToInt64 and ToInt: 0 for what has no number. Strings may have a prefix (0x, 0o, 0b, a
// leading 0 for octal) and a fraction of zeros; floats lose their fraction.
std::int64_t cast_int(const Datum& value);
// cast.ToFloat64.
double cast_float(const Datum& value);

struct ParsedInt {
  std::int64_t number = 0;  // clamped when out of range
  enum class Outcome : std::uint8_t { ok, syntax, range } outcome = Outcome::ok;
};
// strconv.ParseInt(text, base, 64), base 0 (by prefix, underscores allowed), 8 or 10.
ParsedInt parse_int(std::string_view text, int base);
// strconv.ParseFloat(text, 64); nothing for bad syntax or overflow.
std::optional<double> parse_float(std::string_view text);

// float64 to int64 as amd64 does it: NaN and what does not fit become the smallest int64.
std::int64_t float_to_int(double number);

}  // namespace weir::tmpl
