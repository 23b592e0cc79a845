#include "engine/expr/cel_time.hh"

#include <charconv>
#include <chrono>
#include <cstdio>

namespace weir::expr {
namespace {

namespace chr = std::chrono;

constexpr std::int64_t nanos_per_second = 1'000'000'000;
constexpr std::int64_t seconds_min = -62135596800;  // 0001-01-01T00:00:00Z
constexpr std::int64_t seconds_max = 253402300799;  // 9999-12-31T23:59:59Z

std::int64_t days_of(chr::year_month_day date) {
  return chr::sys_days(date).time_since_epoch().count();
}

// `count` digits at `at`, which is moved past them.
std::optional<int> digits(std::string_view text, std::size_t& at, std::size_t count) {
  if (at + count > text.size()) return std::nullopt;
  int number = 0;
  for (std::size_t i = 0; i < count; ++i, ++at) {
    if (text[at] < '0' || text[at] > '9') return std::nullopt;
    number = number * 10 + (text[at] - '0');
  }
  return number;
}

bool skip(std::string_view text, std::size_t& at, char letter) {
  if (at >= text.size() || text[at] != letter) return false;
  ++at;
  return true;
}

std::optional<std::int32_t> fraction(std::string_view text, std::size_t& at) {
  std::int32_t nanos = 0;
  std::int32_t scale = 100'000'000;
  const std::size_t begin = at;
  for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at) {
    nanos += (text[at] - '0') * scale;
    scale /= 10;
  }
  if (at == begin) return std::nullopt;
  return nanos;
}

// "+hh:mm" or "-hh:mm" in seconds.
std::optional<std::int32_t> fixed_offset(std::string_view text) {
  if (text.empty() || (text[0] != '+' && text[0] != '-')) return std::nullopt;
  std::size_t at = 1;
  const auto hours = digits(text, at, 2);
  if (!hours || !skip(text, at, ':')) return std::nullopt;
  const auto minutes = digits(text, at, 2);
  if (!minutes || at != text.size() || *hours > 24 || *minutes > 60) return std::nullopt;
  return (text[0] == '-' ? -1 : 1) * (*hours * 3600 + *minutes * 60);
}

// A zone as getters take it: "+hh:mm", "-hh:mm" or "hh:mm".
std::optional<std::int32_t> getter_offset(std::string_view zone) {
  if (zone.empty() || zone == "UTC") return 0;
  if (zone.find(':') == std::string_view::npos) return std::nullopt;
  if (zone[0] == '+' || zone[0] == '-') return fixed_offset(zone);
  return fixed_offset("+" + std::string(zone));
}

}  // namespace

bool timestamp_in_range(std::int64_t seconds) {
  return seconds >= seconds_min && seconds <= seconds_max;
}

std::optional<CelValue> parse_timestamp(std::string_view text) {
  std::size_t at = 0;
  const auto year = digits(text, at, 4);
  const bool after_year = skip(text, at, '-');
  const auto month = digits(text, at, 2);
  const bool after_month = skip(text, at, '-');
  const auto day = digits(text, at, 2);
  const bool after_day = skip(text, at, 'T');
  const auto hour = digits(text, at, 2);
  const bool after_hour = skip(text, at, ':');
  const auto minute = digits(text, at, 2);
  const bool after_minute = skip(text, at, ':');
  const auto second = digits(text, at, 2);
  if (!year || !month || !day || !hour || !minute || !second) return std::nullopt;
  const bool separated = after_year && after_month && after_day && after_hour && after_minute;
  if (!separated) return std::nullopt;
  std::optional<std::int32_t> nanos = 0;
  if (skip(text, at, '.') || skip(text, at, ',')) nanos = fraction(text, at);
  const std::string_view zone = text.substr(at);
  const auto offset = zone == "Z" ? std::optional<std::int32_t>(0) : fixed_offset(zone);
  const chr::year_month_day date(chr::year(*year), chr::month(static_cast<unsigned>(*month)),
                                 chr::day(static_cast<unsigned>(*day)));
  if (!nanos || !offset || !date.ok() || *hour > 23 || *minute > 59 || *second > 59) {
    return std::nullopt;
  }
  const std::int64_t seconds =
      days_of(date) * 86400 + *hour * 3600 + *minute * 60 + *second - *offset;
  if (!timestamp_in_range(seconds)) return std::nullopt;
  return CelValue::timestamp(seconds, *nanos, *offset);
}

std::string format_timestamp(const CelValue& timestamp) {
  const std::int64_t local = timestamp.as_int() + timestamp.zone_offset();
  const auto days = chr::floor<chr::days>(chr::sys_seconds(chr::seconds(local)));
  const chr::year_month_day date(days);
  const std::int64_t rest = local - days.time_since_epoch().count() * 86400;
  char buffer[64];
  std::snprintf(buffer, sizeof buffer, "%04d-%02u-%02uT%02d:%02d:%02d", int(date.year()),
                unsigned(date.month()), unsigned(date.day()), int(rest / 3600),
                int(rest / 60 % 60), int(rest % 60));
  std::string out = buffer;
  if (timestamp.nanos() != 0) {
    std::snprintf(buffer, sizeof buffer, ".%09d", timestamp.nanos());
    out += buffer;
    out.erase(out.find_last_not_of('0') + 1);
  }
  if (timestamp.zone_offset() == 0) return out + "Z";
  const int minutes = std::abs(timestamp.zone_offset()) / 60;
  std::snprintf(buffer, sizeof buffer, "%c%02d:%02d", timestamp.zone_offset() < 0 ? '-' : '+',
                minutes / 60, minutes % 60);
  return out + buffer;
}

std::string format_seconds(std::int64_t nanos) {
  char buffer[64];
  const double seconds = static_cast<double>(nanos / nanos_per_second) +
                         static_cast<double>(nanos % nanos_per_second) / 1e9;
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, seconds, std::chars_format::fixed);
  return std::string(buffer, end.ptr) + "s";
}

CelValue shift_timestamp(const CelValue& timestamp, std::int64_t nanos) {
  std::int64_t seconds = timestamp.as_int() + nanos / nanos_per_second;
  std::int64_t rest = timestamp.nanos() + nanos % nanos_per_second;
  if (rest < 0) {
    rest += nanos_per_second;
    --seconds;
  } else if (rest >= nanos_per_second) {
    rest -= nanos_per_second;
    ++seconds;
  }
  if (!timestamp_in_range(seconds)) return CelValue::error("timestamp overflow");
  return CelValue::timestamp(seconds, static_cast<std::int32_t>(rest), timestamp.zone_offset());
}

CelValue timestamp_difference(const CelValue& a, const CelValue& b) {
  std::int64_t nanos = 0;
  const std::int64_t seconds = a.as_int() - b.as_int();
  if (__builtin_mul_overflow(seconds, nanos_per_second, &nanos) ||
      __builtin_add_overflow(nanos, std::int64_t{a.nanos()} - b.nanos(), &nanos)) {
    return CelValue::error("duration overflow");
  }
  return CelValue::duration(nanos);
}

CelValue time_field(const CelValue& time, TimeField field, std::string_view zone) {
  if (time.is(CelKind::duration)) {
    constexpr std::int64_t units[] = {3'600 * nanos_per_second, 60 * nanos_per_second,
                                      nanos_per_second, 1'000'000};
    if (field < TimeField::hours) return CelValue::error("no such overload");
    const auto unit = static_cast<std::size_t>(field) - static_cast<std::size_t>(TimeField::hours);
    return CelValue::integer(time.as_int() / units[unit]);
  }
  const auto offset = getter_offset(zone);
  if (!offset) return CelValue::error("unknown time zone " + std::string(zone));
  const std::int64_t local = time.as_int() + *offset;
  const auto days = chr::floor<chr::days>(chr::sys_seconds(chr::seconds(local)));
  const chr::year_month_day date(days);
  const std::int64_t rest = local - days.time_since_epoch().count() * 86400;
  const std::int64_t first_day = days_of(date.year() / 1 / 1);
  const std::int64_t fields[] = {
      int(date.year()),
      std::int64_t{unsigned(date.month())} - 1,
      unsigned(date.day()),
      std::int64_t{unsigned(date.day())} - 1,
      chr::weekday(days).c_encoding(),
      days.time_since_epoch().count() - first_day,
      rest / 3600,
      rest / 60 % 60,
      rest % 60,
      time.nanos() / 1'000'000,
  };
  return CelValue::integer(fields[static_cast<std::size_t>(field)]);
}

}  // namespace weir::expr
