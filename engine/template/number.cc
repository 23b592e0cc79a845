#include "engine/template/number.hh"

#include <algorithm>
#include <charconv>
#include <limits>
#include <string>

#include "engine/value/number_text.hh"

namespace weir::tmpl {

namespace {

char lower(char c) { return static_cast<char>(c | 32); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_hex_digit(char c) { return is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'f'); }

// Underscores stand between digits, or between a base prefix and a digit.
bool underscores_fit(std::string_view text) {
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) text.remove_prefix(1);
  bool hex = false;
  bool after_digit = false;
  bool after_underscore = false;
  if (text.size() >= 2 && text[0] == '0' &&
      (lower(text[1]) == 'x' || lower(text[1]) == 'o' || lower(text[1]) == 'b')) {
    hex = lower(text[1]) == 'x';
    after_digit = true;
    text.remove_prefix(2);
  }
  for (const char c : text) {
    const bool digit = is_digit(c) || (hex && is_hex_digit(c));
    if (c == '_' && !after_digit) return false;
    if (c != '_' && !digit && after_underscore) return false;
    after_digit = digit;
    after_underscore = c == '_';
  }
  return !after_underscore;
}

// The text without its underscores; nothing when one is misplaced.
std::optional<std::string> without_underscores(std::string_view text) {
  std::string plain(text);
  if (text.find('_') == std::string_view::npos) return plain;
  if (!underscores_fit(text)) return std::nullopt;
  plain.erase(std::remove(plain.begin(), plain.end(), '_'), plain.end());
  return plain;
}

std::optional<double> parse_hex_float(std::string_view body) {
  const std::size_t exponent = body.find_first_of("pP");
  if (exponent == std::string_view::npos) return std::nullopt;
  std::string_view power = body.substr(exponent + 1);
  const bool small = power.starts_with('-');
  if (small || power.starts_with('+')) power.remove_prefix(1);
  if (power.empty() || !std::all_of(power.begin(), power.end(), is_digit)) return std::nullopt;
  // from_chars takes "p-1" and "p1", but no "p+1".
  std::string text(body.substr(0, exponent));
  text += small ? "p-" : "p";
  text += power;
  double number = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::hex);
  if (end != text.data() + text.size()) return std::nullopt;
  if (error == std::errc::result_out_of_range) {
    if (small) return 0.0;
    return std::nullopt;
  }
  if (error != std::errc()) return std::nullopt;
  return number;
}

}  // namespace

std::optional<std::uint64_t> parse_go_unsigned(std::string_view text) {
  if (text.empty()) return std::nullopt;
  const auto plain = without_underscores(text);
  if (!plain) return std::nullopt;
  std::string_view digits = *plain;
  int base = 10;
  if (digits[0] == '0') {
    const char letter = digits.size() >= 3 ? lower(digits[1]) : '\0';
    base = letter == 'x' ? 16 : letter == 'b' ? 2 : 8;
    const bool prefixed = letter == 'x' || letter == 'b' || letter == 'o';
    digits.remove_prefix(prefixed ? 2 : 1);
    if (digits.empty()) return 0;
  }
  std::uint64_t number = 0;
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), number, base);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return number;
}

std::optional<std::int64_t> parse_go_integer(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  const auto magnitude = parse_go_unsigned(text);
  if (!magnitude) return std::nullopt;
  constexpr auto limit = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  if (*magnitude > limit + (negative ? 1 : 0)) return std::nullopt;
  return static_cast<std::int64_t>(negative ? 0 - *magnitude : *magnitude);
}

std::optional<double> parse_go_float(std::string_view text) {
  const auto plain = without_underscores(text);
  if (!plain) return std::nullopt;
  std::string_view body = *plain;
  const bool negative = body.starts_with('-');
  if (negative || body.starts_with('+')) body.remove_prefix(1);
  if (body.empty() || body[0] == '-' || body[0] == '+') return std::nullopt;
  std::optional<double> number;
  if (body.size() >= 2 && body[0] == '0' && lower(body[1]) == 'x') {
    number = parse_hex_float(body.substr(2));
  } else {
    number = value::parse_decimal_float(body);
  }
  if (number && negative) number = -*number;
  return number;
}

std::optional<ComplexLiteral> parse_go_complex(std::string_view text) {
  if (!text.ends_with('i')) return std::nullopt;
  for (std::size_t sign = 1; sign < text.size(); ++sign) {
    if (text[sign] != '+' && text[sign] != '-') continue;
    const auto real = parse_go_float(text.substr(0, sign));
    const auto imaginary = parse_go_float(text.substr(sign, text.size() - sign - 1));
    if (real && imaginary) return ComplexLiteral{*real, *imaginary};
  }
  return std::nullopt;
}

}  // namespace weir::tmpl
