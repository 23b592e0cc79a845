// Content-addressed blobs: manifests, rendered objects, artifacts' listings. A clear blob's name is
// the sha256 of its bytes; it is stored compressed. A sealed blob (manifests of Secrets) is
// encrypted with XChaCha20-Poly1305 and its name is a keyed BLAKE2b digest, so that neither its
// bytes nor a guessable digest of them is in the database.
//
// Thread-safe. get() checks the digest: damaged bytes are Code::corrupt, never returned.
#pragma once

#include <array>
#include <cstdint>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "engine/base/digest.hh"
#include "engine/base/result.hh"
#include "store/kv.hh"

namespace weir::store {

// 32 random bytes; everything sealed under them is lost with them. Never logged, never stored in
// the database.
class SealingKey {
 public:
  SealingKey() = default;
  ~SealingKey();
  SealingKey(const SealingKey&) = default;
  SealingKey& operator=(const SealingKey&) = default;

  // Fresh, from the operating system's random source.
  static Result<SealingKey> generate();
  // Reads the key file, or creates it with mode 0600 on the first start. Errors: forbidden (others
  // may read the file), corrupt (not 32 bytes), io.
  static Result<SealingKey> load_or_create(const std::string& path);
  // Reads only. Errors as above; not_found.
  static Result<SealingKey> load(const std::string& path);
  static SealingKey from_bytes(const std::array<std::uint8_t, 32>& bytes);

  // Keyed digest of secret bytes: safe to put into an event. Equal bytes give equal digests under
  // one key.
  base::Digest digest(std::string_view bytes) const;
  // For rows outside of the blobs: encrypted as a sealed blob is, with its digest before it. Equal
  // bytes give equal rows. open's error: corrupt.
  std::string seal(std::string_view bytes) const;
  Result<std::string> open(std::string_view row) const;

 private:
  friend class BlobStore;
  std::array<std::uint8_t, 32> bytes_{};
};

class BlobStore {
 public:
  // Without a key, sealed puts and gets are Code::unsupported.
  explicit BlobStore(Kv& kv, std::optional<SealingKey> key = {}) : kv_(kv), key_(std::move(key)) {}

  // Writes the blob unless it is there. Not synced: the next synced append carries it.
  // Errors: limit (over blob_bytes_max), io.
  Result<base::Digest> put(std::string_view bytes);
  Result<base::Digest> put_sealed(std::string_view bytes);
  // The same, staged into `batch` for one write together with the events that name it
  // (EventLog::append).
  Result<base::Digest> stage(WriteBatch& batch, std::string_view bytes);
  Result<base::Digest> stage_sealed(WriteBatch& batch, std::string_view bytes);

  // The bytes of a clear or sealed blob. Errors: not_found (never stored, or pruned by retention),
  // corrupt (the digest does not match, or the key is another), unsupported (sealed, and no key
  // here), io.
  Result<std::string> get(const base::Digest& digest) const;
  Result<bool> contains(const base::Digest& digest) const;
  Result<bool> is_sealed(const base::Digest& digest) const;  // Error: not_found

  // SealingKey::digest() under this store's key: tells whether two secret values differ, and
  // nothing else. Error: unsupported (no key here).
  Result<base::Digest> keyed_digest(std::string_view bytes) const {
    if (key_) return key_->digest(bytes);
    return make_error(Code::unsupported, "no sealing key is open");
  }

  // Removes a blob, and retention's mark of it, unless a put has found it there in this use period
  // or the one before: somebody may be about to name it. False when it was spared. Error: io.
  Result<bool> remove_unused(const base::Digest& digest);
  // Forgets the puts of the period before the last one.
  void begin_use_period();

  // Checks a stored row of the blobs family: it opens and has its digest. A sealed row without a
  // key here is checked for its shape only. Error: corrupt.
  Result<void> check(const base::Digest& digest, std::string_view row) const;
  static bool is_sealed_row(std::string_view row);

 private:
  // Whether it is stored; if so, and retention is after it, it counts as used.
  Result<bool> use(const base::Digest& digest);

  Kv& kv_;
  std::optional<SealingKey> key_;
  std::mutex use_mutex_;  // held from a look to the mark, and over a removal
  std::set<base::Digest> used_, used_before_;
};

}  // namespace weir::store
