// Signed notes (C2SP signed-note, Ed25519): a text, an empty line, then signature lines
// "— NAME BASE64(key id, signature)". Keys have a name; a key's id is the first four bytes of
// sha256(name, newline, 0x01, public key).
//
// Values; thread-safe. No text of an error holds a private key.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.hh"

namespace weir::store {

// A public key: "NAME+1a2b3c4d+BASE64".
struct VerifierKey {
  std::string name;
  std::array<std::uint8_t, 32> key{};

  bool operator==(const VerifierKey&) const = default;
  std::uint32_t id() const;
  std::string text() const;
  // Error: invalid; "public key" is named.
  static Result<VerifierKey> parse(std::string_view text);
};

struct NoteSignature {
  std::string name;
  std::uint32_t id = 0;
  std::string bytes;
};

struct SignedNote {
  std::string text;  // with its last newline
  std::vector<NoteSignature> signatures;

  // Whether one of the signatures is this key's and true.
  bool is_signed_by(const VerifierKey& key) const;
};

// Error: corrupt. Takes one form of each note only: base64 with its padding and no stray bits.
Result<SignedNote> parse_note(std::string_view note);
// base64 in its one canonical form. Error: corrupt.
Result<std::string> decode_canonical_base64(std::string_view text);

// A private key, in a file of its own beside the database; never logged.
class SigningKey {
 public:
  SigningKey() = default;
  ~SigningKey();
  SigningKey(const SigningKey&) = default;
  SigningKey& operator=(const SigningKey&) = default;

  // A fresh key. An empty name becomes "weir/" and 16 digits of the public key's digest.
  static Result<SigningKey> generate(std::string name = {});
  // A key file: "PRIVATE+KEY+NAME+1a2b3c4d+BASE64". Errors: not_found, forbidden, corrupt, io.
  static Result<SigningKey> load(const std::string& path);
  // Keeps the key in a file of mode 0600, unless one is there. Error: io.
  Result<void> save(const std::string& path) const;

  const VerifierKey& verifier() const { return verifier_; }
  // The text (which ends in a newline) and the signature's line behind it; of a note that is signed
  // already, one more line.
  std::string sign(std::string_view text) const;
  std::string cosign(std::string_view note) const;

 private:
  std::string line(std::string_view text) const;

  VerifierKey verifier_;
  std::array<std::uint8_t, 32> seed_{};
};

}  // namespace weir::store
