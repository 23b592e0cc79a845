#include "api/kube/certificate.hh"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <memory>

#include "engine/base/freed.hh"

namespace weir::api::kube {

namespace {

using KeyPtr = std::unique_ptr<EVP_PKEY, base::Freed<EVP_PKEY_free>>;
using CertPtr = std::unique_ptr<X509, base::Freed<X509_free>>;
using BioPtr = std::unique_ptr<BIO, base::Freed<BIO_free_all>>;
using ExtensionPtr = std::unique_ptr<X509_EXTENSION, base::Freed<X509_EXTENSION_free>>;

std::string text_of(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return std::string(data, static_cast<std::size_t>(size));
}

bool add_extension(X509* certificate, int kind, const std::string& text) {
  const ExtensionPtr made(X509V3_EXT_conf_nid(nullptr, nullptr, kind, text.c_str()));
  return made != nullptr && X509_add_ext(certificate, made.get(), -1) == 1;
}

}  // namespace

Result<Certificate> make_certificate(const std::string& address) {
  const Error failed = make_error(Code::internal, "cannot make a TLS certificate");
  const KeyPtr key(EVP_EC_gen("P-256"));
  const CertPtr certificate(X509_new());
  if (key == nullptr || certificate == nullptr) return failed;
  unsigned char serial[16];
  if (RAND_bytes(serial, sizeof serial) != 1) return failed;
  serial[0] &= 0x7f;
  BIGNUM* number = BN_bin2bn(serial, sizeof serial, nullptr);
  BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate.get()));
  BN_free(number);
  X509_set_version(certificate.get(), 2);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -3600);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 10L * 365 * 24 * 3600);
  X509_set_pubkey(certificate.get(), key.get());
  X509_NAME* name = X509_get_subject_name(certificate.get());
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>("weir"), -1, -1, 0);
  X509_set_issuer_name(certificate.get(), name);
  std::string names = "DNS:localhost,IP:127.0.0.1";
  if (address != "127.0.0.1" && address != "0.0.0.0") names += ",IP:" + address;
  if (!add_extension(certificate.get(), NID_subject_alt_name, names) ||
      !add_extension(certificate.get(), NID_basic_constraints, "critical,CA:TRUE") ||
      !add_extension(certificate.get(), NID_key_usage, "critical,digitalSignature,keyCertSign") ||
      !add_extension(certificate.get(), NID_ext_key_usage, "serverAuth") ||
      X509_sign(certificate.get(), key.get(), EVP_sha256()) == 0) {
    return failed;
  }
  const BioPtr certificate_out(BIO_new(BIO_s_mem()));
  const BioPtr key_out(BIO_new(BIO_s_mem()));
  if (PEM_write_bio_X509(certificate_out.get(), certificate.get()) != 1 ||
      PEM_write_bio_PrivateKey(key_out.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) !=
          1) {
    return failed;
  }
  return Certificate{text_of(certificate_out.get()), text_of(key_out.get())};
}

}  // namespace weir::api::kube
