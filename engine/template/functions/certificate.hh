// X.509 certificates with the fields and extensions that Go's CreateCertificate gives those of
// sprig: a common name, DNS names and addresses, for servers and clients, perhaps an authority.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.hh"
#include "engine/template/functions/instant.hh"
#include "engine/template/functions/private_key.hh"

namespace weir::tmpl {

struct CertificateRequest {
  std::string serial;  // big-endian
  std::string common_name;
  std::vector<std::string> dns_names;
  std::vector<std::string> addresses;  // 4 or 16 bytes each
  Instant not_before;
  Instant not_after;
  bool authority = false;
};

// Who signs. For a certificate that signs itself: issuer_name empty.
struct Signer {
  const PrivateKey* key = nullptr;
  std::string issuer_name;     // DER
  std::string key_identifier;  // "" when the issuer's certificate has none
};

// DER. Error: invalid, in Go's words.
Result<std::string> make_certificate(CallContext& context, const CertificateRequest& request,
                                     const PrivateKey& key, const Signer& signer);

// What signing for it takes out of an authority's certificate.
struct IssuerFacts {
  std::string name;            // DER of its subject
  std::string key_identifier;  // may be empty
  std::string public_key;      // SubjectPublicKeyInfo
};
// Error: invalid.
Result<IssuerFacts> read_issuer(std::string_view der);

}  // namespace weir::tmpl
