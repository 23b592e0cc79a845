#include "engine/template/functions/instant.hh"

#include <algorithm>
#include <limits>

#include "engine/template/functions/layout.hh"

namespace weir::tmpl {

namespace {

constexpr std::int64_t nanoseconds_per_second = 1'000'000'000;

constexpr std::string_view months[] = {"January",   "February", "March",    "April",
                                       "May",       "June",     "July",     "August",
                                       "September", "October",  "November", "December"};
constexpr std::string_view weekdays[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                         "Thursday", "Friday", "Saturday"};

void append_padded(std::string& out, std::int64_t number, std::size_t width, char pad = '0') {
  if (number < 0) {
    out += '-';
    number = -number;
  }
  const std::string digits = std::to_string(number);
  if (digits.size() < width) out.append(width - digits.size(), pad);
  out += digits;
}

void append_offset(std::string& out, std::int64_t seconds, const Chunk& chunk) {
  if (chunk.zulu() && seconds == 0) {
    out += 'Z';
    return;
  }
  const std::int64_t minutes = seconds / 60;
  out += minutes < 0 ? '-' : '+';
  const std::int64_t distance = std::abs(minutes);
  append_padded(out, distance / 60, 2);
  if (chunk.colons()) out += ':';
  if (chunk.minutes()) append_padded(out, distance % 60, 2);
  if (!chunk.seconds()) return;
  if (chunk.colons()) out += ':';
  append_padded(out, std::abs(seconds) % 60, 2);
}

void append_fraction(std::string& out, std::int32_t nanoseconds, const Chunk& chunk) {
  std::string digits = std::to_string(nanoseconds_per_second + nanoseconds).substr(1);
  if (chunk.digits() < digits.size()) digits.resize(chunk.digits());
  if (chunk.element == Element::fraction) {
    digits.erase(digits.find_last_not_of('0') + 1);
    if (digits.empty()) return;
  }
  out += chunk.text.front();
  out += digits;
}

void append_element(std::string& out, const Chunk& chunk, const ClockReading& clock,
                    std::int32_t nanoseconds) {
  const int hour12 = clock.hour % 12 == 0 ? 12 : clock.hour % 12;
  switch (chunk.element) {
    case Element::none: return;
    case Element::long_month: out += month_name(clock.date.month); return;
    case Element::month: out += month_name(clock.date.month).substr(0, 3); return;
    case Element::number_month: return append_padded(out, clock.date.month, 0);
    case Element::zero_month: return append_padded(out, clock.date.month, 2);
    case Element::long_weekday: out += weekday_name(clock.weekday); return;
    case Element::weekday: out += weekday_name(clock.weekday).substr(0, 3); return;
    case Element::day: return append_padded(out, clock.date.day, 0);
    case Element::padded_day: return append_padded(out, clock.date.day, 2, ' ');
    case Element::zero_day: return append_padded(out, clock.date.day, 2);
    case Element::padded_year_day: return append_padded(out, clock.year_day, 3, ' ');
    case Element::zero_year_day: return append_padded(out, clock.year_day, 3);
    case Element::hour: return append_padded(out, clock.hour, 2);
    case Element::hour12: return append_padded(out, hour12, 0);
    case Element::zero_hour12: return append_padded(out, hour12, 2);
    case Element::minute: return append_padded(out, clock.minute, 0);
    case Element::zero_minute: return append_padded(out, clock.minute, 2);
    case Element::second: return append_padded(out, clock.second, 0);
    case Element::zero_second: return append_padded(out, clock.second, 2);
    case Element::long_year: return append_padded(out, clock.date.year, 4);
    case Element::year:
      return append_padded(out, std::max<std::int64_t>(clock.date.year, 0) % 100, 2);
    case Element::upper_half: out += clock.hour >= 12 ? "PM" : "AM"; return;
    case Element::lower_half: out += clock.hour >= 12 ? "pm" : "am"; return;
    case Element::zone_name: {
      if (!clock.offset.name.empty()) {
        out += clock.offset.name;
        return;
      }
      return append_offset(out, clock.offset.seconds, Chunk{{}, Element::offset, "-0700", {}});
    }
    case Element::offset: return append_offset(out, clock.offset.seconds, chunk);
    case Element::exact_fraction:
    case Element::fraction: return append_fraction(out, nanoseconds, chunk);
  }
}

}  // namespace

std::string_view month_name(int month) { return months[month - 1]; }

std::string_view weekday_name(int weekday) { return weekdays[weekday]; }

Instant Instant::unix(std::int64_t seconds, std::int64_t nanoseconds, ZonePtr zone) {
  const std::int64_t whole = floor_div(nanoseconds, nanoseconds_per_second);
  return {seconds + whole, static_cast<std::int32_t>(nanoseconds - whole * nanoseconds_per_second),
          std::move(zone)};
}

Instant Instant::plus(std::int64_t duration) const {
  const std::int64_t whole = duration / nanoseconds_per_second;
  std::int64_t rest = nanoseconds + duration % nanoseconds_per_second;
  const auto sum = static_cast<std::int64_t>(static_cast<std::uint64_t>(seconds) +
                                             static_cast<std::uint64_t>(whole));
  const std::int64_t carry = rest < 0 ? -1 : rest >= nanoseconds_per_second ? 1 : 0;
  rest -= carry * nanoseconds_per_second;
  return {sum + carry, static_cast<std::int32_t>(rest), zone};
}

std::int64_t Instant::since(const Instant& other) const {
  const __int128 wide = (static_cast<__int128>(seconds) - other.seconds) * nanoseconds_per_second +
                        nanoseconds - other.nanoseconds;
  constexpr auto low = std::numeric_limits<std::int64_t>::min();
  constexpr auto high = std::numeric_limits<std::int64_t>::max();
  return wide < low ? low : wide > high ? high : static_cast<std::int64_t>(wide);
}

ClockReading read_clock(const Instant& instant) {
  ClockReading clock;
  clock.offset = instant.zone->at(instant.seconds);
  const auto shifted = static_cast<std::int64_t>(static_cast<std::uint64_t>(instant.seconds) +
                                                 static_cast<std::uint64_t>(clock.offset.seconds));
  const std::int64_t days = floor_div(shifted, seconds_per_day);
  const std::int64_t second = shifted - days * seconds_per_day;
  clock.date = date_of(days);
  clock.weekday = weekday_of(days);
  clock.year_day = year_day_of(clock.date);
  clock.hour = static_cast<int>(second / 3600);
  clock.minute = static_cast<int>(second / 60 % 60);
  clock.second = static_cast<int>(second % 60);
  return clock;
}

Instant instant_of(const CivilDate& date, std::int64_t second_of_day, std::int32_t nanoseconds,
                   ZonePtr zone) {
  const std::int64_t clock =
      days_of(date.year, date.month, date.day) * seconds_per_day + second_of_day;
  const std::int64_t seconds = zone->unix_of(clock);
  return {seconds, nanoseconds, std::move(zone)};
}

std::string format_instant(const Instant& instant, std::string_view layout) {
  const ClockReading clock = read_clock(instant);
  std::string out;
  out.reserve(layout.size() + 16);
  while (!layout.empty()) {
    const Chunk chunk = next_chunk(layout);
    out += chunk.prefix;
    append_element(out, chunk, clock, instant.nanoseconds);
    layout = chunk.suffix;
  }
  return out;
}

std::string text_of_instant(const Instant& instant) {
  return format_instant(instant, "2006-01-02 15:04:05.999999999 -0700 MST");
}

}  // namespace weir::tmpl
