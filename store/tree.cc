#include "store/tree.hh"

#include <algorithm>
#include <bit>

#include "engine/base/assert.hh"
#include "store/record_format.hh"

namespace weir::store {
namespace {

using base::Digest;

constexpr unsigned tile_height = 8;
constexpr std::uint64_t tile_width = 256;
constexpr unsigned levels_max = 64;

std::string_view bytes_of(const Digest& digest) { return format::blob_key(digest); }

// The largest power of two below `count` (RFC 6962's k); count >= 2.
std::uint64_t split_point(std::uint64_t count) { return std::bit_floor(count - 1); }

Error missing(unsigned level, std::uint64_t index) {
  return make_error(Code::corrupt, "Merkle tree: the hash at level " + std::to_string(level) +
                                       ", index " + std::to_string(index) + " is missing");
}

Result<Digest> to_digest(std::string_view bytes, unsigned level, std::uint64_t index) {
  Digest digest;
  if (bytes.size() != digest.bytes.size()) {
    return make_error(Code::corrupt, "Merkle tree: the hash at level " + std::to_string(level) +
                                         ", index " + std::to_string(index) + " is malformed");
  }
  std::copy(bytes.begin(), bytes.end(), digest.bytes.begin());
  return digest;
}

// Root of a complete subtree whose nodes of one level are `hashes` (a power of two of them).
Digest fold(std::vector<Digest> hashes) {
  for (std::size_t count = hashes.size(); count > 1; count /= 2) {
    for (std::size_t i = 0; i < count / 2; ++i) {
      hashes[i] = hash_node(hashes[2 * i], hashes[2 * i + 1]);
    }
  }
  return hashes.front();
}

Error no_such(std::string what) { return make_error(Code::invalid, "Merkle tree: " + what); }

}  // namespace

Digest hash_leaf(std::string_view bytes) {
  base::Sha256 hash;
  hash.update(std::string_view("\0", 1));
  hash.update(bytes);
  return hash.finish();
}

Digest hash_entry(const Digest& previous_leaf, std::string_view record) {
  base::Sha256 hash;
  hash.update(std::string_view("\0", 1));
  hash.update(bytes_of(previous_leaf));
  hash.update(record);
  return hash.finish();
}

Digest hash_node(const Digest& left, const Digest& right) {
  base::Sha256 hash;
  hash.update("\x01");
  hash.update(bytes_of(left));
  hash.update(bytes_of(right));
  return hash.finish();
}

void Frontier::append(const Digest& leaf, WriteBatch& batch) {
  Digest hash = leaf;
  std::uint64_t index = size_;
  const auto put = [&](unsigned level, std::uint64_t at) {
    format::append_tile_key(batch.begin_put(Family::tiles), level, at);
    batch.begin_value().append(bytes_of(hash));
  };
  put(0, index);
  for (unsigned level = 1; index & 1; ++level) {
    hash = hash_node(peaks_.back(), hash);
    peaks_.pop_back();
    index >>= 1;
    if (level % tile_height == 0) put(level / tile_height, index);
  }
  peaks_.push_back(hash);
  ++size_;
}

Digest Frontier::root() const {
  if (peaks_.empty()) return base::sha256("");
  Digest hash = peaks_.back();
  for (std::size_t i = peaks_.size() - 1; i > 0; --i) hash = hash_node(peaks_[i - 1], hash);
  return hash;
}

Result<Digest> Tree::leaf(std::uint64_t index) const { return node(0, index); }

// A complete subtree of 2^level leaves: from the stored hashes at or below its level.
Result<Digest> Tree::node(unsigned level, std::uint64_t index) const {
  const unsigned stored = level / tile_height;
  const unsigned above = level % tile_height;
  if (above == 0) {
    WEIR_TRY(const auto row, kv_.get(Family::tiles, format::tile_key(stored, index)));
    if (!row) return missing(level, index);
    return to_digest(*row, level, index);
  }
  std::vector<Digest> hashes;
  const std::uint64_t first = index << above;
  auto cursor = kv_.cursor(Family::tiles);
  cursor->seek(format::tile_key(stored, first));
  for (std::uint64_t i = first; i < first + (std::uint64_t{1} << above); ++i, cursor->next()) {
    if (!cursor->valid() || cursor->key() != format::tile_key(stored, i)) {
      WEIR_CHECK(cursor->status());
      return missing(stored * tile_height, i);
    }
    WEIR_TRY(hashes.emplace_back(), to_digest(cursor->value(), stored * tile_height, i));
  }
  return fold(std::move(hashes));
}

// RFC 6962's MTH over leaves [first, first + count), where `first` is a multiple of a power of two
// >= count.
Result<Digest> Tree::range(std::uint64_t first, std::uint64_t count) const {
  if (std::has_single_bit(count)) {
    const auto level = static_cast<unsigned>(std::countr_zero(count));
    return node(level, first >> level);
  }
  const std::uint64_t left_count = split_point(count);
  WEIR_TRY(const Digest left, range(first, left_count));
  WEIR_TRY(const Digest right, range(first + left_count, count - left_count));
  return hash_node(left, right);
}

Result<Frontier> Tree::frontier(std::uint64_t size) const {
  Frontier frontier;
  frontier.size_ = size;
  std::uint64_t first = 0;
  for (unsigned bit = levels_max; bit-- > 0;) {
    const std::uint64_t count = std::uint64_t{1} << bit;
    if ((size & count) == 0) continue;
    WEIR_TRY(frontier.peaks_.emplace_back(), node(bit, first >> bit));
    first += count;
  }
  return frontier;
}

Result<Digest> Tree::root(std::uint64_t size) const {
  if (size == 0) return base::sha256("");
  return range(0, size);
}

Result<std::vector<Digest>> Tree::inclusion_proof(std::uint64_t index, std::uint64_t size) const {
  if (index >= size) {
    return no_such("no leaf " + std::to_string(index) + " in a tree of " + std::to_string(size));
  }
  std::vector<Digest> proof;
  std::uint64_t first = 0;
  std::uint64_t count = size;
  while (count > 1) {
    const std::uint64_t left = split_point(count);
    if (index - first < left) {
      WEIR_TRY(proof.emplace_back(), range(first + left, count - left));
      count = left;
    } else {
      WEIR_TRY(proof.emplace_back(), range(first, left));
      first += left;
      count -= left;
    }
  }
  std::reverse(proof.begin(), proof.end());
  return proof;
}

Result<std::vector<Digest>> Tree::consistency_proof(std::uint64_t old_size,
                                                    std::uint64_t size) const {
  if (old_size > size) {
    return no_such("a tree of " + std::to_string(size) + " does not begin with one of " +
                   std::to_string(old_size));
  }
  std::vector<Digest> proof;
  if (old_size == 0 || old_size == size) return proof;
  std::uint64_t first = 0;
  std::uint64_t count = size;
  std::uint64_t old_count = old_size;
  bool old_is_root = true;  // RFC 6962's b: the old tree itself is the subtree in hand
  while (old_count != count) {
    const std::uint64_t left = split_point(count);
    if (old_count <= left) {
      WEIR_TRY(proof.emplace_back(), range(first + left, count - left));
      count = left;
    } else {
      WEIR_TRY(proof.emplace_back(), range(first, left));
      first += left;
      count -= left;
      old_count -= left;
      old_is_root = false;
    }
  }
  if (!old_is_root) {
    WEIR_TRY(proof.emplace_back(), range(first, count));
  }
  std::reverse(proof.begin(), proof.end());
  return proof;
}

Result<std::string> Tree::tile(unsigned level, std::uint64_t index, unsigned width) const {
  if (level > levels_max / tile_height || width == 0 || width > tile_width) {
    return no_such("no tile of level " + std::to_string(level) + " and width " +
                   std::to_string(width));
  }
  std::string bytes;
  auto cursor = kv_.cursor(Family::tiles);
  const std::uint64_t first = index * tile_width;
  cursor->seek(format::tile_key(level, first));
  for (std::uint64_t i = first; i < first + width; ++i, cursor->next()) {
    if (!cursor->valid() || cursor->key() != format::tile_key(level, i)) {
      WEIR_CHECK(cursor->status());
      return missing(level * tile_height, i);
    }
    bytes.append(cursor->value());
  }
  return bytes;
}

// RFC 9162 2.1.3.2.
bool verify_inclusion(const Digest& leaf, std::uint64_t index, std::uint64_t size,
                      const std::vector<Digest>& proof, const Digest& root) {
  if (index >= size) return false;
  std::uint64_t position = index;
  std::uint64_t last = size - 1;
  Digest hash = leaf;
  for (const Digest& step : proof) {
    if (last == 0) return false;
    if ((position & 1) != 0 || position == last) {
      hash = hash_node(step, hash);
      while ((position & 1) == 0 && position != 0) {
        position >>= 1;
        last >>= 1;
      }
    } else {
      hash = hash_node(hash, step);
    }
    position >>= 1;
    last >>= 1;
  }
  return last == 0 && hash == root;
}

// RFC 9162 2.1.4.2.
bool verify_consistency(std::uint64_t old_size, std::uint64_t size, const Digest& old_root,
                        const Digest& root, const std::vector<Digest>& proof) {
  if (old_size > size) return false;
  if (old_size == size) return proof.empty() && old_root == root;
  if (old_size == 0) return proof.empty() && old_root == base::sha256("");
  std::vector<Digest> path = proof;
  if (std::has_single_bit(old_size)) path.insert(path.begin(), old_root);
  if (path.empty()) return false;
  std::uint64_t position = old_size - 1;
  std::uint64_t last = size - 1;
  while ((position & 1) != 0) {
    position >>= 1;
    last >>= 1;
  }
  Digest old_hash = path.front();
  Digest hash = path.front();
  for (std::size_t i = 1; i < path.size(); ++i) {
    if (last == 0) return false;
    if ((position & 1) != 0 || position == last) {
      old_hash = hash_node(path[i], old_hash);
      hash = hash_node(path[i], hash);
      while ((position & 1) == 0 && position != 0) {
        position >>= 1;
        last >>= 1;
      }
    } else {
      hash = hash_node(hash, path[i]);
    }
    position >>= 1;
    last >>= 1;
  }
  return last == 0 && old_hash == old_root && hash == root;
}

}  // namespace weir::store
