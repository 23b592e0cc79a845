#include <arpa/inet.h>

#include "engine/template/functions/certificate.hh"
#include "engine/template/functions/encodings.hh"
#include "engine/template/functions/instant_object.hh"
#include "engine/template/functions/pem.hh"
#include "engine/template/functions/random.hh"
#include "engine/template/functions/support.hh"
#include "engine/template/functions/tables.hh"

namespace weir::tmpl {

namespace {

using Arguments = std::span<Datum>;

constexpr int key_bits = 2048;
constexpr int private_key_bits = 4096;  // of genPrivateKey "rsa"
constexpr std::size_t serial_bytes = 16;

constexpr Type certificate_type{Kind::struct_, "sprig.certificate"};

// A certificate and its key, both PEM.
class CertificateObject final : public Object {
 public:
  CertificateObject(std::string certificate, std::string key)
      : certificate_(Datum::string(std::move(certificate))), key_(Datum::string(std::move(key))) {}
  const Type& type() const override { return certificate_type; }
  std::span<const std::string_view> field_names() const override {
    static constexpr std::string_view names[] = {"Cert", "Key"};
    return names;
  }
  Datum field(std::size_t index) const override { return index == 0 ? certificate_ : key_; }

 private:
  const Datum certificate_;
  const Datum key_;
};

template <typename T>
T expect(Result<T> result, std::string_view prefix = {}) {
  if (!result.ok()) fail(joined({prefix, result.error().message}));
  return std::move(*result);
}

// net.ParseIP: 4 bytes for IPv4, mapped addresses too.
std::string address_of(const Datum& item) {
  if (item.type() != &types::string)
    fail(joined({"error parsing ip: ", text_of(item), " is not a string"}));
  const std::string text(item.as_string());
  char bytes[16];
  if (text.find('\0') == std::string::npos) {
    if (inet_pton(AF_INET, text.c_str(), bytes) == 1) return {bytes, 4};
    if (inet_pton(AF_INET6, text.c_str(), bytes) == 1) {
      static constexpr std::string_view mapped("\0\0\0\0\0\0\0\0\0\0\xFF\xFF", 12);
      const std::string_view address(bytes, 16);
      return std::string(address.starts_with(mapped) ? address.substr(12) : address);
    }
  }
  fail(joined({"error parsing ip: ", text}));
}

CertificateRequest request_of(CallContext& context, const Datum& name, const Datum* addresses,
                              const Datum* dns_names, const Datum& days) {
  CertificateRequest request;
  request.common_name = name.as_string();
  if (addresses != nullptr)
    for (const Datum& item : addresses->items()) request.addresses.push_back(address_of(item));
  if (dns_names != nullptr) {
    for (const Datum& item : dns_names->items()) {
      if (item.type() != &types::string)
        fail(joined({"error processing alternate dns name: ", text_of(item), " is not a string"}));
      request.dns_names.emplace_back(item.as_string());
    }
  }
  request.serial = random_bytes(context, serial_bytes);
  if (context.ports().clock == nullptr) fail("the time is not known here");
  request.not_before = Instant::unix(0, 0, Zone::utc());
  request.not_before.seconds = floor_div(context.ports().clock->now(), 1'000'000);
  constexpr std::uint64_t day = 86'400'000'000'000;
  // Wraps around, as Go's durations do.
  request.not_after = request.not_before.plus(
      static_cast<std::int64_t>(static_cast<std::uint64_t>(days.as_int()) * day));
  return request;
}

Datum issue(CallContext& context, const CertificateRequest& request, const PrivateKey& key,
            const Signer& signer) {
  std::string bytes =
      expect(make_certificate(context, request, key, signer), "error creating certificate: ");
  std::string certificate = write_pem({"CERTIFICATE", std::move(bytes)});
  context.budget().use_bytes(certificate.size() * 2);
  return make_object<CertificateObject>(std::move(certificate), key.pem());
}

Datum issue_own(CallContext& context, const CertificateRequest& request, const PrivateKey& key) {
  return issue(context, request, key, Signer{&key, {}, {}});
}

PrivateKey given_key(const Datum& pem) {
  return expect(PrivateKey::parse(pem.as_string()), "parsing private key: ");
}

Datum make_authority(CallContext& context, Arguments a, const PrivateKey* key) {
  CertificateRequest request = request_of(context, a[0], nullptr, nullptr, a[1]);
  request.authority = true;
  if (key != nullptr) return issue_own(context, request, *key);
  return issue_own(context, request, PrivateKey::make_rsa(context, key_bits));
}

Datum gen_ca(CallContext& context, Arguments a) { return make_authority(context, a, nullptr); }

Datum gen_ca_with_key(CallContext& context, Arguments a) {
  const PrivateKey key = given_key(a[2]);
  return make_authority(context, a, &key);
}

Datum gen_self_signed(CallContext& context, Arguments a) {
  const CertificateRequest request = request_of(context, a[0], &a[1], &a[2], a[3]);
  return issue_own(context, request, PrivateKey::make_rsa(context, key_bits));
}

Datum gen_self_signed_with_key(CallContext& context, Arguments a) {
  const PrivateKey key = given_key(a[4]);
  return issue_own(context, request_of(context, a[0], &a[1], &a[2], a[3]), key);
}

Datum make_signed(CallContext& context, Arguments a, const PrivateKey* key) {
  const Object& authority = a[4].as_object();
  const auto block = read_pem(authority.field(0).as_string());
  if (!block) fail("unable to decode certificate");
  const IssuerFacts issuer =
      expect(read_issuer(block->bytes), "error parsing certificate: decodedSignerCert.Bytes: ");
  const PrivateKey signing_key =
      expect(PrivateKey::parse(authority.field(1).as_string()), "error parsing private key: ");
  const CertificateRequest request = request_of(context, a[0], &a[1], &a[2], a[3]);
  if (signing_key.public_key() != issuer.public_key)
    fail("error creating certificate: x509: provided PrivateKey doesn't match parent's PublicKey");
  const Signer signer{&signing_key, issuer.name, issuer.key_identifier};
  if (key != nullptr) return issue(context, request, *key, signer);
  return issue(context, request, PrivateKey::make_rsa(context, key_bits), signer);
}

Datum gen_signed(CallContext& context, Arguments a) { return make_signed(context, a, nullptr); }

Datum gen_signed_with_key(CallContext& context, Arguments a) {
  const PrivateKey key = given_key(a[5]);
  return make_signed(context, a, &key);
}

Datum build_custom(CallContext& context, Arguments a) {
  auto certificate = decode_base64(a[0].as_string());
  if (!certificate.ok()) fail("unable to decode base64 certificate");
  auto key = decode_base64(a[1].as_string());
  if (!key.ok()) fail("unable to decode base64 private key");
  const auto block = read_pem(*certificate);
  if (!block) fail("unable to decode certificate");
  expect(read_issuer(block->bytes), "error parsing certificate: decodedCert.Bytes: ");
  expect(PrivateKey::parse(*key), "error parsing private key: ");
  context.budget().use_bytes(certificate->size() + key->size());
  return make_object<CertificateObject>(std::move(*certificate), std::move(*key));
}

Datum gen_private_key(CallContext& context, Arguments a) {
  const std::string_view type = a[0].as_string();
  if (type.empty() || type == "rsa")
    return give(context, PrivateKey::make_rsa(context, private_key_bits).pem());
  if (type == "dsa") return give(context, PrivateKey::make_dsa(context).pem());
  if (type == "ecdsa") return give(context, PrivateKey::make_p256(context).pem());
  if (type == "ed25519") return give(context, PrivateKey::make_ed25519(context).pem());
  return give(context, joined({"Unknown type ", type}));
}

constexpr Function table[] = {
    {"genPrivateKey", gen_private_key, {&types::string}},
    {"genCA", gen_ca, {&types::string, &types::int_}},
    {"genCAWithKey", gen_ca_with_key, {&types::string, &types::int_, &types::string}},
    {"genSelfSignedCert",
     gen_self_signed,
     {&types::string, &types::any_slice, &types::any_slice, &types::int_}},
    {"genSelfSignedCertWithKey",
     gen_self_signed_with_key,
     {&types::string, &types::any_slice, &types::any_slice, &types::int_, &types::string}},
    {"genSignedCert",
     gen_signed,
     {&types::string, &types::any_slice, &types::any_slice, &types::int_, &certificate_type}},
    {"genSignedCertWithKey",
     gen_signed_with_key,
     {&types::string, &types::any_slice, &types::any_slice, &types::int_, &certificate_type,
      &types::string}},
    {"buildCustomCert", build_custom, {&types::string, &types::string}},
};

}  // namespace

std::span<const Function> certificate_functions() { return table; }

}  // namespace weir::tmpl
