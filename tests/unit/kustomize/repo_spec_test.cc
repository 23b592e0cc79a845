// Rows beginning with "S" or "E" were printed by the parser of kustomize 5.7.1 (api v0.20.1).
#include "engine/kustomize/repo_spec.hh"

#include <catch2/catch.hpp>

using namespace weir;

TEST_CASE("every spelling of a Git URL is taken apart as the real tool does") {
  struct Row {
    std::string_view url, result;  // "S|clone URL|path|ref|submodules|seconds" or "E|text"
  };
  const Row rows[] = {
      {"https://github.com/org/repo", "S|https://github.com/org/repo|||true|27"},
      {"https://github.com/org/repo/a/b?ref=v1", "S|https://github.com/org/repo|a/b|v1|true|27"},
      {"https://github.com/org/repo//a/b?ref=v1&timeout=90s",
       "S|https://github.com/org/repo|a/b|v1|true|90"},
      {"https://github.com/org/repo.git/a?timeout=10",
       "S|https://github.com/org/repo.git|a||true|10"},
      {"https://github.com/org/repo.git?submodules=false",
       "S|https://github.com/org/repo.git|||false|27"},
      {"https://github.com/org/repo?submodules=no", "S|https://github.com/org/repo|||true|27"},
      {"https://github.com/org/repo?version=v2", "S|https://github.com/org/repo||v2|true|27"},
      {"https://github.com/org/repo?ref=a&version=b", "S|https://github.com/org/repo||a|true|27"},
      {"https://github.com/org/repo?depth=1", "S|https://github.com/org/repo|||true|27"},
      {"https://github.com/org/repo?ref=a%2Fb", "S|https://github.com/org/repo||a/b|true|27"},
      {"https://github.com/org/repo?ref=a;b", "S|https://github.com/org/repo|||true|27"},
      {"https://github.com/org/repo?timeout=-1", "S|https://github.com/org/repo|||true|27"},
      {"https://github.com/org/repo?timeout=abc", "S|https://github.com/org/repo|||true|27"},
      {"https://github.com/org/repo?timeout=1m30s", "S|https://github.com/org/repo|||true|90"},
      {"https://github.com/org", "E|failed to parse repo path segment"},
      {"https://github.com/org/repo//../x", "E|url path exits repo: org/repo//../x"},
      {"HTTPS://GitHub.com/org/repo", "S|https://github.com/org/repo|||true|27"},
      {"http://host.xz:8080/org/repo/x", "S|http://host.xz:8080/org/repo|x||true|27"},
      {"https://user:pw@host.xz/org/repo", "S|https://user:pw@host.xz/org/repo|||true|27"},
      {"github.com/org/repo/x", "S|https://github.com/org/repo|x||true|27"},
      {"github.com:org/repo", "S|https://github.com/org/repo|||true|27"},
      {"git@github.com/org/repo", "S|git@github.com:org/repo|||true|27"},
      {"git@github.com:org/repo.git//deep", "S|git@github.com:org/repo.git|deep||true|27"},
      {"ssh://git@github.com/org/repo", "S|git@github.com:org/repo|||true|27"},
      {"ssh://git@host.xz:7999/org/repo.git/k", "S|ssh://git@host.xz:7999/org/repo.git|k||true|27"},
      {"org-123@host.xz:org/repo", "S|org-123@host.xz:org/repo|||true|27"},
      {"1a@host.xz:org/repo", "E|failed to parse scheme"},
      {"git@host.xz/org/repo", "S|git@host.xz/org/repo|||true|27"},
      {"git::https://gitlab.com/a/b/c.git?ref=m", "S|https://gitlab.com/a/b/c.git||m|true|27"},
      {"git::git@host.xz:a/b", "S|git@host.xz:a/b|||true|27"},
      {"git::../local", "E|failed to parse scheme"},
      {"https://dev.azure.com/o/p/_git/repo/k/l?ref=r",
       "S|https://dev.azure.com/o/p/_git/repo|k/l|r|true|27"},
      {"https://o.visualstudio.com/p/_git/repo",
       "S|https://o.visualstudio.com/p/_git/repo|||true|27"},
      {"file:///srv/repo", "S|file:///srv/repo|||true|27"},
      {"file:///srv/repo//k", "S|file:///srv/repo|k||true|27"},
      {"file:///srv/repo.git/k", "S|file:///srv/repo.git|k||true|27"},
      {"host.xz/org/repo", "E|failed to parse scheme"},
      {"../base", "E|failed to parse scheme"},
      {"base", "E|failed to parse scheme"},
      {"/abs/path", "E|uri looks like abs path: /abs/path"},
      {"git://host/org/repo", "E|failed to parse scheme"},
      {"https://", "E|failed to parse host segment"},
      {"ssh://git@", "E|failed to parse host segment"},
      {"https://host/org/repo//", "S|https://host/org/repo|||true|27"},
      {"https://host/a//b//c", "S|https://host/a|b//c||true|27"},
  };
  for (const Row& row : rows) {
    INFO(row.url);
    const auto spec = kustomize::parse_repo_url(row.url);
    if (!spec.ok()) {
      CHECK("E|" + spec.error().message == row.result);
      continue;
    }
    CHECK("S|" + spec->clone_url + "|" + spec->path + "|" + spec->ref + "|" +
              (spec->submodules ? "true" : "false") + "|" + std::to_string(spec->timeout_s) ==
          row.result);
  }
}

TEST_CASE("what could be a secret leaves a URL, a plain SSH user does not") {
  CHECK(kustomize::mask_userinfo("https://token@host/org/repo") == "https://host/org/repo");
  CHECK(kustomize::mask_userinfo("https://me:pw@host/o/r?ref=a@b") == "https://host/o/r?ref=a@b");
  CHECK(kustomize::mask_userinfo("ssh://git@host/o/r") == "ssh://git@host/o/r");
  CHECK(kustomize::mask_userinfo("ssh://me:pw@host/o/r") == "ssh://host/o/r");
  CHECK(kustomize::mask_userinfo("git@host:o/r") == "git@host:o/r");
  CHECK(kustomize::mask_userinfo("../base") == "../base");
}
