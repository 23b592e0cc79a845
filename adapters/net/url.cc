#include "adapters/net/url.hh"

#include <algorithm>
#include <cctype>
#include <charconv>

namespace weir::net {

namespace {

bool is_unreserved(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '.' || c == '_' ||
         c == '~';
}

bool has_unsafe(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) {
    auto byte = static_cast<unsigned char>(c);
    return byte <= 0x20 || byte == 0x7f;
  });
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

// Bytes above 0x7f are legal in what people write; on the wire they travel escaped.
std::string escape_non_ascii(std::string_view text) {
  static constexpr char digits[] = "0123456789ABCDEF";
  std::string out;
  out.reserve(text.size());
  for (char c : text) {
    auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) {
      out += c;
      continue;
    }
    out += '%';
    out += digits[byte >> 4];
    out += digits[byte & 15];
  }
  return out;
}

Result<void> parse_host(std::string_view text, Url& url) {
  std::string_view port;
  if (!text.empty() && text.front() == '[') {
    auto close = text.find(']');
    if (close == std::string_view::npos) return make_error(Code::invalid, "missing ']' in host");
    url.host = lower(text.substr(1, close - 1));
    bool numeric = std::all_of(url.host.begin(), url.host.end(), [](char c) {
      return std::isxdigit(static_cast<unsigned char>(c)) != 0 || c == ':' || c == '.';
    });
    if (url.host.empty() || !numeric)
      return make_error(Code::invalid, "invalid IPv6 address in host");
    port = text.substr(close + 1);
    if (!port.empty() && port.front() != ':') return make_error(Code::invalid, "invalid port");
  } else {
    auto colon = text.find(':');
    url.host = lower(text.substr(0, colon));
    if (url.host.empty()) return make_error(Code::invalid, "no host");
    if (!std::all_of(url.host.begin(), url.host.end(), is_unreserved)) {
      return make_error(Code::invalid, "invalid character in host name");
    }
    if (colon != std::string_view::npos) port = text.substr(colon);
  }
  url.port = url.tls() ? 443 : 80;
  if (port.size() <= 1) return {};
  port.remove_prefix(1);
  unsigned number = 0;
  auto parsed = std::from_chars(port.data(), port.data() + port.size(), number);
  if (parsed.ec != std::errc() || parsed.ptr != port.data() + port.size() || number == 0 ||
      number > 65535) {
    return make_error(Code::invalid, "invalid port");
  }
  url.port = static_cast<std::uint16_t>(number);
  return {};
}

// Removes "." and ".." segments (RFC 3986, 5.2.4).
std::string remove_dots(std::string_view path) {
  std::string out;
  while (!path.empty()) {
    auto slash = path.find('/', 1);
    std::string_view segment = path.substr(0, slash);
    path = slash == std::string_view::npos ? std::string_view() : path.substr(slash);
    if (segment == "/." || segment == "/..") {
      if (segment == "/..") out.erase(std::min(out.size(), out.rfind('/')));
      if (path.empty()) out += '/';
      continue;
    }
    out += segment;
  }
  return out.empty() ? "/" : out;
}

}  // namespace

std::string Url::authority() const {
  std::string out = host.find(':') == std::string::npos ? host : "[" + host + "]";
  if (port != (tls() ? 443 : 80)) out += ":" + std::to_string(port);
  return out;
}

std::string Url::host_port() const {
  return (host.find(':') == std::string::npos ? host : "[" + host + "]") + ":" +
         std::to_string(port);
}

std::string Url::target() const { return query.empty() ? path : path + "?" + query; }

std::pair<std::string, std::string> Url::login() const {
  const std::size_t colon = userinfo.find(':');
  if (colon == std::string::npos) return {unescape(userinfo), ""};
  return {unescape(userinfo.substr(0, colon)), unescape(userinfo.substr(colon + 1))};
}

std::string Url::to_string() const { return scheme + "://" + authority() + target(); }

Result<Url> parse_url(std::string_view text) {
  if (has_unsafe(text))
    return make_error(Code::invalid, "invalid URL: space or control character in it");
  auto scheme_end = text.find("://");
  if (scheme_end == std::string_view::npos)
    return make_error(Code::invalid, "invalid URL: no scheme");
  Url url;
  url.scheme = lower(text.substr(0, scheme_end));
  if (url.scheme != "http" && url.scheme != "https") {
    return make_error(Code::unsupported, "unsupported protocol scheme \"" + url.scheme + "\"");
  }
  text.remove_prefix(scheme_end + 3);
  text = text.substr(0, text.find('#'));
  auto authority_end = text.find_first_of("/?");
  std::string_view authority = text.substr(0, authority_end);
  text = authority_end == std::string_view::npos ? std::string_view() : text.substr(authority_end);
  if (auto at = authority.rfind('@'); at != std::string_view::npos) {
    url.userinfo = authority.substr(0, at);
    authority.remove_prefix(at + 1);
  }
  WEIR_CHECK(parse_host(authority, url).with_context("invalid URL"));
  auto question = text.find('?');
  url.path = escape_non_ascii(text.substr(0, question));
  if (url.path.empty()) url.path = "/";
  if (question != std::string_view::npos) url.query = escape_non_ascii(text.substr(question + 1));
  return url;
}

Result<Url> resolve_url(const Url& base, std::string_view reference) {
  if (has_unsafe(reference))
    return make_error(Code::invalid, "invalid URL: space or control character in it");
  reference = reference.substr(0, reference.find('#'));
  if (reference.starts_with("//")) return parse_url(base.scheme + ":" + std::string(reference));
  auto colon = reference.find(':');
  if (colon != std::string_view::npos && colon < reference.find_first_of("/?"))
    return parse_url(reference);
  Url url = base;
  auto question = reference.find('?');
  std::string_view path = reference.substr(0, question);
  if (path.empty() && question == std::string_view::npos) return url;
  url.query =
      question == std::string_view::npos ? "" : escape_non_ascii(reference.substr(question + 1));
  if (path.empty()) return url;
  std::string whole(path);
  if (path.front() != '/') whole = base.path.substr(0, base.path.rfind('/') + 1) + whole;
  url.path = escape_non_ascii(remove_dots(whole));
  return url;
}

std::string escape_query(std::string_view text) {
  static constexpr char digits[] = "0123456789ABCDEF";
  std::string out;
  out.reserve(text.size());
  for (char c : text) {
    if (is_unreserved(c)) {
      out += c;
      continue;
    }
    auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += digits[byte >> 4];
    out += digits[byte & 15];
  }
  return out;
}

std::string escape_path_segment(std::string_view text) { return escape_query(text); }

std::string unescape(std::string_view text) {
  auto digit = [](char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
  };
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && digit(text[i + 1]) >= 0 &&
        digit(text[i + 2]) >= 0) {
      out += static_cast<char>(digit(text[i + 1]) * 16 + digit(text[i + 2]));
      i += 2;
      continue;
    }
    out += text[i];
  }
  return out;
}

std::string redact_url(std::string_view text) {
  text = text.substr(0, text.find_first_of("?#"));
  auto scheme_end = text.find("://");
  if (scheme_end == std::string_view::npos) return std::string(text);
  std::string_view rest = text.substr(scheme_end + 3);
  auto at = rest.substr(0, rest.find('/')).rfind('@');
  if (at != std::string_view::npos) rest.remove_prefix(at + 1);
  return std::string(text.substr(0, scheme_end + 3)) + std::string(rest);
}

}  // namespace weir::net
