#include "engine/template/functions/encodings.hh"

#include <openssl/evp.h>

#include <array>

#include "engine/base/digest.hh"
#include "engine/template/functions/support.hh"
#include "engine/template/functions/tables.hh"

namespace weir::tmpl {

namespace {

using Arguments = std::span<Datum>;

std::string_view text(const Datum& datum) { return datum.as_string(); }

bool is_line_break(char c) { return c == '\n' || c == '\r'; }

int base64_value(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  return c == '+' ? 62 : c == '/' ? 63 : -1;
}

int base32_value(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  return c >= '2' && c <= '7' ? c - '2' + 26 : -1;
}

Error corrupt(std::string_view name, std::size_t at) {
  return make_error(Code::invalid,
                    joined({"illegal ", name, " data at input byte ", std::to_string(at)}));
}

// Bits collected from characters, given out as bytes.
class BitSink {
 public:
  explicit BitSink(std::string& out) : out_(out) {}
  void add(int value, int bits) {
    buffer_ = (buffer_ << bits) | static_cast<std::uint64_t>(value);
    count_ += bits;
    while (count_ >= 8) {
      count_ -= 8;
      out_ += static_cast<char>((buffer_ >> count_) & 0xFF);
    }
  }

 private:
  std::string& out_;
  std::uint64_t buffer_ = 0;
  int count_ = 0;
};

std::size_t skip_line_breaks(std::string_view text, std::size_t at) {
  while (at < text.size() && is_line_break(text[at])) ++at;
  return at;
}

Result<std::string> decode_base32(std::string_view raw) {
  std::string input;
  for (const char c : raw)
    if (!is_line_break(c)) input += c;
  std::string out;
  BitSink sink(out);
  const std::size_t size = input.size();
  for (std::size_t at = 0, in_group = 0; at < size;) {
    const std::size_t left = size - at - 1;
    if (input[at] == '=' && in_group >= 2 && left < 8) {
      if (left + in_group < 7) return corrupt("base32", size);
      for (std::size_t k = 0; k < 7 - in_group && k < left; ++k)
        if (input[at + 1 + k] != '=') return corrupt("base32", at + k);
      if (in_group == 3 || in_group == 6) return corrupt("base32", at);
      return out;
    }
    const int value = base32_value(input[at]);
    if (value < 0) return corrupt("base32", at);
    sink.add(value, 5);
    ++at;
    in_group = (in_group + 1) % 8;
    if (at == size && in_group != 0) return corrupt("base32", size - in_group);
  }
  return out;
}

std::string encode_base32(std::string_view bytes) {
  static constexpr char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  std::string out;
  out.reserve((bytes.size() + 4) / 5 * 8);
  std::uint64_t buffer = 0;
  int count = 0;
  for (const char c : bytes) {
    buffer = (buffer << 8) | static_cast<unsigned char>(c);
    count += 8;
    while (count >= 5) {
      count -= 5;
      out += alphabet[(buffer >> count) & 31];
    }
  }
  if (count > 0) out += alphabet[(buffer << (5 - count)) & 31];
  while (out.size() % 8 != 0) out += '=';
  return out;
}

std::string digest_hex(const EVP_MD* algorithm, std::string_view bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned size = 0;
  if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, algorithm, nullptr) != 1)
    fail("the digest is not available");
  return base::hex_encode({reinterpret_cast<const char*>(digest.data()), size});
}

Datum b64enc(CallContext& context, Arguments a) {
  return give(context, base::base64_encode(text(a[0])));
}

Datum or_error_text(CallContext& context, Result<std::string> decoded) {
  return give(context, decoded.ok() ? std::move(*decoded) : std::move(decoded).error().message);
}

Datum b64dec(CallContext& context, Arguments a) {
  return or_error_text(context, decode_base64(text(a[0])));
}

Datum b32enc(CallContext& context, Arguments a) { return give(context, encode_base32(text(a[0]))); }

Datum b32dec(CallContext& context, Arguments a) {
  return or_error_text(context, decode_base32(text(a[0])));
}

Datum sha1sum(CallContext& context, Arguments a) {
  return give(context, digest_hex(EVP_sha1(), text(a[0])));
}

Datum sha256sum(CallContext& context, Arguments a) {
  return give(context, base::sha256(text(a[0])).hex());
}

Datum sha512sum(CallContext& context, Arguments a) {
  return give(context, digest_hex(EVP_sha512(), text(a[0])));
}

Datum adler32sum(CallContext& context, Arguments a) {
  std::uint32_t low = 1, high = 0;
  for (const char c : text(a[0])) {
    low = (low + static_cast<unsigned char>(c)) % 65521;
    high = (high + low) % 65521;
  }
  return give(context, std::to_string((high << 16) | low));
}

constexpr Function table[] = {
    {"b64enc", b64enc, {&types::string}},       {"b64dec", b64dec, {&types::string}},
    {"b32enc", b32enc, {&types::string}},       {"b32dec", b32dec, {&types::string}},
    {"sha1sum", sha1sum, {&types::string}},     {"sha256sum", sha256sum, {&types::string}},
    {"sha512sum", sha512sum, {&types::string}}, {"adler32sum", adler32sum, {&types::string}},
};

}  // namespace

Result<std::string> decode_base64(std::string_view text) {
  std::string out;
  BitSink sink(out);
  std::size_t in_group = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (is_line_break(c)) continue;
    if (const int value = base64_value(c); value >= 0) {
      sink.add(value, 6);
      in_group = (in_group + 1) % 4;
      continue;
    }
    if (c != '=' || in_group < 2) return corrupt("base64", at);
    std::size_t next = at + 1;
    if (in_group == 2) {
      next = skip_line_breaks(text, next);
      if (next == text.size()) return corrupt("base64", text.size());
      if (text[next] != '=') return corrupt("base64", next - 1);
      ++next;
    }
    next = skip_line_breaks(text, next);
    if (next < text.size()) return corrupt("base64", next);
    return out;
  }
  if (in_group != 0) return corrupt("base64", text.size() - in_group);
  return out;
}

std::span<const Function> encoding_functions() { return table; }

}  // namespace weir::tmpl
