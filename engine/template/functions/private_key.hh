// Private keys for template functions: made from a CallContext's randomness, so that the same
// source makes the same key; read from and written to PEM; signing. OpenSSL underneath.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "engine/base/result.hh"
#include "engine/template/function.hh"

namespace weir::tmpl {

class PrivateKey {
 public:
  enum class Kind : std::uint8_t { rsa, ec, ed25519, dsa };

  // Throw FunctionError without randomness.
  static PrivateKey make_rsa(CallContext& context, int bits);
  static PrivateKey make_p256(CallContext& context);
  static PrivateKey make_ed25519(CallContext& context);
  static PrivateKey make_dsa(CallContext& context);
  // PKCS#1, SEC 1, PKCS#8 and the form of DSA keys. Error: invalid, in sprig's words.
  static Result<PrivateKey> parse(std::string_view pem);

  PrivateKey(PrivateKey&& other) noexcept;
  PrivateKey& operator=(PrivateKey&& other) noexcept;
  ~PrivateKey();

  Kind kind() const { return kind_; }
  std::string pem() const;
  // SubjectPublicKeyInfo.
  std::string public_key() const;
  // The bits of the public key alone, as key identifiers are made of them.
  std::string public_bits() const;
  // AlgorithmIdentifier of the signatures this key makes; empty when it makes none (DSA).
  std::string signature_algorithm() const;
  // With the hash that goes with the key.
  Result<std::string> sign(CallContext& context, std::string_view message) const;

 private:
  struct Handle;
  PrivateKey(Kind kind, std::unique_ptr<Handle> handle);
  static PrivateKey from_der(Kind kind, std::string_view der);
  std::string sign_ec(CallContext& context, std::string_view message) const;

  Kind kind_;
  std::unique_ptr<Handle> handle_;
};

}  // namespace weir::tmpl
