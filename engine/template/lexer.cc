#include "engine/template/lexer.hh"

#include <algorithm>
#include <array>
#include <utility>

#include "engine/template/functions/unicode.hh"
#include "engine/template/quote.hh"
#include "engine/value/utf8.hh"

namespace weir::tmpl {

namespace {

constexpr std::string_view spaces = " \t\r\n";

constexpr std::array<std::pair<std::string_view, TokenKind>, 11> keywords = {{
    {"block", TokenKind::block},
    {"break", TokenKind::break_},
    {"continue", TokenKind::continue_},
    {"define", TokenKind::define},
    {"else", TokenKind::else_},
    {"end", TokenKind::end},
    {"if", TokenKind::if_},
    {"range", TokenKind::range},
    {"nil", TokenKind::nil},
    {"template", TokenKind::template_},
    {"with", TokenKind::with},
}};

constexpr std::size_t longest_keyword = 8;

bool is_space(std::uint32_t rune) {
  return rune == ' ' || rune == '\t' || rune == '\r' || rune == '\n';
}

constexpr std::array<bool, 256> ascii_words = [] {
  std::array<bool, 256> words{};
  for (int c = '0'; c <= '9'; ++c) words[static_cast<std::size_t>(c)] = true;
  for (int c = 'a'; c <= 'z'; ++c)
    words[static_cast<std::size_t>(c)] = words[static_cast<std::size_t>(c - 32)] = true;
  words['_'] = true;
  return words;
}();

bool is_ascii_word(char c) { return ascii_words[static_cast<unsigned char>(c)]; }

bool is_word(std::uint32_t rune) {
  if (rune < 0x80) return ascii_words[rune];
  return rune <= 0x10FFFF && (unicode::is_letter(rune) || unicode::is_digit(rune));
}

// "- " behind a left delimiter, " -" before a right one.
bool left_marker(std::string_view text) {
  return text.size() >= 2 && text[0] == '-' && is_space(static_cast<unsigned char>(text[1]));
}
bool right_marker(std::string_view text) {
  return text.size() >= 2 && text[1] == '-' && is_space(static_cast<unsigned char>(text[0]));
}

std::size_t spaces_ahead(std::string_view text) {
  const std::size_t found = text.find_first_not_of(spaces);
  return found == std::string_view::npos ? text.size() : found;
}

// fmt's %#U: U+0021 '!'
std::string code_point_text(std::uint32_t rune) {
  constexpr char digits[] = "0123456789ABCDEF";
  std::string hex;
  for (std::uint32_t rest = rune; rest != 0 || hex.size() < 4; rest >>= 4)
    hex.insert(0, 1, digits[rest & 15]);
  std::string out = "U+" + hex;
  if (is_print(rune)) {
    out += " '";
    value::append_utf8(out, rune);
    out += '\'';
  }
  return out;
}

}  // namespace

Lexer::Lexer(std::string_view text, std::string_view left, std::string_view right,
             bool break_keyword, bool continue_keyword)
    : text_(text),
      left_(left),
      right_(right),
      break_keyword_(break_keyword),
      continue_keyword_(continue_keyword) {}

std::uint32_t Lexer::peek(std::size_t* width) const {
  if (at_ >= text_.size()) {
    *width = 0;
    return end_of_text;
  }
  const auto byte = static_cast<unsigned char>(text_[at_]);
  if (byte < 0x80) {
    *width = 1;
    return byte;
  }
  const value::Rune rune = value::decode_rune(text_, at_);
  *width = rune.width;
  return rune.code;
}

bool Lexer::accept(std::string_view set) {
  if (at_ >= text_.size() || set.find(text_[at_]) == std::string_view::npos) return false;
  ++at_;
  return true;
}

void Lexer::accept_run(std::string_view set) {
  while (accept(set)) {
  }
}

Token Lexer::make(TokenKind kind) {
  const Token token{kind, static_cast<std::uint32_t>(start_), text_.substr(start_, at_ - start_)};
  start_ = at_;
  return token;
}

Token Lexer::fail(std::string message) {
  error_ = std::move(message);
  const Token token{TokenKind::error, static_cast<std::uint32_t>(start_), {}};
  text_ = {};
  at_ = start_ = 0;
  return token;
}

Token Lexer::next() { return inside_action_ ? lex_action() : lex_text(); }

bool Lexer::at_right_delimiter(bool* trims) const {
  const std::string_view rest = text_.substr(at_);
  *trims = right_marker(rest) && rest.substr(2).starts_with(right_);
  return *trims || rest.starts_with(right_);
}

// What may follow an identifier, field or variable.
bool Lexer::at_terminator() const {
  std::size_t width = 0;
  const std::uint32_t rune = peek(&width);
  if (rune == end_of_text || is_space(rune)) return true;
  if (rune < 0x80 &&
      std::string_view(".,|:)(").find(static_cast<char>(rune)) != std::string_view::npos)
    return true;
  return text_.substr(at_).starts_with(right_);
}

Token Lexer::lex_text() {
  for (;;) {
    const std::size_t found = text_.find(left_, at_);
    if (found == std::string_view::npos) {
      at_ = text_.size();
      return make(at_ > start_ ? TokenKind::text : TokenKind::eof);
    }
    std::size_t end = found;
    if (left_marker(text_.substr(found + left_.size()))) {
      while (end > start_ && is_space(static_cast<unsigned char>(text_[end - 1]))) --end;
    }
    at_ = end;
    const Token token = make(TokenKind::text);
    skip_to(found);
    if (!token.text.empty()) return token;
    const std::string_view rest = text_.substr(at_ + left_.size());
    if (!rest.substr(left_marker(rest) ? 2 : 0).starts_with("/*")) return lex_left_delimiter();
    Token problem;
    if (!lex_comment(problem)) return problem;
  }
}

bool Lexer::lex_comment(Token& problem) {
  std::size_t begin = at_ + left_.size();
  if (left_marker(text_.substr(begin))) begin += 2;
  skip_to(begin);
  const std::size_t close = text_.find("*/", begin + 2);
  if (close == std::string_view::npos) {
    problem = fail("unclosed comment");
    return false;
  }
  at_ = close + 2;
  bool trims = false;
  if (!at_right_delimiter(&trims)) {
    problem = fail("comment ends before closing delimiter");
    return false;
  }
  std::size_t end = at_ + (trims ? 2 : 0) + right_.size();
  if (trims) end += spaces_ahead(text_.substr(end));
  skip_to(end);
  return true;
}

Token Lexer::lex_left_delimiter() {
  at_ += left_.size();
  const Token token = make(TokenKind::left_delimiter);
  if (left_marker(text_.substr(at_))) skip_to(at_ + 2);
  inside_action_ = true;
  parens_ = 0;
  return token;
}

Token Lexer::lex_right_delimiter() {
  bool trims = false;
  at_right_delimiter(&trims);
  if (trims) skip_to(at_ + 2);
  at_ += right_.size();
  const Token token = make(TokenKind::right_delimiter);
  if (trims) skip_to(at_ + spaces_ahead(text_.substr(at_)));
  inside_action_ = false;
  return token;
}

Token Lexer::lex_action() {
  bool trims = false;
  if (at_right_delimiter(&trims)) {
    if (parens_ == 0) return lex_right_delimiter();
    return fail("unclosed left paren");
  }
  std::size_t width = 0;
  const std::uint32_t rune = peek(&width);
  if (rune == end_of_text) return fail("unclosed action");
  if (is_space(rune)) return lex_space();
  if (is_word(rune) && !(rune >= '0' && rune <= '9')) return lex_word();
  return lex_character(rune, width);
}

Token Lexer::lex_character(std::uint32_t rune, std::size_t width) {
  if (rune == '+' || rune == '-' || (rune >= '0' && rune <= '9')) return lex_number();
  at_ += width;
  switch (rune) {
    case '=': return make(TokenKind::assign);
    case ':':
      if (at_ >= text_.size() || text_[at_] != '=') return fail("expected :=");
      ++at_;
      return make(TokenKind::declare);
    case '|': return make(TokenKind::pipe);
    case '"': return lex_quoted('"', TokenKind::string, "unterminated quoted string");
    case '`': return lex_raw_string();
    case '$':
      if (at_terminator()) return make(TokenKind::variable);
      return lex_field_or_variable(TokenKind::variable);
    case '\'': return lex_quoted('\'', TokenKind::char_constant, "unterminated character constant");
    case '.':
      if (at_ < text_.size() && (text_[at_] < '0' || text_[at_] > '9'))
        return lex_field_or_variable(TokenKind::field);
      --at_;
      return lex_number();
    case '(': ++parens_; return make(TokenKind::left_paren);
    case ')':
      if (--parens_ < 0) return fail("unexpected right paren");
      return make(TokenKind::right_paren);
    default: break;
  }
  if (rune < 0x80 && is_print(rune)) return make(TokenKind::character);
  return fail("unrecognized character in action: " + code_point_text(rune));
}

// A run of spaces, except the one that belongs to a trim marker before the right delimiter.
Token Lexer::lex_space() {
  const std::size_t first = at_;
  at_ += spaces_ahead(text_.substr(at_));
  const std::string_view rest = text_.substr(at_ - 1);
  if (right_marker(rest) && rest.substr(2).starts_with(right_)) {
    --at_;
    if (at_ == first) return lex_right_delimiter();
  }
  return make(TokenKind::space);
}

// Past the letters and digits ahead; what stands behind them.
std::uint32_t Lexer::skip_word() {
  while (at_ < text_.size() && is_ascii_word(text_[at_])) ++at_;
  std::size_t width = 0;
  std::uint32_t rune = peek(&width);
  for (; is_word(rune); rune = peek(&width)) at_ += width;
  return rune;
}

Token Lexer::lex_word() {
  const std::uint32_t rune = skip_word();
  if (!at_terminator()) return fail("bad character " + code_point_text(rune));
  const std::string_view word = text_.substr(start_, at_ - start_);
  if (word.size() > longest_keyword) return make(TokenKind::identifier);
  if (word == "true" || word == "false") return make(TokenKind::boolean);
  const auto keyword = std::find_if(keywords.begin(), keywords.end(),
                                    [word](const auto& entry) { return entry.first == word; });
  if (keyword == keywords.end() || (word == "break" && !break_keyword_) ||
      (word == "continue" && !continue_keyword_))
    return make(TokenKind::identifier);
  return make(keyword->second);
}

Token Lexer::lex_field_or_variable(TokenKind kind) {
  if (at_terminator())
    return make(kind == TokenKind::variable ? TokenKind::variable : TokenKind::dot);
  const std::uint32_t rune = skip_word();
  if (!at_terminator()) return fail("bad character " + code_point_text(rune));
  return make(kind);
}

Token Lexer::lex_quoted(char quote, TokenKind kind, std::string_view problem) {
  for (;;) {
    if (at_ >= text_.size() || text_[at_] == '\n') return fail(std::string(problem));
    const char c = text_[at_++];
    if (c == quote) return make(kind);
    if (c != '\\') continue;
    if (at_ >= text_.size() || text_[at_] == '\n') return fail(std::string(problem));
    ++at_;
  }
}

Token Lexer::lex_raw_string() {
  const std::size_t close = text_.find('`', at_);
  if (close == std::string_view::npos) return fail("unterminated raw quoted string");
  at_ = close + 1;
  return make(TokenKind::raw_string);
}

Token Lexer::lex_number() {
  bool good = scan_number();
  TokenKind kind = TokenKind::number;
  if (good && at_ < text_.size() && (text_[at_] == '+' || text_[at_] == '-')) {
    good = scan_number() && text_[at_ - 1] == 'i';
    kind = TokenKind::complex;
  }
  if (good) return make(kind);
  return fail("bad number syntax: " + quoted(text_.substr(start_, at_ - start_)));
}

bool Lexer::scan_number() {
  accept("+-");
  std::string_view digits = "0123456789_";
  if (accept("0")) {
    if (accept("xX")) {
      digits = "0123456789abcdefABCDEF_";
    } else if (accept("oO")) {
      digits = "01234567_";
    } else if (accept("bB")) {
      digits = "01_";
    }
  }
  accept_run(digits);
  if (accept(".")) accept_run(digits);
  if (digits.size() == 11 && accept("eE")) {
    accept("+-");
    accept_run("0123456789_");
  }
  if (digits.size() == 23 && accept("pP")) {
    accept("+-");
    accept_run("0123456789_");
  }
  accept("i");
  std::size_t width = 0;
  if (!is_word(peek(&width))) return true;
  at_ += width;
  return false;
}

}  // namespace weir::tmpl
