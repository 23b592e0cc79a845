#include "engine/base/git_revision.hh"

#include <catch2/catch.hpp>

using namespace weir;

TEST_CASE("old forms of a Git revision equal today's") {
  const std::string sha(40, 'a'), other(40, 'b');
  CHECK(base::git_revision("main", sha) == "main@sha1:" + sha);
  CHECK(base::git_revision("", sha) == "sha1:" + sha);
  CHECK(base::same_revision("main/" + sha, "main@sha1:" + sha));
  CHECK(base::same_revision("feature/x/" + sha, "feature/x@sha1:" + sha));
  CHECK(base::same_revision("HEAD/" + sha, "sha1:" + sha));
  CHECK(base::same_revision(sha, "sha1:" + sha));
  CHECK_FALSE(base::same_revision("main/" + sha, "main@sha1:" + other));
  CHECK_FALSE(base::same_revision("main@sha1:" + sha, "refs/heads/main@sha1:" + sha));
  CHECK_FALSE(base::same_revision("", ""));
  CHECK(base::normalize_git_revision("latest@sha256:x/y") == "latest@sha256:x/y");
}
