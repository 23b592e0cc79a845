// Go's time.Time: an instant with a zone, formatted and parsed by Go's layouts. A value; copies
// share the zone. Pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/base/result.hh"
#include "engine/template/functions/calendar.hh"
#include "engine/template/functions/zone.hh"

namespace weir::tmpl {

// January 1 of year 1, 00:00 UTC: Go's zero time, in Unix seconds.
inline constexpr std::int64_t zero_time_seconds = -62'135'596'800;

struct Instant {
  std::int64_t seconds = zero_time_seconds;  // Unix time
  std::int32_t nanoseconds = 0;              // 0 to 999,999,999
  ZonePtr zone = Zone::utc();

  static Instant unix(std::int64_t seconds, std::int64_t nanoseconds, ZonePtr zone);
  Instant in(ZonePtr other) const { return {seconds, nanoseconds, std::move(other)}; }
  // Moved by a duration in nanoseconds.
  Instant plus(std::int64_t duration) const;
  // Nanoseconds from `other` to this, clamped to an int64.
  std::int64_t since(const Instant& other) const;
  bool is_zero() const { return seconds == zero_time_seconds && nanoseconds == 0; }
};

// What calendar and clock of its zone show at an instant.
struct ClockReading {
  CivilDate date;
  int weekday = 0;   // 0 is Sunday
  int year_day = 1;  // 1 to 366
  int hour = 0;
  int minute = 0;
  int second = 0;
  Zone::Offset offset;
};
ClockReading read_clock(const Instant& instant);

// Months and days may overflow; a clock reading that does not exist moves on.
Instant instant_of(const CivilDate& date, std::int64_t second_of_day, std::int32_t nanoseconds,
                   ZonePtr zone);

std::string_view month_name(int month);      // 1 is "January"
std::string_view weekday_name(int weekday);  // 0 is "Sunday"

inline constexpr std::string_view rfc3339_nano = "2006-01-02T15:04:05.999999999Z07:00";
// Time.String().
std::string text_of_instant(const Instant& instant);

// Time.Format(layout).
std::string format_instant(const Instant& instant, std::string_view layout);
// time.ParseInLocation(layout, text, zone). Error: invalid, worded as Go words it.
Result<Instant> parse_instant(std::string_view layout, std::string_view text, const ZonePtr& zone);

// The quoting of package time: bytes outside of ASCII and control characters in hexadecimal.
std::string quoted_for_time(std::string_view text);

}  // namespace weir::tmpl
