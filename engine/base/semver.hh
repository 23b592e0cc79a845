// Semantic versions and version ranges with the semantics of Masterminds/semver v3, which Flux and
// Helm use: lenient versions ("v1.2" is 1.2.0), AND by space or comma, OR by "||", = != > < >= <= ~
// ^, hyphen ranges, x/X/* wildcards, and prereleases only where the range itself names one.
//
// Pure values, safe to share between threads. Failures are Code::invalid, worded as the peer words
// them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.hh"

namespace weir::base {

struct Version {
  std::uint64_t major = 0;
  std::uint64_t minor = 0;
  std::uint64_t patch = 0;
  std::string prerelease;  // without its '-'
  std::string metadata;    // without its '+'
  std::string original;    // as it was spelled

  // Lenient: an optional 'v', one to three numbers, leading zeros dropped.
  static Result<Version> parse(std::string_view text);
  // Strict semver 2: three numbers, no 'v', no leading zeros.
  static Result<Version> parse_strict(std::string_view text);
  // "1.2.3-rc.1+build": never a 'v', always three numbers.
  std::string to_string() const;
};

// -1, 0 or 1. Build metadata is ignored; a prerelease is below its release.
int compare(const Version& a, const Version& b);

// True when `text` parts at its dots into three pieces, the last of which may hold more dots: what
// Flux asks of a tag before it takes it for a version. "1.2", "v1" and "latest" are none.
bool is_version_candidate(std::string_view text);

class VersionConstraint {
 public:
  static Result<VersionConstraint> parse(std::string_view text);
  bool matches(const Version& version) const;
  // The range in its parsed form: "1.2 - 1.4" -> ">=1.2 <=1.4".
  std::string to_string() const;

 private:
  struct Term {
    std::string operation;
    std::string original;  // the version part as spelled
    Version version;
    bool minor_dirty = false;  // "1", "1.x": minor and patch are free
    bool patch_dirty = false;  // "1.2", "1.2.x"
    bool dirty = false;        // any wildcard
  };
  struct Group {
    std::vector<Term> terms;  // all must hold
    bool has_prerelease = false;
  };
  static Result<Term> parse_term(std::string_view text);
  static bool check_not_equal(const Version& version, const Term& term);
  static bool check_greater(const Version& version, const Term& term);
  static bool check_less(const Version& version, const Term& term);
  static bool check_greater_equal(const Version& version, const Term& term);
  static bool check_less_equal(const Version& version, const Term& term);
  static bool check_tilde(const Version& version, const Term& term);
  static bool check_equal(const Version& version, const Term& term);
  static bool check_caret(const Version& version, const Term& term);
  static bool check(const Version& version, const Term& term);

  std::vector<Group> groups_;  // any must hold
};

}  // namespace weir::base
