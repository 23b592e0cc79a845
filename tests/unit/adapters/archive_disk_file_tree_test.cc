#include "adapters/archive/disk_file_tree.hh"

#include <catch2/catch.hpp>

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

using namespace weir;
using archive::DiskFileTree;

namespace {

namespace fs = std::filesystem;

struct Folder {
  fs::path root;
  Folder() {
    char name[] = "/tmp/weir-disk-XXXXXX";
    root = fs::path(::mkdtemp(name));
    fs::create_directories(root / "tree/a/b");
    write("tree/a/b/x.yaml", "x");
    write("tree/run.sh", "r");
    fs::permissions(root / "tree/run.sh", fs::perms::owner_all);
    write("outside", "secret");
    fs::create_symlink("a/b/x.yaml", root / "tree/in");
    fs::create_symlink("../run.sh", root / "tree/a/up");
    fs::create_symlink("b/../up", root / "tree/a/chain");
    fs::create_symlink("../outside", root / "tree/out");
    fs::create_symlink((root / "outside").string(), root / "tree/absolute");
    fs::create_symlink("loop", root / "tree/loop");
    fs::create_directory_symlink("..", root / "tree/parent");
    fs::create_symlink("nowhere", root / "tree/dangling");
    REQUIRE(::mkfifo((root / "tree/pipe").c_str(), 0600) == 0);
  }
  ~Folder() { fs::remove_all(root); }
  void write(const std::string& path, const std::string& text) {
    std::ofstream(root / path) << text;
  }
};

}  // namespace

TEST_CASE("a confined disk tree never leaves its root") {
  const Folder folder;
  const auto kernel = DiskFileTree::open((folder.root / "tree").string()).value();
  for (const auto& tree : {kernel, kernel->stepwise()}) {
    for (const char* path :
         {"out", "absolute", "parent/outside", "../outside", "loop", "a/../.."}) {
      INFO(path);
      const auto read = tree->read(path);
      REQUIRE_FALSE(read.ok());
      CHECK(read.error().code == Code::invalid);
      CHECK_FALSE(tree->stat(path));
    }
    CHECK(*tree->read("in").value() == "x");
    CHECK(*tree->read("a/up").value() == "r");
    CHECK(*tree->read("a/chain").value() == "r");
    CHECK(*tree->read("/a/./b//x.yaml").value() == "x");
    CHECK(tree->read("a").error().code == Code::invalid);
    CHECK(tree->read("nope").error().code == Code::not_found);
    CHECK(tree->read("dangling").error().code == Code::not_found);
    CHECK(tree->read("run.sh/x").error().code == Code::not_found);
    CHECK(tree->read("pipe").error().code == Code::invalid);
    CHECK(tree->stat("") == base::EntryType::directory);
    CHECK(tree->stat("a/up") == base::EntryType::file);
    CHECK(tree->list("run.sh").error().code == Code::invalid);
    const auto entries = tree->list(".").value();
    std::string names;
    for (const auto& entry : entries) names += entry.name + (entry.executable ? "* " : " ");
    CHECK(names == "a absolute dangling in loop out parent run.sh* ");
    CHECK(entries[3].type == base::EntryType::symlink);
  }
}

TEST_CASE("an unconfined disk tree takes the command line's paths") {
  const Folder folder;
  const auto tree = DiskFileTree::open_unconfined((folder.root / "tree/a").string()).value();
  CHECK(*tree->read("../../outside").value() == "secret");
  CHECK(*tree->read((folder.root / "outside").string()).value() == "secret");
  CHECK(*tree->read("b/x.yaml").value() == "x");
  CHECK(tree->list("").value().size() == 3);
  const auto entries = tree->list("..").value();
  CHECK(entries.size() == 8);
  CHECK(entries[0].type == base::EntryType::directory);
  CHECK(entries[3].type == base::EntryType::symlink);
  CHECK(entries[7].type == base::EntryType::file);
}

TEST_CASE("a root that is missing or a file is an error") {
  const Folder folder;
  CHECK(DiskFileTree::open((folder.root / "none").string()).error().code == Code::not_found);
  CHECK_FALSE(DiskFileTree::open((folder.root / "outside").string()).ok());
}
