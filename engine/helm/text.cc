#include "engine/helm/text.hh"

#include <cstdint>

#include "engine/value/utf8.hh"

namespace weir::helm {

namespace {

bool is_space(std::uint32_t rune) {
  if (rune < 0x80) return rune == ' ' || (rune >= '\t' && rune <= '\r');
  return rune == 0x85 || rune == 0xA0 || rune == 0x1680 || (rune >= 0x2000 && rune <= 0x200A) ||
         rune == 0x2028 || rune == 0x2029 || rune == 0x202F || rune == 0x205F || rune == 0x3000;
}

struct RuneRange {
  std::uint32_t first;
  std::uint32_t last;
};

// Format characters, private use and noncharacters: what Go's unicode.IsPrint refuses above ASCII
// and is ever met in a chart.
constexpr RuneRange unprintable[] = {
    {0x80, 0x9F},     {0xAD, 0xAD},     {0x600, 0x605},   {0x61C, 0x61C},   {0x6DD, 0x6DD},
    {0x70F, 0x70F},   {0x180E, 0x180E}, {0x200B, 0x200F}, {0x202A, 0x202E}, {0x2060, 0x206F},
    {0xD800, 0xF8FF}, {0xFEFF, 0xFEFF}, {0xFFF0, 0xFFFB}, {0xFFFE, 0xFFFF}, {0xE0000, 0x10FFFF}};

bool is_print(std::uint32_t rune) {
  if (rune < 0x80) return rune >= 0x20 && rune < 0x7F;
  if (is_space(rune)) return false;
  for (const RuneRange& range : unprintable)
    if (rune >= range.first && rune <= range.last) return false;
  return true;
}

char lower_char(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

}  // namespace

std::string_view trim_space_left(std::string_view text) {
  while (!text.empty()) {
    const value::Rune rune = value::decode_rune(text, 0);
    if (!rune.valid || !is_space(rune.code)) break;
    text.remove_prefix(rune.width);
  }
  return text;
}

std::string_view trim_space(std::string_view text) {
  text = trim_space_left(text);
  while (!text.empty()) {
    std::size_t start = text.size() - 1;
    while (start > 0 && text.size() - start < 4 && (text[start] & 0xC0) == 0x80) --start;
    const value::Rune rune = value::decode_rune(text, start);
    if (!rune.valid || start + rune.width != text.size() || !is_space(rune.code)) break;
    text = text.substr(0, start);
  }
  return text;
}

std::string sanitize(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const value::Rune rune = value::decode_rune(text, at);
    if (is_space(rune.code)) {
      out += ' ';
    } else if (is_print(rune.code)) {
      value::append_utf8(out, rune.code);
    }
    at += rune.width;
  }
  return out;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> pieces;
  for (;;) {
    const std::size_t at = text.find(separator);
    pieces.push_back(text.substr(0, at));
    if (at == std::string_view::npos) return pieces;
    text.remove_prefix(at + 1);
  }
}

std::string ascii_lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = lower_char(c);
  return out;
}

bool equal_fold(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i)
    if (lower_char(a[i]) != lower_char(b[i])) return false;
  return true;
}

std::string without_no_value(std::string text) {
  static constexpr std::string_view mark = "<no value>";
  std::size_t at = text.find(mark);
  if (at == std::string::npos) return text;
  std::string out;
  std::size_t from = 0;
  for (; at != std::string::npos; at = text.find(mark, from)) {
    out.append(text, from, at - from);
    from = at + mark.size();
  }
  return out.append(text, from);
}

}  // namespace weir::helm
