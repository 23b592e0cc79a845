// The formats that drafts 4, 6 and 7 check; later drafts only note them, but for metaschemas.
#include <algorithm>
#include <charconv>
#include <string>

#include "engine/helm/schema_check.hh"
#include "engine/helm/text.hh"
#include "engine/template/format.hh"
#include "engine/template/functions/address.hh"
#include "engine/template/functions/expression.hh"
#include "engine/template/functions/instant.hh"
#include "engine/template/functions/url.hh"
#include "engine/template/quote.hh"
#include "engine/value/utf8.hh"

namespace weir::helm::schema {

namespace {

using Fault = std::optional<std::string>;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_hex(char c) { return is_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f'); }
bool is_alnum(char c) { return is_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z'); }
bool all_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_digit);
}

int number(std::string_view digits) {
  int out = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), out);
  return out;
}

// "'c'", of the character at `at`.
std::string character(std::string_view text, std::size_t at) {
  std::string out;
  tmpl::append_quoted_rune(out, value::decode_rune(text, at).code, false);
  return out;
}

Fault ipv4(std::string_view text) {
  const auto groups = split(text, '.');
  if (groups.size() != 4) return "expected four decimals";
  for (const std::string_view group : groups) {
    if (group.size() > 1 && group.front() == '0') return "leading zeros";
    const bool is_signed = group.starts_with('-') || group.starts_with('+');
    const std::string_view digits = group.substr(is_signed ? 1 : 0);
    if (!all_digits(digits))
      return "strconv.Atoi: parsing " + tmpl::quoted(group) + ": invalid syntax";
    std::int64_t decimal = 0;
    if (std::from_chars(digits.data(), digits.data() + digits.size(), decimal).ec != std::errc())
      return "strconv.Atoi: parsing " + tmpl::quoted(group) + ": value out of range";
    if (decimal > 255 || (decimal > 0 && group.front() == '-'))
      return "decimal must be between 0 and 255";
  }
  return std::nullopt;
}

Fault ipv6(std::string_view text) {
  if (text.find(':') == std::string_view::npos) return "missing colon";
  if (auto fault = tmpl::address_fault(text)) return fault;
  if (text.find('%') != std::string_view::npos) return "zone id is not a part of ipv6 address";
  return std::nullopt;
}

Fault hostname(std::string_view text) {
  if (text.ends_with('.')) text.remove_suffix(1);
  if (text.size() > 253) return "more than 253 characters long";
  for (const std::string_view label : split(text, '.')) {
    if (label.empty() || label.size() > 63) return "label must be 1 to 63 characters long";
    if (label.starts_with('-')) return "label starts with hyphen";
    if (label.ends_with('-')) return "label ends with hyphen";
    for (std::size_t i = 0; i < label.size(); ++i)
      if (!is_alnum(label[i]) && label[i] != '-') return "invalid character " + character(label, i);
  }
  return std::nullopt;
}

Fault email(std::string_view text) {
  if (text.size() > 254) return "more than 255 characters long";
  const std::size_t at = text.rfind('@');
  if (at == std::string_view::npos) return "missing @";
  const std::string_view local = text.substr(0, at);
  const std::string_view domain = text.substr(at + 1);
  if (local.size() > 64) return "local part more than 64 characters long";
  if (local.size() > 1 && local.starts_with('"') && local.ends_with('"')) {
    const std::string_view inner = local.substr(1, local.size() - 2);
    if (inner.find_first_of("\\\"") != std::string_view::npos)
      return "backslash and quote are not allowed within quoted local part";
  } else {
    if (local.starts_with('.')) return "starts with dot";
    if (local.ends_with('.')) return "ends with dot";
    if (local.find("..") != std::string_view::npos) return "consecutive dots";
    static constexpr std::string_view others = ".!#$%&'*+-/=?^_`{|}~";
    for (std::size_t i = 0; i < local.size(); ++i)
      if (!is_alnum(local[i]) && others.find(local[i]) == std::string_view::npos)
        return "invalid character " + character(local, i);
  }
  if (domain.starts_with('[') && domain.ends_with(']')) {
    std::string_view address = domain.substr(1, domain.size() - 2);
    const bool six = address.starts_with("IPv6:");
    if (six) address.remove_prefix(5);
    if (const Fault fault = six ? ipv6(address) : ipv4(address))
      return (six ? "invalid ipv6 address: " : "invalid ipv4 address: ") + *fault;
    return std::nullopt;
  }
  if (const Fault fault = hostname(domain)) return "invalid domain: " + *fault;
  return std::nullopt;
}

Fault date(std::string_view text) {
  const auto parsed = tmpl::parse_instant("2006-01-02", text, tmpl::Zone::utc());
  return parsed.ok() ? Fault() : parsed.error().message;
}

// A number as Go's Atoi reads two characters; nothing when it does not.
std::optional<int> two_digits(std::string_view text) {
  if (all_digits(text)) return number(text);
  const bool is_signed = text.front() == '-' || text.front() == '+';
  if (!is_signed || !is_digit(text[1])) return std::nullopt;
  return text.front() == '-' ? -number(text.substr(1)) : number(text.substr(1));
}

// What stands behind the seconds: nothing but "Z" or an offset. Gives the offset in minutes.
Fault time_offset(std::string_view text, int& minutes) {
  if (text == "z" || text == "Z") return std::nullopt;
  if (text.size() != 6) return "offset must be 6 characters long";
  if (text[0] != '+' && text[0] != '-') return "offset must begin with plus/minus";
  if (text[3] != ':') return "missing colon in offset in correct place";
  const auto hours = two_digits(text.substr(1, 2)), rest = two_digits(text.substr(4, 2));
  if (!hours || !rest) return "invalid hour/min in offset";
  if (*hours < 0 || *rest < 0) return "non-positive hour/min in offset";
  if (*hours > 23 || *rest > 59) return "hour/min in offset out of range";
  minutes = (text[0] == '+' ? -1 : 1) * (*hours * 60 + *rest);
  return std::nullopt;
}

Fault time(std::string_view text) {
  if (text.size() < 9) return "less than 9 characters long";
  if (text[2] != ':' || text[5] != ':') return "missing colon in correct place";
  const auto hour = two_digits(text.substr(0, 2)), minute = two_digits(text.substr(3, 2));
  const auto second = two_digits(text.substr(6, 2));
  if (!hour || !minute || !second) return "invalid hour/min/sec";
  if (*hour < 0 || *minute < 0 || *second < 0) return "non-positive hour/min/sec";
  if (*hour > 23 || *minute > 59 || *second > 60) return "hour/min/sec out of range";
  std::string_view rest = text.substr(8);
  if (rest.starts_with('.')) {
    const std::size_t end = std::min(rest.find_first_not_of("0123456789", 1), rest.size());
    if (end == 1) return "no digits in second fraction";
    rest.remove_prefix(end);
  }
  int offset = 0;
  if (const Fault fault = time_offset(rest, offset)) return fault;
  const int of_day = (*hour * 60 + *minute + offset + 24 * 60) % (24 * 60);
  if (*second == 60 && of_day != 23 * 60 + 59) return "invalid leap second";
  return std::nullopt;
}

Fault date_time(std::string_view text) {
  if (text.size() < 20) return "less than 20 characters long";
  if (text[10] != 't' && text[10] != 'T') return "11th character must be t or T";
  if (const Fault fault = date(text.substr(0, 10))) return "invalid date element: " + *fault;
  if (const Fault fault = time(text.substr(11))) return "invalid time element: " + *fault;
  return std::nullopt;
}

Fault uuid(std::string_view text) {
  static constexpr std::size_t sizes[] = {8, 4, 4, 4, 12};
  const auto groups = split(text, '-');
  if (groups.size() != 5) return "must have 5 elements";
  for (std::size_t i = 0; i < 5; ++i) {
    if (groups[i].size() != sizes[i])
      return "element " + std::to_string(i + 1) + " must be " + std::to_string(sizes[i]) +
             " characters long";
    for (std::size_t at = 0; at < groups[i].size(); ++at)
      if (!is_hex(groups[i][at])) return "non-hex character " + character(groups[i], at);
  }
  return std::nullopt;
}

Fault fault_of_url(const Result<tmpl::Url>& url) {
  if (!url.ok()) return url.error().message;
  const std::string name = url->host_name();
  if (name.find(':') == std::string::npos) return std::nullopt;
  if (url->host.find('[') == std::string::npos) return "ipv6 address not enclosed in brackets";
  const Fault fault = ipv6(name);
  return fault ? "invalid ipv6 address: " + *fault : Fault();
}

Fault uri(std::string_view text) {
  const auto url = tmpl::Url::parse(text);
  if (const Fault fault = fault_of_url(url)) return fault;
  return url->scheme.empty() ? Fault("relative url") : std::nullopt;
}

Fault uri_reference(std::string_view text) {
  if (const Fault fault = fault_of_url(tmpl::Url::parse(text))) return fault;
  return text.find('\\') == std::string_view::npos ? Fault() : "contains \\";
}

// Braces in the path; what is in them is free.
Fault uri_template(std::string_view text) {
  const auto url = tmpl::Url::parse(text);
  if (const Fault fault = fault_of_url(url)) return fault;
  bool open = false;
  for (const char c : url->path) {
    if (c != '{' && c != '}') continue;
    if (open == (c == '{')) return "nested curly braces";
    open = !open;
  }
  return open ? Fault("no matching closing brace") : std::nullopt;
}

Fault json_pointer(std::string_view text) {
  if (text.empty()) return std::nullopt;
  if (text.front() != '/') return "not starting with /";
  for (std::size_t i = 0; i < text.size(); ++i)
    if (text[i] == '~' && (i + 1 == text.size() || (text[i + 1] != '0' && text[i + 1] != '1')))
      return "~ must be followed by 0 or 1";
  return std::nullopt;
}

Fault relative_json_pointer(std::string_view text) {
  const std::size_t end = std::min(text.find_first_not_of("0123456789"), text.size());
  if (end == 0) return "must start with non-negative integer";
  if (end > 1 && text.front() == '0') return "starts with zero";
  return text.substr(end) == "#" ? Fault() : json_pointer(text.substr(end));
}

// Each byte counts as a character.
Fault unit_fault(char unit, std::string_view known) {
  std::string out;
  tmpl::append_quoted_rune(out, static_cast<unsigned char>(unit), false);
  const bool is_known = known.find(unit) != std::string_view::npos;
  return is_known ? "unit " + out + " out of order" : "invalid unit " + out;
}

Fault duration(std::string_view text) {
  if (!text.starts_with('P')) return "must start with P";
  text.remove_prefix(1);
  if (text.empty()) return "nothing after P";
  if (text.ends_with('W')) {
    text.remove_suffix(1);
    if (text.empty()) return "no number in week";
    return all_digits(text) ? Fault() : "invalid week";
  }
  if (text.ends_with('T')) return "no time elements";
  const auto parts = split(text, 'T');
  if (parts.size() > 2) return "more than one T";
  for (std::size_t i = 0; i < parts.size(); ++i) {
    std::string_view part = parts[i], units = i == 0 ? "YMD" : "HMS";
    while (!part.empty()) {
      const std::size_t digits = std::min(part.find_first_not_of("0123456789"), part.size());
      if (digits == 0) return "missing number";
      if (digits == part.size()) return "missing unit";
      const std::size_t unit = units.find(part[digits]);
      if (unit == std::string_view::npos) return unit_fault(part[digits], i == 0 ? "YMD" : "HMS");
      units.remove_prefix(unit + 1);
      part.remove_prefix(digits + 1);
    }
  }
  return std::nullopt;
}

Fault period(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return "missing slash";
  const std::string_view start = text.substr(0, slash), end = text.substr(slash + 1);
  const bool begins = start.starts_with('P'), ends = !begins && end.starts_with('P');
  if (const Fault fault = begins ? duration(start) : date_time(start))
    return (begins ? "invalid start duration: " : "invalid start date-time: ") + *fault;
  if (const Fault fault = ends ? duration(end) : date_time(end))
    return (ends ? "invalid end duration: " : "invalid end date-time: ") + *fault;
  return std::nullopt;
}

// Identifiers between dots, of a pre-release or a build.
Fault identifiers(std::string_view text, const std::string& of, bool ordered) {
  for (const std::string_view one : split(text, '.')) {
    if (one.empty()) return of + " identifier is empty";
    for (std::size_t i = 0; i < one.size(); ++i)
      if (!is_alnum(one[i]) && one[i] != '-')
        return "invalid character " + character(one, i) + " in " + of + " identifier";
    if (ordered && one.size() > 1 && one.front() == '0' && all_digits(one))
      return of + " numeric identifier starts with zero";
  }
  return std::nullopt;
}

Fault semver(std::string_view text) {
  const std::size_t plus = text.find('+');
  if (plus != std::string_view::npos) {
    const std::string_view build = text.substr(plus + 1);
    if (build.empty()) return "build is empty";
    if (const Fault fault = identifiers(build, "build", false)) return fault;
  }
  text = text.substr(0, plus);
  const std::size_t hyphen = text.find('-');
  if (hyphen != std::string_view::npos)
    if (const Fault fault = identifiers(text.substr(hyphen + 1), "pre-release", true)) return fault;
  const auto numbers = split(text.substr(0, hyphen), '.');
  if (numbers.size() != 3) return "versionCore must have 3 numbers separated by dot";
  static constexpr const char* names[] = {"major", "minor", "patch"};
  for (std::size_t i = 0; i < 3; ++i) {
    const std::string name = names[i];
    if (numbers[i].empty()) return name + " is empty";
    if (numbers[i].size() > 1 && numbers[i].front() == '0') return name + " starts with zero";
    if (!all_digits(numbers[i])) return name + " contains non-digit";
  }
  return std::nullopt;
}

Fault regex(std::string_view text) {
  std::string fault = tmpl::expression_error(text, *tmpl::compile_expression(text));
  return fault.empty() ? Fault() : std::move(fault);
}

struct Format {
  std::string_view name;
  Fault (*check)(std::string_view text);
};

constexpr Format formats[] = {
    {"date", date},
    {"date-time", date_time},
    {"duration", duration},
    {"email", email},
    {"hostname", hostname},
    {"ipv4", ipv4},
    {"ipv6", ipv6},
    {"iri", uri},
    {"iri-reference", uri_reference},
    {"json-pointer", json_pointer},
    {"period", period},
    {"regex", regex},
    {"relative-json-pointer", relative_json_pointer},
    {"semver", semver},
    {"time", time},
    {"uri", uri},
    {"uri-reference", uri_reference},
    {"uri-template", uri_template},
    {"uuid", uuid},
};

}  // namespace

std::optional<std::string> check_format(std::string_view format, std::string_view text) {
  for (const Format& known : formats)
    if (known.name == format) return known.check(text);
  return std::nullopt;
}

}  // namespace weir::helm::schema
