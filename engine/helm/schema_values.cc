#include "engine/helm/schema_values.hh"

#include <charconv>
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

}  // namespace

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
