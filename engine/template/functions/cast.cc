#include "engine/template/functions/cast.hh"

#include <charconv>
#include <cmath>
#include <limits>
#include <string>

#include "engine/value/number_text.hh"

namespace weir::tmpl {

namespace {

constexpr auto int_min = std::numeric_limits<std::int64_t>::min();
constexpr auto int_max = std::numeric_limits<std::int64_t>::max();

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

int digit_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char l = lower(c);
  return l >= 'a' && l <= 'z' ? l - 'a' + 10 : 99;
}

// Underscores stand between digits, or between a base prefix and a digit.
bool underscores_fit(std::string_view text) {
  char before = '^';  // what stood there: ^ start, 0 digit or prefix, _ underscore, ! anything else
  std::size_t at = !text.empty() && (text[0] == '-' || text[0] == '+') ? 1 : 0;
  bool hexadecimal = false;
  if (text.size() >= at + 2 && text[at] == '0') {
    const char mark = lower(text[at + 1]);
    if (mark == 'b' || mark == 'o' || mark == 'x') {
      hexadecimal = mark == 'x';
      before = '0';
      at += 2;
    }
  }
  for (; at < text.size(); ++at) {
    const int digit = digit_value(text[at]);
    if (digit < 10 || (hexadecimal && digit < 16)) {
      before = '0';
    } else if (text[at] == '_') {
      if (before != '0') return false;
      before = '_';
    } else {
      if (before == '_') return false;
      before = '!';
    }
  }
  return before != '_';
}

// "12.00" is "12" to cast; "12.", "1.20" and "100" stay.
std::string_view without_zero_fraction(std::string_view text) {
  const std::size_t last = text.find_last_not_of('0');
  if (last == std::string_view::npos || text[last] != '.' || last + 1 == text.size()) return text;
  return text.substr(0, last);
}

std::optional<double> parse_special(std::string_view text) {
  std::string_view word = text;
  bool negative = false;
  if (!word.empty() && (word[0] == '-' || word[0] == '+')) {
    negative = word[0] == '-';
    word.remove_prefix(1);
  }
  std::string small;
  for (const char c : word) small += lower(c);
  const double infinity = std::numeric_limits<double>::infinity();
  if (small == "inf" || small == "infinity") return negative ? -infinity : infinity;
  if (small == "nan" && word.size() == text.size()) return std::numeric_limits<double>::quiet_NaN();
  return std::nullopt;
}

std::optional<double> parse_hexadecimal(std::string_view text) {
  const bool negative = text[0] == '-';
  if (text[0] == '-' || text[0] == '+') text.remove_prefix(1);
  text.remove_prefix(2);
  // Go wants the exponent.
  if (text.find_first_of("pP") == std::string_view::npos || text[0] == '-') return std::nullopt;
  double number = 0;
  const auto [end, code] =
      std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::hex);
  if (code != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return negative ? -number : number;
}

}  // namespace

std::int64_t float_to_int(double number) {
  constexpr double bound = 9223372036854775808.0;
  if (!(number >= -bound && number < bound)) return int_min;
  return static_cast<std::int64_t>(number);
}

ParsedInt parse_int(std::string_view text, int base) {
  using Outcome = ParsedInt::Outcome;
  std::string_view digits = text;
  const bool negative = !digits.empty() && digits[0] == '-';
  if (!digits.empty() && (digits[0] == '-' || digits[0] == '+')) digits.remove_prefix(1);
  const bool by_prefix = base == 0;
  if (by_prefix) {
    base = 10;
    if (digits.size() > 2 && digits[0] == '0' && !std::isdigit(digits[1]) && digits[1] != '_') {
      const char mark = lower(digits[1]);
      base = mark == 'x' ? 16 : mark == 'o' ? 8 : mark == 'b' ? 2 : 0;
      if (base == 0) return {0, Outcome::syntax};
      digits.remove_prefix(2);
    } else if (digits.size() > 1 && digits[0] == '0') {
      base = 8;
      digits.remove_prefix(1);
    }
  }
  if (digits.empty()) return {0, Outcome::syntax};
  std::uint64_t magnitude = 0;
  bool overflow = false, underscores = false;
  for (const char c : digits) {
    if (c == '_' && by_prefix) {
      underscores = true;
      continue;
    }
    const int digit = digit_value(c);
    if (digit >= base) return {0, Outcome::syntax};
    const auto wide = static_cast<unsigned __int128>(magnitude) * static_cast<unsigned>(base) +
                      static_cast<unsigned>(digit);
    overflow = overflow || wide > std::numeric_limits<std::uint64_t>::max();
    magnitude = static_cast<std::uint64_t>(wide);
  }
  if (underscores && !underscores_fit(text)) return {0, Outcome::syntax};
  const std::uint64_t most = static_cast<std::uint64_t>(int_max) + (negative ? 1 : 0);
  if (overflow || magnitude > most) return {negative ? int_min : int_max, Outcome::range};
  return {static_cast<std::int64_t>(negative ? 0 - magnitude : magnitude), Outcome::ok};
}

std::optional<double> parse_float(std::string_view text) {
  if (text.empty()) return std::nullopt;
  if (const auto special = parse_special(text)) return special;
  const std::size_t start = text[0] == '-' || text[0] == '+' ? 1 : 0;
  const bool hexadecimal =
      text.size() > start + 2 && text[start] == '0' && lower(text[start + 1]) == 'x';
  std::string plain;
  if (text.find('_') != std::string_view::npos) {
    if (!underscores_fit(text)) return std::nullopt;
    for (const char c : text)
      if (c != '_') plain += c;
    text = plain;
  }
  return hexadecimal ? parse_hexadecimal(text) : value::parse_decimal_float(text);
}

std::int64_t cast_int(const Datum& value) {
  const Type* type = value.type();
  if (type == &types::int_ || type == &types::int64) return value.as_int();
  if (type == &types::float64) return float_to_int(value.as_float());
  if (type == nullptr) return 0;
  // Types with a name of their own have no number to cast, but for two.
  if (type->underlying != nullptr && type->name != "time.Month" && type->name != "time.Weekday")
    return 0;
  if (is_signed(type->kind)) return value.as_int();
  if (is_unsigned(type->kind))
    return type->kind == Kind::uintptr ? 0 : static_cast<std::int64_t>(value.as_uint());
  if (is_float(type->kind)) return float_to_int(value.as_float());
  if (type->kind == Kind::boolean) return value.as_bool() ? 1 : 0;
  if (type->kind != Kind::string) return 0;
  const ParsedInt parsed = parse_int(without_zero_fraction(value.as_string()), 0);
  return parsed.outcome == ParsedInt::Outcome::ok ? parsed.number : 0;
}

double cast_float(const Datum& value) {
  const Type* type = value.type();
  if (type == &types::float64) return value.as_float();
  if (type == nullptr) return 0;
  if (type->underlying != nullptr && type->name != "time.Month" && type->name != "time.Weekday")
    return 0;
  if (is_signed(type->kind)) return static_cast<double>(value.as_int());
  if (is_unsigned(type->kind))
    return type->kind == Kind::uintptr ? 0 : static_cast<double>(value.as_uint());
  if (is_float(type->kind)) return value.as_float();
  if (type->kind == Kind::boolean) return value.as_bool() ? 1 : 0;
  if (type->kind != Kind::string) return 0;
  return parse_float(value.as_string()).value_or(0);
}

}  // namespace weir::tmpl
