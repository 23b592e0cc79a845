#include <charconv>
#include <cmath>
#include <cstring>

#include "engine/template/format.hh"
#include "engine/value/number_text.hh"

namespace weir::tmpl {

namespace {

// Significant decimal digits without zeros at the end ("" for zero), and where the point stands:
// 0.d1d2... times 10 to the power `point`.
struct Digits {
  std::string text;
  int point = 0;
};

Digits digits_of(double magnitude, int significant, int bits) {
  Digits digits;
  if (magnitude == 0) return digits;
  std::string text(static_cast<std::size_t>(significant < 0 ? 40 : significant + 32), '\0');
  char* const first = text.data();
  char* const last = first + text.size();
  constexpr auto format = std::chars_format::scientific;
  std::to_chars_result end{};
  if (significant >= 0) {
    end = std::to_chars(first, last, magnitude, format, significant - 1);
  } else if (bits == 32) {
    end = std::to_chars(first, last, static_cast<float>(magnitude), format);
  } else {
    end = std::to_chars(first, last, magnitude, format);
  }
  const char* at = first;
  for (; at != end.ptr && *at != 'e'; ++at)
    if (*at != '.') digits.text += *at;
  ++at;
  if (at < end.ptr && *at == '+') ++at;
  std::from_chars(at, end.ptr, digits.point);
  ++digits.point;
  digits.text.erase(digits.text.find_last_not_of('0') + 1);
  return digits;
}

void append_exponent(std::string& out, char letter, int exponent) {
  out += letter;
  out += exponent < 0 ? '-' : '+';
  const int magnitude = std::abs(exponent);
  if (magnitude < 10) out += '0';
  out += std::to_string(magnitude);
}

void append_scientific(std::string& out, const Digits& digits, int precision, char letter) {
  out += digits.text.empty() ? '0' : digits.text[0];
  if (precision > 0) {
    out += '.';
    const std::size_t wanted = static_cast<std::size_t>(precision);
    std::string_view rest = digits.text;
    rest.remove_prefix(rest.empty() ? 0 : 1);
    rest = rest.substr(0, wanted);
    out += rest;
    out.append(wanted - rest.size(), '0');
  }
  append_exponent(out, letter, digits.text.empty() ? 0 : digits.point - 1);
}

void append_fixed(std::string& out, const Digits& digits, int precision) {
  const int count = static_cast<int>(digits.text.size());
  if (digits.point > 0 && count > 0) {
    const int whole = std::min(count, digits.point);
    out.append(digits.text, 0, static_cast<std::size_t>(whole));
    out.append(static_cast<std::size_t>(digits.point - whole), '0');
  } else {
    out += '0';
  }
  if (precision <= 0) return;
  out += '.';
  for (int i = 0; i < precision; ++i) {
    const int place = digits.point + i;
    out += place >= 0 && place < count ? digits.text[static_cast<std::size_t>(place)] : '0';
  }
}

void append_general(std::string& out, const Digits& digits, int precision, char letter) {
  const int count = static_cast<int>(digits.text.size());
  const bool shortest = precision < 0;
  if (shortest) precision = count;
  int limit = precision > count && count >= digits.point ? count : precision;
  if (shortest) limit = 6;
  const int exponent = digits.point - 1;
  if (exponent < -4 || exponent >= limit) {
    append_scientific(out, digits, std::min(precision, count) - 1, letter);
    return;
  }
  if (precision > digits.point) precision = count;
  append_fixed(out, digits, std::max(precision - digits.point, 0));
}

// The bits of a number: value = mantissa * 2^exponent, the implicit bit in place.
struct Binary {
  std::uint64_t mantissa;
  int exponent;
  int mantissa_bits;  // 52 or 23
};

Binary binary_of(double magnitude, int bits) {
  if (bits == 32) {
    const float small = static_cast<float>(magnitude);
    std::uint32_t raw = 0;
    std::memcpy(&raw, &small, sizeof raw);
    const int exponent = static_cast<int>((raw >> 23) & 0xFF);
    const std::uint64_t mantissa = (raw & 0x7FFFFF) | (exponent == 0 ? 0u : 1u << 23);
    return {mantissa, std::max(exponent, 1) - 127 - 23, 23};
  }
  std::uint64_t raw = 0;
  std::memcpy(&raw, &magnitude, sizeof raw);
  const int exponent = static_cast<int>((raw >> 52) & 0x7FF);
  const std::uint64_t mantissa = (raw & ((1ull << 52) - 1)) | (exponent == 0 ? 0ull : 1ull << 52);
  return {mantissa, std::max(exponent, 1) - 1023 - 52, 52};
}

void append_binary(std::string& out, const Binary& number) {
  out += std::to_string(number.mantissa);
  out += 'p';
  if (number.exponent >= 0) out += '+';
  out += std::to_string(number.exponent);
}

// %x: 0x1.8p+01, rounded to even at `precision` hexadecimal digits.
void append_hexadecimal(std::string& out, const Binary& number, int precision, bool upper) {
  const char* const digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";
  std::uint64_t mantissa = number.mantissa;
  int exponent = mantissa == 0 ? 0 : number.exponent + number.mantissa_bits;
  // The leading one to bit 60, so that fifteen digits follow the point.
  mantissa <<= 60 - number.mantissa_bits;
  while (mantissa != 0 && (mantissa & (1ull << 60)) == 0) {
    mantissa <<= 1;
    --exponent;
  }
  if (precision >= 0 && precision < 15) {
    const unsigned shift = static_cast<unsigned>(precision) * 4;
    const std::uint64_t extra = (mantissa << shift) & ((1ull << 60) - 1);
    mantissa >>= 60 - shift;
    if ((extra | (mantissa & 1)) > (1ull << 59)) ++mantissa;
    mantissa <<= 60 - shift;
    if (mantissa & (1ull << 61)) {
      mantissa >>= 1;
      ++exponent;
    }
  }
  out += upper ? "0X" : "0x";
  out += static_cast<char>('0' + ((mantissa >> 60) & 1));
  mantissa <<= 4;
  if (precision > 0 || (precision < 0 && mantissa != 0)) out += '.';
  for (int i = 0; precision < 0 ? mantissa != 0 : i < precision; ++i) {
    out += digits[(mantissa >> 60) & 15];
    mantissa <<= 4;
  }
  append_exponent(out, upper ? 'P' : 'p', exponent);
}

}  // namespace

void append_float(std::string& out, double number, char format, int precision, int bits) {
  if (format == 'g' && precision < 0) {
    if (bits == 32) {
      value::append_general_float(out, static_cast<float>(number));
    } else {
      value::append_general_float(out, number);
    }
    return;
  }
  if (std::isnan(number)) {
    out += "NaN";
    return;
  }
  if (std::isinf(number)) {
    out += number > 0 ? "+Inf" : "-Inf";
    return;
  }
  if (std::signbit(number)) out += '-';
  const double magnitude = std::abs(number);
  switch (format) {
    case 'b': append_binary(out, binary_of(magnitude, bits)); break;
    case 'x':
    case 'X': append_hexadecimal(out, binary_of(magnitude, bits), precision, format == 'X'); break;
    case 'e':
    case 'E': {
      const Digits digits = digits_of(magnitude, precision < 0 ? -1 : precision + 1, bits);
      const int shown = precision < 0 ? static_cast<int>(digits.text.size()) - 1 : precision;
      append_scientific(out, digits, shown, format);
      break;
    }
    case 'g':
    case 'G': {
      if (precision == 0) precision = 1;
      const Digits digits = digits_of(magnitude, precision, bits);
      append_general(out, digits, precision, format == 'g' ? 'e' : 'E');
      break;
    }
    default:
      if (precision >= 0) {
        std::string text(static_cast<std::size_t>(precision) + 330, '\0');
        const auto end = std::to_chars(text.data(), text.data() + text.size(), magnitude,
                                       std::chars_format::fixed, precision);
        out.append(text.data(), end.ptr);
        break;
      }
      const Digits digits = digits_of(magnitude, -1, bits);
      append_fixed(out, digits, static_cast<int>(digits.text.size()) - digits.point);
      break;
  }
}

}  // namespace weir::tmpl
