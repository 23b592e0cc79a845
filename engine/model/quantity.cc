#include "engine/model/quantity.hh"

#include <charconv>

#include "engine/value/json.hh"

namespace weir::model {
namespace {

using Wide = __int128;

enum class Format { decimal, binary, exponent };

// number * 10^exponent
struct Quantity {
  Wide number = 0;
  int exponent = 0;
  Format format = Format::decimal;
  bool huge = false;  // more digits than are computed with
};

constexpr std::string_view decimal_suffixes = "num kMGTPE";  // 10^-9 ... 10^18
constexpr std::string_view binary_suffixes = "KMGTPE";
constexpr int digits_max = 18;

bool read_suffix(std::string_view suffix, Quantity& out) {
  if (suffix.empty()) return true;
  if (suffix.size() == 2 && suffix[1] == 'i') {
    const std::size_t power = binary_suffixes.find(suffix[0]);
    if (power == std::string_view::npos) return false;
    out.format = Format::binary;
    out.number <<= 10 * (power + 1);
    return true;
  }
  if (suffix.size() == 1 && suffix[0] != ' ') {
    const std::size_t at = decimal_suffixes.find(suffix[0]);
    if (at == std::string_view::npos) return false;
    out.exponent += 3 * (static_cast<int>(at) - 3);
    return true;
  }
  if (suffix[0] != 'e' && suffix[0] != 'E') return false;
  suffix.remove_prefix(suffix.size() > 1 && suffix[1] == '+' ? 2 : 1);
  int power = 0;
  const auto [end, error] = std::from_chars(suffix.data(), suffix.data() + suffix.size(), power);
  if (error != std::errc() || end != suffix.data() + suffix.size()) return false;
  if (power > 18 || power < -18) out.huge = true;
  out.exponent += power;
  out.format = Format::exponent;
  return true;
}

std::optional<Quantity> parse(std::string_view text) {
  Quantity out;
  bool negative = false;
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) {
    negative = text[0] == '-';
    text.remove_prefix(1);
  }
  int digits = 0;
  bool any = false;
  bool fraction = false;
  std::size_t i = 0;
  for (; i < text.size(); ++i) {
    if (text[i] == '.' && !fraction) {
      fraction = true;
      continue;
    }
    if (text[i] < '0' || text[i] > '9') break;
    any = true;
    if (digits > 0 || text[i] != '0') ++digits;
    if (digits > digits_max) {
      out.huge = true;
      continue;
    }
    out.number = out.number * 10 + (text[i] - '0');
    if (fraction) --out.exponent;
  }
  if (!any || !read_suffix(text.substr(i), out)) return std::nullopt;
  if (negative) out.number = -out.number;
  while (out.number != 0 && out.number % 10 == 0) {
    out.number /= 10;
    ++out.exponent;
  }
  if (out.number == 0) out.exponent = 0;
  return out;
}

std::string digits_of(Wide number) {
  if (number == 0) return "0";
  std::string out;
  const bool negative = number < 0;
  for (Wide rest = negative ? -number : number; rest != 0; rest /= 10) {
    out.insert(out.begin(), static_cast<char>('0' + static_cast<int>(rest % 10)));
  }
  return negative ? "-" + out : out;
}

// Nano is the smallest unit: finer values are rounded away from zero.
void round_to_nano(Quantity& quantity) {
  while (quantity.exponent < -9) {
    const Wide rest = quantity.number % 10;
    quantity.number /= 10;
    if (rest != 0) quantity.number += rest > 0 ? 1 : -1;
    ++quantity.exponent;
  }
  while (quantity.number != 0 && quantity.number % 10 == 0) {
    quantity.number /= 10;
    ++quantity.exponent;
  }
}

std::string decimal_text(Quantity quantity) {
  while (quantity.exponent % 3 != 0) {
    quantity.number *= 10;
    --quantity.exponent;
  }
  std::string out = digits_of(quantity.number);
  if (quantity.exponent == 0) return out;
  if (quantity.format == Format::exponent) return out + "e" + std::to_string(quantity.exponent);
  return out + decimal_suffixes[static_cast<std::size_t>(quantity.exponent / 3 + 3)];
}

// Nothing when it is no whole number of at least 1024: those are written as decimals.
std::optional<std::string> binary_text(const Quantity& quantity) {
  if (quantity.exponent < 0) return std::nullopt;
  Wide number = quantity.number;
  for (int i = 0; i < quantity.exponent; ++i) number *= 10;
  if (number < 1024 && number > -1024) return std::nullopt;
  std::size_t power = 0;
  while (number % 1024 == 0 && power < binary_suffixes.size()) {
    number /= 1024;
    ++power;
  }
  std::string out = digits_of(number);
  if (power == 0) return out;
  return out + binary_suffixes[power - 1] + "i";
}

}  // namespace

std::optional<std::string> canonical_quantity(std::string_view text) {
  std::optional<Quantity> quantity = parse(text);
  if (!quantity) return std::nullopt;
  if (quantity->huge || quantity->exponent > 18) return std::string(text);
  round_to_nano(*quantity);
  if (quantity->format == Format::binary) {
    if (std::optional<std::string> binary = binary_text(*quantity)) return binary;
    quantity->format = Format::decimal;
  }
  return decimal_text(*quantity);
}

std::optional<std::string> quantity_text(const Value& value) {
  if (value.is_string()) return std::string(value.as_string());
  if (value.is_number()) return value::write_json(value);
  return std::nullopt;
}

bool same_quantity(const Value& a, const Value& b) {
  const std::optional<std::string> text_a = quantity_text(a);
  const std::optional<std::string> text_b = quantity_text(b);
  if (!text_a || !text_b) return false;
  const std::optional<Quantity> left = parse(*text_a);
  const std::optional<Quantity> right = parse(*text_b);
  if (!left || !right) return false;
  if (left->huge || right->huge) return *text_a == *text_b;
  return left->number == right->number && left->exponent == right->exponent;
}

}  // namespace weir::model
