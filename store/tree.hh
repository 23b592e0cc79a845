// The Merkle tree of the log: RFC 6962 with SHA-256. Leaf i (from 0) is event i+1. Hashes of levels
// 0, 8, 16, ... are stored (the tiles of C2SP tlog-tiles, a hash a row); the levels between are
// computed from at most 256 of them.
//
// Tree reads through a Kv and is thread-safe; Frontier is a value: the right edge, kept by the
// appender.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/digest.hh"
#include "engine/base/result.hh"
#include "store/kv.hh"

namespace weir::store {

// sha256(0x00 || bytes)
base::Digest hash_leaf(std::string_view bytes);
// The leaf of an event: its bytes are the leaf hash before it (zeros for the first), then its
// record. So each record vouches for all before it, and a range can be checked without the tree.
base::Digest hash_entry(const base::Digest& previous_leaf, std::string_view record);
// sha256(0x01 || left || right)
base::Digest hash_node(const base::Digest& left, const base::Digest& right);

// The complete subtrees along the right edge of a tree, largest first: all that appending needs.
class Frontier {
 public:
  std::uint64_t size() const { return size_; }
  // Adds a leaf and puts the rows it completes (its own included) into `batch`.
  void append(const base::Digest& leaf, WriteBatch& batch);
  // The tree's root; sha256("") while empty.
  base::Digest root() const;

 private:
  friend class Tree;
  std::uint64_t size_ = 0;
  std::vector<base::Digest> peaks_;  // one for each bit set in size_, the highest first
};

class Tree {
 public:
  explicit Tree(const Kv& kv) : kv_(kv) {}

  // Errors of all: corrupt (a row is missing or has a wrong length), io; invalid for sizes and
  // indexes that make no sense together.
  Result<Frontier> frontier(std::uint64_t size) const;
  Result<base::Digest> root(std::uint64_t size) const;
  Result<base::Digest> leaf(std::uint64_t index) const;
  // RFC 6962 2.1.1: the audit path of leaf `index` in the tree of `size` leaves, from the leaf
  // upwards.
  Result<std::vector<base::Digest>> inclusion_proof(std::uint64_t index, std::uint64_t size) const;
  // RFC 6962 2.1.2: that the tree of `size` begins with the tree of `old_size`.
  Result<std::vector<base::Digest>> consistency_proof(std::uint64_t old_size,
                                                      std::uint64_t size) const;
  // The tile of C2SP tlog-tiles: `width` (1..256) hashes, 32 bytes each.
  Result<std::string> tile(unsigned level, std::uint64_t index, unsigned width) const;

 private:
  Result<base::Digest> node(unsigned level, std::uint64_t index) const;
  Result<base::Digest> range(std::uint64_t first, std::uint64_t count) const;

  const Kv& kv_;
};

// Checks proofs without a tree, as a verifier elsewhere does.
bool verify_inclusion(const base::Digest& leaf, std::uint64_t index, std::uint64_t size,
                      const std::vector<base::Digest>& proof, const base::Digest& root);
bool verify_consistency(std::uint64_t old_size, std::uint64_t size, const base::Digest& old_root,
                        const base::Digest& root, const std::vector<base::Digest>& proof);

}  // namespace weir::store
