#include "engine/expr/text.hh"

#include <locale.h>
#include <re2/re2.h>
#include <wctype.h>

#include "engine/value/utf8.hh"

namespace weir::expr {
namespace {

constexpr char32_t replacement_rune = value::replacement_character;

// The rune and its bytes; {U+FFFD, 1} for an invalid byte.
std::pair<char32_t, std::size_t> decode(std::string_view text) {
  if (text.empty()) return {replacement_rune, 0};
  const value::Rune rune = value::decode_rune(text, 0);
  return {rune.code, rune.width};
}

locale_t unicode_locale() {
  static const locale_t locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
  return locale;
}

char32_t map_case(char32_t rune, bool upper) {
  if (rune < 0x80) {
    const bool letter = upper ? rune >= 'a' && rune <= 'z' : rune >= 'A' && rune <= 'Z';
    return letter ? rune ^ 0x20 : rune;
  }
  if (unicode_locale() == nullptr) return rune;
  const auto wide = static_cast<wint_t>(rune);
  return static_cast<char32_t>(upper ? towupper_l(wide, unicode_locale())
                                     : towlower_l(wide, unicode_locale()));
}

std::string map_text(std::string_view text, bool upper) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const auto [rune, bytes] = decode(text);
    const char32_t mapped = rune == replacement_rune ? rune : map_case(rune, upper);
    if (mapped == rune) {
      out.append(text.substr(0, bytes));
    } else {
      value::append_utf8(out, mapped);
    }
    text.remove_prefix(bytes);
  }
  return out;
}

}  // namespace

std::size_t rune_bytes(std::string_view text) { return decode(text).second; }

char32_t first_rune(std::string_view text) { return decode(text).first; }

std::size_t count_runes(std::string_view text) {
  std::size_t count = 0;
  for (; !text.empty(); ++count) text.remove_prefix(rune_bytes(text));
  return count;
}

bool is_word_rune(char32_t rune) {
  if (rune < 0x80) {
    const char32_t lower = rune | 0x20;
    return rune == '_' || (rune >= '0' && rune <= '9') || (lower >= 'a' && lower <= 'z');
  }
  static const RE2 word("[\\p{L}\\p{Nd}]");
  std::string text;
  value::append_utf8(text, rune);
  return RE2::FullMatch(text, word);
}

std::string to_upper(std::string_view text) { return map_text(text, true); }
std::string to_lower(std::string_view text) { return map_text(text, false); }

Result<std::string> replace_text(std::string_view text, std::string_view pattern,
                                 std::string_view by, std::int64_t count, std::size_t bytes_max) {
  std::string out;
  std::size_t from = 0;
  while (count != 0 && from <= text.size()) {
    const std::size_t at = text.find(pattern, from);
    if (at == std::string_view::npos) break;
    out.append(text.substr(from, at - from)).append(by);
    if (out.size() > bytes_max) return make_error(Code::limit, "replaced text is too long");
    from = at + pattern.size();
    if (count > 0) --count;
    if (!pattern.empty()) continue;
    if (from >= text.size()) return out;
    const std::size_t bytes = rune_bytes(text.substr(from));
    out.append(text.substr(from, bytes));
    from += bytes;
  }
  if (from < text.size()) out.append(text.substr(from));
  return out;
}

}  // namespace weir::expr
