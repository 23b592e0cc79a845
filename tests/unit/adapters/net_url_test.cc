#include <catch2/catch.hpp>

#include "adapters/net/proxy.hh"
#include "adapters/net/url.hh"

using namespace weir;
using namespace weir::net;

namespace {

Url parsed(std::string_view text) {
  auto url = parse_url(text);
  INFO(text);
  REQUIRE(url.ok());
  return std::move(url).value();
}

std::string resolved(std::string_view base, std::string_view reference) {
  auto url = resolve_url(parsed(base), reference);
  return url.ok() ? url->to_string() : url.error().message;
}

bool proxied(const ProxyRules& rules, std::string_view url) {
  auto picked = rules.pick(parsed(url));
  REQUIRE(picked.ok());
  return picked->has_value();
}

}  // namespace

TEST_CASE("a URL is split into what a request needs") {
  Url url = parsed("HTTPS://User:Pw@Example.COM:8443/a/b?c=d#e");
  CHECK(url.scheme == "https");
  CHECK(url.userinfo == "User:Pw");
  CHECK(url.host == "example.com");
  CHECK(url.port == 8443);
  CHECK(url.target() == "/a/b?c=d");
  CHECK(url.to_string() == "https://example.com:8443/a/b?c=d");
  Url v6 = parsed("http://[::1]:80");
  CHECK(v6.host == "::1");
  CHECK(v6.authority() == "[::1]");
  CHECK(v6.host_port() == "[::1]:80");
  CHECK(v6.target() == "/");
}

TEST_CASE("a URL that could smuggle or mislead is refused") {
  for (const char* text : {"", "example.com", "http://", "http://a b/", "http://a/\r\nX: y",
                           "http://a:0/", "http://a:99999/", "http://a:8x/", "http://[::1",
                           "http://[zz]/", "http://ex%61mple.com/", "http://a\\b/"}) {
    INFO(text);
    CHECK_FALSE(parse_url(text).ok());
  }
  CHECK(parse_url("ftp://a/").error().code == Code::unsupported);
}

TEST_CASE("redirect targets resolve against the URL they came from") {
  CHECK(resolved("https://h/a/b?q", "c") == "https://h/a/c");
  CHECK(resolved("https://h/a/b?q", "/c?d") == "https://h/c?d");
  CHECK(resolved("https://h/a/b?q", "?z") == "https://h/a/b?z");
  CHECK(resolved("https://h/a/b/", "../../../c") == "https://h/c");
  CHECK(resolved("https://h/a/b", "./") == "https://h/a/");
  CHECK(resolved("https://h/a", "//other/x") == "https://other/x");
  CHECK(resolved("https://h/a", "http://other:81/x#f") == "http://other:81/x");
}

TEST_CASE("error texts lose userinfo and query") {
  CHECK(redact_url("https://u:p@h:1/x?t=s#f") == "https://h:1/x");
  CHECK(redact_url("http://h/a@b") == "http://h/a@b");
}

TEST_CASE("escapes cover all but unreserved characters") {
  CHECK(escape_query("a=b/c d~_-.") == "a%3Db%2Fc%20d~_-.");
  CHECK(unescape("a%3Db%2fc%") == "a=b/c%");
}

TEST_CASE("NO_PROXY exempts names, their subdomains, addresses and networks") {
  auto rules =
      ProxyRules::from_values("http://proxy:3128", "proxy:3129",
                              "example.com, .only.sub, 10.0.0.0/8,[::2],host:8080,192.168.1.1");
  CHECK(proxied(rules, "http://other.com"));
  CHECK(proxied(rules, "https://other.com"));
  CHECK_FALSE(proxied(rules, "http://example.com"));
  CHECK_FALSE(proxied(rules, "http://a.example.com"));
  CHECK(proxied(rules, "http://anexample.com"));
  CHECK(proxied(rules, "http://only.sub"));
  CHECK_FALSE(proxied(rules, "http://x.only.sub"));
  CHECK_FALSE(proxied(rules, "http://10.2.3.4"));
  CHECK(proxied(rules, "http://11.2.3.4"));
  CHECK_FALSE(proxied(rules, "http://192.168.1.1:9000"));
  CHECK_FALSE(proxied(rules, "http://host:8080"));
  CHECK(proxied(rules, "http://host:8081"));
  CHECK_FALSE(proxied(rules, "http://localhost"));
  CHECK_FALSE(proxied(rules, "http://127.0.0.9"));
  CHECK_FALSE(proxied(rules, "http://[::1]"));
  CHECK_FALSE(proxied(ProxyRules::from_values("p", "p", "*"), "http://anything"));
  CHECK_FALSE(proxied(ProxyRules::from_values("", "p", ""), "http://anything"));
}

TEST_CASE("a proxy of an unknown kind is refused, without its password") {
  auto rules = ProxyRules::fixed("socks5://u:secret@p");
  REQUIRE_FALSE(rules.ok());
  CHECK(rules.error().message.find("secret") == std::string::npos);
}
