#include "engine/expr/cel_lexer.hh"

#include <charconv>

#include "engine/expr/cel_parser.hh"
#include "engine/expr/text.hh"
#include "engine/value/utf8.hh"

namespace weir::expr {
namespace {

constexpr std::string_view two_letter_symbols[] = {"==", "!=", "<=", ">=", "&&", "||"};
constexpr std::string_view one_letter_symbols = "<>[]{}().,-!?:+*/%";

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_hex(char c) { return is_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f'); }
bool is_name_start(char c) { return c == '_' || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z'); }
bool is_name(char c) { return is_name_start(c) || is_digit(c); }

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  Result<std::vector<Token>> run() {
    for (;;) {
      skip_blanks();
      begin_ = at_;
      if (at_ >= text_.size()) break;
      if (!take_token()) return recognition_error();
    }
    add(TokenKind::end);
    return std::move(tokens_);
  }

 private:
  char peek(std::size_t ahead = 0) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }
  void add(TokenKind kind) {
    tokens_.push_back(
        {kind, text_.substr(begin_, at_ - begin_), static_cast<std::uint32_t>(begin_)});
  }
  void skip_blanks() {
    while (at_ < text_.size()) {
      if (std::string_view(" \t\n\r\f").find(text_[at_]) != std::string_view::npos) {
        ++at_;
      } else if (text_.substr(at_).starts_with("//")) {
        while (at_ < text_.size() && text_[at_] != '\n') ++at_;
      } else {
        return;
      }
    }
  }

  bool take_token() {
    if (is_digit(peek()) || (peek() == '.' && is_digit(peek(1)))) return take_number();
    if (take_quoted()) return true;
    if (is_name_start(peek())) {
      while (is_name(peek())) ++at_;
      add(TokenKind::identifier);
      return true;
    }
    for (std::string_view symbol : two_letter_symbols) {
      if (!text_.substr(at_).starts_with(symbol)) continue;
      at_ += 2;
      add(TokenKind::symbol);
      return true;
    }
    if (peek() == '\0' || one_letter_symbols.find(peek()) == std::string_view::npos) return false;
    ++at_;
    add(TokenKind::symbol);
    return true;
  }

  bool take_number() {
    TokenKind kind = TokenKind::integer;
    if (peek() == '0' && peek(1) == 'x' && is_hex(peek(2))) {
      at_ += 2;
      while (is_hex(peek())) ++at_;
    } else {
      while (is_digit(peek())) ++at_;
      if (peek() == '.' && is_digit(peek(1))) {
        kind = TokenKind::floating;
        ++at_;
        while (is_digit(peek())) ++at_;
      }
      const std::size_t sign = peek(1) == '+' || peek(1) == '-' ? 1 : 0;
      if ((peek() | 0x20) == 'e' && is_digit(peek(1 + sign))) {
        kind = TokenKind::floating;
        at_ += 2 + sign;
        while (is_digit(peek())) ++at_;
      }
    }
    if (kind == TokenKind::integer && (peek() | 0x20) == 'u') {
      kind = TokenKind::uinteger;
      ++at_;
    }
    add(kind);
    return true;
  }

  bool take_quoted() {
    const std::size_t start = at_;
    const bool bytes = (peek() | 0x20) == 'b';
    if (bytes) ++at_;
    const bool raw = (peek() | 0x20) == 'r';
    if (raw) ++at_;
    const char quote = peek();
    if ((quote == '\'' || quote == '"') && take_body(quote, raw)) {
      add(bytes ? TokenKind::bytes : TokenKind::string);
      return true;
    }
    at_ = start;
    return false;
  }

  bool take_body(char quote, bool raw) {
    const std::string three(3, quote);
    const bool triple = text_.substr(at_).starts_with(three);
    at_ += triple ? 3 : 1;
    while (at_ < text_.size()) {
      if (triple ? text_.substr(at_).starts_with(three) : text_[at_] == quote) {
        at_ += triple ? 3 : 1;
        return true;
      }
      if (!triple && (text_[at_] == '\n' || text_[at_] == '\r')) return false;
      if (text_[at_] != '\\' || raw) {
        ++at_;
      } else if (!take_escape()) {
        return false;
      }
    }
    return false;
  }

  // Moves past an escape; false when there is no such escape.
  bool take_escape() {
    struct Shape {
      std::string_view letters;
      std::size_t digits;
    };
    constexpr Shape shapes[] = {{"xX", 2}, {"u", 4}, {"U", 8}};
    const char letter = peek(1);
    if (letter == '\0') return false;
    if (std::string_view("abfnrtv\\'\"`?").find(letter) != std::string_view::npos) {
      at_ += 2;
      return true;
    }
    if (letter >= '0' && letter <= '3') {
      if (peek(2) < '0' || peek(2) > '7' || peek(3) < '0' || peek(3) > '7') return false;
      at_ += 4;
      return true;
    }
    for (const Shape& shape : shapes) {
      if (shape.letters.find(letter) == std::string_view::npos) continue;
      for (std::size_t i = 0; i < shape.digits; ++i) {
        if (!is_hex(peek(2 + i))) return false;
      }
      at_ += 2 + shape.digits;
      return true;
    }
    return false;
  }

  Error recognition_error() {
    std::size_t end = begin_ + rune_bytes(text_.substr(begin_));
    if (peek() == '\'' || peek() == '"') end = text_.size();
    return cel_error(text_, begin_, "Syntax error: token recognition error at: '" +
                                        std::string(text_.substr(begin_, end - begin_)) + "'");
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t begin_ = 0;
  std::vector<Token> tokens_;
};

}  // namespace

Result<std::vector<Token>> tokenize_cel(std::string_view text) { return Lexer(text).run(); }

std::optional<std::string> unquote_cel(std::string_view token) {
  const bool bytes = (token[0] | 0x20) == 'b';
  if (bytes) token.remove_prefix(1);
  const bool raw = (token[0] | 0x20) == 'r';
  if (raw) token.remove_prefix(1);
  const bool triple = token.size() >= 6 && token[1] == token[0] && token[2] == token[0];
  const std::size_t quotes = triple ? 3 : 1;
  token = token.substr(quotes, token.size() - 2 * quotes);
  std::string out;
  if (raw) return std::string(token);
  for (std::size_t i = 0; i < token.size(); ++i) {
    // Line ends of a literal are "\n" however the text was saved.
    if (token[i] == '\r') {
      out.push_back('\n');
      if (i + 1 < token.size() && token[i + 1] == '\n') ++i;
      continue;
    }
    if (token[i] != '\\') {
      out.push_back(token[i]);
      continue;
    }
    const char letter = token[++i];
    constexpr std::string_view plain = "abfnrtv\\'\"`?";
    constexpr std::string_view meaning = "\a\b\f\n\r\t\v\\'\"`?";
    if (const auto at = plain.find(letter); at != std::string_view::npos) {
      out.push_back(meaning[at]);
      continue;
    }
    const bool octal = is_digit(letter);
    const std::size_t digits = octal ? 3 : letter == 'u' ? 4 : letter == 'U' ? 8 : 2;
    const std::size_t first = octal ? i : i + 1;
    std::uint32_t code = 0;
    std::from_chars(token.data() + first, token.data() + first + digits, code, octal ? 8 : 16);
    i = first + digits - 1;
    if (bytes && (letter == 'u' || letter == 'U')) return std::nullopt;
    if (code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) return std::nullopt;
    if (bytes) {
      out.push_back(static_cast<char>(code));
    } else {
      value::append_utf8(out, code);
    }
  }
  return out;
}

}  // namespace weir::expr
