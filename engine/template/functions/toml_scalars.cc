#include "engine/template/functions/toml_scalars.hh"

#include <algorithm>

#include "engine/template/functions/cast.hh"
#include "engine/template/functions/instant_object.hh"
#include "engine/template/functions/support.hh"
#include "engine/template/functions/toml_runes.hh"
#include "engine/template/quote.hh"

namespace weir::tmpl {

namespace {

Error fault(std::string what) { return make_error(Code::invalid, std::move(what)); }

bool is_digit(char c) { return toml::is_digit(static_cast<unsigned char>(c)); }

bool underscores_fit(std::string_view text) {
  bool after_digit = false;
  for (const char c : text) {
    if (c == '_' && !after_digit) return false;
    after_digit = toml::is_hex(static_cast<unsigned char>(c));
  }
  return after_digit;
}

bool has_leading_zero(std::string_view text) {
  if (text.size() > 1 && text[0] == '0')
    return text[1] != 'b' && text[1] != 'o' && text[1] != 'x';
  return text.size() > 2 && (text[0] == '-' || text[0] == '+') && text[1] == '0';
}

// Go takes "1:2" for "01:02"; TOML does not.
bool lacks_zero(std::string_view text, std::string_view layout) {
  for (std::size_t i = 0; i < layout.size(); ++i) {
    if (layout[i] == '.' || layout[i] == 'Z') return false;
    if (!is_digit(layout[i]) && text.substr(i, 1) != layout.substr(i, 1)) return true;
  }
  return false;
}

}  // namespace

Result<Datum> toml_integer(const std::string& text) {
  if (!underscores_fit(text))
    return fault("Invalid integer " + quoted(text) + ": underscores must be surrounded by digits");
  if (has_leading_zero(text))
    return fault("Invalid integer " + quoted(text) + ": cannot have leading zeroes");
  const ParsedInt parsed = parse_int(text, 0);
  if (parsed.outcome != ParsedInt::Outcome::ok) return fault(text + " is out of range for int64");
  return Datum::integer(parsed.number, types::int64);
}

Result<Datum> toml_float(const std::string& text) {
  const bool special = text.ends_with("inf") || text.ends_with("nan");
  const auto refused = [&](std::string_view why) {
    return fault(joined({"Invalid float ", quoted(text), ": ", why}));
  };
  std::size_t from = 0;
  bool first = true, leading_zero = false;
  while (!special && from <= text.size()) {
    const std::size_t end = std::min(text.find_first_of(".eE", from), text.size());
    const std::string part = text.substr(from, end - from);
    from = end + 1;
    if (part.empty()) continue;
    if (!underscores_fit(part)) return refused("underscores must be surrounded by digits");
    leading_zero = leading_zero || (first && has_leading_zero(part));
    first = false;
  }
  if (leading_zero) return refused("cannot have leading zeroes");
  for (std::size_t i = 0; i < text.size(); ++i)
    if (text[i] == '.' && (i + 1 == text.size() || !is_digit(text[i + 1])))
      return refused("'.' must be followed by one or more digits");
  std::string plain;
  for (const char c : text)
    if (c != '_') plain += c;
  const bool negative = plain == "-nan";
  if (plain == "-nan" || plain == "+nan") plain = "nan";
  const auto number = parse_float(plain);
  if (!number) {
    const bool digits = plain.find_first_not_of("0123456789.eE+-") == std::string::npos;
    const std::size_t exponent = plain.find_first_of("eE");
    if (digits && exponent != std::string::npos && exponent + 1 < plain.size() &&
        plain.find_first_of(".eE", exponent + 1) == std::string::npos)
      return fault(text + " is out of range for float64");
    return fault("Invalid float value: " + quoted(text));
  }
  return Datum::floating(negative ? -*number : *number);
}

Result<Datum> toml_date(std::string text) {
  while (text.ends_with(' ')) text.pop_back();
  for (char& c : text) c = c == 'z' ? 'Z' : c == 't' || c == ' ' ? 'T' : c;
  const ZonePtr local = Zone::local();
  struct Form {
    std::string_view layout;
    std::string_view zone;  // "" for the system's
  };
  static constexpr Form forms[] = {{rfc3339_nano, ""},
                                   {"2006-01-02T15:04:05.999999999", "datetime-local"},
                                   {"2006-01-02", "date-local"},
                                   {"15:04:05.999999999", "time-local"},
                                   {"2006-01-02T15:04Z07:00", ""},
                                   {"2006-01-02T15:04", "datetime-local"},
                                   {"15:04", "time-local"}};
  for (const Form& form : forms) {
    const ZonePtr zone =
        form.zone.empty() ? local : Zone::fixed(std::string(form.zone), local->at(0).seconds);
    auto parsed = parse_instant(form.layout, text, zone);
    if (!parsed.ok()) continue;
    if (lacks_zero(text, form.layout)) break;
    return instant_datum(std::move(*parsed));
  }
  return fault("invalid datetime: " + quoted(text));
}

}  // namespace weir::tmpl
