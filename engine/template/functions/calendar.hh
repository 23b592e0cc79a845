// Days and dates of the proleptic Gregorian calendar, for any year an int64 of seconds reaches.
#pragma once

#include <cstdint>

namespace weir::tmpl {

inline constexpr std::int64_t seconds_per_day = 86'400;

struct CivilDate {
  std::int64_t year = 1;
  int month = 1;  // 1 to 12
  int day = 1;
};

inline bool is_leap(std::int64_t year) {
  return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

inline int days_in(int month, std::int64_t year) {
  if (month == 2) return is_leap(year) ? 29 : 28;
  return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

// Days of a year that is not a leap year before its `month`.
inline int days_before(int month) {
  int days = 0;
  for (int m = 1; m < month; ++m) days += days_in(m, 1);
  return days;
}

// Days since 1970-01-01; months may lie outside of 1 to 12, days outside of the month.
std::int64_t days_of(std::int64_t year, std::int64_t month, std::int64_t day);
CivilDate date_of(std::int64_t days);
// 0 is Sunday.
int weekday_of(std::int64_t days);
// 1 to 366.
int year_day_of(const CivilDate& date);

inline std::int64_t floor_div(std::int64_t a, std::int64_t b) {
  return a / b - (a % b != 0 && (a < 0) != (b < 0) ? 1 : 0);
}

}  // namespace weir::tmpl
