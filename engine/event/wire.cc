#include "engine/event/wire.hh"

#include <cstring>

namespace weir::event {

void append_varint(std::string& out, std::uint64_t number) {
  while (number >= 0x80) {
    out.push_back(static_cast<char>(number | 0x80));
    number >>= 7;
  }
  out.push_back(static_cast<char>(number));
}

void append_string(std::string& out, std::string_view text) {
  append_varint(out, text.size());
  out.append(text);
}

void append_digest(std::string& out, const base::Digest& digest) {
  out.append(reinterpret_cast<const char*>(digest.bytes.data()), digest.bytes.size());
}

void append_big_endian(std::string& out, std::uint64_t number) {
  char bytes[8];
  for (int i = 7; i >= 0; --i) {
    bytes[i] = static_cast<char>(number);
    number >>= 8;
  }
  out.append(bytes, sizeof bytes);
}

std::string_view Reader::take(std::size_t count) {
  if (failed_ || count > rest_.size()) {
    failed_ = true;
    rest_ = {};
    return {};
  }
  std::string_view taken = rest_.substr(0, count);
  rest_.remove_prefix(count);
  return taken;
}

std::uint8_t Reader::byte() {
  std::string_view taken = take(1);
  return taken.empty() ? 0 : static_cast<std::uint8_t>(taken[0]);
}

std::uint64_t Reader::varint() {
  std::uint64_t number = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    const std::uint8_t next = byte();
    if (failed_) return 0;
    const bool last = (next & 0x80) == 0;
    const bool overflows = shift == 63 && next > 1;
    const bool padded = last && next == 0 && shift > 0;
    if (overflows || padded) break;
    number |= static_cast<std::uint64_t>(next & 0x7f) << shift;
    if (last) return number;
  }
  failed_ = true;
  rest_ = {};
  return 0;
}

std::string_view Reader::string() {
  const std::uint64_t length = varint();
  return take(length);
}

base::Digest Reader::digest() {
  base::Digest digest;
  std::string_view taken = take(digest.bytes.size());
  if (!failed_) std::memcpy(digest.bytes.data(), taken.data(), taken.size());
  return digest;
}

std::uint64_t Reader::big_endian() {
  std::uint64_t number = 0;
  for (char c : take(8)) number = number << 8 | static_cast<std::uint8_t>(c);
  return number;
}

}  // namespace weir::event
