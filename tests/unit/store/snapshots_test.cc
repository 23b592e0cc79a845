#include "store/snapshots.hh"

#include <catch2/catch.hpp>

#include "store/record_format.hh"

using namespace weir;

TEST_CASE("the latest snapshot at or before a seq is found, by its name") {
  auto kv = store::make_memory_kv();
  CHECK_FALSE(store::latest_snapshot(*kv, "engine", 100).value());
  REQUIRE(store::put_snapshot(*kv, "engine", 10, "ten").ok());
  REQUIRE(store::put_snapshot(*kv, "engine", 20, std::string(5000, 'x')).ok());
  REQUIRE(store::put_snapshot(*kv, "engine-2", 15, "other").ok());
  CHECK_FALSE(store::latest_snapshot(*kv, "engine", 9).value());
  CHECK(store::latest_snapshot(*kv, "engine", 10).value()->bytes == "ten");
  CHECK(store::latest_snapshot(*kv, "engine", 19).value()->seq == 10);
  CHECK(store::latest_snapshot(*kv, "engine", ~0ull).value()->bytes == std::string(5000, 'x'));
  CHECK(store::latest_snapshot(*kv, "engine-2", 20).value()->bytes == "other");
}

TEST_CASE("a damaged snapshot is passed over for an older one") {
  auto kv = store::make_memory_kv();
  REQUIRE(store::put_snapshot(*kv, "engine", 10, "ten").ok());
  REQUIRE(store::put_snapshot(*kv, "engine", 20, "twenty").ok());
  const std::string key = store::format::snapshot_key("engine", 20);
  const std::string row = kv->get(store::Family::snapshots, key).value().value();
  for (std::size_t at = 0; at < row.size(); ++at) {
    std::string damaged = row;
    damaged[at] = static_cast<char>(damaged[at] ^ 4);
    store::WriteBatch batch;
    batch.put(store::Family::snapshots, key, damaged);
    REQUIRE(kv->write(batch, false).ok());
    REQUIRE(store::latest_snapshot(*kv, "engine", 30).value()->seq == 10);
  }
}

TEST_CASE("dropping keeps the youngest") {
  auto kv = store::make_memory_kv();
  for (std::uint64_t seq : {1, 2, 3, 4}) {
    REQUIRE(store::put_snapshot(*kv, "engine", seq, "s").ok());
  }
  REQUIRE(store::put_snapshot(*kv, "other", 1, "s").ok());
  CHECK(store::drop_snapshots(*kv, "engine", 2).value() == 2);
  CHECK_FALSE(store::latest_snapshot(*kv, "engine", 2).value());
  CHECK(store::latest_snapshot(*kv, "engine", 3).value()->seq == 3);
  CHECK(store::latest_snapshot(*kv, "other", 1).value());
}
