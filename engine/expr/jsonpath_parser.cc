#include <algorithm>
#include <charconv>
#include <cstdio>

#include "engine/base/limits.hh"
#include "engine/expr/jsonpath_ast.hh"
#include "engine/expr/text.hh"
#include "engine/value/number_text.hh"
#include "engine/value/utf8.hh"

namespace weir::expr {
namespace {

Error syntax_error(std::string message) { return make_error(Code::invalid, std::move(message)); }

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_terminator(char c) {
  return std::string_view(" \t\r\n.,[]$@{}").find(c) != std::string_view::npos;
}

PathNode make(PathKind kind, std::string text = {}) {
  PathNode node;
  node.kind = kind;
  node.text = std::move(text);
  return node;
}

PathNode make_constant(Value value, bool plain_text) {
  PathNode node = make(PathKind::constant);
  node.constant = std::move(value);
  node.plain_text = plain_text;
  return node;
}

// The body of a quoted text with Go's escapes; nothing when one is wrong.
std::optional<std::string> unquote(std::string_view body, char quote) {
  constexpr std::string_view plain = "abfnrtv\\";
  constexpr std::string_view meaning = "\a\b\f\n\r\t\v\\";
  std::string out;
  for (std::size_t i = 0; i < body.size(); ++i) {
    if (body[i] == quote || body[i] == '\n') return std::nullopt;
    if (body[i] != '\\') {
      out.push_back(body[i]);
      continue;
    }
    if (++i >= body.size()) return std::nullopt;
    const char letter = body[i];
    if (const auto at = plain.find(letter); at != std::string_view::npos) {
      out.push_back(meaning[at]);
      continue;
    }
    if (letter == quote) {
      out.push_back(quote);
      continue;
    }
    const bool octal = letter >= '0' && letter <= '7';
    const std::size_t digits =
        octal ? 3 : letter == 'x' ? 2 : letter == 'u' ? 4 : letter == 'U' ? 8 : 0;
    const std::size_t first = octal ? i : i + 1;
    if (digits == 0 || first + digits > body.size()) return std::nullopt;
    std::uint32_t code = 0;
    const char* end = body.data() + first + digits;
    const auto parsed = std::from_chars(body.data() + first, end, code, octal ? 8 : 16);
    if (parsed.ec != std::errc() || parsed.ptr != end || code > (octal ? 255u : 0x10FFFFu)) {
      return std::nullopt;
    }
    if (octal || letter == 'x') {
      out.push_back(static_cast<char>(code));
    } else {
      value::append_utf8(out, code);
    }
    i = first + digits - 1;
  }
  return out;
}

std::string_view trim_spaces(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

class Parser {
 public:
  Parser(std::string_view text, std::size_t depth) : text_(text), depth_(depth) {}

  Result<std::vector<PathNode>> parse() {
    if (depth_ > base::limits::expression_depth_max) {
      return make_error(Code::limit, "path nested too deeply (expression_depth_max)");
    }
    std::vector<PathNode> nodes;
    while (at_ < text_.size()) {
      const std::size_t brace = std::min(text_.find('{', at_), text_.size());
      if (brace > at_) nodes.push_back(make_constant(text_.substr(at_, brace - at_), true));
      at_ = brace;
      if (at_ >= text_.size()) break;
      ++at_;
      PathNode action = make(PathKind::action);
      WEIR_CHECK(parse_action(action.children));
      nodes.push_back(std::move(action));
    }
    return nodes;
  }

 private:
  bool done() const { return at_ >= text_.size(); }
  char peek() const { return done() ? '\0' : text_[at_]; }
  bool starts(std::string_view token) const { return text_.substr(at_).starts_with(token); }

  // Up to and with the closing brace.
  Result<void> parse_action(std::vector<PathNode>& nodes) {
    for (;;) {
      if (starts("}")) {
        ++at_;
        return {};
      }
      if (starts("[?(")) {
        WEIR_CHECK(parse_filter(nodes));
      } else if (starts("..")) {
        WEIR_CHECK(parse_recursive(nodes));
      } else if (done() || peek() == '\n' || peek() == '\r') {
        return syntax_error("unclosed action");
      } else if (peek() == ' ' || peek() == '@' || peek() == '$') {
        ++at_;
      } else {
        WEIR_CHECK(parse_step(nodes));
      }
    }
  }

  Result<void> parse_step(std::vector<PathNode>& nodes) {
    const char letter = peek();
    const char32_t rune = first_rune(text_.substr(at_));
    if (letter == '[') return parse_array(nodes);
    if (letter == '"' || letter == '\'') return parse_quote(nodes);
    if (letter == '.') {
      ++at_;
      return parse_field(nodes);
    }
    if (letter == '+' || letter == '-' || is_digit(letter)) return parse_number(nodes);
    if (is_word_rune(rune)) return parse_identifier(nodes);
    std::string shown;
    value::append_utf8(shown, rune);
    char code[16];
    std::snprintf(code, sizeof code, "U+%04X", static_cast<unsigned>(rune));
    return syntax_error("unrecognized character in action: " + std::string(code) + " '" + shown +
        "'");
  }

  // A '.' inside "['a.b']" separates fields all the same; "\." is the way to write one.
  Result<void> parse_field(std::vector<PathNode>& nodes) {
    std::string name;
    const std::size_t begin = at_;
    for (; !done() && !is_terminator(peek()); ++at_) {
      if (peek() != '\\') {
        name.push_back(peek());
        continue;
      }
      if (at_ + 1 < text_.size() && text_[++at_] != '\\') name.push_back(peek());
    }
    const bool wildcard = text_.substr(begin, at_ - begin) == "*";
    nodes.push_back(make(wildcard ? PathKind::wildcard : PathKind::field, name));
    return {};
  }

  Result<void> parse_recursive(std::vector<PathNode>& nodes) {
    if (!nodes.empty() && nodes.back().kind == PathKind::recursive) {
      return syntax_error("invalid multiple recursive descent");
    }
    at_ += 2;
    nodes.push_back(make(PathKind::recursive));
    if (!done() && is_word_rune(first_rune(text_.substr(at_)))) return parse_field(nodes);
    return {};
  }

  Result<void> parse_identifier(std::vector<PathNode>& nodes) {
    const std::size_t begin = at_;
    while (!done() && !is_terminator(peek())) ++at_;
    const std::string_view name = text_.substr(begin, at_ - begin);
    if (name == "true" || name == "false") {
      nodes.push_back(make_constant(name == "true", false));
    } else {
      nodes.push_back(make(PathKind::identifier, std::string(name)));
    }
    return {};
  }

  Result<void> parse_number(std::vector<PathNode>& nodes) {
    const std::size_t begin = at_;
    if (peek() == '+' || peek() == '-') ++at_;
    while (is_digit(peek()) || peek() == '.') ++at_;
    const std::string_view text = text_.substr(begin, at_ - begin);
    if (const auto whole = parse_index(text)) {
      nodes.push_back(make_constant(*whole, false));
      return {};
    }
    const auto number = value::parse_decimal_float(text);
    if (!number) return syntax_error("cannot parse number " + std::string(text));
    nodes.push_back(make_constant(*number, false));
    return {};
  }

  static std::optional<std::int64_t> parse_index(std::string_view text) {
    if (text.starts_with('+')) text.remove_prefix(1);
    std::int64_t number = 0;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
    if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size()) return std::nullopt;
    return number;
  }

  Result<void> parse_quote(std::vector<PathNode>& nodes) {
    const char quote = peek();
    const std::size_t begin = at_++;
    while (!done() && peek() != '\n' && !(peek() == quote && text_[at_ - 1] != '\\')) ++at_;
    if (done() || peek() == '\n') return syntax_error("unterminated quoted string");
    ++at_;
    const std::string_view quoted = text_.substr(begin, at_ - begin);
    const auto text = unquote(quoted.substr(1, quoted.size() - 2), quote);
    if (!text) {
      return syntax_error("unquote string " + std::string(quoted) + " error invalid syntax");
    }
    nodes.push_back(make_constant(*text, true));
    return {};
  }

  // The inside of `text`, as if in braces; appended to `nodes`.
  Result<void> parse_inner(std::string_view text, std::vector<PathNode>& nodes) const {
    const std::string braced = "{" + std::string(text) + "}";
    WEIR_TRY(std::vector<PathNode> parsed, Parser(braced, depth_ + 1).parse());
    for (PathNode& node : parsed.front().children) nodes.push_back(std::move(node));
    return {};
  }

  Result<void> parse_array(std::vector<PathNode>& nodes) {
    const std::size_t end = text_.find_first_of("]\n", at_);
    if (end == std::string_view::npos || text_[end] == '\n') {
      return syntax_error("unterminated array");
    }
    std::string_view text = text_.substr(at_ + 1, end - at_ - 1);
    at_ = end + 1;
    if (text == "*") text = ":";
    if (text.find(',') != std::string_view::npos) return parse_alternatives(text, nodes);
    if (text.size() >= 2 && text.front() == '\'' && text.back() == '\'' &&
        text.find('\'', 1) == text.size() - 1) {
      return parse_inner("." + std::string(text.substr(1, text.size() - 2)), nodes);
    }
    return parse_slice(text, nodes);
  }

  Result<void> parse_alternatives(std::string_view text, std::vector<PathNode>& nodes) const {
    PathNode node = make(PathKind::alternative);
    for (std::size_t begin = 0; begin <= text.size();) {
      const std::size_t comma = std::min(text.find(',', begin), text.size());
      PathNode part = make(PathKind::action);
      const std::string_view item = trim_spaces(text.substr(begin, comma - begin));
      WEIR_CHECK(parse_inner("[" + std::string(item) + "]", part.children));
      node.children.push_back(std::move(part));
      begin = comma + 1;
    }
    nodes.push_back(std::move(node));
    return {};
  }

  static Result<void> parse_slice(std::string_view text, std::vector<PathNode>& nodes) {
    PathNode node = make(PathKind::slice);
    std::string_view rest = text;
    std::string_view parts[3];
    bool written[3] = {true, false, false};
    for (std::size_t i = 0; i < 3; ++i) {
      if (i > 0 && !rest.starts_with(':')) break;
      if (i > 0) rest.remove_prefix(1);
      written[i] = true;
      std::size_t size = rest.starts_with('-') ? 1 : 0;
      while (size < rest.size() && is_digit(rest[size])) ++size;
      parts[i] = rest.substr(0, size);
      rest.remove_prefix(size);
    }
    if (!rest.empty()) return syntax_error("invalid array index " + std::string(text));
    for (std::size_t i = 0; i < 3; ++i) {
      if (parts[i].empty()) continue;
      node.bounds[i].value = parse_index(parts[i]);
      if (node.bounds[i].value) continue;
      return syntax_error("array index " + std::string(parts[i]) + " is not a number");
    }
    if (!written[1]) {
      const std::int64_t first = node.bounds[0].value.value_or(0);
      if (first == INT64_MAX) {
        return syntax_error("array index " + std::string(text) + " is not a number");
      }
      node.bounds[1] = {first + 1, true};
    }
    nodes.push_back(std::move(node));
    return {};
  }

  Result<void> parse_filter(std::vector<PathNode>& nodes) {
    at_ += 3;
    const std::size_t begin = at_;
    char open = '\0';  // the first quote; a second text in quotes is not seen as one
    bool closed = false;
    for (;; ++at_) {
      if (done() || peek() == '\n') return syntax_error("unterminated filter");
      if (peek() == ')' && (open != '\0') == closed) break;
      if (peek() != '"' && peek() != '\'') continue;
      if (open == '\0') {
        open = peek();
      } else if (peek() == open && text_[at_ - 1] != '\\') {
        closed = true;
      }
    }
    const std::string_view text = text_.substr(begin, at_ - begin);
    ++at_;
    if (peek() != ']') return syntax_error("unclosed array expect ]");
    ++at_;
    constexpr std::string_view operators = "!<>=";
    const std::size_t first = text.find_first_of(operators);
    PathNode node = make(PathKind::filter, "exists");
    node.children.resize(2);
    const std::size_t last = first == std::string_view::npos
                                 ? first
                                 : text.find_first_not_of(operators, first);
    if (first == 0 || last == std::string_view::npos) {
      WEIR_CHECK(parse_inner(text, node.children[0].children));
    } else {
      node.text = text.substr(first, last - first);
      WEIR_CHECK(parse_inner(text.substr(0, first), node.children[0].children));
      WEIR_CHECK(parse_inner(text.substr(last), node.children[1].children));
    }
    nodes.push_back(std::move(node));
    return {};
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t depth_ = 0;
};

}  // namespace

Result<std::vector<PathNode>> parse_jsonpath(std::string_view text) {
  return Parser(text, 0).parse();
}

}  // namespace weir::expr
