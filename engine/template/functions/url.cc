#include "engine/template/functions/url.hh"

#include <algorithm>

#include "engine/template/format.hh"
#include "engine/template/functions/address.hh"
#include "engine/template/functions/support.hh"

namespace weir::tmpl {

namespace {

enum class Part : std::uint8_t { path, user, host, zone, fragment };

bool is_alphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool is_one_of(char c, std::string_view set) { return set.find(c) != std::string_view::npos; }

bool stands_bare(char c, Part part) {
  if (is_alphanumeric(c) || is_one_of(c, "-_.~")) return true;
  switch (part) {
    case Part::path: return is_one_of(c, "$&+,/:;=@");
    case Part::user: return is_one_of(c, "$&+,;=");
    case Part::host:
    case Part::zone: return is_one_of(c, "!$&'()*+,;=:[]<>\"");
    case Part::fragment: return is_one_of(c, "$&+,/:;=?@!()*");
  }
  return false;
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

std::string escape(std::string_view text, Part part) {
  static constexpr char digits[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    if (stands_bare(c, part)) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += digits[byte >> 4];
    out += digits[byte & 15];
  }
  return out;
}

Error bad_escape(std::string_view escaped) {
  return make_error(Code::invalid, "invalid URL escape " + quoted(escaped));
}

Result<std::string> unescape(std::string_view text, Part part) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    const bool in_host = part == Part::host || part == Part::zone;
    if (c != '%') {
      if (in_host && static_cast<unsigned char>(c) < 0x80 && !stands_bare(c, part))
        return make_error(Code::invalid, joined({"invalid character ", quoted(text.substr(at, 1)),
                                                 " in host name"}));
      out += c;
      continue;
    }
    const std::string_view escaped = text.substr(at, 3);
    const int high = escaped.size() < 3 ? -1 : hex_value(escaped[1]);
    const int low = escaped.size() < 3 ? -1 : hex_value(escaped[2]);
    if (high < 0 || low < 0) return bad_escape(escaped);
    const char byte = static_cast<char>(high * 16 + low);
    if (part == Part::host && high < 8 && escaped != "%25") return bad_escape(escaped);
    if (part == Part::zone && escaped != "%25" && byte != ' ' && !stands_bare(byte, Part::host))
      return bad_escape(escaped);
    out += byte;
    at += 2;
  }
  return out;
}

Error invalid(std::string_view what) { return make_error(Code::invalid, std::string(what)); }

bool is_optional_port(std::string_view text) {
  if (text.empty()) return true;
  return text[0] == ':' && text.find_first_not_of("0123456789", 1) == std::string_view::npos;
}

Error bad_port(std::string_view port) {
  return invalid(joined({"invalid port ", quoted(port), " after host"}));
}

// [IPv6 address], its zone and port.
Result<std::string> parse_literal(std::string_view host) {
  const std::size_t close = host.rfind(']');
  if (close == std::string_view::npos) return invalid("missing ']' in host");
  const std::string_view port = host.substr(close + 1);
  if (!is_optional_port(port)) return bad_port(port);
  const std::string_view name = host.substr(1, close - 1);
  const std::size_t zone = std::min(name.find("%25"), name.size());
  WEIR_TRY(std::string address, unescape(name.substr(0, zone), Part::host));
  WEIR_TRY(const std::string zone_name, unescape(name.substr(zone), Part::zone));
  // Brackets are for IPv6.
  const auto fault = address_fault(address + zone_name);
  if (!fault && address.find(':') == std::string::npos) return invalid("invalid IP-literal");
  if (fault) return invalid("invalid host: " + *fault);
  return joined({"[", address, zone_name, "]", port});
}

Result<std::string> parse_host(std::string_view scheme, std::string_view host) {
  const std::size_t open = host.rfind('[');
  if (open != std::string_view::npos && open > 0) return invalid("invalid IP-literal");
  if (open == 0) return parse_literal(host);
  // Several hosts with ports pass, but for the web's schemes.
  const bool strict = scheme == "http" || scheme == "https";
  const std::size_t colon = strict ? host.find(':') : host.rfind(':');
  if (colon != std::string_view::npos && !is_optional_port(host.substr(colon)))
    return bad_port(host.substr(colon));
  return unescape(host, Part::host);
}

Result<Url::User> parse_user(std::string_view text) {
  for (const char c : text)
    if (!is_alphanumeric(c) && !is_one_of(c, "-._:~!$&'()*+,;=%@"))
      return invalid("net/url: invalid userinfo");
  const std::size_t colon = text.find(':');
  Url::User user;
  WEIR_TRY(user.name, unescape(text.substr(0, colon), Part::user));
  if (colon == std::string_view::npos) return user;
  WEIR_TRY(user.password, unescape(text.substr(colon + 1), Part::user));
  return user;
}

// The length of the scheme before its colon; 0 when there is none.
Result<std::size_t> scheme_length(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == ':') {
      if (i == 0) return invalid("missing protocol scheme");
      return i;
    }
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    const bool other = (c >= '0' && c <= '9') || is_one_of(c, "+-.");
    if (!letter && (!other || i == 0)) break;
  }
  return 0u;
}

Result<Url> parse_parts(std::string_view text) {
  if (std::any_of(text.begin(), text.end(), [](char c) { return (c >= 0 && c < ' ') || c == 127; }))
    return invalid("net/url: invalid control character in URL");
  Url url;
  if (text == "*") {
    url.path = "*";
    return url;
  }
  WEIR_TRY(const std::size_t length, scheme_length(text));
  std::string_view rest = length == 0 ? text : text.substr(length + 1);
  for (const char c : text.substr(0, length))
    url.scheme += c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  if (const std::size_t mark = rest.find('?'); mark != std::string_view::npos) {
    url.raw_query = rest.substr(mark + 1);
    rest = rest.substr(0, mark);
  }
  if (!rest.starts_with('/')) {
    if (!url.scheme.empty()) {
      url.opaque = rest;
      return url;
    }
    if (rest.substr(0, rest.find('/')).find(':') != std::string_view::npos)
      return invalid("first path segment in URL cannot contain colon");
  }
  if (rest.starts_with("//") && (!url.scheme.empty() || !rest.starts_with("///"))) {
    const std::size_t slash = std::min(rest.find('/', 2), rest.size());
    const std::string_view authority = rest.substr(2, slash - 2);
    rest = rest.substr(slash);
    const std::size_t at = authority.rfind('@');
    const std::size_t host = at == std::string_view::npos ? 0 : at + 1;
    WEIR_TRY(url.host, parse_host(url.scheme, authority.substr(host)));
    if (at != std::string_view::npos) {
      WEIR_TRY(url.user, parse_user(authority.substr(0, at)));
    }
  }
  WEIR_TRY(url.path, unescape(rest, Part::path));
  return url;
}

}  // namespace

std::string Url::User::to_string() const {
  std::string out = escape(name, Part::user);
  if (password) out.append(":").append(escape(*password, Part::user));
  return out;
}

Result<Url> Url::parse(std::string_view text) {
  const auto in_context = [](std::string_view whole, Error error) {
    return make_error(Code::invalid, joined({"parse ", quoted(whole), ": ", error.message}));
  };
  const std::size_t mark = text.find('#');
  const std::string_view front = text.substr(0, mark);
  auto url = parse_parts(front);
  if (!url.ok()) return in_context(front, std::move(url).error());
  if (mark == std::string_view::npos) return url;
  auto fragment = unescape(text.substr(mark + 1), Part::fragment);
  if (!fragment.ok()) return in_context(text, std::move(fragment).error());
  url->fragment = std::move(*fragment);
  return url;
}

std::string Url::to_string() const {
  std::string out;
  if (!scheme.empty()) out.append(scheme).append(":");
  if (!opaque.empty()) {
    out += opaque;
  } else {
    const bool has_authority = !scheme.empty() || !host.empty() || user.has_value();
    if (has_authority && (!host.empty() || !path.empty() || user)) out += "//";
    if (user) out.append(user->to_string()).append("@");
    out += escape(host, Part::host);
    const std::string escaped = path == "*" ? path : escape(path, Part::path);
    if (!escaped.empty() && escaped[0] != '/' && !host.empty()) out += '/';
    // Else the segment would read as a scheme.
    if (out.empty() && escaped.substr(0, escaped.find('/')).find(':') != std::string::npos)
      out += "./";
    out += escaped;
  }
  if (!raw_query.empty()) out.append("?").append(raw_query);
  if (!fragment.empty()) out.append("#").append(escape(fragment, Part::fragment));
  return out;
}

std::string Url::host_name() const {
  std::string_view name = host;
  const std::size_t colon = name.rfind(':');
  if (colon != std::string_view::npos && is_optional_port(name.substr(colon)))
    name = name.substr(0, colon);
  if (name.size() > 1 && name.starts_with('[') && name.ends_with(']'))
    name = name.substr(1, name.size() - 2);
  return std::string(name);
}

}  // namespace weir::tmpl
