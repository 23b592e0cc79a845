#include "engine/template/functions/certificate.hh"

#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <memory>

#include "engine/base/digest.hh"
#include "engine/template/functions/der.hh"
#include "engine/template/functions/support.hh"
#include "engine/value/utf8.hh"

namespace weir::tmpl {

namespace {

constexpr std::size_t key_identifier_bytes = 20;

Error invalid(std::string text) { return make_error(Code::invalid, std::move(text)); }

bool is_printable(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("'()+,-./ :=?").find(c) != std::string_view::npos;
}

Result<std::string> name_of(std::string_view common_name) {
  if (common_name.empty()) return der::sequence({});
  if (!value::valid_utf8(common_name)) return invalid("asn1: string not valid UTF-8");
  const bool printable = std::all_of(common_name.begin(), common_name.end(), is_printable);
  const std::string attribute = der::sequence(
      {der::object_id({2, 5, 4, 3}),
       der::value(printable ? der::printable_string : der::utf8_string, common_name)});
  return der::sequence({der::value(der::set_tag, attribute)});
}

Result<std::string> time_of(const Instant& instant) {
  const Instant utc = instant.in(Zone::utc());
  const std::int64_t year = read_clock(utc).date.year;
  if (year < 0 || year > 9999)
    return invalid("asn1: structure error: cannot represent time as GeneralizedTime");
  if (year >= 1950 && year < 2050)
    return der::value(der::utc_time, format_instant(utc, "060102150405Z"));
  return der::value(der::generalized_time, format_instant(utc, "20060102150405Z"));
}

std::string extension(std::uint32_t number, bool critical, std::string_view contents) {
  const std::string id = der::object_id({2, 5, 29, number});
  const std::string wrapped = der::value(der::octet_string, contents);
  if (!critical) return der::sequence({id, wrapped});
  return der::sequence({id, der::value(der::boolean, "\xFF"), wrapped});
}

Result<std::string> alternative_names(const CertificateRequest& request) {
  std::string names;
  for (const std::string& name : request.dns_names) {
    const bool ascii = std::none_of(name.begin(), name.end(), [](char c) { return c < 0; });
    if (!ascii)
      return invalid(joined({"x509: ", quoted(name), " cannot be encoded as an IA5String"}));
    names += der::value(der::context(2, false), name);
  }
  for (const std::string& address : request.addresses)
    names += der::value(der::context(7, false), address);
  return names;
}

Result<std::string> extensions_of(const CertificateRequest& request, const PrivateKey& key,
                                  std::string_view authority_key) {
  constexpr std::uint32_t key_usage = 15, extended_key_usage = 37, basic_constraints = 19;
  constexpr std::uint32_t subject_key = 14, issuer_key = 35, alternative_name = 17;
  std::string out;
  // Digital signature and key encipherment; an authority signs certificates too.
  out += extension(key_usage, true,
                   request.authority ? der::bit_string("\xA4", 2) : der::bit_string("\xA0", 5));
  out += extension(extended_key_usage, false,
                   der::sequence({der::object_id({1, 3, 6, 1, 5, 5, 7, 3, 1}),
                                  der::object_id({1, 3, 6, 1, 5, 5, 7, 3, 2})}));
  const std::string authority_mark = der::value(der::boolean, "\xFF");
  out += extension(basic_constraints, true,
                   request.authority ? der::sequence({authority_mark}) : der::sequence({}));
  if (request.authority) {
    const base::Digest digest = base::sha256(key.public_bits());
    out += extension(
        subject_key, false,
        der::value(der::octet_string,
                   {reinterpret_cast<const char*>(digest.bytes.data()), key_identifier_bytes}));
  }
  if (!authority_key.empty())
    out += extension(issuer_key, false,
                     der::sequence({der::value(der::context(0, false), authority_key)}));
  WEIR_TRY(const std::string names, alternative_names(request));
  if (!names.empty())
    out += extension(alternative_name, request.common_name.empty(), der::sequence({names}));
  return out;
}

}  // namespace

Result<std::string> make_certificate(CallContext& context, const CertificateRequest& request,
                                     const PrivateKey& key, const Signer& signer) {
  WEIR_TRY(const std::string subject, name_of(request.common_name));
  const std::string& issuer = signer.issuer_name.empty() ? subject : signer.issuer_name;
  const bool foreign = issuer != subject;
  WEIR_TRY(const std::string extensions,
           extensions_of(request, key, foreign ? signer.key_identifier : std::string()));
  WEIR_TRY(const std::string not_before, time_of(request.not_before));
  WEIR_TRY(const std::string not_after, time_of(request.not_after));
  const std::string algorithm = signer.key->signature_algorithm();
  const std::string version = der::value(der::context(0, true), der::integer(2u));
  const std::string to_sign =
      der::sequence({version, der::integer(std::string_view(request.serial)), algorithm, issuer,
                     der::sequence({not_before, not_after}), subject, key.public_key(),
                     der::value(der::context(3, true), der::sequence({extensions}))});
  WEIR_TRY(const std::string signature, signer.key->sign(context, to_sign));
  return der::sequence({to_sign, algorithm, der::bit_string(signature)});
}

Result<IssuerFacts> read_issuer(std::string_view der) {
  const auto* at = reinterpret_cast<const unsigned char*>(der.data());
  const std::unique_ptr<X509, decltype(&X509_free)> certificate(
      d2i_X509(nullptr, &at, static_cast<long>(der.size())), &X509_free);
  if (certificate == nullptr) return invalid("x509: malformed certificate");
  if (at != reinterpret_cast<const unsigned char*>(der.data()) + der.size())
    return invalid("x509: trailing data");
  const auto bytes = [](const unsigned char* data, int size) {
    return size <= 0
               ? std::string()
               : std::string(reinterpret_cast<const char*>(data), static_cast<std::size_t>(size));
  };
  IssuerFacts facts;
  unsigned char* encoded = nullptr;
  int size = i2d_X509_NAME(X509_get_subject_name(certificate.get()), &encoded);
  facts.name = bytes(encoded, size);
  OPENSSL_free(encoded);
  encoded = nullptr;
  size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate.get()), &encoded);
  facts.public_key = bytes(encoded, size);
  OPENSSL_free(encoded);
  if (const ASN1_OCTET_STRING* key = X509_get0_subject_key_id(certificate.get()))
    facts.key_identifier = bytes(ASN1_STRING_get0_data(key), ASN1_STRING_length(key));
  return facts;
}

}  // namespace weir::tmpl
