#include "engine/base/ignore_rules.hh"

#include <catch2/catch.hpp>

#include "tests/unit/base/rules_golden.hh"

using namespace weir;
using base::IgnoreRules;
using base::MemoryFileTree;

namespace {
struct Case {
  const char* claim;
  std::vector<std::pair<const char*, const char*>> ignore_files;
  std::optional<std::string_view> spec_ignore;
  std::vector<const char*> excluded, kept;  // a trailing '/' marks a directory
};

bool is_excluded(const IgnoreRules& rules, std::string_view path) {
  const bool directory = path.ends_with('/');
  if (directory) path.remove_suffix(1);
  return rules.excluded(path, directory);
}
}  // namespace

TEST_CASE("ignore rules answer as Flux's sourceignore does", "[peer-rules]") {
  std::size_t checks = 0;
  for (const auto& row : tests::read_rules("ignore")) {
    MemoryFileTree tree;
    for (const std::string& file : tests::split_fields(row.at(1), ';')) {
      const std::size_t equals = file.find("\"=\"");
      if (equals == std::string::npos) continue;
      tree.add(tests::unquote(file.substr(0, equals + 1)) + "/.sourceignore",
               tests::unquote(file.substr(equals + 2)));
    }
    const std::string spec = tests::unquote(row.at(0));
    const auto rules = IgnoreRules::load(
        tree, row[0] == "none" ? std::nullopt : std::optional<std::string_view>(spec));
    REQUIRE(rules.ok());
    for (std::size_t i = 2; i < row.size(); ++i) {
      INFO("spec " << row[0] << " files " << row[1] << " path " << row[i]);
      CHECK(rules->excluded(row[i].substr(2), row[i][0] == 'd') == (row[i][1] == 'x'));
      ++checks;
    }
  }
  CHECK(checks > 1000);
}

TEST_CASE("each sentence of the ignore rules holds") {
  const std::vector<Case> cases = {
      {"the VCS set always applies", {{".sourceignore", "x"}}, "y",
       {".git/", ".git/config", ".gitignore", "a/.gitmodules", ".gitattributes"}, {"a.png"}},
      {"the default set applies when there is no pattern", {}, std::nullopt,
       {"a.png", "d/b.jpg", "c.tar.gz", ".github/", ".github/x", "a/.flux.yaml", ".sops.yaml"},
       {"b.yaml", "deploy/"}},
      {"one pattern anywhere switches the default set off", {{"deep/dir/.sourceignore", "x"}},
       std::nullopt, {"deep/dir/x"}, {"a.png", ".github/", "x"}},
      {"comments and blank lines are no patterns", {{".sourceignore", "# a\n\n   \n"}}, "",
       {"a.png"}, {"b.yaml"}},
      {"a file is scoped to its directory", {{"apps/.sourceignore", "*.md"}}, std::nullopt,
       {"apps/a.md", "apps/x/b.md"}, {"a.md"}},
      {"spec.ignore comes last and re-includes", {{".sourceignore", "*.md"}}, "!keep.md",
       {"a.md"}, {"keep.md"}},
      {"negation works below an excluded directory", {}, "/*\n!/deploy", {"a", "x/"},
       {"deploy/", "deploy/a/b.yaml"}},
      {"a pattern without a slash matches any component", {}, "vendor",
       {"vendor/", "a/vendor/b", "vendor"}, {"vendors"}},
      {"a pattern of a directory covers what is below, not a file of that name", {}, "build/",
       {"build/", "build/a/b"}, {"build"}},
      {"a '#' starts a comment only in column 0", {}, " #a\n", {}, {"#a"}},
      {"trailing spaces are dropped", {}, "a.md   \n", {"a.md"}, {}},
      {"the last pattern wins", {}, "*.md\n!a.md\na.md", {"a.md", "b.md"}, {}},
  };
  for (const Case& test : cases) {
    MemoryFileTree tree;
    for (const auto& [path, text] : test.ignore_files) tree.add(path, std::string(text));
    const auto rules = IgnoreRules::load(tree, test.spec_ignore);
    REQUIRE(rules.ok());
    for (const char* path : test.excluded) {
      INFO(test.claim << ": " << path);
      CHECK(is_excluded(*rules, path));
    }
    for (const char* path : test.kept) {
      INFO(test.claim << ": " << path);
      CHECK_FALSE(is_excluded(*rules, path));
    }
  }
}

TEST_CASE("a directory in the place of an ignore file is an error with the contract's reason") {
  MemoryFileTree tree;
  tree.add(".sourceignore/a", std::string("x"));
  const auto rules = IgnoreRules::load(tree, std::nullopt);
  REQUIRE_FALSE(rules.ok());
  CHECK(rules.error().reason == "SourceIgnoreError");
}

TEST_CASE("bare patterns bring no built-in set") {
  const IgnoreRules rules = IgnoreRules::from_patterns("*.md");
  CHECK(rules.excluded("a.md", false));
  CHECK_FALSE(rules.excluded(".git", true));
}
