#include "engine/base/digest.hh"

// SHA256_Update and its kin: EVP loads OpenSSL's providers first, which takes a third of the time
// of rendering a small chart.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>

namespace weir::base {

namespace {

constexpr std::string_view hex_digits = "0123456789abcdef";
constexpr std::string_view base64_alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::array<std::int8_t, 256> make_base64_values() {
  std::array<std::int8_t, 256> values;
  values.fill(-1);
  for (std::size_t i = 0; i < base64_alphabet.size(); ++i)
    values[static_cast<unsigned char>(base64_alphabet[i])] = static_cast<std::int8_t>(i);
  return values;
}

SHA256_CTX* context_of(void* context) { return static_cast<SHA256_CTX*>(context); }

}  // namespace

bool Digest::empty() const { return *this == Digest{}; }

std::string Digest::hex() const {
  return hex_encode({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

std::string Digest::to_string() const { return "sha256:" + hex(); }

Result<Digest> Digest::parse(std::string_view text) {
  std::string_view hex = text;
  if (hex.starts_with("sha256:")) hex.remove_prefix(7);
  auto decoded = hex_decode(hex);
  if (!decoded.ok() || decoded->size() != 32)
    return make_error(Code::invalid, "\"" + std::string(text) + "\" is not a sha256 digest");
  Digest digest;
  for (std::size_t i = 0; i < 32; ++i) digest.bytes[i] = static_cast<std::uint8_t>((*decoded)[i]);
  return digest;
}

Sha256::Sha256() : context_(new SHA256_CTX) { WEIR_ASSERT(SHA256_Init(context_of(context_)) == 1); }

Sha256::~Sha256() { delete context_of(context_); }

void Sha256::update(std::string_view bytes) {
  WEIR_ASSERT(SHA256_Update(context_of(context_), bytes.data(), bytes.size()) == 1);
}

Digest Sha256::finish() {
  Digest digest;
  static_assert(sizeof digest.bytes == SHA256_DIGEST_LENGTH);
  WEIR_ASSERT(SHA256_Final(digest.bytes.data(), context_of(context_)) == 1);
  return digest;
}

Digest sha256(std::string_view bytes) {
  Sha256 hash;
  hash.update(bytes);
  return hash.finish();
}

std::string hex_encode(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    const auto b = static_cast<unsigned char>(c);
    out.push_back(hex_digits[b >> 4]);
    out.push_back(hex_digits[b & 15]);
  }
  return out;
}

Result<std::string> hex_decode(std::string_view text) {
  if (text.size() % 2 != 0) return make_error(Code::invalid, "odd number of hex digits");
  std::string out;
  out.reserve(text.size() / 2);
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const int high = hex_value(text[i]), low = hex_value(text[i + 1]);
    if (high < 0 || low < 0) return make_error(Code::invalid, "not a hex digit");
    out.push_back(static_cast<char>(high * 16 + low));
  }
  return out;
}

std::string base64_encode(std::string_view bytes) {
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t left = bytes.size() - i;
    std::uint32_t group = static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[i])) << 16;
    if (left > 1)
      group |= static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[i + 1])) << 8;
    if (left > 2) group |= static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[i + 2]));
    out.push_back(base64_alphabet[group >> 18]);
    out.push_back(base64_alphabet[group >> 12 & 63]);
    out.push_back(left > 1 ? base64_alphabet[group >> 6 & 63] : '=');
    out.push_back(left > 2 ? base64_alphabet[group & 63] : '=');
  }
  return out;
}

Result<std::string> base64_decode(std::string_view text) {
  static const std::array<std::int8_t, 256> values = make_base64_values();
  std::string out;
  out.reserve(text.size() / 4 * 3);
  std::uint32_t group = 0;
  unsigned held = 0, padding = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\n' || c == '\r') continue;
    if (c == '=') {
      ++padding;
      continue;
    }
    const int v = values[static_cast<unsigned char>(c)];
    if (v < 0 || padding > 0)
      return make_error(Code::invalid, "illegal base64 data at input byte " + std::to_string(i));
    group = group << 6 | static_cast<std::uint32_t>(v);
    if (++held == 4) {
      out.push_back(static_cast<char>(group >> 16));
      out.push_back(static_cast<char>(group >> 8 & 255));
      out.push_back(static_cast<char>(group & 255));
      group = 0;
      held = 0;
    }
  }
  if (held == 1 || padding > 2)
    return make_error(Code::invalid,
                      "illegal base64 data at input byte " + std::to_string(text.size()));
  if (held == 2) out.push_back(static_cast<char>(group >> 4 & 255));
  if (held == 3) {
    out.push_back(static_cast<char>(group >> 10 & 255));
    out.push_back(static_cast<char>(group >> 2 & 255));
  }
  return out;
}

}  // namespace weir::base
