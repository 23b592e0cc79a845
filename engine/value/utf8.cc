#include "engine/value/utf8.hh"

#include <cstring>

namespace weir::value {

namespace {

std::size_t ascii_prefix(std::string_view text, std::size_t at) {
  while (at + 8 <= text.size()) {
    std::uint64_t block;
    std::memcpy(&block, text.data() + at, 8);
    if (block & 0x8080808080808080ull) break;
    at += 8;
  }
  while (at < text.size() && static_cast<unsigned char>(text[at]) < 0x80) ++at;
  return at;
}

}  // namespace

void append_utf8(std::string& out, std::uint32_t rune) {
  if (rune > 0x10FFFF || (rune >= 0xD800 && rune <= 0xDFFF)) rune = replacement_character;
  if (rune < 0x80) {
    out += static_cast<char>(rune);
  } else if (rune < 0x800) {
    out += static_cast<char>(0xC0 | (rune >> 6));
    out += static_cast<char>(0x80 | (rune & 0x3F));
  } else if (rune < 0x10000) {
    out += static_cast<char>(0xE0 | (rune >> 12));
    out += static_cast<char>(0x80 | ((rune >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (rune & 0x3F));
  } else {
    out += static_cast<char>(0xF0 | (rune >> 18));
    out += static_cast<char>(0x80 | ((rune >> 12) & 0x3F));
    out += static_cast<char>(0x80 | ((rune >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (rune & 0x3F));
  }
}

Rune decode_rune(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t offset) {
    return static_cast<std::uint32_t>(static_cast<unsigned char>(text[at + offset]));
  };
  const std::uint32_t lead = byte(0);
  if (lead < 0x80) return {lead, 1, true};
  std::size_t width = 0;
  std::uint32_t code = 0, smallest = 0;
  if (lead >= 0xC2 && lead <= 0xDF) {
    width = 2, code = lead & 0x1F, smallest = 0x80;
  } else if ((lead & 0xF0) == 0xE0) {
    width = 3, code = lead & 0x0F, smallest = 0x800;
  } else if (lead >= 0xF0 && lead <= 0xF4) {
    width = 4, code = lead & 0x07, smallest = 0x10000;
  } else {
    return {};
  }
  if (at + width > text.size()) return {};
  for (std::size_t i = 1; i < width; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return {};
    code = (code << 6) | (byte(i) & 0x3F);
  }
  if (code < smallest || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) return {};
  return {code, static_cast<std::uint8_t>(width), true};
}

bool valid_utf8(std::string_view text) {
  std::size_t at = ascii_prefix(text, 0);
  while (at < text.size()) {
    const Rune rune = decode_rune(text, at);
    if (!rune.valid) return false;
    at = ascii_prefix(text, at + rune.width);
  }
  return true;
}

std::string replace_invalid_utf8(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const Rune rune = decode_rune(text, at);
    if (rune.valid) {
      out.append(text.substr(at, rune.width));
    } else {
      append_utf8(out, replacement_character);
    }
    at += rune.width;
  }
  return out;
}

}  // namespace weir::value
