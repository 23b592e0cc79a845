#include "store/artifacts.hh"

#include <catch2/catch.hpp>

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

using namespace weir;
using base::MemoryFileTree;

namespace {

namespace fs = std::filesystem;
constexpr base::TimeUs second = 1'000'000;

struct FakeClock final : base::Clock {
  base::TimeUs time = 1'700'000'000 * second;
  base::TimeUs now() const override { return time; }
  std::chrono::microseconds monotonic() const override { return std::chrono::microseconds(time); }
};

struct Folder {
  fs::path root;
  Folder() {
    char name[] = "/tmp/weir-artifacts-XXXXXX";
    root = fs::path(::mkdtemp(name));
  }
  ~Folder() { fs::remove_all(root); }
};

MemoryFileTree sample(const std::string& text = "a") {
  MemoryFileTree tree;
  tree.add("deploy/a.yaml", text);
  tree.add("pic.png", std::string("png"));
  tree.add(".git/config", std::string("c"));
  return tree;
}

// Both stores, under one clock.
struct Stores {
  Folder folder;
  FakeClock clock;
  std::unique_ptr<store::DiskArtifacts> disk =
      store::DiskArtifacts::open(
          {(folder.root / "data").string(), "weir.flux-system.svc.", 64 << 20}, clock)
          .value();
  store::MemoryArtifacts memory{"weir.flux-system.svc.", clock};
  std::vector<reconcile::ArtifactPort*> all{disk.get(), &memory};

  fs::path file(const std::string& path) const { return folder.root / "data" / path; }
};

reconcile::StoredArtifact put(reconcile::ArtifactPort& port, const std::string& file,
                              const MemoryFileTree& tree = sample(),
                              std::optional<std::string_view> ignore = std::nullopt) {
  return port.store("GitRepository", "ns", "app", file, tree, ignore).value();
}

}  // namespace

TEST_CASE("a stored artifact has the contract's path, URL and digest, and opens to its files") {
  Stores stores;
  for (auto* port : stores.all) {
    const auto stored = put(*port, "abc.tar.gz");
    CHECK(stored.path == "gitrepository/ns/app/abc.tar.gz");
    CHECK(port->url(stored.path) ==
          "http://weir.flux-system.svc./gitrepository/ns/app/abc.tar.gz");
    CHECK(stored.time == stores.clock.time);
    CHECK(port->exists(stored.path, stored.digest));
    CHECK_FALSE(port->exists(stored.path, "sha256:" + std::string(64, '0')));
    const auto tree = port->open(stored.path, stored.digest).value();
    CHECK(*tree->read("deploy/a.yaml").value() == "a");
    CHECK_FALSE(tree->stat("pic.png"));
    CHECK_FALSE(tree->stat(".git"));
    CHECK(port->read(stored.path, stored.digest).value()->size() ==
          static_cast<std::size_t>(stored.size));
    CHECK(port->open("gitrepository/ns/app/none.tar.gz", "").error().code == Code::not_found);
  }
  CHECK(put(*stores.disk, "x.tar.gz").digest == put(stores.memory, "x.tar.gz").digest);
}

TEST_CASE("the same tree and rules are not written again, other rules are") {
  Stores stores;
  for (auto* port : stores.all) {
    const auto first = put(*port, "abc.tar.gz");
    stores.clock.time += 5 * second;
    const auto again = put(*port, "abc.tar.gz");
    CHECK(again.digest == first.digest);
    CHECK(again.time == first.time);
    const auto other = put(*port, "abc.tar.gz", sample(), "/nothing");
    CHECK(other.digest != first.digest);
    CHECK(other.time == stores.clock.time);
    CHECK(port->open(other.path, other.digest).value()->stat("pic.png").has_value());
    CHECK_FALSE(port->open(first.path, first.digest).ok());
  }
}

TEST_CASE("what was just stored opens from memory") {
  Stores stores;
  const MemoryFileTree tree = sample();
  const auto stored = put(*stores.disk, "abc.tar.gz", tree);
  const auto opened = stores.disk->open(stored.path, stored.digest).value();
  CHECK(opened->read("deploy/a.yaml").value() == tree.read("deploy/a.yaml").value());
}

TEST_CASE("files on disk are private, whole and without leftovers") {
  Stores stores;
  const auto stored = put(*stores.disk, "abc.tar.gz");
  struct ::stat status {};
  REQUIRE(::stat(stores.file(stored.path).c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
  REQUIRE(::stat(stores.file("gitrepository/ns").c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0700);
  CHECK(std::distance(fs::directory_iterator(stores.file("gitrepository/ns/app")),
                      fs::directory_iterator()) == 1);
}

TEST_CASE("a missing or rotten file is noticed") {
  Stores stores;
  const auto stored = put(*stores.disk, "abc.tar.gz");
  std::fstream(stores.file(stored.path), std::ios::in | std::ios::out).put('x');
  CHECK_FALSE(stores.disk->exists(stored.path, stored.digest));
  CHECK(stores.disk->open(stored.path, stored.digest).error().code == Code::corrupt);
  CHECK(put(*stores.disk, "abc.tar.gz").digest == stored.digest);
  CHECK(stores.disk->exists(stored.path, stored.digest));
  fs::remove(stores.file(stored.path));
  CHECK_FALSE(stores.disk->exists(stored.path, stored.digest));

  const auto kept = put(stores.memory, "abc.tar.gz");
  stores.memory.damage(kept.path, "rot");
  CHECK_FALSE(stores.memory.exists(kept.path, kept.digest));
  stores.memory.damage(kept.path, std::nullopt);
  CHECK(stores.memory.open(kept.path, "").error().code == Code::not_found);
}

TEST_CASE("a restarted store opens what its predecessor wrote") {
  Stores stores;
  const auto stored = put(*stores.disk, "abc.tar.gz");
  const std::string root = (stores.folder.root / "data").string();
  const auto again = store::DiskArtifacts::open({root, "a", 0}, stores.clock).value();
  CHECK(*again->open(stored.path, stored.digest).value()->read("deploy/a.yaml").value() == "a");
  CHECK(again->url("p") == "http://a/p");
}

TEST_CASE("collection keeps the current file, drops the old, and caps the rest") {
  Stores stores;
  const base::Duration ttl = std::chrono::seconds(60);
  for (auto* port : stores.all) {
    for (const char* file : {"1", "2", "3", "4"}) {
      put(*port, std::string(file) + ".tar.gz", sample(file));
      stores.clock.time += 10 * second;
    }
    const auto collect = [&](const char* current) {
      return port->collect("GitRepository", "ns", "app", current, ttl, 2).value();
    };
    CHECK(collect("gitrepository/ns/app/1.tar.gz") ==
          std::vector<std::string>{"gitrepository/ns/app/2.tar.gz",
                                   "gitrepository/ns/app/3.tar.gz"});
    CHECK(collect("4.tar.gz").empty());
    stores.clock.time += 70 * second;
    CHECK(collect("4.tar.gz") == std::vector<std::string>{"gitrepository/ns/app/1.tar.gz"});
    CHECK(collect("4.tar.gz").empty());
    CHECK(port->collect("GitRepository", "ns", "none", "x", ttl, 2).value().empty());
    REQUIRE(port->remove_all("GitRepository", "ns", "app").ok());
    CHECK_FALSE(port->exists("gitrepository/ns/app/4.tar.gz", ""));
    CHECK(port->remove_all("GitRepository", "ns", "app").ok());
  }
}

TEST_CASE("raw bytes are kept as they are") {
  Stores stores;
  for (auto* port : stores.all) {
    const auto stored = port->store_bytes("HelmChart", "ns", "c", "c-1.0.0+1.tgz", "bytes").value();
    CHECK(stored.path == "helmchart/ns/c/c-1.0.0+1.tgz");
    CHECK(*port->read(stored.path, stored.digest).value() == "bytes");
    CHECK(port->read(stored.path, "sha256:00").error().code == Code::corrupt);
    CHECK(port->open(stored.path, "").error().code == Code::invalid);
  }
}

TEST_CASE("no name leads out of the store") {
  Stores stores;
  std::ofstream(stores.folder.root / "secret") << "s";
  for (auto* port : stores.all) {
    for (const char* bad : {"", "..", ".", "a/b", ".hidden", "a\\b"}) {
      CHECK_FALSE(port->store_bytes("GitRepository", bad, "app", "f", "x").ok());
      CHECK_FALSE(port->store_bytes("GitRepository", "ns", "app", bad, "x").ok());
      CHECK_FALSE(port->remove_all("GitRepository", "ns", bad).ok());
    }
    CHECK_FALSE(port->read("../secret", "").ok());
    CHECK_FALSE(port->read("a/b/../../../secret", "").ok());
  }
}

TEST_CASE("served paths are files and folders of the store and nothing else") {
  Stores stores;
  const auto stored = put(*stores.disk, "abc.tar.gz");
  std::ofstream(stores.folder.root / "secret") << "s";
  fs::create_symlink(stores.folder.root / "secret", stores.file("gitrepository/ns/app/link"));
  std::ofstream(stores.file("gitrepository/ns/app/.tmp-1-1")) << "t";
  CHECK(stores.disk->resolve("/" + stored.path).value().file == stores.file(stored.path).string());
  CHECK_FALSE(stores.disk->resolve(stored.path).value().directory);
  CHECK(stores.disk->resolve("/").value().directory);
  CHECK(stores.disk->resolve("/gitrepository/ns/").value().directory);
  for (const char* bad : {"/../secret", "/gitrepository/../../secret", "/gitrepository/ns/app/link",
                          "/gitrepository/ns/app/.tmp-1-1", "/nope", "//gitrepository//ns",
                          "/gitrepository/ns/app/abc.tar.gz/x"}) {
    INFO(bad);
    CHECK(stores.disk->resolve(bad).error().code == Code::not_found);
  }
}

TEST_CASE("the tree cache forgets the least recently used beyond its bytes") {
  store::TreeCache cache(100);
  const auto tree = std::make_shared<const MemoryFileTree>();
  cache.add("a", "1", tree, 40);
  cache.add("b", "1", tree, 40);
  CHECK(cache.find("a", "1"));
  cache.add("c", "1", tree, 40);
  CHECK(cache.find("a", ""));
  CHECK_FALSE(cache.find("b", ""));
  CHECK_FALSE(cache.find("a", "2"));
  cache.add("huge", "1", tree, 101);
  CHECK_FALSE(cache.find("huge", ""));
  CHECK(cache.find("c", "1"));
  cache.remove("c");
  CHECK_FALSE(cache.find("c", ""));
}
