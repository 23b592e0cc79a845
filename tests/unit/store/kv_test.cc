// The same claims for both stores.
#include "store/kv.hh"

#include <catch2/catch.hpp>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>

#include "tests/support/temp_directory.hh"

using namespace weir;
using store::Family;

namespace {


void put(store::Kv& kv, std::string_view key, std::string_view value) {
  store::WriteBatch batch;
  batch.put(Family::index, key, value);
  REQUIRE(kv.write(batch, false).ok());
}

void remove(store::Kv& kv, std::string_view key) {
  store::WriteBatch batch;
  batch.remove(Family::index, key);
  REQUIRE(kv.write(batch, false).ok());
}

std::string keys_forward(store::Cursor& cursor) {
  std::string keys;
  for (cursor.seek(""); cursor.valid(); cursor.next()) keys += cursor.key();
  return keys;
}

std::string keys_backward(store::Cursor& cursor) {
  std::string keys;
  for (cursor.seek_last(); cursor.valid(); cursor.previous()) keys += cursor.key();
  return keys;
}

void check_store(store::Kv& kv) {
  CHECK_FALSE(kv.get(Family::index, "a").value());
  for (const char* key : {"b", "d", "a", "c"}) put(kv, key, std::string("v") + key);
  CHECK(kv.get(Family::index, "c").value() == "vc");
  CHECK_FALSE(kv.get(Family::events, "c").value());

  auto before = kv.cursor(Family::index);
  remove(kv, "b");
  put(kv, "c", "new");
  put(kv, "e", "late");
  CHECK(keys_forward(*before) == "abcd");
  CHECK(keys_backward(*before) == "dcba");
  before->seek("c");
  CHECK(before->value() == "vc");

  auto after = kv.cursor(Family::index);
  CHECK(keys_forward(*after) == "acde");
  CHECK(keys_backward(*after) == "edca");
  after->seek("b");
  CHECK(after->key() == "c");
  CHECK(after->value() == "new");
  after->seek_for_previous("b");
  CHECK(after->key() == "a");
  after->seek_for_previous("d");
  CHECK(after->key() == "d");
  after->seek_for_previous("");
  CHECK_FALSE(after->valid());
  after->seek("f");
  CHECK_FALSE(after->valid());

  before.reset();
  after.reset();
  put(kv, "b", "again");
  CHECK(kv.get(Family::index, "b").value() == "again");

  store::WriteBatch batch;
  batch.put(Family::index, "z", "1");
  batch.remove(Family::index, "z");
  batch.put(Family::tiles, "z", "2");
  batch.put(Family::tiles, "z", "3");
  REQUIRE(kv.write(batch, true).ok());
  CHECK_FALSE(kv.get(Family::index, "z").value());
  CHECK(kv.get(Family::tiles, "z").value() == "3");
  CHECK(kv.sync().ok());
}

}  // namespace

TEST_CASE("the memory store keeps order, batches and consistent cursors") {
  auto kv = store::make_memory_kv();
  check_store(*kv);
}

TEST_CASE("the RocksDB store keeps order, batches and consistent cursors") {
  const test::TempDirectory directory;
  auto kv = store::open_rocks({.directory = directory.file("db")}).value();
  check_store(*kv);
}

TEST_CASE("a RocksDB store comes back, is private, and is open once at a time") {
  const test::TempDirectory directory;
  const std::string path = directory.file("db");
  auto kv = store::open_rocks({.directory = path}).value();
  struct stat info;
  REQUIRE(::stat(path.c_str(), &info) == 0);
  CHECK((info.st_mode & 0777) == 0700);
  put(*kv, "k", "v");
  auto second = store::open_rocks({.directory = path});
  REQUIRE_FALSE(second.ok());
  CHECK(second.error().code == Code::unavailable);
  CHECK(second.error().message.find(path) != std::string::npos);
  kv.reset();
  kv = store::open_rocks({.directory = path}).value();
  CHECK(kv->get(Family::index, "k").value() == "v");
}

TEST_CASE("a store opened read-only reads and refuses writes") {
  const test::TempDirectory directory;
  const std::string path = directory.file("db");
  put(*store::open_rocks({.directory = path}).value(), "k", "v");
  auto kv = store::open_rocks({.directory = path, .read_only = true}).value();
  CHECK(kv->get(Family::index, "k").value() == "v");
  store::WriteBatch batch;
  batch.put(Family::index, "x", "y");
  CHECK(kv->write(batch, true).error().code == Code::io);
}

TEST_CASE("a directory that cannot be opened is an io error that names it") {
  const test::TempDirectory directory;
  auto missing = store::open_rocks({.directory = directory.file("a/b")});
  REQUIRE_FALSE(missing.ok());
  CHECK(missing.error().code == Code::io);
  CHECK(missing.error().message.find("a/b") != std::string::npos);
  CHECK_FALSE(store::open_rocks({.directory = directory.file("none"), .read_only = true}).ok());
  CHECK_FALSE(std::filesystem::exists(directory.file("none")));
}

TEST_CASE("memory rows that no cursor needs are dropped, in any order of leaving") {
  auto kv = store::make_memory_kv();
  put(*kv, "a", "1");
  auto first = kv->cursor(Family::index);
  put(*kv, "a", "2");
  auto second = kv->cursor(Family::index);
  remove(*kv, "a");
  put(*kv, "b", "x");
  second->seek("a");
  CHECK(second->value() == "2");
  first->seek("a");
  CHECK(first->value() == "1");
  first.reset();
  second->seek("a");
  CHECK(second->value() == "2");
  CHECK_FALSE(kv->get(Family::index, "a").value());
  second.reset();
  CHECK(keys_forward(*kv->cursor(Family::index)) == "b");
  auto outlives = kv->cursor(Family::index);
  kv.reset();
  CHECK(keys_forward(*outlives) == "b");
}
