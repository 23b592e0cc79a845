#include "engine/template/functions/calendar.hh"

namespace weir::tmpl {

namespace {

constexpr std::int64_t days_per_era = 146'097;   // 400 years
constexpr std::int64_t days_to_epoch = 719'468;  // from 0000-03-01

}  // namespace

std::int64_t days_of(std::int64_t year, std::int64_t month, std::int64_t day) {
  // Years begin in March here, so that a leap day is their last.
  const std::int64_t months = year * 12 + (month - 3);
  const std::int64_t shifted = floor_div(months, 12);
  const std::int64_t month_of_year = months - shifted * 12;
  const std::int64_t era = floor_div(shifted, 400);
  const std::int64_t year_of_era = shifted - era * 400;
  const std::int64_t day_of_year = (153 * month_of_year + 2) / 5 + day - 1;
  return era * days_per_era + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 +
         day_of_year - days_to_epoch;
}

CivilDate date_of(std::int64_t days) {
  const std::int64_t shifted = days + days_to_epoch;
  const std::int64_t era = floor_div(shifted, days_per_era);
  const std::int64_t day = shifted - era * days_per_era;
  const std::int64_t year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
  const std::int64_t day_of_year = day - (365 * year + year / 4 - year / 100);
  const std::int64_t month = (5 * day_of_year + 2) / 153;
  CivilDate date;
  date.day = static_cast<int>(day_of_year - (153 * month + 2) / 5 + 1);
  date.month = static_cast<int>(month < 10 ? month + 3 : month - 9);
  date.year = era * 400 + year + (date.month <= 2 ? 1 : 0);
  return date;
}

int weekday_of(std::int64_t days) {
  const std::int64_t day = (days + 4) % 7;
  return static_cast<int>(day < 0 ? day + 7 : day);
}

int year_day_of(const CivilDate& date) {
  return days_before(date.month) + date.day + (date.month > 2 && is_leap(date.year) ? 1 : 0);
}

}  // namespace weir::tmpl
