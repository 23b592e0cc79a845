#include "store/blobs.hh"

#include <catch2/catch.hpp>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "engine/base/limits.hh"
#include "store/record_format.hh"

#include "tests/support/temp_directory.hh"

using namespace weir;
using store::BlobStore;
using store::Family;
using store::SealingKey;

namespace {

SealingKey key_of(std::uint8_t byte) {
  std::array<std::uint8_t, 32> bytes;
  bytes.fill(byte);
  return SealingKey::from_bytes(bytes);
}

std::string row_of(const store::Kv& kv, const base::Digest& digest) {
  return kv.get(Family::blobs, store::format::blob_key(digest)).value().value();
}


}  // namespace

TEST_CASE("a blob comes back, whatever its size") {
  auto kv = store::make_memory_kv();
  BlobStore blobs(*kv);
  for (const std::string& bytes :
       {std::string(), std::string("x"), std::string(100'000, 'a'), std::string("\0\xff", 2)}) {
    const auto digest = blobs.put(bytes).value();
    CHECK(digest == base::sha256(bytes));
    CHECK(blobs.get(digest).value() == bytes);
    CHECK_FALSE(blobs.is_sealed(digest).value());
  }
  CHECK(row_of(*kv, base::sha256(std::string(100'000, 'a'))).size() < 200);
  CHECK(blobs.get(base::sha256("absent")).error().code == Code::not_found);
}

TEST_CASE("a blob that is there is not written again") {
  auto kv = store::make_memory_kv();
  BlobStore blobs(*kv, key_of(1));
  REQUIRE(blobs.put("m").ok());
  REQUIRE(blobs.put_sealed("s").ok());
  store::WriteBatch batch;
  REQUIRE(blobs.stage(batch, "m").ok());
  REQUIRE(blobs.stage_sealed(batch, "s").ok());
  CHECK(batch.empty());
}

TEST_CASE("every changed byte of a stored blob is found") {
  auto kv = store::make_memory_kv();
  BlobStore blobs(*kv, key_of(1));
  const std::string text = "apiVersion: v1\nkind: ConfigMap\n" + std::string(200, 'y');
  for (const auto& digest : {blobs.put(text).value(), blobs.put_sealed(text).value()}) {
    const std::string row = row_of(*kv, digest);
    for (std::size_t at = 0; at < row.size(); ++at) {
      std::string damaged = row;
      damaged[at] = static_cast<char>(damaged[at] ^ 0x10);
      store::WriteBatch batch;
      batch.put(Family::blobs, store::format::blob_key(digest), damaged);
      REQUIRE(kv->write(batch, false).ok());
      auto got = blobs.get(digest);
      INFO("byte " << at);
      REQUIRE((!got.ok() && got.error().code == Code::corrupt));
      REQUIRE_FALSE(blobs.check(digest, damaged).ok());
    }
    for (std::size_t size = 0; size < row.size(); ++size) {
      REQUIRE_FALSE(blobs.check(digest, std::string_view(row).substr(0, size)).ok());
    }
  }
}

TEST_CASE("a sealed blob shows neither its bytes nor their plain digest") {
  auto kv = store::make_memory_kv();
  BlobStore blobs(*kv, key_of(1));
  const std::string secret = "password: hunter2-hunter2-hunter2";
  const auto digest = blobs.put_sealed(secret).value();
  CHECK(digest != base::sha256(secret));
  CHECK(digest == key_of(1).digest(secret));
  CHECK(digest != key_of(2).digest(secret));
  const std::string row = row_of(*kv, digest);
  CHECK(row.find("hunter2") == std::string::npos);
  CHECK(row.find(std::string(store::format::blob_key(base::sha256(secret)))) == std::string::npos);
  CHECK(blobs.is_sealed(digest).value());
  CHECK(blobs.get(digest).value() == secret);
  CHECK(blobs.check(digest, row).ok());
}

TEST_CASE("a sealed blob opens under its own key only") {
  auto kv = store::make_memory_kv();
  const auto digest = BlobStore(*kv, key_of(1)).put_sealed("s").value();
  CHECK(BlobStore(*kv, key_of(2)).get(digest).error().code == Code::corrupt);
  CHECK(BlobStore(*kv).get(digest).error().code == Code::unsupported);
  CHECK(BlobStore(*kv).put_sealed("s").error().code == Code::unsupported);
}

TEST_CASE("a sealed row moved to another name does not open") {
  auto kv = store::make_memory_kv();
  BlobStore blobs(*kv, key_of(1));
  const auto one = blobs.put_sealed("one").value();
  const auto two = blobs.put_sealed("two").value();
  store::WriteBatch batch;
  batch.put(Family::blobs, store::format::blob_key(two), row_of(*kv, one));
  REQUIRE(kv->write(batch, false).ok());
  CHECK(blobs.get(two).error().code == Code::corrupt);
}

TEST_CASE("a blob over the cap is refused") {
  auto kv = store::make_memory_kv();
  const std::string huge(base::limits::blob_bytes_max + 1, 'x');
  CHECK(BlobStore(*kv).put(huge).error().code == Code::limit);
}

TEST_CASE("the key file is made once, for its owner alone") {
  const test::TempDirectory directory;
  const std::string path = directory.file("sealing.key");
  CHECK(SealingKey::load(path).error().code == Code::not_found);
  const SealingKey made = SealingKey::load_or_create(path).value();
  struct stat info;
  REQUIRE(::stat(path.c_str(), &info) == 0);
  CHECK((info.st_mode & 0777) == 0600);
  CHECK(info.st_size == 32);
  CHECK(SealingKey::load_or_create(path).value().digest("x") == made.digest("x"));
  CHECK(std::distance(std::filesystem::directory_iterator(directory.file("")),
                      std::filesystem::directory_iterator()) == 1);
}

TEST_CASE("a key file that others may read, or of a wrong size, is refused") {
  const test::TempDirectory directory;
  const std::string path = directory.file("sealing.key");
  REQUIRE(SealingKey::load_or_create(path).ok());
  REQUIRE(::chmod(path.c_str(), 0640) == 0);
  CHECK(SealingKey::load_or_create(path).error().code == Code::forbidden);
  REQUIRE(::chmod(path.c_str(), 0600) == 0);
  std::ofstream(path, std::ios::app) << 'x';
  CHECK(SealingKey::load(path).error().code == Code::corrupt);
}
