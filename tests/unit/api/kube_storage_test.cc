#include <catch2/catch.hpp>

#include "api/kube/storage.hh"

namespace weir::api::kube {
namespace {

store::SealingKey key_of(std::uint8_t byte) {
  std::array<std::uint8_t, 32> key{};
  key.fill(byte);
  return store::SealingKey::from_bytes(key);
}

const Key secret{"secrets", "shop", "db"};
const Key config{"configmaps", "shop", "open"};

Value object(const std::string& text) {
  return Value::object({{"data", Value::object({{"key", text}})}});
}

bool stands(const store::Kv& kv, std::string_view text) {
  const auto cursor = kv.cursor(store::Family::kube);
  for (cursor->seek(""); cursor->valid(); cursor->next())
    if (cursor->value().find(text) != std::string_view::npos) return true;
  return false;
}

}  // namespace

TEST_CASE("Secrets are stored sealed, other objects as they are, and both are read back") {
  const auto kv = store::make_memory_kv();
  {
    Storage storage(*kv, false, 10, key_of(1));
    REQUIRE(storage.put(secret, object("hunter2-sealed")).ok());
    REQUIRE(storage.put(config, object("plain-text")).ok());
  }
  CHECK_FALSE(stands(*kv, "hunter2-sealed"));
  CHECK(stands(*kv, "plain-text"));
  Storage again(*kv, false, 10, key_of(1));
  REQUIRE(again.load().ok());
  CHECK(again.find(secret)->path("data", "key").get_string() == "hunter2-sealed");
  CHECK(again.find(config)->path("data", "key").get_string() == "plain-text");
}

TEST_CASE("a sealed Secret without its key is a clear failure, one from before the key is read") {
  const auto kv = store::make_memory_kv();
  REQUIRE(Storage(*kv, false, 10).put(secret, object("older")).ok());
  Storage newer(*kv, false, 10, key_of(1));
  REQUIRE(newer.load().ok());
  CHECK(newer.find(secret)->path("data", "key").get_string() == "older");
  REQUIRE(newer.put(secret, object("newer")).ok());
  CHECK_FALSE(stands(*kv, "newer"));
  for (auto& storage : {std::make_shared<Storage>(*kv, false, 10),
                        std::make_shared<Storage>(*kv, false, 10, key_of(2))}) {
    const auto loaded = storage->load();
    REQUIRE_FALSE(loaded.ok());
    CHECK(loaded.error().code == Code::corrupt);
    CHECK(loaded.error().message.find("o/secrets/shop/db") != std::string::npos);
  }
}

}  // namespace weir::api::kube
