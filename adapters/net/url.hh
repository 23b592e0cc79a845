// URLs as the HTTP client needs them: http and https, split, checked and put together again.
//
// Pure functions. parse_url() refuses what could smuggle a second request or header into the first
// (spaces, control characters, odd host characters), so a Url can be written to the wire as it
// stands.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "engine/base/result.hh"

namespace weir::net {

struct Url {
  std::string scheme;      // "http" or "https", lower case
  std::string userinfo;    // "user:password", still escaped; never printed
  std::string host;        // lower case; an IPv6 address has no brackets
  std::uint16_t port = 0;  // always set: 80 or 443 when the text names none
  std::string path;        // begins with '/'
  std::string query;       // without '?'

  bool tls() const { return scheme == "https"; }
  // "example.com", "example.com:8443", "[::1]:6443": the Host header.
  std::string authority() const;
  // "example.com:443", "[::1]:6443": always with the port, as CONNECT and dial errors have it.
  std::string host_port() const;
  // "/path?query".
  std::string target() const;
  // Name and password of the userinfo, unescaped; never printed.
  std::pair<std::string, std::string> login() const;
  // The whole URL without userinfo.
  std::string to_string() const;
};

// Errors: invalid (text names the fault, never the userinfo); unsupported for other schemes.
Result<Url> parse_url(std::string_view text);

// A redirect's Location, relative to `base`: absolute, "//host/x", "/x", "x" or "?q". A fragment is
// dropped.
Result<Url> resolve_url(const Url& base, std::string_view reference);

// Everything outside [A-Za-z0-9-._~] as %XX.
std::string escape_query(std::string_view text);
// As escape_query; '/' in a segment is escaped too.
std::string escape_path_segment(std::string_view text);
// "%41b" -> "Ab"; malformed escapes stay as they are.
std::string unescape(std::string_view text);

// For error texts and logs: userinfo and query removed (presigned URLs carry secrets there). Takes
// any text.
std::string redact_url(std::string_view text);

}  // namespace weir::net
