#include "engine/template/quote.hh"

#include <algorithm>

#include "engine/template/print_table.hh"
#include "engine/value/utf8.hh"

namespace weir::tmpl {

using value::append_utf8;
using value::decode_rune;
using value::replacement_character;

namespace {

constexpr char lower_hex[] = "0123456789abcdef";

void append_hex(std::string& out, std::uint32_t number, int digits) {
  for (int shift = (digits - 1) * 4; shift >= 0; shift -= 4)
    out += lower_hex[(number >> shift) & 0xF];
}

bool valid_rune(std::uint32_t rune) {
  return rune < 0xD800 || (rune >= 0xE000 && rune <= 0x10FFFF);
}

// \a to \r by their code; 0 for the others.
char short_escape(std::uint32_t rune) {
  constexpr std::string_view names = "abtnvfr";
  return rune >= 7 && rune <= 13 ? names[rune - 7] : '\0';
}

void append_escaped(std::string& out, std::uint32_t rune, char quote, bool ascii) {
  if (rune == static_cast<unsigned char>(quote) || rune == '\\') {
    out += '\\';
    out += static_cast<char>(rune);
    return;
  }
  if (is_print(rune) && (!ascii || rune < 0x80)) {
    append_utf8(out, rune);
    return;
  }
  if (const char letter = short_escape(rune); letter != '\0') {
    out += '\\';
    out += letter;
  } else if (rune < 0x20 || rune == 0x7F) {
    out += "\\x";
    append_hex(out, rune, 2);
  } else if (rune < 0x10000) {
    out += "\\u";
    append_hex(out, rune, 4);
  } else {
    out += "\\U";
    append_hex(out, rune, 8);
  }
}

void append_quoted_as(std::string& out, std::string_view text, bool ascii) {
  out.reserve(out.size() + text.size() + 2);
  out += '"';
  std::size_t at = 0;
  while (at < text.size()) {
    const auto byte = static_cast<unsigned char>(text[at]);
    if (byte >= 0x20 && byte < 0x7F && byte != '"' && byte != '\\') {
      out += text[at++];
      continue;
    }
    const value::Rune rune = decode_rune(text, at);
    if (!rune.valid) {
      out += "\\x";
      append_hex(out, byte, 2);
    } else {
      append_escaped(out, rune.code, '"', ascii);
    }
    at += rune.width;
  }
  out += '"';
}

std::optional<std::uint32_t> read_digits(std::string_view text, std::size_t count,
                                         std::uint32_t base) {
  if (text.size() < count) return std::nullopt;
  std::uint32_t number = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const char c = text[i];
    std::uint32_t digit = 99;
    if (c >= '0' && c <= '9') digit = static_cast<std::uint32_t>(c - '0');
    if (c >= 'a' && c <= 'f') digit = static_cast<std::uint32_t>(c - 'a' + 10);
    if (c >= 'A' && c <= 'F') digit = static_cast<std::uint32_t>(c - 'A' + 10);
    if (digit >= base) return std::nullopt;
    number = number * base + digit;
  }
  return number;
}

std::optional<UnquotedChar> unquote_number(std::string_view text, char letter) {
  if (letter == 'x') {
    const auto byte = read_digits(text.substr(2), 2, 16);
    if (!byte) return std::nullopt;
    return UnquotedChar{*byte, false, 4};
  }
  if (letter == 'u' || letter == 'U') {
    const std::size_t digits = letter == 'u' ? 4 : 8;
    const auto rune = read_digits(text.substr(2), digits, 16);
    if (!rune || !valid_rune(*rune)) return std::nullopt;
    return UnquotedChar{*rune, true, digits + 2};
  }
  const auto byte = read_digits(text.substr(1), 3, 8);
  if (!byte || *byte > 255) return std::nullopt;
  return UnquotedChar{*byte, false, 4};
}

}  // namespace

bool is_print(std::uint32_t rune) {
  if (rune < 0x80) return rune >= 0x20 && rune < 0x7F;
  const auto ranges = print_ranges();
  const auto found = std::lower_bound(
      ranges.begin(), ranges.end(), rune,
      [](const PrintRange& range, std::uint32_t code) { return range.high < code; });
  return found != ranges.end() && found->low <= rune;
}

bool can_backquote(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const value::Rune rune = decode_rune(text, at);
    if (!rune.valid || rune.code == 0xFEFF || rune.code == '`' || rune.code == 0x7F) return false;
    if (rune.code < 0x20 && rune.code != '\t') return false;
    at += rune.width;
  }
  return true;
}

void append_quoted(std::string& out, std::string_view text) { append_quoted_as(out, text, false); }

void append_quoted_ascii(std::string& out, std::string_view text) {
  append_quoted_as(out, text, true);
}

std::string quoted(std::string_view text) {
  std::string out;
  append_quoted(out, text);
  return out;
}

void append_quoted_rune(std::string& out, std::uint32_t rune, bool ascii) {
  out += '\'';
  append_escaped(out, valid_rune(rune) ? rune : replacement_character, '\'', ascii);
  out += '\'';
}

std::optional<UnquotedChar> unquote_char(std::string_view text, char quote) {
  if (text.empty() || (text[0] == quote && quote != '\0')) return std::nullopt;
  if (static_cast<unsigned char>(text[0]) >= 0x80) {
    const value::Rune rune = decode_rune(text, 0);
    return UnquotedChar{rune.code, true, rune.width};
  }
  if (text[0] != '\\') return UnquotedChar{static_cast<unsigned char>(text[0]), false, 1};
  if (text.size() < 2) return std::nullopt;
  const char letter = text[1];
  constexpr std::string_view letters = "abtnvfr";
  if (const std::size_t place = letters.find(letter); place != std::string_view::npos)
    return UnquotedChar{static_cast<std::uint32_t>(place + 7), false, 2};
  if (letter == '\\' || (letter == quote && quote != '\0'))
    return UnquotedChar{static_cast<unsigned char>(letter), false, 2};
  if (letter == 'x' || letter == 'u' || letter == 'U' || (letter >= '0' && letter <= '7'))
    return unquote_number(text, letter);
  return std::nullopt;
}

std::optional<std::string> unquote(std::string_view literal) {
  if (literal.size() < 2 || literal.front() != literal.back()) return std::nullopt;
  const char quote = literal.front();
  const std::string_view body = literal.substr(1, literal.size() - 2);
  if (quote == '`') {
    if (body.find('`') != std::string_view::npos) return std::nullopt;
    std::string text(body);
    std::erase(text, '\r');
    return text;
  }
  if (quote != '"' && quote != '\'') return std::nullopt;
  if (body.find('\n') != std::string_view::npos) return std::nullopt;
  const bool plain = std::all_of(body.begin(), body.end(), [quote](char c) {
    return static_cast<unsigned char>(c) < 0x80 && c != '\\' && c != quote;
  });
  if (plain && quote == '"') return std::string(body);
  std::string text;
  text.reserve(body.size());
  std::size_t characters = 0;
  for (std::size_t at = 0; at < body.size(); ++characters) {
    const auto character = unquote_char(body.substr(at), quote);
    if (!character) return std::nullopt;
    if (character->multibyte) {
      append_utf8(text, character->code);
    } else {
      text += static_cast<char>(character->code);
    }
    at += character->width;
  }
  if (quote == '\'' && characters != 1) return std::nullopt;
  return text;
}

}  // namespace weir::tmpl
