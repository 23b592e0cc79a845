#include <charconv>
#include <cmath>

#include "engine/base/duration.hh"
#include "engine/expr/cel_functions.hh"
#include "engine/expr/cel_time.hh"
#include "engine/value/number_text.hh"
#include "engine/value/utf8.hh"

namespace weir::expr {
namespace {

using Arguments = CelArguments;
using Kind = CelKind;

constexpr double int_limit = 9223372036854775808.0;
constexpr double uint_limit = 18446744073709551616.0;

CelValue conversion_error(const CelValue& from, std::string_view to) {
  return CelValue::error("type conversion error from '" + std::string(from.type_name()) + "' to '" +
                         std::string(to) + "'");
}

// A whole text as a number in decimal, with Go's leading '+' where `T` is signed.
template <typename T>
std::optional<T> parse_integer(std::string_view text) {
  if (std::is_signed_v<T> && text.starts_with('+')) {
    text.remove_prefix(1);
    if (text.starts_with('-')) return std::nullopt;
  }
  T number = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size()) return std::nullopt;
  return number;
}

CelValue to_int(CelBudget&, Arguments arguments) {
  const CelValue& a = arguments[0];
  switch (a.kind()) {
    case Kind::integer: return a;
    case Kind::duration:
    case Kind::timestamp: return CelValue::integer(a.as_int());
    case Kind::uinteger:
      if (a.as_uint() > static_cast<std::uint64_t>(INT64_MAX)) break;
      return CelValue::integer(a.as_int());
    case Kind::floating:
      if (!(a.as_double() > -int_limit && a.as_double() < int_limit)) break;
      return CelValue::integer(static_cast<std::int64_t>(a.as_double()));
    case Kind::string:
      if (const auto number = parse_integer<std::int64_t>(a.text())) {
        return CelValue::integer(*number);
      }
      return conversion_error(a, "int");
    default: return conversion_error(a, "int");
  }
  return CelValue::error("integer overflow");
}

CelValue to_uint(CelBudget&, Arguments arguments) {
  const CelValue& a = arguments[0];
  switch (a.kind()) {
    case Kind::uinteger: return a;
    case Kind::integer:
      if (a.as_int() < 0) break;
      return CelValue::uinteger(a.as_uint());
    case Kind::floating:
      if (!(a.as_double() >= 0 && a.as_double() < uint_limit)) break;
      return CelValue::uinteger(static_cast<std::uint64_t>(a.as_double()));
    case Kind::string:
      if (const auto number = parse_integer<std::uint64_t>(a.text())) {
        return CelValue::uinteger(*number);
      }
      return conversion_error(a, "uint");
    default: return conversion_error(a, "uint");
  }
  return CelValue::error("unsigned integer overflow");
}

// strconv.ParseFloat's words for what has no digits.
std::optional<double> special_float(std::string_view text) {
  std::string lower;
  for (char letter : text) lower.push_back(static_cast<char>(letter | 0x20));
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) lower.erase(0, 1);
  if (lower == "inf" || lower == "infinity") return negative ? -INFINITY : INFINITY;
  if (lower == "nan" && text.size() == 3) return NAN;
  return std::nullopt;
}

CelValue to_double(CelBudget&, Arguments arguments) {
  const CelValue& a = arguments[0];
  if (a.is(Kind::floating)) return a;
  if (a.is(Kind::integer)) return CelValue::floating(static_cast<double>(a.as_int()));
  if (a.is(Kind::uinteger)) return CelValue::floating(static_cast<double>(a.as_uint()));
  if (a.is(Kind::string)) {
    auto number = value::parse_decimal_float(a.text());
    if (!number) number = special_float(a.text());
    if (number) return CelValue::floating(*number);
  }
  return conversion_error(a, "double");
}

CelValue to_bool(CelBudget&, Arguments arguments) {
  const CelValue& a = arguments[0];
  if (a.is(Kind::boolean)) return a;
  if (a.is(Kind::string)) {
    for (std::string_view yes : {"1", "t", "T", "true", "TRUE", "True"}) {
      if (a.text() == yes) return CelValue::boolean(true);
    }
    for (std::string_view no : {"0", "f", "F", "false", "FALSE", "False"}) {
      if (a.text() == no) return CelValue::boolean(false);
    }
  }
  return conversion_error(a, "bool");
}

CelValue to_string(CelBudget&, Arguments arguments) {
  const CelValue& a = arguments[0];
  switch (a.kind()) {
    case Kind::string: return a;
    case Kind::boolean:
    case Kind::integer:
    case Kind::uinteger:
    case Kind::floating:
    case Kind::timestamp:
    case Kind::duration: return CelValue::string(a.to_text());
    case Kind::bytes:
      if (value::valid_utf8(a.text())) return CelValue::string(a.text());
      return CelValue::error("invalid UTF-8 in bytes, cannot convert to string");
    default: return no_such_overload("string(" + std::string(a.type_name()) + ")");
  }
}

CelValue to_bytes(CelBudget&, Arguments arguments) {
  const CelValue& a = arguments[0];
  if (a.is(Kind::bytes)) return a;
  return a.is(Kind::string) ? CelValue::bytes(a.text()) : conversion_error(a, "bytes");
}

CelValue to_timestamp(CelBudget&, Arguments arguments) {
  const CelValue& a = arguments[0];
  if (a.is(Kind::timestamp)) return a;
  if (a.is(Kind::string)) {
    if (const auto time = parse_timestamp(a.text())) return *time;
  }
  if (a.is(Kind::integer)) {
    if (timestamp_in_range(a.as_int())) return CelValue::timestamp(a.as_int(), 0);
    return CelValue::error("timestamp overflow");
  }
  return conversion_error(a, "google.protobuf.Timestamp");
}

CelValue to_duration(CelBudget&, Arguments arguments) {
  const CelValue& a = arguments[0];
  if (a.is(Kind::duration)) return a;
  if (a.is(Kind::integer)) return CelValue::duration(a.as_int());
  if (a.is(Kind::string)) {
    if (const auto duration = base::parse_duration(a.text())) {
      return CelValue::duration(duration->count());
    }
  }
  return conversion_error(a, "google.protobuf.Duration");
}

CelValue to_dyn(CelBudget&, Arguments arguments) { return arguments[0]; }

CelValue to_type(CelBudget&, Arguments arguments) {
  return CelValue::type(arguments[0].type_name());
}

constexpr CelFunction table[] = {
    {"int", CallStyle::global, 1, 1, to_int},
    {"uint", CallStyle::global, 1, 1, to_uint},
    {"double", CallStyle::global, 1, 1, to_double},
    {"bool", CallStyle::global, 1, 1, to_bool},
    {"string", CallStyle::global, 1, 1, to_string},
    {"bytes", CallStyle::global, 1, 1, to_bytes},
    {"timestamp", CallStyle::global, 1, 1, to_timestamp},
    {"duration", CallStyle::global, 1, 1, to_duration},
    {"dyn", CallStyle::global, 1, 1, to_dyn},
    {"type", CallStyle::global, 1, 1, to_type},
};

}  // namespace

std::span<const CelFunction> conversion_functions() { return table; }

}  // namespace weir::expr
