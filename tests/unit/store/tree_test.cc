#include "store/tree.hh"

#include <catch2/catch.hpp>

#include "store/record_format.hh"

using namespace weir;
using base::Digest;

namespace {

// RFC 6962 2.1, straight from the definition.
Digest mth(const std::vector<Digest>& leaves, std::size_t first, std::size_t count) {
  if (count == 0) return base::sha256("");
  if (count == 1) return leaves[first];
  std::size_t k = 1;
  while (k * 2 < count) k *= 2;
  return store::hash_node(mth(leaves, first, k), mth(leaves, first + k, count - k));
}

struct Grown {
  std::unique_ptr<store::Kv> kv = store::make_memory_kv();
  std::vector<Digest> leaves;
  store::Frontier frontier;
  store::Tree tree{*kv};

  void grow(std::size_t to) {
    store::WriteBatch batch;
    while (leaves.size() < to) {
      leaves.push_back(store::hash_leaf("leaf " + std::to_string(leaves.size())));
      frontier.append(leaves.back(), batch);
    }
    REQUIRE(kv->write(batch, false).ok());
  }
};

// The inputs of the reference implementation's tree tests, used across transparency logs, and the
// roots that it states for each size.
const std::vector<std::string> known_inputs{
    "", "00", "10", "2021", "3031", "40414243", "5051525354555657",
    "606162636465666768696a6b6c6d6e6f"};
const std::vector<std::string> known_roots{
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};

}  // namespace

TEST_CASE("roots are those that Certificate Transparency's test vectors state") {
  store::Frontier frontier;
  CHECK(frontier.root().hex() ==
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  store::WriteBatch batch;
  for (std::size_t i = 0; i < known_inputs.size(); ++i) {
    frontier.append(store::hash_leaf(base::hex_decode(known_inputs[i]).value()), batch);
    CHECK(frontier.root().hex() == known_roots[i]);
  }
}

TEST_CASE("the root of every size, then and later, is the definition's") {
  Grown g;
  for (std::size_t size = 0; size <= 600; ++size) {
    g.grow(size);
    REQUIRE(g.frontier.root() == mth(g.leaves, 0, size));
  }
  for (std::size_t size = 0; size <= 600; ++size) {
    REQUIRE(g.tree.root(size).value() == mth(g.leaves, 0, size));
    REQUIRE(g.tree.frontier(size).value().root() == mth(g.leaves, 0, size));
  }
}

TEST_CASE("only leaves and every eighth level are stored") {
  Grown g;
  g.grow(70'000);
  std::size_t rows = 0;
  auto cursor = g.kv->cursor(store::Family::tiles);
  for (cursor->seek(""); cursor->valid(); cursor->next()) ++rows;
  CHECK(rows == 70'000 + 70'000 / 256 + 1);
  CHECK(g.tree.root(70'000).value() == g.frontier.root());
  CHECK(g.tree.root(65'537).value() == mth(g.leaves, 0, 65'537));
}

TEST_CASE("every inclusion proof of every small tree holds, and no other leaf's does") {
  Grown g;
  g.grow(70);
  for (std::uint64_t size = 1; size <= 70; ++size) {
    const Digest root = g.tree.root(size).value();
    for (std::uint64_t index = 0; index < size; ++index) {
      const auto proof = g.tree.inclusion_proof(index, size).value();
      REQUIRE(store::verify_inclusion(g.leaves[index], index, size, proof, root));
      REQUIRE_FALSE(store::verify_inclusion(base::sha256("x"), index, size, proof, root));
      if (size > 1) {
        const std::uint64_t other = (index + 1) % size;
        REQUIRE_FALSE(store::verify_inclusion(g.leaves[index], other, size, proof, root));
        auto shorter = proof;
        shorter.pop_back();
        REQUIRE_FALSE(store::verify_inclusion(g.leaves[index], index, size, shorter, root));
      }
    }
  }
  CHECK(g.tree.inclusion_proof(70, 70).error().code == Code::invalid);
}

TEST_CASE("every consistency proof between small trees holds, and fails for a forged root") {
  Grown g;
  g.grow(70);
  for (std::uint64_t size = 0; size <= 70; ++size) {
    const Digest root = g.tree.root(size).value();
    for (std::uint64_t old_size = 0; old_size <= size; ++old_size) {
      const Digest old_root = g.tree.root(old_size).value();
      const auto proof = g.tree.consistency_proof(old_size, size).value();
      INFO(old_size << " of " << size);
      REQUIRE(store::verify_consistency(old_size, size, old_root, root, proof));
      if (old_size > 0 && old_size < size) {
        REQUIRE_FALSE(
            store::verify_consistency(old_size, size, base::sha256("x"), root, proof));
        REQUIRE_FALSE(
            store::verify_consistency(old_size, size, old_root, base::sha256("x"), proof));
      }
    }
  }
  CHECK(g.tree.consistency_proof(71, 70).error().code == Code::invalid);
}

TEST_CASE("proofs across stored tile borders hold") {
  Grown g;
  g.grow(66'000);
  for (std::uint64_t size : {255, 256, 257, 511, 513, 65'535, 65'536, 65'537, 66'000}) {
    const Digest root = g.tree.root(size).value();
    for (std::uint64_t index : {0, 128, 254}) {
      const auto proof = g.tree.inclusion_proof(index, size).value();
      CHECK(store::verify_inclusion(g.leaves[index], index, size, proof, root));
    }
    const auto proof = g.tree.consistency_proof(200, size).value();
    CHECK(store::verify_consistency(200, size, g.tree.root(200).value(), root, proof));
  }
}

TEST_CASE("a tile is its hashes side by side") {
  Grown g;
  g.grow(600);
  const std::string tile = g.tree.tile(0, 1, 256).value();
  REQUIRE(tile.size() == 256 * 32);
  CHECK(tile.substr(0, 32) == store::format::blob_key(g.leaves[256]));
  CHECK(g.tree.tile(0, 2, 88).value().size() == 88 * 32);
  CHECK(g.tree.tile(0, 2, 89).error().code == Code::corrupt);
  CHECK(g.tree.tile(1, 0, 2).value().substr(32) ==
        store::format::blob_key(mth(g.leaves, 256, 256)));
  CHECK(g.tree.tile(0, 0, 257).error().code == Code::invalid);
}

TEST_CASE("a missing hash is named, not guessed") {
  Grown g;
  g.grow(10);
  store::WriteBatch damage;
  damage.remove(store::Family::tiles, store::format::tile_key(0, 4));
  REQUIRE(g.kv->write(damage, false).ok());
  auto root = g.tree.root(10);
  REQUIRE_FALSE(root.ok());
  CHECK(root.error().code == Code::corrupt);
  CHECK(root.error().message == "Merkle tree: the hash at level 0, index 4 is missing");
}
