#include <crypt.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <memory>

#include "engine/base/digest.hh"
#include "engine/template/functions/encodings.hh"
#include "engine/template/functions/random.hh"
#include "engine/template/functions/support.hh"
#include "engine/template/functions/tables.hh"

namespace weir::tmpl {

namespace {

using Arguments = std::span<Datum>;

std::string_view text(const Datum& datum) { return datum.as_string(); }

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

// bcrypt's own alphabet; bits from the top, no padding.
std::string bcrypt_encode(std::string_view bytes) {
  static constexpr char alphabet[] =
      "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  std::string out;
  std::uint32_t buffer = 0;
  int bits = 0;
  for (const char c : bytes) {
    buffer = (buffer << 8) | static_cast<unsigned char>(c);
    for (bits += 8; bits >= 6;) {
      bits -= 6;
      out += alphabet[(buffer >> bits) & 63];
    }
  }
  if (bits > 0) out += alphabet[(buffer << (6 - bits)) & 63];
  return out;
}

constexpr std::size_t bcrypt_password_max = 72;
// What a hash of cost 10 takes, in template steps: some 50 ms.
constexpr std::uint64_t bcrypt_steps = 1'000'000;

std::string bcrypt_hash(CallContext& context, std::string_view password) {
  constexpr std::string_view failed = "failed to encrypt string with bcrypt: ";
  if (password.size() > bcrypt_password_max)
    return joined({failed, "bcrypt: password length exceeds 72 bytes"});
  if (password.find('\0') != std::string_view::npos)
    return joined({failed, "the password holds a zero byte"});
  context.budget().use_steps(bcrypt_steps);
  // 2b is what everybody means by 2a, without the library's guard against old, wrong hashes.
  const std::string setting = "$2b$10$" + bcrypt_encode(random_bytes(context, 16));
  const auto data = std::make_unique<crypt_data>();
  const char* hash = crypt_r(std::string(password).c_str(), setting.c_str(), data.get());
  if (hash == nullptr || hash[0] == '*') return joined({failed, "not available"});
  std::string out = hash;
  out[2] = 'a';
  return out;
}

Datum bcrypt(CallContext& context, Arguments a) {
  return give(context, bcrypt_hash(context, text(a[0])));
}

Datum htpasswd(CallContext& context, Arguments a) {
  if (text(a[0]).find(':') != std::string_view::npos)
    return give(context, joined({"invalid username: ", text(a[0])}));
  return give(context, joined({text(a[0]), ":", bcrypt_hash(context, text(a[1]))}));
}

// The Master Password algorithm: templates of passwords, and the characters their letters mean.
struct PasswordType {
  std::string_view name;
  std::span<const std::string_view> templates;
};
constexpr std::string_view maximum_templates[] = {"anoxxxxxxxxxxxxxxxxx", "axxxxxxxxxxxxxxxxxno"};
constexpr std::string_view long_templates[] = {
    "CvcvnoCvcvCvcv", "CvcvCvcvnoCvcv", "CvcvCvcvCvcvno", "CvccnoCvcvCvcv", "CvccCvcvnoCvcv",
    "CvccCvcvCvcvno", "CvcvnoCvccCvcv", "CvcvCvccnoCvcv", "CvcvCvccCvcvno", "CvcvnoCvcvCvcc",
    "CvcvCvcvnoCvcc", "CvcvCvcvCvccno", "CvccnoCvccCvcv", "CvccCvccnoCvcv", "CvccCvccCvcvno",
    "CvcvnoCvccCvcc", "CvcvCvccnoCvcc", "CvcvCvccCvccno", "CvccnoCvcvCvcc", "CvccCvcvnoCvcc",
    "CvccCvcvCvccno"};
constexpr std::string_view medium_templates[] = {"CvcnoCvc", "CvcCvcno"};
constexpr std::string_view short_templates[] = {"Cvcn"};
constexpr std::string_view basic_templates[] = {"aaanaaan", "aannaaan", "aaannaaa"};
constexpr std::string_view pin_templates[] = {"nnnn"};
constexpr PasswordType password_types[] = {
    {"maximum", maximum_templates}, {"long", long_templates},   {"medium", medium_templates},
    {"short", short_templates},     {"basic", basic_templates}, {"pin", pin_templates}};

std::string_view characters_of(char letter) {
  switch (letter) {
    case 'V': return "AEIOU";
    case 'C': return "BCDFGHJKLMNPQRSTVWXYZ";
    case 'v': return "aeiou";
    case 'c': return "bcdfghjklmnpqrstvwxyz";
    case 'a': return "AEIOUaeiouBCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz";
    case 'n': return "0123456789";
    case 'o': return "@&%?,=[]_:-+*$#!'^~;()/.";
    default: return "AEIOUaeiouBCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz0123456789!@#$%^&*()";
  }
}

void append_number(std::string& out, std::uint64_t number) {
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>((number >> shift) & 0xFF);
}

// What a derivation takes, in template steps: 32 MiB of memory and some 100 ms.
constexpr std::uint64_t scrypt_steps = 2'000'000;

Datum derive_password(CallContext& context, Arguments a) {
  const std::string_view wanted = text(a[1]);
  const PasswordType* type = nullptr;
  for (const PasswordType& known : password_types)
    if (known.name == wanted) type = &known;
  if (type == nullptr) return give(context, joined({"cannot find password template ", wanted}));
  context.budget().use_steps(scrypt_steps);
  constexpr std::string_view scope = "com.lyndir.masterpassword";
  std::string salt(scope);
  append_number(salt, a[3].size());
  salt += text(a[3]);
  std::array<unsigned char, 64> key;
  constexpr std::uint64_t memory_max = 128u << 20;
  if (EVP_PBE_scrypt(text(a[2]).data(), a[2].size(), bytes_of(salt), salt.size(), 32768, 8, 2,
                     memory_max, key.data(), key.size()) != 1)
    return give(context, "failed to derive password: not available");
  std::string message(scope);
  append_number(message, a[4].size());
  message += text(a[4]);
  append_number(message, a[0].as_uint());
  std::array<unsigned char, EVP_MAX_MD_SIZE> seed{};
  unsigned size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), bytes_of(message), message.size(),
       seed.data(), &size);
  const std::string_view pattern = type->templates[seed[0] % type->templates.size()];
  std::string password;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const std::string_view set = characters_of(pattern[i]);
    password += set[seed[i + 1] % set.size()];
  }
  return give(context, std::move(password));
}

constexpr std::size_t aes_block = 16;

// AES-256 in CBC mode over whole blocks; the password is cut or filled with zeros.
std::string run_aes(std::string_view password, std::string_view vector, std::string_view input,
                    bool encrypts) {
  std::string key(password.substr(0, 32));
  key.resize(32, '\0');
  const std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)> cipher(
      EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free);
  std::string out(input.size() + aes_block, '\0');
  auto* const to = reinterpret_cast<unsigned char*>(out.data());
  int written = 0, last = 0;
  const bool fine = cipher != nullptr &&
                    EVP_CipherInit_ex(cipher.get(), EVP_aes_256_cbc(), nullptr, bytes_of(key),
                                      bytes_of(vector), encrypts ? 1 : 0) == 1 &&
                    EVP_CIPHER_CTX_set_padding(cipher.get(), 0) == 1 &&
                    EVP_CipherUpdate(cipher.get(), to, &written, bytes_of(input),
                                     static_cast<int>(input.size())) == 1 &&
                    EVP_CipherFinal_ex(cipher.get(), to + written, &last) == 1;
  if (!fine) fail("AES is not available");
  out.resize(static_cast<std::size_t>(written + last));
  return out;
}

Datum encrypt_aes(CallContext& context, Arguments a) {
  if (a[1].size() == 0) return Datum::string("");
  std::string content(text(a[1]));
  const std::size_t padding = aes_block - content.size() % aes_block;
  content.append(padding, static_cast<char>(padding));
  context.budget().use_bytes(content.size() * 3);
  std::string out = random_bytes(context, aes_block);
  out += run_aes(text(a[0]), std::string(out), content, true);
  return give(context, base::base64_encode(out));
}

Datum decrypt_aes(CallContext& context, Arguments a) {
  if (a[1].size() == 0) return Datum::string("");
  const auto decoded = decode_base64(text(a[1]));
  if (!decoded.ok()) fail(decoded.error().message);
  const std::string& bytes = *decoded;
  // Go's bounds are those of the decoder's buffer.
  const std::size_t capacity = a[1].size() / 4 * 3;
  if (capacity < aes_block)
    fail(joined({"runtime error: slice bounds out of range [:16] with capacity ",
                 std::to_string(capacity)}));
  if (bytes.size() < aes_block)
    fail(joined(
        {"runtime error: slice bounds out of range [16:", std::to_string(bytes.size()), "]"}));
  const std::string_view content = std::string_view(bytes).substr(aes_block);
  if (content.size() % aes_block != 0) fail("crypto/cipher: input not full blocks");
  if (content.empty()) fail("runtime error: index out of range [-1]");
  std::string plain = run_aes(text(a[0]), bytes, content, false);
  const auto padding = static_cast<std::size_t>(static_cast<unsigned char>(plain.back()));
  if (padding > plain.size())
    fail(joined({"runtime error: slice bounds out of range [:-",
                 std::to_string(padding - plain.size()), "]"}));
  plain.resize(plain.size() - padding);
  return give(context, std::move(plain));
}

constexpr Function table[] = {
    {"bcrypt", bcrypt, {&types::string}},
    {"htpasswd", htpasswd, {&types::string, &types::string}},
    {"derivePassword",
     derive_password,
     {&types::uint32, &types::string, &types::string, &types::string, &types::string}},
    {"encryptAES", encrypt_aes, {&types::string, &types::string}},
    {"decryptAES", decrypt_aes, {&types::string, &types::string}},
};

}  // namespace

std::span<const Function> cipher_functions() { return table; }

}  // namespace weir::tmpl
