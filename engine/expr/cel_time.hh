// Timestamps and durations of CEL: text forms, arithmetic within the years 1 to 9999, and the
// getters. Pure, so time zones are "UTC" and "±hh:mm"; names of the zone database ("Europe/Berlin")
// are refused as unknown. Internal to engine/expr.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "engine/expr/cel_value.hh"

namespace weir::expr {

// RFC 3339; nothing when it is none, or its year is outside 1..9999.
std::optional<CelValue> parse_timestamp(std::string_view text);
// RFC 3339 with as many digits of a fraction as needed, in the zone it was written in.
std::string format_timestamp(const CelValue& timestamp);
// Nanoseconds as seconds: "1.5s".
std::string format_seconds(std::int64_t nanos);

// timestamp ± duration; an error value when it leaves the years 1..9999.
CelValue shift_timestamp(const CelValue& timestamp, std::int64_t nanos);
// a - b; an error value on overflow.
CelValue timestamp_difference(const CelValue& a, const CelValue& b);
bool timestamp_in_range(std::int64_t seconds);

enum class TimeField : std::uint8_t {
  full_year, month, date, day_of_month, day_of_week, day_of_year, hours, minutes, seconds,
  milliseconds,
};
// The field of a timestamp in a zone (empty: UTC), or of a duration. Error value: unknown zone.
CelValue time_field(const CelValue& time, TimeField field, std::string_view zone);

}  // namespace weir::expr
