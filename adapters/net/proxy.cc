#include "adapters/net/proxy.hh"

#include <arpa/inet.h>

#include <array>
#include <cctype>
#include <charconv>
#include <cstdlib>

namespace weir::net {

namespace {

std::string environment(const char* upper, const char* lower) {
  const char* value = std::getenv(upper);
  if (value == nullptr || *value == '\0') value = std::getenv(lower);
  return value == nullptr ? "" : value;
}

// An address as 16 bytes, IPv4 mapped into IPv6, so that one prefix test serves both.
std::optional<std::array<unsigned char, 16>> parse_address(const std::string& text) {
  std::array<unsigned char, 16> bytes{};
  if (inet_pton(AF_INET6, text.c_str(), bytes.data()) == 1) return bytes;
  bytes.fill(0);
  bytes[10] = bytes[11] = 0xff;
  if (inet_pton(AF_INET, text.c_str(), bytes.data() + 12) == 1) return bytes;
  return std::nullopt;
}

bool in_network(const std::array<unsigned char, 16>& address, const std::string& network) {
  auto slash = network.find('/');
  auto base = parse_address(network.substr(0, slash));
  if (!base) return false;
  unsigned bits = 128;
  if (slash != std::string::npos) {
    const char* end = network.data() + network.size();
    auto parsed = std::from_chars(network.data() + slash + 1, end, bits);
    if (parsed.ec != std::errc() || parsed.ptr != end) return false;
    if (network.find(':') == std::string::npos) bits += 96;
    if (bits > 128) return false;
  }
  for (unsigned bit = 0; bit < bits; ++bit) {
    auto mask = static_cast<unsigned char>(0x80u >> (bit % 8));
    if (((address[bit / 8] ^ (*base)[bit / 8]) & mask) != 0) return false;
  }
  return true;
}

bool is_loopback(const std::string& host,
                 const std::optional<std::array<unsigned char, 16>>& address) {
  if (host == "localhost") return true;
  return address && (in_network(*address, "127.0.0.0/8") || in_network(*address, "::1"));
}

Result<Url> parse_proxy(std::string_view text) {
  std::string whole(text);
  if (whole.find("://") == std::string::npos) whole = "http://" + whole;
  auto url = parse_url(whole);
  if (!url.ok() || url->scheme != "http") {
    Code code = url.ok() ? Code::unsupported : url.error().code;
    return make_error(
        code, "proxy URL \"" + redact_url(whole) + "\": only http:// proxies are supported");
  }
  return url;
}

}  // namespace

ProxyRules ProxyRules::from_environment() {
  return from_values(environment("HTTP_PROXY", "http_proxy"),
                     environment("HTTPS_PROXY", "https_proxy"),
                     environment("NO_PROXY", "no_proxy"));
}

Result<ProxyRules> ProxyRules::fixed(std::string_view proxy_url) {
  WEIR_TRY(Url url, parse_proxy(proxy_url));
  ProxyRules rules;
  rules.http_ = rules.https_ = proxy_url;
  rules.always_ = true;
  return rules;
}

ProxyRules ProxyRules::from_values(std::string_view http, std::string_view https,
                                   std::string_view none) {
  ProxyRules rules;
  rules.http_ = http;
  rules.https_ = https;
  while (!none.empty()) {
    auto comma = none.find(',');
    std::string entry;
    for (char c : none.substr(0, comma)) {
      auto byte = static_cast<unsigned char>(c);
      if (std::isspace(byte) == 0) entry += static_cast<char>(std::tolower(byte));
    }
    if (!entry.empty()) rules.no_proxy_.push_back(std::move(entry));
    none = comma == std::string_view::npos ? std::string_view() : none.substr(comma + 1);
  }
  return rules;
}

bool ProxyRules::exempt(const Url& url) const {
  auto address = parse_address(url.host);
  if (is_loopback(url.host, address)) return true;
  for (std::string entry : no_proxy_) {
    if (entry == "*") return true;
    if (address) {
      if (entry == url.host_port() || in_network(*address, entry)) return true;
      continue;
    }
    if (auto colon = entry.find(':'); colon != std::string::npos) {
      if (entry.substr(colon + 1) != std::to_string(url.port)) continue;
      entry.resize(colon);
    }
    if (entry.starts_with("*.")) entry.erase(0, 1);
    bool only_below = entry.starts_with('.');
    if (!only_below && entry == url.host) return true;
    if (!only_below) entry.insert(0, ".");
    if (url.host.size() > entry.size() && url.host.ends_with(entry)) return true;
  }
  return false;
}

Result<std::optional<Url>> ProxyRules::pick(const Url& url) const {
  const std::string& text = url.tls() ? https_ : http_;
  if (text.empty() || (!always_ && exempt(url))) return std::optional<Url>();
  WEIR_TRY(Url proxy, parse_proxy(text));
  return std::optional<Url>(std::move(proxy));
}

}  // namespace weir::net
