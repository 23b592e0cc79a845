// The formats that drafts 4, 6 and 7 check; later drafts only note them.
#include <re2/re2.h>

#include <algorithm>
#include <charconv>
#include <string>

#include "engine/helm/schema_check.hh"
#include "engine/helm/text.hh"
#include "engine/template/format.hh"
#include "engine/template/functions/instant.hh"

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

Fault character_fault(char c) {
  std::string out = "invalid character '";
  out += c;
  return out += '\'';
}

Fault ipv4(std::string_view text) {
  const auto groups = split(text, '.');
  if (groups.size() != 4) return "expected four decimals";
  for (const std::string_view group : groups) {
    if (group.size() > 1 && group.front() == '0') return "leading zeros";
    if (!all_digits(group))
      return "strconv.Atoi: parsing " + tmpl::quoted(group) + ": invalid syntax";
    if (group.size() > 3 || number(group) > 255) return "decimal must be between 0 and 255";
  }
  return std::nullopt;
}

Fault ipv6(std::string_view text) {
  if (text.find(':') == std::string_view::npos) return "missing colon";
  const std::string bad = "ParseAddr(" + tmpl::quoted(text) + "): unable to parse IP";
  if (text.find('%') != std::string_view::npos) return "zone id is not a part of ipv6 address";
  const std::size_t gap = text.find("::");
  if (gap != std::string_view::npos && text.find("::", gap + 1) != std::string_view::npos)
    return bad;
  std::size_t groups = 0;
  const auto count = [&groups](std::string_view half, bool last) {
    if (half.empty()) return true;
    const auto parts = split(half, ':');
    for (std::size_t i = 0; i < parts.size(); ++i) {
      if (last && i + 1 == parts.size() && parts[i].find('.') != std::string_view::npos) {
        groups += 2;
        if (ipv4(parts[i])) return false;
        continue;
      }
      ++groups;
      if (parts[i].empty() || parts[i].size() > 4 ||
          !std::all_of(parts[i].begin(), parts[i].end(), is_hex))
        return false;
    }
    return true;
  };
  if (gap == std::string_view::npos) return count(text, true) && groups == 8 ? Fault() : bad;
  return count(text.substr(0, gap), false) && count(text.substr(gap + 2), true) && groups < 8
             ? Fault()
             : bad;
}

Fault hostname(std::string_view text) {
  if (text.ends_with('.')) text.remove_suffix(1);
  if (text.size() > 253) return "more than 253 characters long";
  for (const std::string_view label : split(text, '.')) {
    if (label.empty() || label.size() > 63) return "label must be 1 to 63 characters long";
    if (label.starts_with('-')) return "label starts with hyphen";
    if (label.ends_with('-')) return "label ends with hyphen";
    for (const char c : label)
      if (!is_alnum(c) && c != '-') return character_fault(c);
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
  if (local.size() > 1 && local.starts_with('"')) {
    const std::string_view inner = local.substr(1, local.size() - 2);
    if (inner.find_first_of("\\\"") != std::string_view::npos)
      return "backslash and quote are not allowed within quoted local part";
  } else {
    if (local.starts_with('.')) return "starts with dot";
    if (local.ends_with('.')) return "ends with dot";
    if (local.find("..") != std::string_view::npos) return "consecutive dots";
    for (const char c : local)
      if (!is_alnum(c) &&
          std::string_view(".!#$%&'*+-/=?^_`{|}~").find(c) == std::string_view::npos)
        return character_fault(c);
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
  const bool shaped = text.size() == 10 && text[4] == '-' && text[7] == '-' &&
                      all_digits(text.substr(0, 4)) && all_digits(text.substr(5, 2)) &&
                      all_digits(text.substr(8, 2));
  std::string bad = "parsing time " + tmpl::quoted_for_time(text);
  if (!shaped)
    return bad + " as \"2006-01-02\": cannot parse " + tmpl::quoted_for_time(text) + " as \"2006\"";
  const int year = number(text.substr(0, 4));
  const int month = number(text.substr(5, 2));
  const int day = number(text.substr(8, 2));
  if (month < 1 || month > 12) return bad + ": month out of range";
  static constexpr int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  if (day < 1 || day > days[month - 1] + (month == 2 && leap ? 1 : 0))
    return bad + ": day out of range";
  return std::nullopt;
}

// What stands behind the seconds: nothing but "Z" or an offset. Gives the offset in minutes.
Fault time_offset(std::string_view text, int& minutes) {
  if (text == "z" || text == "Z") return std::nullopt;
  if (text.size() != 6) return "offset must be 6 characters long";
  if (text[0] != '+' && text[0] != '-') return "offset must begin with plus/minus";
  if (text[3] != ':') return "missing colon in offset in correct place";
  if (!all_digits(text.substr(1, 2)) || !all_digits(text.substr(4, 2)))
    return "invalid hour/min in offset";
  const int hours = number(text.substr(1, 2)), rest = number(text.substr(4, 2));
  if (hours > 23 || rest > 59) return "hour/min in offset out of range";
  minutes = (text[0] == '+' ? -1 : 1) * (hours * 60 + rest);
  return std::nullopt;
}

Fault time(std::string_view text) {
  if (text.size() < 9) return "less than 9 characters long";
  if (text[2] != ':' || text[5] != ':') return "missing colon in correct place";
  if (!all_digits(text.substr(0, 2)) || !all_digits(text.substr(3, 2)) ||
      !all_digits(text.substr(6, 2)))
    return "invalid hour/min/sec";
  const int hour = number(text.substr(0, 2)), minute = number(text.substr(3, 2));
  const int second = number(text.substr(6, 2));
  if (hour > 23 || minute > 59 || second > 60) return "hour/min/sec out of range";
  std::string_view rest = text.substr(8);
  if (rest.starts_with('.')) {
    const std::size_t end = std::min(rest.find_first_not_of("0123456789", 1), rest.size());
    if (end == 1) return "no digits in second fraction";
    rest.remove_prefix(end);
  }
  int offset = 0;
  if (const Fault fault = time_offset(rest, offset)) return fault;
  const int of_day = (hour * 60 + minute + offset + 24 * 60) % (24 * 60);
  if (second == 60 && of_day != 23 * 60 + 59) return "invalid leap second";
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
    for (const char c : groups[i])
      if (!is_hex(c)) return std::string("non-hex character '").append(1, c).append("'");
  }
  return std::nullopt;
}

// A scheme in front, if any; nothing when the text begins with none that can be one.
std::string_view scheme_of(std::string_view text) {
  const std::size_t end = text.find_first_of(":/?#");
  if (end == std::string_view::npos || text[end] != ':' || end == 0) return {};
  const std::string_view scheme = text.substr(0, end);
  const bool sound =
      !is_digit(scheme.front()) && std::all_of(scheme.begin(), scheme.end(), [](char c) {
        return is_alnum(c) || c == '+' || c == '-' || c == '.';
      });
  return sound ? scheme : std::string_view();
}

Fault uri_reference(std::string_view text) {
  const std::string parsing = "parse " + tmpl::quoted(text) + ": ";
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c < 0x20 || c == 0x7F) return parsing + "net/url: invalid control character in URL";
    if (c == '%' && (i + 2 >= text.size() || !is_hex(text[i + 1]) || !is_hex(text[i + 2])))
      return parsing + "invalid URL escape " + tmpl::quoted(text.substr(i, 3));
  }
  if (scheme_of(text).empty()) {
    const std::string_view first = text.substr(0, text.find_first_of("/?#"));
    if (text.starts_with(':')) return parsing + "missing protocol scheme";
    if (first.find(':') != std::string_view::npos)
      return parsing + "first path segment in URL cannot contain colon";
  }
  const std::size_t authority = text.find("//");
  if (authority == 0 ||
      (authority != std::string_view::npos && authority > 0 && text[authority - 1] == ':')) {
    const std::string_view rest = text.substr(authority + 2);
    const std::string_view host = rest.substr(0, rest.find_first_of("/?#"));
    if (host.find(' ') != std::string_view::npos)
      return parsing + "invalid character \" \" in host name";
  }
  return std::nullopt;
}

Fault uri(std::string_view text) {
  if (const Fault fault = uri_reference(text)) return fault;
  return scheme_of(text).empty() ? Fault("relative url") : std::nullopt;
}

Fault strict_uri_reference(std::string_view text) {
  if (text.find('\\') != std::string_view::npos) return "contains \\";
  return uri_reference(text);
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

Fault duration(std::string_view text) {
  if (!text.starts_with('P')) return "must start with P";
  text.remove_prefix(1);
  if (text.empty()) return "nothing after P";
  if (text.ends_with('W')) {
    text.remove_suffix(1);
    if (text.empty()) return "no number in week";
    return all_digits(text) ? Fault() : "invalid week";
  }
  const auto parts = split(text, 'T');
  if (parts.size() > 2) return "more than one T";
  for (std::size_t i = 0; i < parts.size(); ++i) {
    std::string_view part = parts[i], units = i == 0 ? "YMD" : "HMS";
    if (i > 0 && part.empty()) return "no time elements";
    while (!part.empty()) {
      const std::size_t digits = std::min(part.find_first_not_of("0123456789"), part.size());
      if (digits == 0) return "missing number";
      if (digits == part.size()) return "missing unit";
      const std::size_t unit = units.find(part[digits]);
      if (unit == std::string_view::npos)
        return std::string("invalid unit '").append(1, part[digits]).append("'");
      units.remove_prefix(unit + 1);
      part.remove_prefix(digits + 1);
    }
  }
  return std::nullopt;
}

Fault regex(std::string_view text) {
  const re2::RE2 expression(re2::StringPiece(text.data(), text.size()), re2::RE2::Quiet);
  if (expression.ok()) return std::nullopt;
  return "error parsing regexp: " + expression.error();
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
    {"iri-reference", strict_uri_reference},
    {"json-pointer", json_pointer},
    {"regex", regex},
    {"relative-json-pointer", relative_json_pointer},
    {"time", time},
    {"uri", uri},
    {"uri-reference", strict_uri_reference},
    {"uri-template", uri_reference},
    {"uuid", uuid},
};

}  // namespace

std::optional<std::string> check_format(std::string_view format, std::string_view text) {
  for (const Format& known : formats)
    if (known.name == format) return known.check(text);
  return std::nullopt;
}

}  // namespace weir::helm::schema
