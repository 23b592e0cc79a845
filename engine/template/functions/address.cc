#include "engine/template/functions/address.hh"

#include "engine/template/format.hh"

namespace weir::tmpl {

namespace {

// What is wrong, and what was left to read where it was found.
struct Fault {
  std::string_view what;
  std::string_view at;
};
using Found = std::optional<Fault>;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_hex(char c) { return is_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f'); }

constexpr std::size_t v6_bytes = 16;
constexpr std::size_t v4_bytes = 4;

Found v4_fault(std::string_view text) {
  std::size_t dots = 0, digits = 0;
  int field = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (is_digit(c)) {
      if (digits++ == 1 && field == 0) return Fault{"IPv4 field has octet with leading zero", {}};
      field = field * 10 + (c - '0');
      if (field > 255) return Fault{"IPv4 field has value >255", {}};
      continue;
    }
    if (c != '.') return Fault{"unexpected character", text.substr(i)};
    if (digits == 0 || i + 1 == text.size())
      return Fault{"IPv4 field must have at least one digit", text.substr(i)};
    if (++dots == v4_bytes) return Fault{"IPv4 address too long", {}};
    digits = 0;
    field = 0;
  }
  if (dots + 1 < v4_bytes) return Fault{"IPv4 address too short", {}};
  return std::nullopt;
}

// The last fields, written as an IPv4 address.
Found embedded_fault(std::string_view rest, std::size_t& bytes, bool gap) {
  if (!gap && bytes != v6_bytes - v4_bytes)
    return Fault{"embedded IPv4 address must replace the final 2 fields of the address", rest};
  if (bytes + v4_bytes > v6_bytes)
    return Fault{"too many hex fields to fit an embedded IPv4 at the end of the address", rest};
  bytes += v4_bytes;
  return v4_fault(rest);
}

Found v6_fault(std::string_view rest) {
  std::size_t bytes = 0;
  bool gap = rest.starts_with("::");
  if (gap) rest.remove_prefix(2);
  while (bytes < v6_bytes && !rest.empty()) {
    std::size_t digits = 0;
    for (; digits < rest.size() && is_hex(rest[digits]); ++digits)
      if (digits == 4) return Fault{"each group must have 4 or less digits", rest};
    if (digits == 0)
      return Fault{"each colon-separated field must have at least one digit", rest};
    if (rest.substr(digits).starts_with('.')) {
      if (const Found fault = embedded_fault(rest, bytes, gap)) return fault;
      rest = {};
      break;
    }
    bytes += 2;
    rest.remove_prefix(digits);
    if (rest.empty()) break;
    if (rest.front() != ':') return Fault{"unexpected character, want colon", rest};
    if (rest.size() == 1) return Fault{"colon must be followed by more characters", rest};
    rest.remove_prefix(1);
    if (rest.front() != ':') continue;
    if (gap) return Fault{"multiple :: in address", rest};
    gap = true;
    rest.remove_prefix(1);
  }
  if (!rest.empty()) return Fault{"trailing garbage after address", rest};
  if (bytes < v6_bytes && !gap) return Fault{"address string too short", {}};
  if (bytes == v6_bytes && gap)
    return Fault{"the :: must expand to at least one field of zeros", {}};
  return std::nullopt;
}

Found fault_of(std::string_view text) {
  const std::size_t first = text.find_first_of(".:%");
  if (first == std::string_view::npos) return Fault{"unable to parse IP", {}};
  if (text[first] == '.') return v4_fault(text);
  if (text[first] == '%') return Fault{"missing IPv6 address", {}};
  const std::size_t zone = text.find('%');
  if (zone != std::string_view::npos && zone + 1 == text.size())
    return Fault{"zone must be a non-empty string", {}};
  return v6_fault(text.substr(0, zone));
}

}  // namespace

std::optional<std::string> address_fault(std::string_view text) {
  const Found fault = fault_of(text);
  if (!fault) return std::nullopt;
  std::string out = "ParseAddr(" + quoted(text) + "): " + std::string(fault->what);
  if (!fault->at.empty()) out += " (at " + quoted(fault->at) + ")";
  return out;
}

}  // namespace weir::tmpl
