#include "engine/base/glob.hh"

#include <catch2/catch.hpp>

#include "tests/unit/base/rules_golden.hh"

using namespace weir;

namespace {
std::string answer(const Result<bool>& matched) {
  return !matched ? matched.error().message : matched.value() ? "yes" : "no";
}
}  // namespace

TEST_CASE("globs answer as Go's filepath.Match and path.Match do", "[peer-rules]") {
  std::size_t checks = 0;
  for (const auto& row : tests::read_rules("glob")) {
    INFO("pattern " << row.at(0) << " name " << row.at(1));
    const std::string pattern = tests::unquote(row[0]), name = tests::unquote(row[1]);
    CHECK(answer(base::glob_match(pattern, name)) == row.at(2));
    CHECK(answer(base::path_match(pattern, name)) == row.at(3));
    ++checks;
  }
  CHECK(checks > 1000);
}

TEST_CASE("a star stops at a slash, a class does not") {
  CHECK(base::glob_match("*.yaml", "a.yaml").value());
  CHECK_FALSE(base::glob_match("*.yaml", "a/b.yaml").value());
  CHECK(base::glob_match("a[^x]b", "a/b").value());
  CHECK(base::glob_match("\\*", "*").value());
  CHECK_FALSE(base::glob_match("[a", "a").ok());
}
