// Splits template text into tokens as Go's text/template does: text, and what stands inside the
// delimiters. One parse, one thread. An error is a token; the parser words it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace weir::tmpl {

enum class TokenKind : std::uint8_t {
  error,  // Lexer::error_text()
  boolean,
  character,  // any single ASCII character without a meaning of its own
  char_constant,
  complex,
  assign,   // =
  declare,  // :=
  eof,
  field,
  identifier,
  left_delimiter,
  left_paren,
  number,
  pipe,
  raw_string,
  right_delimiter,
  right_paren,
  space,
  string,
  text,
  variable,
  // Keywords from here on.
  block,
  break_,
  continue_,
  dot,
  define,
  else_,
  end,
  if_,
  nil,
  range,
  template_,
  with,
};

struct Token {
  TokenKind kind = TokenKind::eof;
  std::uint32_t position = 0;
  std::string_view text;
};

class Lexer {
 public:
  // The views must outlive the lexer and its tokens. `break` and `continue` are identifiers when
  // functions of that name exist.
  Lexer(std::string_view text, std::string_view left, std::string_view right, bool break_keyword,
        bool continue_keyword);

  Token next();
  const std::string& error_text() const { return error_; }

 private:
  static constexpr std::uint32_t end_of_text = 0xFFFFFFFF;

  std::uint32_t peek(std::size_t* width) const;
  bool accept(std::string_view set);
  void accept_run(std::string_view set);
  bool at_right_delimiter(bool* trims) const;
  bool at_terminator() const;
  Token make(TokenKind kind);
  Token fail(std::string message);
  void skip_to(std::size_t position) { at_ = start_ = position; }
  std::uint32_t skip_word();

  Token lex_text();
  bool lex_comment(Token& problem);
  Token lex_left_delimiter();
  Token lex_right_delimiter();
  Token lex_action();
  Token lex_space();
  Token lex_word();
  Token lex_field_or_variable(TokenKind kind);
  Token lex_quoted(char quote, TokenKind kind, std::string_view problem);
  Token lex_raw_string();
  Token lex_number();
  bool scan_number();
  Token lex_character(std::uint32_t rune, std::size_t width);

  std::string_view text_;
  const std::string_view left_;
  const std::string_view right_;
  const bool break_keyword_;
  const bool continue_keyword_;
  std::size_t at_ = 0;
  std::size_t start_ = 0;  // of the token being read
  bool inside_action_ = false;
  int parens_ = 0;
  std::string error_;
};

}  // namespace weir::tmpl
