#include "engine/base/semver.hh"

#include <catch2/catch.hpp>

#include "tests/unit/base/rules_golden.hh"

using namespace weir;
using base::Version;
using base::VersionConstraint;

namespace {
bool in_range(std::string_view range, std::string_view version) {
  return VersionConstraint::parse(range).value().matches(Version::parse(version).value());
}
}  // namespace

TEST_CASE("versions and ranges answer as Masterminds/semver v3 does", "[peer-rules]") {
  std::vector<Version> versions;
  std::size_t checks = 0;
  for (const auto& row : tests::read_rules("semver")) {
    const std::string& text = row.at(1);
    INFO(row[0] << " '" << text << "'");
    if (row[0] == "version") {
      const auto parsed = Version::parse(text);
      CHECK((parsed.ok() ? parsed->to_string() : parsed.error().message) == row.at(3));
      CHECK(parsed.ok() == (row.at(2) == "ok"));
      const auto strict = Version::parse_strict(text);
      CHECK((strict.ok() ? "ok" : strict.error().message) == row.at(4));
    } else if (row[0] == "candidate") {
      versions.push_back(Version::parse(text).value());
    } else if (row[0] == "compare") {
      const Version left = Version::parse(text).value();
      std::string answers;
      for (const Version& right : versions) answers += "<=>"[base::compare(left, right) + 1];
      CHECK(answers == row.at(2));
    } else {
      const auto range = VersionConstraint::parse(text);
      CHECK((range.ok() ? range->to_string() : range.error().message) == row.at(3));
      if (!range.ok()) continue;
      std::string answers;
      for (const Version& version : versions) answers += range->matches(version) ? '1' : '0';
      CHECK(answers == row.at(4));
    }
    ++checks;
  }
  CHECK(checks > 1000);
}

TEST_CASE("a version candidate has three dot parts") {
  CHECK(base::is_version_candidate("1.2.3"));
  CHECK(base::is_version_candidate("v01.2.3-rc.1"));
  CHECK_FALSE(base::is_version_candidate("1.2"));
  CHECK_FALSE(base::is_version_candidate("v1"));
  CHECK_FALSE(base::is_version_candidate("latest"));
}

TEST_CASE("the original spelling of a version is kept") {
  CHECK(Version::parse("v01.2").value().original == "v01.2");
  CHECK(Version::parse("v01.2").value().to_string() == "1.2.0");
}

TEST_CASE("a prerelease needs a range that names one") {
  CHECK_FALSE(in_range(">=1.0.0", "1.1.0-rc.1"));
  CHECK(in_range(">=1.0.0-0", "1.1.0-rc.1"));
  CHECK_FALSE(in_range(">=1.0.0 <2.0.0 || >=3.0.0-0", "1.1.0-rc.1"));
}

TEST_CASE("ranges past their caps are refused") {
  CHECK(VersionConstraint::parse(std::string(513, '1')).error().message ==
        "constraint string is too long (max 512 bytes)");
  std::string many = "1";
  for (int i = 0; i < 32; ++i) many += "||1";
  CHECK(VersionConstraint::parse(many).error().message == "too many constraint groups (max 32)");
  CHECK(Version::parse("1.2.3-" + std::string(251, 'a')).error().code == Code::invalid);
}
