// The known_hosts text of an SSH Secret: which keys a host may show. Plain, hashed (|1|salt|hash),
// wildcard and negated names; @revoked and @cert-authority lines. Immutable; safe to share between
// threads.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.hh"

namespace weir::git {

class KnownHosts {
 public:
  // Errors: invalid (a line that cannot be read, named by its number).
  static Result<KnownHosts> parse(std::string_view text);

  // Errors: forbidden, worded as Go's: "knownhosts: key is unknown", "knownhosts: key mismatch",
  // "knownhosts: key is revoked". `key` is the raw key in SSH's wire form.
  Result<void> check(std::string_view host, std::string_view port, std::string_view key) const;
  // The key types ("ssh-ed25519") on record for the host, in the order of the text, without
  // repeats.
  std::vector<std::string> key_types(std::string_view host, std::string_view port) const;

 private:
  struct Line {
    std::string hosts;  // the first field as written
    std::string type;
    std::string key;    // wire form
    bool revoked = false;
  };
  static bool names(const Line& line, const std::string& address);

  std::vector<Line> lines_;
};

}  // namespace weir::git
