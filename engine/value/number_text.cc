#include "engine/value/number_text.hh"

#include <charconv>
#include <cmath>
#include <cstring>

namespace weir::value {

namespace {

// The shortest decimal digits that give the number back, without point, and the exponent of the
// first one.
struct Shortest {
  char digits[24];
  int count = 0;
  int exponent = 0;
};

template <typename Float>
Shortest shortest_digits(Float magnitude) {
  char text[40];
  const auto end =
      std::to_chars(text, text + sizeof text, magnitude, std::chars_format::scientific).ptr;
  Shortest found;
  const char* at = text;
  for (; at != end && *at != 'e'; ++at)
    if (*at != '.') found.digits[found.count++] = *at;
  if (at != end) {
    ++at;
    if (at != end && *at == '+') ++at;
    std::from_chars(at, end, found.exponent);
  }
  while (found.count > 1 && found.digits[found.count - 1] == '0') --found.count;
  return found;
}

void append_plain(std::string& out, const Shortest& number) {
  if (number.exponent < 0) {
    out += "0.";
    out.append(static_cast<std::size_t>(-number.exponent - 1), '0');
    out.append(number.digits, static_cast<std::size_t>(number.count));
    return;
  }
  const int whole = number.exponent + 1;
  if (number.count <= whole) {
    out.append(number.digits, static_cast<std::size_t>(number.count));
    out.append(static_cast<std::size_t>(whole - number.count), '0');
    return;
  }
  out.append(number.digits, static_cast<std::size_t>(whole));
  out += '.';
  out.append(number.digits + whole, static_cast<std::size_t>(number.count - whole));
}

void append_scientific(std::string& out, const Shortest& number, bool two_digits) {
  out += number.digits[0];
  if (number.count > 1) {
    out += '.';
    out.append(number.digits + 1, static_cast<std::size_t>(number.count - 1));
  }
  out += 'e';
  out += number.exponent < 0 ? '-' : '+';
  const int magnitude = number.exponent < 0 ? -number.exponent : number.exponent;
  if (two_digits && magnitude < 10) out += '0';
  out += std::to_string(magnitude);
}

template <typename Float>
void append_general(std::string& out, Float number) {
  if (std::isnan(number)) {
    out += "NaN";
    return;
  }
  if (std::isinf(number)) {
    out += number > 0 ? "+Inf" : "-Inf";
    return;
  }
  if (std::signbit(number)) out += '-';
  const Shortest shortest = shortest_digits(std::abs(number));
  // Go decides with precision 6 when it prints the shortest form: 1e+06, but 100000.
  if (number != 0 && (shortest.exponent < -4 || shortest.exponent >= 6)) {
    append_scientific(out, shortest, true);
  } else {
    append_plain(out, shortest);
  }
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::optional<double> convert_double(const char* first, const char* last) {
  double number = 0;
  const auto [end, error] = std::from_chars(first, last, number);
  if (end != last) return std::nullopt;
  if (error == std::errc::result_out_of_range) {
    // Too small is a zero, too large is an error; from_chars does not say which.
    const std::string copy(first, last);
    number = std::strtod(copy.c_str(), nullptr);
    if (std::isinf(number)) return std::nullopt;
    return number;
  }
  if (error != std::errc()) return std::nullopt;
  return number;
}

}  // namespace

void append_json_float(std::string& out, double number) {
  if (!std::isfinite(number)) {
    out += "null";
    return;
  }
  if (std::signbit(number)) out += '-';
  const Shortest shortest = shortest_digits(std::abs(number));
  if (number != 0 && (shortest.exponent < -6 || shortest.exponent >= 21)) {
    append_scientific(out, shortest, false);
  } else {
    append_plain(out, shortest);
  }
}

void append_general_float(std::string& out, double number) { append_general(out, number); }
void append_general_float(std::string& out, float number) { append_general(out, number); }

std::optional<Value> parse_json_number(std::string_view text) {
  const char* at = text.data();
  const char* const end = at + text.size();
  if (at != end && *at == '-') ++at;
  const char* const digits = at;
  while (at != end && is_digit(*at)) ++at;
  if (at == digits || (*digits == '0' && at - digits > 1)) return std::nullopt;
  bool integral = true;
  if (at != end && *at == '.') {
    integral = false;
    const char* const fraction = ++at;
    while (at != end && is_digit(*at)) ++at;
    if (at == fraction) return std::nullopt;
  }
  if (at != end && (*at == 'e' || *at == 'E')) {
    integral = false;
    ++at;
    if (at != end && (*at == '+' || *at == '-')) ++at;
    const char* const exponent = at;
    while (at != end && is_digit(*at)) ++at;
    if (at == exponent) return std::nullopt;
  }
  if (at != end) return std::nullopt;
  if (integral && text != "-0") {  // which no integer is
    std::int64_t number = 0;
    if (std::from_chars(text.data(), end, number).ec == std::errc()) return Value(number);
    std::uint64_t large = 0;
    if (text[0] != '-' && std::from_chars(text.data(), end, large).ec == std::errc())
      return Value(large);
  }
  if (const auto number = convert_double(text.data(), end)) return Value(*number);
  return std::nullopt;
}

std::optional<Value> parse_prefixed_integer(std::string_view text) {
  const bool negative = !text.empty() && text[0] == '-';
  const bool has_sign = !text.empty() && (text[0] == '-' || text[0] == '+');
  std::string_view digits = text.substr(has_sign ? 1 : 0);
  int base = 10;
  if (digits.size() > 1 && digits[0] == '0') {
    switch (digits[1] | 0x20) {
      case 'x': base = 16; break;
      case 'o': base = 8; break;
      case 'b': base = 2; break;
      default: break;
    }
    digits.remove_prefix(base == 10 ? 1 : 2);
    if (base == 10) base = 8;
  }
  if (digits.empty()) return std::nullopt;
  std::uint64_t magnitude = 0;
  const char* const end = digits.data() + digits.size();
  const auto parsed = std::from_chars(digits.data(), end, magnitude, base);
  if (parsed.ec != std::errc() || parsed.ptr != end) return std::nullopt;
  constexpr std::uint64_t limit = std::uint64_t{1} << 63;
  if (negative) {
    if (magnitude > limit) return std::nullopt;
    return Value(static_cast<std::int64_t>(~magnitude + 1));
  }
  // ParseUint takes no sign, so "+" goes with int64 only.
  if (has_sign && magnitude >= limit) return std::nullopt;
  return Value(magnitude);
}

std::optional<double> parse_decimal_float(std::string_view text) {
  const char* at = text.data();
  const char* const end = at + text.size();
  const bool plus = at != end && *at == '+';
  if (at != end && (*at == '+' || *at == '-')) ++at;
  const char* const whole = at;
  while (at != end && is_digit(*at)) ++at;
  auto digits = at - whole;
  if (at != end && *at == '.') {
    const char* const fraction = ++at;
    while (at != end && is_digit(*at)) ++at;
    digits += at - fraction;
  }
  if (digits == 0) return std::nullopt;
  if (at != end && (*at == 'e' || *at == 'E')) {
    ++at;
    if (at != end && (*at == '+' || *at == '-')) ++at;
    const char* const exponent = at;
    while (at != end && is_digit(*at)) ++at;
    if (at == exponent) return std::nullopt;
  }
  if (at != end) return std::nullopt;
  return convert_double(text.data() + (plus ? 1 : 0), end);
}

Value settle_float(double number) {
  if (number != std::trunc(number) || std::abs(number) >= 1e21) return Value(number);
  if (std::abs(number) < 9007199254740992.0) return Value(static_cast<std::int64_t>(number));
  // Above 2^53 the shortest digits, not the exact value, are what a reader of the text gets.
  std::string text;
  append_json_float(text, number);
  return parse_json_number(text).value_or(Value(number));
}

}  // namespace weir::value
