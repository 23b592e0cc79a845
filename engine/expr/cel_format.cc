#include <algorithm>
#include <charconv>
#include <cmath>

#include "engine/base/digest.hh"
#include "engine/base/limits.hh"
#include "engine/expr/cel_functions.hh"
#include "engine/expr/cel_time.hh"
#include "engine/expr/text.hh"
#include "engine/value/utf8.hh"

namespace weir::expr {
namespace {

using Kind = CelKind;

constexpr int precision_default = 6;
constexpr int precision_max = 1000;  // Go would print any; no message needs more

Error format_error(std::string message) {
  return make_error(Code::invalid, "error during formatting: " + std::move(message));
}

Error wrong_kind(std::string_view clause, const CelValue& value) {
  return format_error(std::string(clause) + ", was given " + std::string(value.type_name()));
}

std::optional<std::string> infinite_text(double number) {
  if (std::isnan(number)) return "NaN";
  if (std::isinf(number)) return number < 0 ? "-Infinity" : "Infinity";
  return std::nullopt;
}

std::string print_double(double number, std::chars_format form, int precision) {
  if (const auto text = infinite_text(number)) return *text;
  std::string out(static_cast<std::size_t>(precision) + 340, '\0');
  const auto end = precision < 0
                       ? std::to_chars(out.data(), out.data() + out.size(), number, form)
                       : std::to_chars(out.data(), out.data() + out.size(), number, form,
                           precision);
  out.resize(static_cast<std::size_t>(end.ptr - out.data()));
  return out;
}

Result<std::string> string_clause(const CelValue& value, std::size_t depth);

Result<std::string> list_text(const CelValue& list, std::size_t depth) {
  std::string out = "[";
  for (std::size_t i = 0; i < list.size(); ++i) {
    WEIR_TRY(const std::string item, string_clause(list.item(i), depth + 1));
    if (i > 0) out += ", ";
    out += item;
  }
  return out + "]";
}

Result<std::string> map_text(const CelValue& map, std::size_t depth) {
  std::vector<std::pair<std::string, std::string>> entries;
  for (std::size_t i = 0; i < map.size(); ++i) {
    WEIR_TRY(std::string key, string_clause(map.key(i), depth + 1));
    WEIR_TRY(std::string mapped, string_clause(map.mapped(i), depth + 1));
    entries.emplace_back(std::move(key), std::move(mapped));
  }
  std::sort(entries.begin(), entries.end());
  std::string out = "{";
  for (const auto& [key, mapped] : entries) {
    if (out.size() > 1) out += ", ";
    out += key + ": " + mapped;
  }
  return out + "}";
}

Result<std::string> string_clause(const CelValue& value, std::size_t depth) {
  if (depth > base::limits::value_depth_max) {
    return make_error(Code::limit, "value nested too deeply (value_depth_max)");
  }
  switch (value.kind()) {
    case Kind::list: return list_text(value, depth);
    case Kind::map: return map_text(value, depth);
    case Kind::floating: return print_double(value.as_double(), std::chars_format::fixed, -1);
    case Kind::bytes: return value::replace_invalid_utf8(value.text());
    case Kind::optional:
    case Kind::error:
      return wrong_kind(
          "string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, "
          "types, durations, and timestamps",
          value);
    default: return value.to_text();
  }
}

Result<std::string> decimal_clause(const CelValue& value) {
  if (!value.is_number()) {
    return wrong_kind("decimal clause can only be used on ints, uints, and doubles", value);
  }
  return string_clause(value, 0);
}

Result<std::string> float_clause(const CelValue& value, char clause, int precision) {
  const bool fixed = clause == 'f';
  if (!value.is_number()) {
    return wrong_kind(fixed ? "fixed-point clause can only be used on ints, uints, and doubles"
                            : "scientific clause can only be used on ints, uints, and doubles",
                      value);
  }
  const double number = value.is(Kind::floating)  ? value.as_double()
                        : value.is(Kind::integer) ? static_cast<double>(value.as_int())
                                                  : static_cast<double>(value.as_uint());
  return print_double(number, fixed ? std::chars_format::fixed : std::chars_format::scientific,
                      precision < 0 ? precision_default : precision);
}

std::string in_base(const CelValue& value, int base) {
  char buffer[72];
  const auto end = value.is(Kind::uinteger)
                       ? std::to_chars(buffer, buffer + sizeof buffer, value.as_uint(), base)
                       : std::to_chars(buffer, buffer + sizeof buffer, value.as_int(), base);
  return std::string(buffer, end.ptr);
}

Result<std::string> base_clause(const CelValue& value, char clause) {
  const bool whole = value.is(Kind::integer) || value.is(Kind::uinteger);
  if (clause == 'o') {
    if (whole) return in_base(value, 8);
    return wrong_kind("octal clause can only be used on ints and uints", value);
  }
  if (clause == 'b') {
    if (whole || value.is(Kind::boolean)) return in_base(value, 2);
    return wrong_kind("only ints, uints, and bools can be formatted as binary", value);
  }
  const bool text = value.is(Kind::string) || value.is(Kind::bytes);
  if (!whole && !text) {
    return wrong_kind("only ints, uints, bytes, and strings can be formatted as hex", value);
  }
  std::string out = whole ? in_base(value, 16) : base::hex_encode(value.text());
  return clause == 'X' ? to_upper(out) : out;
}

Result<std::string> print_clause(const CelValue& value, char clause, int precision) {
  switch (clause) {
    case 's': return string_clause(value, 0);
    case 'd': return decimal_clause(value);
    case 'f':
    case 'e': return float_clause(value, clause, precision);
    default: return base_clause(value, clause);
  }
}

// ".N" before a clause; -1 when there is none.
Result<int> take_precision(std::string_view& format) {
  if (!format.starts_with('.')) return -1;
  format.remove_prefix(1);
  int precision = 0;
  const auto end = std::from_chars(format.data(), format.data() + format.size(), precision);
  if (end.ec != std::errc() || precision < 0 || precision > precision_max) {
    return make_error(Code::invalid,
                      "could not parse formatting clause: error while parsing precision");
  }
  format.remove_prefix(static_cast<std::size_t>(end.ptr - format.data()));
  return precision;
}

Result<std::string> run_format(CelBudget& budget, std::string_view format, const CelValue& values) {
  std::string out;
  std::size_t next = 0;
  while (!format.empty() && !budget.spent()) {
    const std::size_t percent = std::min(format.find('%'), format.size());
    out += format.substr(0, percent);
    format.remove_prefix(percent);
    if (format.empty()) break;
    format.remove_prefix(1);
    if (format.starts_with('%')) {
      out.push_back('%');
      format.remove_prefix(1);
      continue;
    }
    if (next >= values.size()) {
      return make_error(Code::invalid, "index " + std::to_string(next) + " out of range");
    }
    WEIR_TRY(const int precision, take_precision(format));
    if (format.empty()) return make_error(Code::invalid, "unexpected end of string");
    const std::string_view clause = format.substr(0, rune_bytes(format));
    if (clause.size() != 1 ||
        std::string_view("sdfebxXo").find(clause[0]) == std::string_view::npos) {
      return make_error(Code::invalid,
                        "could not parse formatting clause: unrecognized formatting clause \"" +
                            std::string(clause) + "\"");
    }
    format.remove_prefix(1);
    WEIR_TRY(const std::string piece, print_clause(values.item(next++), clause[0], precision));
    budget.charge_bytes(piece.size());
    out += piece;
  }
  return out;
}

}  // namespace

CelValue format_cel(CelBudget& budget, CelArguments arguments) {
  if (!arguments[0].is(Kind::string) || !arguments[1].is(Kind::list)) {
    return no_such_overload("format");
  }
  budget.charge_bytes(arguments[0].text().size());
  auto text = run_format(budget, arguments[0].text(), arguments[1]);
  return text ? CelValue::string(*text) : CelValue::error(text.error().message);
}

CelValue quote_cel(CelBudget& budget, CelArguments arguments) {
  if (!arguments[0].is(Kind::string)) return no_such_overload("strings.quote");
  budget.charge_bytes(arguments[0].text().size());
  constexpr std::string_view special = "\a\b\f\n\r\t\v\\\"";
  constexpr std::string_view letters = "abfnrtv\\\"";
  std::string out = "\"";
  for (char letter : value::replace_invalid_utf8(arguments[0].text())) {
    if (const auto at = special.find(letter); at != std::string_view::npos) {
      out.push_back('\\');
      out.push_back(letters[at]);
    } else {
      out.push_back(letter);
    }
  }
  return CelValue::string(out + "\"");
}

}  // namespace weir::expr
