#include "store/note.hh"

#include <sodium.h>

#include <algorithm>
#include <optional>

#include "engine/base/digest.hh"
#include "store/key_file.hh"

namespace weir::store {
namespace {

constexpr char algorithm = 0x01;  // Ed25519, in signatures of the text itself
constexpr std::string_view dash = "\xe2\x80\x94 ";
constexpr std::string_view private_prefix = "PRIVATE+KEY+";
constexpr std::size_t key_bytes = 32;
constexpr std::size_t id_bytes = 4;
constexpr std::size_t key_file_bytes_max = 1024;
// More signatures than a note of ours or a witnessed one has; each costs a look.
constexpr std::size_t signatures_max = 100;
static_assert(key_bytes == crypto_sign_PUBLICKEYBYTES && key_bytes == crypto_sign_SEEDBYTES);

const unsigned char* unsigned_bytes(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

std::string_view view(const std::array<std::uint8_t, key_bytes>& key) {
  return {reinterpret_cast<const char*>(key.data()), key.size()};
}

std::string hex_of(std::uint32_t id) {
  const char bytes[id_bytes] = {static_cast<char>(id >> 24), static_cast<char>(id >> 16),
                                static_cast<char>(id >> 8), static_cast<char>(id)};
  return base::hex_encode({bytes, id_bytes});
}

std::uint32_t id_of(std::string_view bytes) {
  std::uint32_t id = 0;
  for (std::size_t i = 0; i < id_bytes; ++i) id = id << 8 | static_cast<std::uint8_t>(bytes[i]);
  return id;
}

bool is_key_name(std::string_view name) {
  return !name.empty() && std::none_of(name.begin(), name.end(), [](unsigned char c) {
    return c <= ' ' || c == '+' || c == 0x7f;
  });
}

struct KeyText {
  std::string name;
  std::uint32_t id = 0;
  std::array<std::uint8_t, key_bytes> key{};
};

// "NAME+ID+BASE64": of public and private keys alike.
std::optional<KeyText> parse_key(std::string_view text) {
  const std::size_t first = text.find('+');
  const std::size_t second = first == std::string_view::npos ? first : text.find('+', first + 1);
  if (second == std::string_view::npos || !is_key_name(text.substr(0, first))) return std::nullopt;
  const auto id = base::hex_decode(text.substr(first + 1, second - first - 1));
  const auto bytes = base::base64_decode(text.substr(second + 1));
  if (!id.ok() || id->size() != id_bytes || !bytes.ok() || bytes->size() != 1 + key_bytes ||
      bytes->front() != algorithm)
    return std::nullopt;
  KeyText out;
  out.name = text.substr(0, first);
  out.id = id_of(*id);
  std::copy(bytes->begin() + 1, bytes->end(), out.key.begin());
  return out;
}

std::string key_text(const std::string& name, std::uint32_t id, std::string_view key) {
  return name + "+" + hex_of(id) + "+" + base::base64_encode(algorithm + std::string(key));
}

VerifierKey public_half(std::string name, const std::array<std::uint8_t, key_bytes>& seed) {
  VerifierKey out;
  out.name = std::move(name);
  unsigned char secret[crypto_sign_SECRETKEYBYTES];
  crypto_sign_seed_keypair(out.key.data(), secret, seed.data());
  sodium_memzero(secret, sizeof secret);
  return out;
}

}  // namespace

std::uint32_t VerifierKey::id() const {
  const base::Digest digest = base::sha256(name + "\n" + algorithm + std::string(view(key)));
  return id_of({reinterpret_cast<const char*>(digest.bytes.data()), digest.bytes.size()});
}

std::string VerifierKey::text() const { return key_text(name, id(), view(key)); }

Result<VerifierKey> VerifierKey::parse(std::string_view text) {
  while (!text.empty() && static_cast<unsigned char>(text.back()) <= ' ') text.remove_suffix(1);
  const auto parsed = parse_key(text);
  if (!parsed) {
    return make_error(Code::invalid, "public key: \"" + std::string(text.substr(0, 200)) +
                                         "\" is not NAME+ID+BASE64 of an Ed25519 key");
  }
  VerifierKey out{parsed->name, parsed->key};
  if (out.id() != parsed->id) {
    return make_error(Code::invalid, "public key: its id is " + hex_of(out.id()) + ", not " +
                                         hex_of(parsed->id) + ": it is mistyped");
  }
  return out;
}

bool SignedNote::is_signed_by(const VerifierKey& key) const {
  const std::uint32_t id = key.id();
  return std::any_of(signatures.begin(), signatures.end(), [&](const NoteSignature& signature) {
    return signature.name == key.name && signature.id == id &&
           signature.bytes.size() == crypto_sign_BYTES &&
           crypto_sign_verify_detached(unsigned_bytes(signature.bytes), unsigned_bytes(text),
                                       text.size(), key.key.data()) == 0;
  });
}

Result<std::string> decode_canonical_base64(std::string_view text) {
  auto bytes = base::base64_decode(text);
  if (!bytes.ok() || base::base64_encode(*bytes) != text) {
    return make_error(Code::corrupt, "not base64 in its canonical form");
  }
  return bytes;
}

Result<SignedNote> parse_note(std::string_view note) {
  const auto corrupt = [](std::string what) {
    return make_error(Code::corrupt, "signed note: " + std::move(what));
  };
  const std::size_t end = note.rfind("\n\n");
  if (end == std::string_view::npos || !note.ends_with('\n')) {
    return corrupt("no text and signatures with an empty line between");
  }
  SignedNote out;
  out.text = note.substr(0, end + 1);
  std::string_view lines = note.substr(end + 2);
  while (!lines.empty()) {
    const std::size_t line_end = lines.find('\n');
    std::string_view line = lines.substr(0, line_end);
    lines.remove_prefix(line_end + 1);
    const std::size_t space = line.rfind(' ');
    if (!line.starts_with(dash) || space < dash.size()) return corrupt("a bad signature line");
    NoteSignature signature;
    signature.name = line.substr(dash.size(), space - dash.size());
    const auto bytes = decode_canonical_base64(line.substr(space + 1));
    if (!is_key_name(signature.name) || !bytes.ok() || bytes->size() <= id_bytes) {
      return corrupt("a bad signature line");
    }
    signature.id = id_of(*bytes);
    signature.bytes = bytes->substr(id_bytes);
    out.signatures.push_back(std::move(signature));
    if (out.signatures.size() > signatures_max) return corrupt("too many signatures");
  }
  if (out.signatures.empty()) return corrupt("no signature");
  return out;
}

SigningKey::~SigningKey() { sodium_memzero(seed_.data(), seed_.size()); }

Result<SigningKey> SigningKey::generate(std::string name) {
  if (sodium_init() < 0) return make_error(Code::io, "the system's random source does not work");
  SigningKey key;
  randombytes_buf(key.seed_.data(), key.seed_.size());
  key.verifier_ = public_half(std::move(name), key.seed_);
  if (key.verifier_.name.empty()) {
    std::string hex = "weir/";
    hex += base::sha256(view(key.verifier_.key)).hex().substr(0, 16);
    key.verifier_.name = std::move(hex);
  }
  if (!is_key_name(key.verifier_.name)) {
    return make_error(Code::invalid, "\"" + key.verifier_.name +
                                         "\" is no name of a ledger: no spaces and no '+'");
  }
  return key;
}

Result<SigningKey> SigningKey::load(const std::string& path) {
  if (sodium_init() < 0) return make_error(Code::io, "the system's random source does not work");
  WEIR_TRY(std::string text, read_key_file(path, key_file_bytes_max));
  std::string_view rest = text;
  while (rest.ends_with('\n')) rest.remove_suffix(1);
  std::optional<KeyText> parsed;
  if (rest.starts_with(private_prefix)) parsed = parse_key(rest.substr(private_prefix.size()));
  sodium_memzero(text.data(), text.size());
  SigningKey key;
  if (parsed) {
    key.seed_ = parsed->key;
    key.verifier_ = public_half(parsed->name, key.seed_);
    sodium_memzero(parsed->key.data(), parsed->key.size());
  }
  if (!parsed || key.verifier_.id() != parsed->id) {
    return make_error(Code::corrupt, "key file " + path + " does not hold a ledger's key");
  }
  return key;
}

Result<void> SigningKey::save(const std::string& path) const {
  std::string text(private_prefix);
  text += key_text(verifier_.name, verifier_.id(), view(seed_));
  text += "\n";
  auto saved = create_key_file(path, text);
  sodium_memzero(text.data(), text.size());
  return saved;
}

std::string SigningKey::line(std::string_view text) const {
  std::array<std::uint8_t, key_bytes> ignored;
  unsigned char secret[crypto_sign_SECRETKEYBYTES];
  crypto_sign_seed_keypair(ignored.data(), secret, seed_.data());
  unsigned char signature[crypto_sign_BYTES];
  crypto_sign_detached(signature, nullptr, unsigned_bytes(text), text.size(), secret);
  sodium_memzero(secret, sizeof secret);
  const std::uint32_t id = verifier_.id();
  std::string bytes = base::hex_decode(hex_of(id)).value();
  bytes.append(reinterpret_cast<const char*>(signature), sizeof signature);
  return std::string(dash) + verifier_.name + " " + base::base64_encode(bytes) + "\n";
}

std::string SigningKey::sign(std::string_view text) const {
  std::string note(text);
  note += "\n";
  note += line(text);
  return note;
}

std::string SigningKey::cosign(std::string_view note) const {
  const std::string_view text = note.substr(0, note.rfind("\n\n") + 1);
  std::string out(note);
  out += line(text);
  return out;
}

}  // namespace weir::store
