#include "engine/template/functions/private_key.hh"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/obj_mac.h>
#include <openssl/x509.h>

#include <array>

#include "engine/base/freed.hh"
#include "engine/template/functions/der.hh"
#include "engine/template/functions/pem.hh"
#include "engine/template/functions/prime.hh"
#include "engine/template/functions/random.hh"
#include "engine/template/functions/support.hh"

namespace weir::tmpl {

struct PrivateKey::Handle {
  explicit Handle(EVP_PKEY* adopted) : key(adopted) {}
  ~Handle() { EVP_PKEY_free(key); }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  EVP_PKEY* const key;
};

namespace {

using Number = std::unique_ptr<BIGNUM, base::Freed<BN_clear_free>>;
using Context = std::unique_ptr<BN_CTX, base::Freed<BN_CTX_free>>;
using Group = std::unique_ptr<EC_GROUP, base::Freed<EC_GROUP_free>>;
using Point = std::unique_ptr<EC_POINT, base::Freed<EC_POINT_free>>;

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

Number number() { return Number(BN_new()); }

Number number_of(std::string_view bytes) {
  return Number(BN_bin2bn(bytes_of(bytes), static_cast<int>(bytes.size()), nullptr));
}

Number number_of(std::uint64_t value) {
  Number result = number();
  BN_set_word(result.get(), value);
  return result;
}

std::string bytes_of_number(const BIGNUM* value) {
  std::string bytes(static_cast<std::size_t>(BN_num_bytes(value)), '\0');
  BN_bn2bin(value, reinterpret_cast<unsigned char*>(bytes.data()));
  return bytes;
}

std::string der_number(const Number& value) { return der::integer(bytes_of_number(value.get())); }

Number minus_one(const Number& value) {
  Number result(BN_dup(value.get()));
  BN_sub_word(result.get(), 1);
  return result;
}

// A prime that fits the exponent: prime - 1 has no factor in common with it.
Number rsa_prime(CallContext& call, int bits, const Number& exponent, const Context& context) {
  const Number common = number();
  while (true) {
    Number candidate = number_of(random_prime(call, bits, true));
    BN_gcd(common.get(), minus_one(candidate).get(), exponent.get(), context.get());
    if (BN_is_one(common.get())) return candidate;
  }
}

// Below `bound` and not zero.
Number random_scalar(CallContext& call, const BIGNUM* bound) {
  while (true) {
    Number candidate = number_of(random_bytes(call, static_cast<std::size_t>(BN_num_bytes(bound))));
    const int bits = BN_num_bits(bound);
    if (BN_num_bits(candidate.get()) > bits) BN_mask_bits(candidate.get(), bits);
    if (!BN_is_zero(candidate.get()) && BN_cmp(candidate.get(), bound) < 0) return candidate;
  }
}

std::string padded(std::string bytes, std::size_t width) {
  if (bytes.size() < width) bytes.insert(0, width - bytes.size(), '\0');
  return bytes;
}

const std::string& p256_parameters() {
  static const std::string oid = der::object_id({1, 2, 840, 10045, 3, 1, 7});
  return oid;
}

EVP_PKEY* parse_der(int type, std::string_view bytes) {
  const unsigned char* at = bytes_of(bytes);
  return d2i_PrivateKey(type, nullptr, &at, static_cast<long>(bytes.size()));
}

constexpr int evp_types[] = {EVP_PKEY_RSA, EVP_PKEY_EC, EVP_PKEY_ED25519, EVP_PKEY_DSA};

Error invalid(std::string text) { return make_error(Code::invalid, std::move(text)); }

template <typename Key, typename Encode>
std::string encoded(Key* key, Encode encode) {
  unsigned char* bytes = nullptr;
  const int size = encode(key, &bytes);
  if (size <= 0) fail("the key cannot be encoded");
  std::string out(reinterpret_cast<char*>(bytes), static_cast<std::size_t>(size));
  OPENSSL_free(bytes);
  return out;
}

}  // namespace

PrivateKey::PrivateKey(Kind kind, std::unique_ptr<Handle> handle)
    : kind_(kind), handle_(std::move(handle)) {}
PrivateKey::PrivateKey(PrivateKey&& other) noexcept = default;
PrivateKey& PrivateKey::operator=(PrivateKey&& other) noexcept = default;
PrivateKey::~PrivateKey() = default;

PrivateKey PrivateKey::from_der(Kind kind, std::string_view der) {
  EVP_PKEY* key = parse_der(evp_types[static_cast<std::size_t>(kind)], der);
  if (key == nullptr) fail("the key cannot be read back");
  return PrivateKey(kind, std::make_unique<Handle>(key));
}

PrivateKey PrivateKey::make_rsa(CallContext& call, int bits) {
  const Context context(BN_CTX_new());
  const Number e = number_of(65537u);
  Number p = rsa_prime(call, bits / 2, e, context);
  Number q = rsa_prime(call, bits - bits / 2, e, context);
  while (BN_cmp(p.get(), q.get()) == 0) q = rsa_prime(call, bits - bits / 2, e, context);
  if (BN_cmp(p.get(), q.get()) < 0) std::swap(p, q);
  const Number n = number(), d = number(), common = number(), totient = number();
  const Number dp = number(), dq = number(), inverse = number();
  const Number p1 = minus_one(p), q1 = minus_one(q);
  BN_mul(n.get(), p.get(), q.get(), context.get());
  BN_gcd(common.get(), p1.get(), q1.get(), context.get());
  BN_mul(totient.get(), p1.get(), q1.get(), context.get());
  BN_div(totient.get(), nullptr, totient.get(), common.get(), context.get());
  BN_mod_inverse(d.get(), e.get(), totient.get(), context.get());
  BN_mod(dp.get(), d.get(), p1.get(), context.get());
  BN_mod(dq.get(), d.get(), q1.get(), context.get());
  BN_mod_inverse(inverse.get(), q.get(), p.get(), context.get());
  return from_der(Kind::rsa, der::sequence({der::integer(0u), der_number(n), der_number(e),
                                            der_number(d), der_number(p), der_number(q),
                                            der_number(dp), der_number(dq), der_number(inverse)}));
}

PrivateKey PrivateKey::make_p256(CallContext& call) {
  const Context context(BN_CTX_new());
  const Group group(EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1));
  const Number secret = random_scalar(call, EC_GROUP_get0_order(group.get()));
  const Point point(EC_POINT_new(group.get()));
  EC_POINT_mul(group.get(), point.get(), secret.get(), nullptr, nullptr, context.get());
  std::string public_point(65, '\0');
  EC_POINT_point2oct(group.get(), point.get(), POINT_CONVERSION_UNCOMPRESSED,
                     reinterpret_cast<unsigned char*>(public_point.data()), public_point.size(),
                     context.get());
  const std::string scalar = padded(bytes_of_number(secret.get()), 32);
  return from_der(
      Kind::ec, der::sequence({der::integer(1u), der::value(der::octet_string, scalar),
                               der::value(der::context(0, true), p256_parameters()),
                               der::value(der::context(1, true), der::bit_string(public_point))}));
}

PrivateKey PrivateKey::make_ed25519(CallContext& call) {
  const std::string seed = random_bytes(call, 32);
  EVP_PKEY* key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, bytes_of(seed), 32);
  if (key == nullptr) fail("Ed25519 is not available");
  return PrivateKey(Kind::ed25519, std::make_unique<Handle>(key));
}

PrivateKey PrivateKey::make_dsa(CallContext& call) {
  const Context context(BN_CTX_new());
  const std::string divisor = random_prime(call, 256, false);
  const Number q = number_of(divisor);
  const Number p = number_of(random_prime_above(call, 2048, divisor));
  const Number power = number(), g = number(), y = number();
  BN_div(power.get(), nullptr, minus_one(p).get(), q.get(), context.get());
  for (std::uint64_t h = 2;; ++h) {
    BN_mod_exp(g.get(), number_of(h).get(), power.get(), p.get(), context.get());
    if (!BN_is_one(g.get())) break;
  }
  const Number x = random_scalar(call, q.get());
  BN_mod_exp(y.get(), g.get(), x.get(), p.get(), context.get());
  return from_der(Kind::dsa, der::sequence({der::integer(0u), der_number(p), der_number(q),
                                            der_number(g), der_number(y), der_number(x)}));
}

Result<PrivateKey> PrivateKey::parse(std::string_view pem) {
  constexpr std::string_view suffix = " PRIVATE KEY";
  const auto block = read_pem(pem);
  if (!block) return invalid("no PEM data in input");
  const std::string_view type = block->type;
  if (type == "PRIVATE KEY") {
    const unsigned char* at = bytes_of(block->bytes);
    EVP_PKEY* key = d2i_AutoPrivateKey(nullptr, &at, static_cast<long>(block->bytes.size()));
    if (key == nullptr) return invalid("decoding PEM as PKCS#8: asn1: structure error");
    auto handle = std::make_unique<Handle>(key);
    for (std::size_t i = 0; i < std::size(evp_types); ++i)
      if (EVP_PKEY_get_base_id(key) == evp_types[i])
        return PrivateKey(static_cast<Kind>(i), std::move(handle));
    return invalid(
        "decoding PEM as PKCS#8: x509: PKCS#8 wrapping contained private key with "
        "unknown algorithm");
  }
  if (!type.ends_with(suffix))
    return invalid(joined({"no private key data in PEM block of type ", type}));
  const std::string_view name = type.substr(0, type.size() - suffix.size());
  const Kind kind = name == "RSA" ? Kind::rsa : name == "EC" ? Kind::ec : Kind::dsa;
  if (kind == Kind::dsa && name != "DSA")
    return invalid(joined({"invalid private key type ", type}));
  EVP_PKEY* key = parse_der(evp_types[static_cast<std::size_t>(kind)], block->bytes);
  if (key == nullptr)
    return invalid(joined({"parsing ", name, " private key from PEM: asn1: structure error"}));
  return PrivateKey(kind, std::make_unique<Handle>(key));
}

std::string PrivateKey::pem() const {
  static constexpr std::string_view types[] = {"RSA PRIVATE KEY", "EC PRIVATE KEY", "PRIVATE KEY",
                                               "DSA PRIVATE KEY"};
  return write_pem(
      {std::string(types[static_cast<std::size_t>(kind_)]), encoded(handle_->key, i2d_PrivateKey)});
}

std::string PrivateKey::public_key() const { return encoded(handle_->key, i2d_PUBKEY); }

std::string PrivateKey::public_bits() const {
  const std::string info = public_key();
  const unsigned char* at = bytes_of(info);
  const std::unique_ptr<X509_PUBKEY, base::Freed<X509_PUBKEY_free>> key(
      d2i_X509_PUBKEY(nullptr, &at, static_cast<long>(info.size())));
  const unsigned char* bits = nullptr;
  int size = 0;
  if (!key || X509_PUBKEY_get0_param(nullptr, &bits, &size, nullptr, key.get()) != 1) return {};
  return {reinterpret_cast<const char*>(bits), static_cast<std::size_t>(size)};
}

std::string PrivateKey::signature_algorithm() const {
  switch (kind_) {
    case Kind::rsa:
      return der::sequence(
          {der::object_id({1, 2, 840, 113549, 1, 1, 11}), std::string_view("\x05\x00", 2)});
    case Kind::ec: {
      const int bits = EVP_PKEY_get_bits(handle_->key);
      const std::uint32_t hash = bits <= 256 ? 2 : bits <= 384 ? 3 : 4;
      return der::sequence({der::object_id({1, 2, 840, 10045, 4, 3, hash})});
    }
    case Kind::ed25519: return der::sequence({der::object_id({1, 3, 101, 112})});
    case Kind::dsa: return {};
  }
  return {};
}

// ECDSA by hand, for the library takes its own randomness.
std::string PrivateKey::sign_ec(CallContext& call, std::string_view message) const {
  char name[64];
  std::size_t name_size = 0;
  BIGNUM* raw_secret = nullptr;
  if (EVP_PKEY_get_utf8_string_param(handle_->key, OSSL_PKEY_PARAM_GROUP_NAME, name, sizeof name,
                                     &name_size) != 1 ||
      EVP_PKEY_get_bn_param(handle_->key, OSSL_PKEY_PARAM_PRIV_KEY, &raw_secret) != 1)
    fail("x509: unsupported elliptic curve");
  const Number secret(raw_secret);
  const Group group(EC_GROUP_new_by_curve_name(OBJ_txt2nid(name)));
  if (!group) fail("x509: unsupported elliptic curve");
  const Context context(BN_CTX_new());
  const BIGNUM* order = EC_GROUP_get0_order(group.get());
  const int bits = BN_num_bits(order);
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned size = 0;
  EVP_Digest(message.data(), message.size(), digest.data(), &size,
             bits <= 256   ? EVP_sha256()
             : bits <= 384 ? EVP_sha384()
                           : EVP_sha512(),
             nullptr);
  const Number hash(BN_bin2bn(digest.data(), static_cast<int>(size), nullptr));
  const int excess = static_cast<int>(size) * 8 - bits;
  if (excess > 0) BN_rshift(hash.get(), hash.get(), excess);
  const Point point(EC_POINT_new(group.get()));
  const Number r = number(), s = number(), inverse = number();
  do {
    const Number nonce = random_scalar(call, order);
    EC_POINT_mul(group.get(), point.get(), nonce.get(), nullptr, nullptr, context.get());
    EC_POINT_get_affine_coordinates(group.get(), point.get(), r.get(), nullptr, context.get());
    BN_nnmod(r.get(), r.get(), order, context.get());
    BN_mod_mul(s.get(), r.get(), secret.get(), order, context.get());
    BN_mod_add(s.get(), s.get(), hash.get(), order, context.get());
    BN_mod_inverse(inverse.get(), nonce.get(), order, context.get());
    BN_mod_mul(s.get(), s.get(), inverse.get(), order, context.get());
  } while (BN_is_zero(r.get()) || BN_is_zero(s.get()));
  return der::sequence({der_number(r), der_number(s)});
}

Result<std::string> PrivateKey::sign(CallContext& call, std::string_view message) const {
  if (kind_ == Kind::dsa)
    return invalid("x509: certificate private key does not implement crypto.Signer");
  if (kind_ == Kind::ec) return sign_ec(call, message);
  const std::unique_ptr<EVP_MD_CTX, base::Freed<EVP_MD_CTX_free>> context(EVP_MD_CTX_new());
  const EVP_MD* hash = kind_ == Kind::ed25519 ? nullptr : EVP_sha256();
  std::size_t size = 0;
  std::string signature;
  bool fine = EVP_DigestSignInit(context.get(), nullptr, hash, nullptr, handle_->key) == 1 &&
              EVP_DigestSign(context.get(), nullptr, &size, bytes_of(message), message.size()) == 1;
  signature.resize(size);
  fine = fine && EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()),
                                &size, bytes_of(message), message.size()) == 1;
  if (!fine) return invalid("x509: the key cannot sign");
  signature.resize(size);
  return signature;
}

}  // namespace weir::tmpl
