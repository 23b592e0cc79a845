// Go's literals: strconv's quoting and unquoting, and what of Unicode is printable. Pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace weir::tmpl {

// strconv.IsPrint, unicode.IsPrint.
bool is_print(std::uint32_t rune);
// strconv.CanBackquote.
bool can_backquote(std::string_view text);

// strconv.Quote and QuoteToASCII.
void append_quoted(std::string& out, std::string_view text);
void append_quoted_ascii(std::string& out, std::string_view text);
std::string quoted(std::string_view text);
// strconv.QuoteRune and QuoteRuneToASCII.
void append_quoted_rune(std::string& out, std::uint32_t rune, bool ascii);

// strconv.Unquote of a literal in ", ' or `; nothing when it is malformed.
std::optional<std::string> unquote(std::string_view literal);

// strconv.UnquoteChar: the first character of `text` inside `quote`, escapes read.
struct UnquotedChar {
  std::uint32_t code = 0;
  bool multibyte = false;  // false: `code` is one byte of the result
  std::size_t width = 0;   // bytes of `text` it took
};
std::optional<UnquotedChar> unquote_char(std::string_view text, char quote);

}  // namespace weir::tmpl
