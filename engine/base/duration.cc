#include "engine/base/duration.hh"

#include <array>
#include <cstdint>
#include <optional>

namespace weir::base {
namespace {

struct Unit {
  std::string_view name;
  std::int64_t nanoseconds;
};

constexpr std::array<Unit, 8> units = {{{"ns", 1},
                                        {"us", 1'000},
                                        {"\xC2\xB5s", 1'000},
                                        {"\xCE\xBCs", 1'000},
                                        {"ms", 1'000'000},
                                        {"s", 1'000'000'000},
                                        {"m", 60'000'000'000},
                                        {"h", 3'600'000'000'000}}};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

const Unit* unit_named(std::string_view name) {
  for (const Unit& unit : units)
    if (unit.name == name) return &unit;
  return nullptr;
}

// One "12.5ms" at the head of `rest`; adds it to `total` (nanoseconds, unsigned range of int64).
// `unit_name` is the unit when it is what is wrong.
bool read_term(std::string_view& rest, unsigned __int128& total,
               std::optional<std::string_view>& unit_name) {
  unsigned __int128 whole = 0, fraction = 0, scale = 1;
  std::size_t at = 0;
  for (; at < rest.size() && is_digit(rest[at]); ++at) {
    whole = whole * 10 + static_cast<unsigned>(rest[at] - '0');
    if (whole > (static_cast<unsigned __int128>(1) << 63)) return false;
  }
  std::size_t digit_count = at;
  if (at < rest.size() && rest[at] == '.') {
    for (++at; at < rest.size() && is_digit(rest[at]); ++at, ++digit_count) {
      if (scale > 1'000'000'000'000'000ll) continue;
      fraction = fraction * 10 + static_cast<unsigned>(rest[at] - '0');
      scale *= 10;
    }
  }
  if (digit_count == 0) return false;
  std::size_t end = at;
  while (end < rest.size() && rest[end] != '.' && !is_digit(rest[end])) ++end;
  const Unit* unit = unit_named(rest.substr(at, end - at));
  if (unit == nullptr) {
    unit_name = rest.substr(at, end - at);
    return false;
  }
  total += whole * static_cast<unsigned>(1) * static_cast<unsigned __int128>(unit->nanoseconds);
  total += fraction * static_cast<unsigned __int128>(unit->nanoseconds) / scale;
  rest.remove_prefix(end);
  return total <= (static_cast<unsigned __int128>(1) << 63);
}

// `value / 10^places` with trailing zeros of the fraction dropped.
std::string decimal(std::uint64_t value, int places) {
  std::uint64_t scale = 1;
  for (int i = 0; i < places; ++i) scale *= 10;
  std::string text = std::to_string(value / scale);
  std::string fraction = std::to_string(scale + value % scale).substr(1);
  while (!fraction.empty() && fraction.back() == '0') fraction.pop_back();
  return fraction.empty() ? text : text + "." + fraction;
}

// In Go's words of such an error: bytes that are no printable ASCII as \xNN.
std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < ' ' || byte >= 0x80) {
      static constexpr std::string_view digits = "0123456789abcdef";
      out.append("\\x").push_back(digits[byte >> 4]);
      out.push_back(digits[byte & 15]);
      continue;
    }
    if (c == '"' || c == '\\') out.push_back('\\');
    out.push_back(c);
  }
  return out.append("\"");
}

}  // namespace

Result<Duration> parse_duration(std::string_view text) {
  const auto bad = [&] {
    return make_error(Code::invalid, "time: invalid duration " + quoted(text));
  };
  std::string_view rest = text;
  bool negative = false;
  if (!rest.empty() && (rest[0] == '-' || rest[0] == '+')) {
    negative = rest[0] == '-';
    rest.remove_prefix(1);
  }
  if (rest == "0") return Duration(0);
  if (rest.empty()) return bad();
  unsigned __int128 total = 0;
  while (!rest.empty()) {
    std::optional<std::string_view> unit;
    if (read_term(rest, total, unit)) continue;
    if (!unit) return bad();
    const std::string what = unit->empty() ? "missing unit" : "unknown unit " + quoted(*unit);
    return make_error(Code::invalid, "time: " + what + " in duration " + quoted(text));
  }
  if (total == (static_cast<unsigned __int128>(1) << 63)) {
    if (!negative) return bad();
    return Duration(INT64_MIN);
  }
  const auto nanoseconds = static_cast<std::int64_t>(total);
  return Duration(negative ? -nanoseconds : nanoseconds);
}

std::string format_duration(Duration duration) {
  const bool negative = duration.count() < 0;
  std::uint64_t n = static_cast<std::uint64_t>(duration.count());
  if (negative) n = ~n + 1;
  if (n == 0) return "0s";
  std::string text;
  if (n < 1'000) {
    text = std::to_string(n) + "ns";
  } else if (n < 1'000'000) {
    text = decimal(n, 3) + "\xC2\xB5s";
  } else if (n < 1'000'000'000) {
    text = decimal(n, 6) + "ms";
  } else {
    const std::uint64_t minutes = n / 60'000'000'000;
    if (minutes >= 60) text += std::to_string(minutes / 60) + "h";
    if (minutes > 0) text += std::to_string(minutes % 60) + "m";
    text += decimal(n % 60'000'000'000, 9) + "s";
  }
  return negative ? "-" + text : text;
}

std::string format_age(Duration duration) {
  const std::int64_t s = duration.count() / 1'000'000'000;
  if (s < -1) return "<invalid>";
  if (s < 0) return "0s";
  const auto two = [](std::int64_t a, const char* ua, std::int64_t b, const char* ub) {
    std::string text = std::to_string(a) + ua;
    return b == 0 ? text : text + std::to_string(b) + ub;
  };
  const std::int64_t minutes = s / 60, hours = s / 3600, days = hours / 24, years = days / 365;
  if (s < 120) return std::to_string(s) + "s";
  if (minutes < 10) return two(minutes, "m", s % 60, "s");
  if (minutes < 180) return std::to_string(minutes) + "m";
  if (hours < 8) return two(hours, "h", minutes % 60, "m");
  if (hours < 48) return std::to_string(hours) + "h";
  if (days < 8) return two(days, "d", hours % 24, "h");
  if (days < 730) return std::to_string(days) + "d";
  if (years < 8) return two(years, "y", days % 365, "d");
  return std::to_string(years) + "y";
}

}  // namespace weir::base
