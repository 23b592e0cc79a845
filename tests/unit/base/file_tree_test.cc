#include "engine/base/file_tree.hh"

#include <catch2/catch.hpp>

using namespace weir::base;

TEST_CASE("paths are cleaned and never climb above the root") {
  CHECK(clean_path("a/./b//../c").value() == "a/c");
  CHECK(clean_path("").value() == "");
  CHECK(clean_path(".").value() == "");
  CHECK(clean_path("/a/../b").value() == "/b");
  CHECK_FALSE(clean_path("..").has_value());
  CHECK_FALSE(clean_path("a/../../b").has_value());
  CHECK(join_path("a/b", "../c").value() == "a/c");
  CHECK_FALSE(join_path("a", "../../c").has_value());
  CHECK(parent_path("a/b/c") == "a/b");
  CHECK(parent_path("a") == "");
  CHECK(base_name("a/b") == "b");
}

TEST_CASE("directories of a tree in memory exist because files do") {
  MemoryFileTree tree;
  tree.add("a/b/x.yaml", "x");
  tree.add("a/run.sh", "#!", true);
  CHECK(tree.stat("a/b").value() == EntryType::directory);
  CHECK(tree.stat("a/b/x.yaml").value() == EntryType::file);
  CHECK_FALSE(tree.stat("a/c").has_value());
  CHECK(*tree.read("./a/b/../b/x.yaml").value() == "x");
  const auto entries = tree.list("a").value();
  REQUIRE(entries.size() == 2);
  CHECK(entries[0].name == "b");
  CHECK(entries[1].name == "run.sh");
  CHECK(entries[1].executable);
}

TEST_CASE("reading what is missing, a directory or outside fails with its own code") {
  MemoryFileTree tree;
  tree.add("a/x", "x");
  CHECK(tree.read("a/y").error().code == Code::not_found);
  CHECK(tree.read("a").error().code == Code::invalid);
  CHECK(tree.read("../x").error().code == Code::invalid);
  CHECK(tree.list("b").error().code == Code::not_found);
}
