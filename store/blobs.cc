#include "store/blobs.hh"

#include <sodium.h>

#include <algorithm>

#include "engine/base/limits.hh"
#include "engine/event/wire.hh"
#include "store/compression.hh"
#include "store/key_file.hh"
#include "store/record_format.hh"

namespace weir::store {
namespace {

using base::Digest;

// A stored blob: 1 byte form, varint size of the clear bytes, then the payload.
constexpr std::uint8_t form_plain = 0;   // payload: the bytes
constexpr std::uint8_t form_zstd = 1;    // payload: checksum of the frame, a zstd frame
constexpr std::uint8_t form_sealed = 2;  // payload: nonce, then the sealed zstd frame

constexpr std::size_t nonce_bytes = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr std::size_t tag_bytes = crypto_aead_xchacha20poly1305_ietf_ABYTES;
using Key = std::array<std::uint8_t, 32>;
static_assert(sizeof(Key) == crypto_aead_xchacha20poly1305_ietf_KEYBYTES);
static_assert(sizeof(Key) == crypto_kdf_KEYBYTES);

const unsigned char* unsigned_bytes(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

// One subkey a purpose, so that no key is used in two ways.
enum class Purpose : std::uint64_t { digest = 1, seal = 2, nonce = 3 };
Key derive(const Key& master, Purpose purpose) {
  Key key;
  crypto_kdf_derive_from_key(key.data(), key.size(), static_cast<std::uint64_t>(purpose),
                             "weirblob", master.data());
  return key;
}

Error corrupt(const Digest& digest, std::string_view what) {
  return make_error(Code::corrupt, "blob " + digest.hex() + ": " + std::string(what));
}

Result<std::string> expand(const Digest& digest, std::string_view frame, std::uint64_t size) {
  auto bytes = decompress(frame, size);
  if (!bytes) return corrupt(digest, "does not decompress");
  return std::move(*bytes);
}

// A zstd frame has bits that its decoder ignores; the checksum (SipHash under a key of zeros) sees
// those too.
std::string checksum(std::string_view frame) {
  const unsigned char key[crypto_shorthash_KEYBYTES] = {};
  std::string sum(crypto_shorthash_BYTES, '\0');
  crypto_shorthash(reinterpret_cast<unsigned char*>(sum.data()), unsigned_bytes(frame),
                   frame.size(), key);
  return sum;
}

std::string encode_clear(std::string_view bytes) {
  const std::string frame = compress(bytes);
  const bool smaller = frame.size() + crypto_shorthash_BYTES < bytes.size();
  std::string out(1, static_cast<char>(smaller ? form_zstd : form_plain));
  event::append_varint(out, bytes.size());
  if (smaller) out += checksum(frame);
  out.append(smaller ? std::string_view(frame) : bytes);
  return out;
}

// The nonce is a keyed hash of the bytes: the same blob sealed twice is the same row, and two
// different blobs never share a nonce, whatever the state of the random source.
std::string encode_sealed(const Key& master, const Digest& digest, std::string_view bytes) {
  std::string out(1, static_cast<char>(form_sealed));
  event::append_varint(out, bytes.size());
  const Key nonce_key = derive(master, Purpose::nonce);
  unsigned char nonce[nonce_bytes];
  crypto_generichash(nonce, sizeof nonce, unsigned_bytes(bytes), bytes.size(), nonce_key.data(),
                     nonce_key.size());
  out.append(reinterpret_cast<const char*>(nonce), sizeof nonce);
  const std::string frame = compress(bytes);
  const Key seal_key = derive(master, Purpose::seal);
  std::string sealed(frame.size() + tag_bytes, '\0');
  crypto_aead_xchacha20poly1305_ietf_encrypt(
      reinterpret_cast<unsigned char*>(sealed.data()), nullptr, unsigned_bytes(frame), frame.size(),
      digest.bytes.data(), digest.bytes.size(), nullptr, nonce, seal_key.data());
  return out + sealed;
}

struct Stored {
  std::uint8_t form = 0;
  std::uint64_t size = 0;
  std::string_view payload;
};

Result<Stored> parse(const Digest& digest, std::string_view row) {
  event::Reader reader(row);
  Stored stored;
  stored.form = reader.byte();
  stored.size = reader.varint();
  if (!reader.ok() || stored.form > form_sealed || stored.size > base::limits::blob_bytes_max) {
    return corrupt(digest, "its row is malformed");
  }
  stored.payload = reader.rest();
  const std::size_t fixed = stored.form == form_sealed ? nonce_bytes + tag_bytes
                            : stored.form == form_zstd ? crypto_shorthash_BYTES
                                                       : 0;
  if (stored.payload.size() < fixed) {
    return corrupt(digest, "its row is cut short");
  }
  return stored;
}

Result<std::string> unseal(const Digest& digest, const Stored& stored, const Key& master) {
  const std::string_view sealed = stored.payload.substr(nonce_bytes);
  const Key seal_key = derive(master, Purpose::seal);
  std::string frame(sealed.size() - tag_bytes, '\0');
  const int opened = crypto_aead_xchacha20poly1305_ietf_decrypt(
      reinterpret_cast<unsigned char*>(frame.data()), nullptr, nullptr, unsigned_bytes(sealed),
      sealed.size(), digest.bytes.data(), digest.bytes.size(), unsigned_bytes(stored.payload),
      seal_key.data());
  if (opened != 0) {
    return corrupt(digest, "does not open: damaged, or sealed under another key");
  }
  return expand(digest, frame, stored.size);
}

Result<std::string> open_row(const Digest& digest, const Stored& stored, const Key* master) {
  if (stored.form == form_sealed) {
    if (master == nullptr) {
      return make_error(Code::unsupported,
                        "blob " + digest.hex() + " is sealed, and there is no key to open it");
    }
    return unseal(digest, stored, *master);
  }
  std::string bytes;
  if (stored.form == form_plain) {
    if (stored.payload.size() != stored.size) return corrupt(digest, "has another size");
    bytes = std::string(stored.payload);
  } else {
    const std::string_view frame = stored.payload.substr(crypto_shorthash_BYTES);
    if (!stored.payload.starts_with(checksum(frame))) {
      return corrupt(digest, "its stored bytes are damaged");
    }
    WEIR_TRY(bytes, expand(digest, frame, stored.size));
  }
  if (base::sha256(bytes) != digest) return corrupt(digest, "its bytes have another digest");
  return bytes;
}

Result<void> check_size(std::string_view bytes) {
  if (bytes.size() <= base::limits::blob_bytes_max) return {};
  return make_error(Code::limit,
                    "a blob of " + std::to_string(bytes.size()) + " bytes is over the cap of " +
                        std::to_string(base::limits::blob_bytes_max) + " bytes (blob_bytes_max)");
}

}  // namespace

SealingKey::~SealingKey() { sodium_memzero(bytes_.data(), bytes_.size()); }

Result<SealingKey> SealingKey::generate() {
  if (sodium_init() < 0) return make_error(Code::io, "the system's random source does not work");
  SealingKey key;
  randombytes_buf(key.bytes_.data(), key.bytes_.size());
  return key;
}

SealingKey SealingKey::from_bytes(const std::array<std::uint8_t, 32>& bytes) {
  SealingKey key;
  key.bytes_ = bytes;
  return key;
}

Result<SealingKey> SealingKey::load(const std::string& path) {
  if (sodium_init() < 0) return make_error(Code::io, "the system's random source does not work");
  WEIR_TRY(std::string bytes, read_key_file(path, sizeof(Key)));
  SealingKey key;
  const bool whole = bytes.size() == key.bytes_.size();
  if (whole) std::copy(bytes.begin(), bytes.end(), key.bytes_.begin());
  sodium_memzero(bytes.data(), bytes.size());
  if (!whole) return make_error(Code::corrupt, "key file " + path + " does not hold 32 bytes");
  return key;
}

Result<SealingKey> SealingKey::load_or_create(const std::string& path) {
  auto existing = load(path);
  if (existing.ok() || existing.error().code != Code::not_found) return existing;
  WEIR_TRY(const SealingKey key, generate());
  WEIR_CHECK(
      create_key_file(path, {reinterpret_cast<const char*>(key.bytes_.data()), key.bytes_.size()}));
  return load(path);
}

std::string SealingKey::seal(std::string_view bytes) const {
  const Digest name = digest(bytes);
  std::string row(reinterpret_cast<const char*>(name.bytes.data()), name.bytes.size());
  return row + encode_sealed(bytes_, name, bytes);
}

Result<std::string> SealingKey::open(std::string_view row) const {
  Digest name;
  if (row.size() < name.bytes.size()) return make_error(Code::corrupt, "a sealed row is cut short");
  std::copy_n(row.begin(), name.bytes.size(), name.bytes.begin());
  WEIR_TRY(const Stored stored, parse(name, row.substr(name.bytes.size())));
  if (stored.form != form_sealed) return corrupt(name, "is not sealed");
  return unseal(name, stored, bytes_);
}

Digest SealingKey::digest(std::string_view bytes) const {
  const Key key = derive(bytes_, Purpose::digest);
  Digest digest;
  crypto_generichash(digest.bytes.data(), digest.bytes.size(), unsigned_bytes(bytes), bytes.size(),
                     key.data(), key.size());
  return digest;
}

Result<Digest> BlobStore::stage(WriteBatch& batch, std::string_view bytes) {
  WEIR_CHECK(check_size(bytes));
  const Digest digest = base::sha256(bytes);
  WEIR_TRY(const bool known, use(digest));
  if (!known) batch.put(Family::blobs, format::blob_key(digest), encode_clear(bytes));
  return digest;
}

Result<Digest> BlobStore::stage_sealed(WriteBatch& batch, std::string_view bytes) {
  if (!key_) return make_error(Code::unsupported, "there is no key to seal a blob with");
  WEIR_CHECK(check_size(bytes));
  const Digest digest = key_->digest(bytes);
  WEIR_TRY(const bool known, use(digest));
  if (!known) {
    batch.put(Family::blobs, format::blob_key(digest), encode_sealed(key_->bytes_, digest, bytes));
  }
  return digest;
}

Result<Digest> BlobStore::put(std::string_view bytes) {
  WriteBatch batch;
  WEIR_TRY(const Digest digest, stage(batch, bytes));
  if (!batch.empty()) WEIR_CHECK(kv_.write(batch, false).with_context("store a blob"));
  return digest;
}

Result<Digest> BlobStore::put_sealed(std::string_view bytes) {
  WriteBatch batch;
  WEIR_TRY(const Digest digest, stage_sealed(batch, bytes));
  if (!batch.empty()) WEIR_CHECK(kv_.write(batch, false).with_context("store a sealed blob"));
  return digest;
}

Result<std::string> BlobStore::get(const Digest& digest) const {
  WEIR_TRY(const auto row, kv_.get(Family::blobs, format::blob_key(digest)));
  if (!row) return make_error(Code::not_found, "there is no blob " + digest.hex());
  WEIR_TRY(const Stored stored, parse(digest, *row));
  return open_row(digest, stored, key_ ? &key_->bytes_ : nullptr);
}

Result<bool> BlobStore::contains(const Digest& digest) const {
  WEIR_TRY(const auto row, kv_.get(Family::blobs, format::blob_key(digest)));
  return row.has_value();
}

Result<bool> BlobStore::use(const Digest& digest) {
  const std::lock_guard lock(use_mutex_);
  WEIR_TRY(const bool known, contains(digest));
  if (!known) return false;
  WEIR_TRY(const auto old, kv_.get(Family::meta, format::old_blob_key(digest)));
  if (old) used_.insert(digest);
  return true;
}

Result<bool> BlobStore::remove_unused(const Digest& digest) {
  const std::lock_guard lock(use_mutex_);
  if (used_.contains(digest) || used_before_.contains(digest)) return false;
  WriteBatch batch;
  batch.remove(Family::blobs, format::blob_key(digest));
  batch.remove(Family::meta, format::old_blob_key(digest));
  WEIR_CHECK(kv_.write(batch, false).with_context("remove a blob"));
  return true;
}

void BlobStore::begin_use_period() {
  const std::lock_guard lock(use_mutex_);
  used_before_ = std::move(used_);
  used_.clear();
}

Result<bool> BlobStore::is_sealed(const Digest& digest) const {
  WEIR_TRY(const auto row, kv_.get(Family::blobs, format::blob_key(digest)));
  if (!row) return make_error(Code::not_found, "there is no blob " + digest.hex());
  return is_sealed_row(*row);
}

bool BlobStore::is_sealed_row(std::string_view row) {
  return !row.empty() && static_cast<std::uint8_t>(row.front()) == form_sealed;
}

Result<void> BlobStore::check(const Digest& digest, std::string_view row) const {
  WEIR_TRY(const Stored stored, parse(digest, row));
  if (stored.form == form_sealed && !key_) return {};
  auto bytes = open_row(digest, stored, key_ ? &key_->bytes_ : nullptr);
  if (!bytes.ok()) return std::move(bytes).error();
  if (stored.form == form_sealed && key_->digest(*bytes) != digest) {
    return corrupt(digest, "its bytes have another digest");
  }
  return {};
}

}  // namespace weir::store
