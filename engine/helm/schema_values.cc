#include "engine/helm/schema_values.hh"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>

#include "engine/value/number_text.hh"

namespace weir::helm::schema {

namespace {

// digits * 10^exponent
struct Decimal {
  std::uint64_t digits = 0;
  int exponent = 0;
};

// The shortest one that means the number: at most 17 digits.
Decimal decimal_of(double number) {
  std::string text;
  value::append_general_float(text, std::fabs(number));
  Decimal out;
  bool fraction = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '.') fraction = true;
    if (text[i] == 'e') {
      int exponent = 0;
      const std::size_t sign = text[i + 1] == '+' ? 2 : 1;
      std::from_chars(text.data() + i + sign, text.data() + text.size(), exponent);
      out.exponent += exponent;
      break;
    }
    if (text[i] < '0' || text[i] > '9') continue;
    out.digits = out.digits * 10 + static_cast<std::uint64_t>(text[i] - '0');
    if (fraction) --out.exponent;
  }
  return out;
}

// What Go's big.Rat reads in a text: decimals, integers with a prefix, fractions.
std::optional<double> number_in(std::string_view text) {
  if (const std::size_t slash = text.find('/'); slash != std::string_view::npos) {
    const auto above = value::parse_prefixed_integer(text.substr(0, slash));
    const auto below = value::parse_prefixed_integer(text.substr(slash + 1));
    if (!above || !below || below->as_double() == 0) return std::nullopt;
    return above->as_double() / below->as_double();
  }
  std::string plain(text);
  std::erase(plain, '_');
  if (plain.find_first_of("0123456789") == std::string::npos) return std::nullopt;
  if (const auto decimal = value::parse_decimal_float(plain)) return decimal;
  const auto integer = value::parse_prefixed_integer(plain);
  return integer ? std::optional(integer->as_double()) : std::nullopt;
}

}  // namespace

bool equal(const Value& a, const Value& b) {
  if (a.is_number() && b.is_number())
    return a.kind() == b.kind() ? a == b : a.as_double() == b.as_double();
  if (a.is_string() && b.is_number()) return number_in(a.as_string()) == b.as_double();
  if (a.is_array() && b.is_array())
    return a.size() == b.size() &&
           std::equal(a.items().begin(), a.items().end(), b.items().begin(), equal);
  if (a.is_object() && b.is_object())
    return a.size() == b.size() &&
           std::all_of(a.members().begin(), a.members().end(), [&](const value::Member& member) {
             const Value* other = b.find(member.name());
             return other && equal(member.value, *other);
           });
  return a == b;
}

bool is_multiple(double number, double of) {
  if (of == 0 || !std::isfinite(number) || !std::isfinite(of)) return false;
  Decimal whole = decimal_of(number), part = decimal_of(of);
  if (whole.digits == 0) return true;
  // Both to one exponent; what is below it can be left out of one only.
  using Wide = unsigned __int128;
  Wide divisor = part.digits, rest = whole.digits;
  for (; part.exponent > whole.exponent; --part.exponent) {
    divisor *= 10;
    if (divisor > rest) return false;
  }
  rest %= divisor;
  for (; whole.exponent > part.exponent && rest != 0; --whole.exponent) rest = rest * 10 % divisor;
  return rest == 0;
}

}  // namespace weir::helm::schema
