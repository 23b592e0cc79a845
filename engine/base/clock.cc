#include "engine/base/clock.hh"

#include <cstdio>

namespace weir::base {
namespace {

struct Civil {
  std::int64_t year;
  unsigned month, day;
};

// Days since 1970-01-01 of a proleptic Gregorian date, and back (Howard Hinnant's public
// algorithms).
std::int64_t days_from_civil(std::int64_t y, unsigned m, unsigned d) {
  y -= m <= 2;
  const std::int64_t era = (y >= 0 ? y : y - 399) / 400;
  const auto yoe = static_cast<unsigned>(y - era * 400);
  const unsigned doy = (153 * (m + (m > 2 ? -3u : 9u)) + 2) / 5 + d - 1;
  const unsigned doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
  return era * 146097 + static_cast<std::int64_t>(doe) - 719468;
}

Civil civil_from_days(std::int64_t z) {
  z += 719468;
  const std::int64_t era = (z >= 0 ? z : z - 146096) / 146097;
  const auto doe = static_cast<unsigned>(z - era * 146097);
  const unsigned yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
  const unsigned doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
  const unsigned mp = (5 * doy + 2) / 153;
  const unsigned day = doy - (153 * mp + 2) / 5 + 1;
  const unsigned month = mp < 10 ? mp + 3 : mp - 9;
  return {static_cast<std::int64_t>(yoe) + era * 400 + (month <= 2), month, day};
}

constexpr std::int64_t micros = 1'000'000;

std::string format_seconds(std::int64_t seconds) {
  std::int64_t days = seconds / 86400;
  std::int64_t rest = seconds % 86400;
  if (rest < 0) {
    rest += 86400;
    --days;
  }
  const Civil c = civil_from_days(days);
  char text[64];
  std::snprintf(text, sizeof text, "%04lld-%02u-%02uT%02lld:%02lld:%02lld",
                static_cast<long long>(c.year), c.month, c.day, static_cast<long long>(rest / 3600),
                static_cast<long long>(rest / 60 % 60), static_cast<long long>(rest % 60));
  return text;
}

std::int64_t floor_seconds(TimeUs time) {
  return time >= 0 ? time / micros : -((-time + micros - 1) / micros);
}

bool digits(std::string_view text, std::size_t at, std::size_t count, int& out) {
  if (at + count > text.size()) return false;
  out = 0;
  for (std::size_t i = at; i < at + count; ++i) {
    if (text[i] < '0' || text[i] > '9') return false;
    out = out * 10 + (text[i] - '0');
  }
  return true;
}

// Reads ".123" at `at`, leaving `at` behind it; microseconds into `fraction`.
void read_fraction(std::string_view text, std::size_t& at, std::int64_t& fraction) {
  std::int64_t scale = 100'000;
  for (++at; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at) {
    fraction += (text[at] - '0') * scale;
    scale /= 10;
  }
}

}  // namespace

std::string format_rfc3339(TimeUs time) { return format_seconds(floor_seconds(time)) + "Z"; }

std::string format_rfc3339_micro(TimeUs time) {
  const std::int64_t seconds = floor_seconds(time);
  char fraction[16];
  std::snprintf(fraction, sizeof fraction, ".%06lldZ",
                static_cast<long long>(time - seconds * micros));
  return format_seconds(seconds) + fraction;
}

Result<TimeUs> parse_rfc3339(std::string_view text) {
  const auto bad = [&] {
    return make_error(Code::invalid, "\"" + std::string(text) + "\" is not an RFC 3339 time");
  };
  int year, month, day, hour, minute, second;
  if (!digits(text, 0, 4, year) || !digits(text, 5, 2, month) || !digits(text, 8, 2, day) ||
      !digits(text, 11, 2, hour) || !digits(text, 14, 2, minute) || !digits(text, 17, 2, second))
    return bad();
  if (text[4] != '-' || text[7] != '-' || (text[10] != 'T' && text[10] != 't' && text[10] != ' ') ||
      text[13] != ':' || text[16] != ':')
    return bad();
  if (month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 || minute > 59 || second > 60)
    return bad();
  static constexpr int days_in_month[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  if (day > days_in_month[month - 1] + (month == 2 && leap ? 1 : 0)) return bad();
  std::size_t at = 19;
  std::int64_t fraction = 0;
  if (at < text.size() && (text[at] == '.' || text[at] == ',')) read_fraction(text, at, fraction);
  std::int64_t offset = 0;
  if (at < text.size() && (text[at] == 'Z' || text[at] == 'z')) {
    ++at;
  } else {
    int offset_hour, offset_minute;
    if (at >= text.size() || (text[at] != '+' && text[at] != '-')) return bad();
    if (!digits(text, at + 1, 2, offset_hour) || !digits(text, at + 4, 2, offset_minute) ||
        text[at + 3] != ':')
      return bad();
    offset = (offset_hour * 60 + offset_minute) * 60 * (text[at] == '-' ? -1 : 1);
    at += 6;
  }
  if (at != text.size()) return bad();
  const std::int64_t days =
      days_from_civil(year, static_cast<unsigned>(month), static_cast<unsigned>(day));
  return (days * 86400 + hour * 3600 + minute * 60 + second - offset) * micros + fraction;
}

}  // namespace weir::base
