#include "engine/expr/cel_parser.hh"

#include <algorithm>
#include <charconv>

#include "engine/base/limits.hh"
#include "engine/expr/cel_lexer.hh"
#include "engine/expr/text.hh"

namespace weir::expr {
namespace {

constexpr std::string_view expression_start =
    "{'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, "
    "BYTES, IDENTIFIER}";
constexpr std::string_view reserved_words[] = {
    "as",   "break",     "const", "continue", "else",   "for", "function", "if", "import", "let",
    "loop", "package",   "namespace", "return", "var", "void", "while"};
constexpr std::string_view binary_levels[][7] = {
    {"<", "<=", ">=", ">", "==", "!=", "in"}, {"+", "-"}, {"*", "/", "%"}};
constexpr std::size_t binary_level_count = 3;

// The macros called on a range: variable first, then the bodies.
struct Macro {
  std::string_view name;
  std::size_t arguments;
  NodeKind kind;
};
constexpr Macro macros[] = {
    {"all", 2, NodeKind::all},
    {"exists", 2, NodeKind::exists},
    {"exists_one", 2, NodeKind::exists_one},
    {"existsOne", 2, NodeKind::exists_one},
    {"map", 2, NodeKind::transform},
    {"map", 3, NodeKind::transform},
    {"filter", 2, NodeKind::filter},
    {"optMap", 2, NodeKind::opt_map},
    {"optFlatMap", 2, NodeKind::opt_flat_map},
};

class Parser {
 public:
  Parser(std::string_view text, std::vector<Token> tokens)
      : text_(text), tokens_(std::move(tokens)) {}

  Result<Node> parse() {
    WEIR_TRY(Node node, parse_expression());
    if (peek().kind != TokenKind::end) return unexpected("extraneous", "<EOF>");
    return node;
  }

 private:
  const Token& peek() const { return tokens_[at_]; }
  bool at_symbol(std::string_view symbol) const {
    return peek().kind == TokenKind::symbol && peek().text == symbol;
  }
  bool take(std::string_view symbol) {
    if (!at_symbol(symbol)) return false;
    ++at_;
    return true;
  }
  Node make(NodeKind kind, std::uint32_t position) const {
    Node node;
    node.kind = kind;
    node.position = position;
    return node;
  }
  std::string shown() const {
    return peek().kind == TokenKind::end ? "<EOF>" : std::string(peek().text);
  }
  Error fail(std::size_t position, std::string_view message) const {
    return cel_error(text_, position, message);
  }
  Error unexpected(std::string_view how, std::string_view expected) const {
    return fail(peek().position, "Syntax error: " + std::string(how) + " input '" + shown() +
                                     "' expecting " + std::string(expected));
  }
  Result<void> close(std::string_view symbol) {
    if (take(symbol)) return {};
    if (peek().kind != TokenKind::end) {
      return unexpected("mismatched", "'" + std::string(symbol) + "'");
    }
    return fail(peek().position,
                "Syntax error: missing '" + std::string(symbol) + "' at '" + shown() + "'");
  }

  Result<Node> parse_expression() {
    if (depth_ >= base::limits::expression_depth_max) {
      return make_error(Code::limit,
                        "expression recursion limit exceeded: " +
                            std::to_string(base::limits::expression_depth_max));
    }
    ++depth_;
    auto node = parse_ternary();
    --depth_;
    return node;
  }

  Result<Node> parse_ternary() {
    WEIR_TRY(Node condition, parse_logical("||", NodeKind::logical_or));
    if (!at_symbol("?")) return condition;
    Node node = make(NodeKind::ternary, peek().position);
    ++at_;
    WEIR_TRY(Node yes, parse_logical("||", NodeKind::logical_or));
    if (!take(":")) return unexpected("mismatched", "':'");
    WEIR_TRY(Node no, parse_expression());
    node.children = {std::move(condition), std::move(yes), std::move(no)};
    return node;
  }

  Result<Node> parse_logical(std::string_view symbol, NodeKind kind) {
    const auto next = [&]() -> Result<Node> {
      return kind == NodeKind::logical_or ? parse_logical("&&", NodeKind::logical_and)
                                          : parse_binary(0);
    };
    WEIR_TRY(Node first, next());
    if (!at_symbol(symbol)) return first;
    Node node = make(kind, peek().position);
    node.children.push_back(std::move(first));
    while (take(symbol)) {
      WEIR_TRY(Node more, next());
      node.children.push_back(std::move(more));
    }
    return node;
  }

  bool at_binary(std::size_t level) const {
    const bool word = peek().kind == TokenKind::identifier && peek().text == "in";
    if (peek().kind != TokenKind::symbol && !word) return false;
    for (std::string_view symbol : binary_levels[level]) {
      if (!symbol.empty() && symbol == peek().text) return true;
    }
    return false;
  }

  Result<Node> parse_binary(std::size_t level) {
    if (level == binary_level_count) return parse_unary();
    WEIR_TRY(Node left, parse_binary(level + 1));
    for (std::size_t chain = 0; at_binary(level); ++chain) {
      if (chain >= base::limits::expression_depth_max) {
        return make_error(Code::limit, "operators chained too long (expression_depth_max)");
      }
      Node node = make(NodeKind::call, peek().position);
      node.name = peek().text == "in" ? "@in" : "_" + std::string(peek().text) + "_";
      ++at_;
      WEIR_TRY(Node right, parse_binary(level + 1));
      node.children.push_back(std::move(left));
      node.children.push_back(std::move(right));
      left = std::move(node);
    }
    return left;
  }

  // Runs of one sign cancel in pairs, whatever the operand is.
  Result<Node> parse_unary() {
    for (std::string_view sign : {"!", "-"}) {
      if (!at_symbol(sign)) continue;
      const std::uint32_t position = peek().position;
      std::size_t count = 0;
      while (at_symbol(sign) && !at_signed_number()) {
        ++count;
        ++at_;
      }
      WEIR_TRY(Node operand, parse_member());
      if (count % 2 == 0) return operand;
      Node node = make(NodeKind::call, position);
      node.name = std::string(sign) + "_";
      node.children.push_back(std::move(operand));
      return node;
    }
    return parse_member();
  }

  bool at_signed_number() const {
    if (!at_symbol("-")) return false;
    const TokenKind next = tokens_[at_ + 1].kind;
    return next == TokenKind::integer || next == TokenKind::floating;
  }

  Result<Node> parse_member() {
    WEIR_TRY(Node node, parse_primary());
    for (std::size_t chain = 0;; ++chain) {
      if (chain >= base::limits::expression_depth_max) {
        return make_error(Code::limit, "selections chained too long (expression_depth_max)");
      }
      if (at_symbol(".")) {
        WEIR_TRY(node, parse_select(std::move(node)));
      } else if (at_symbol("[")) {
        WEIR_TRY(node, parse_index(std::move(node)));
      } else if (at_symbol("{") && is_type_name(node)) {
        return make_error(Code::invalid, "unknown type: " + dotted_name(node));
      } else {
        return node;
      }
    }
  }

  static bool is_type_name(const Node& node) {
    if (node.kind == NodeKind::variable) return true;
    return node.kind == NodeKind::select && !node.optional && is_type_name(node.children[0]);
  }
  static std::string dotted_name(const Node& node) {
    if (node.kind == NodeKind::variable) return node.name;
    return dotted_name(node.children[0]) + "." + node.name;
  }

  Result<Node> parse_select(Node target) {
    const std::uint32_t position = peek().position;
    ++at_;
    const bool optional = take("?");
    const bool word = peek().kind == TokenKind::identifier;
    if (!word || peek().text == "in" || peek().text == "true" || peek().text == "false" ||
        peek().text == "null") {
      return fail(peek().position, "Syntax error: no viable alternative at input '." +
                                       (peek().kind == TokenKind::end ? "" : shown()) + "'");
    }
    const std::string name(peek().text);
    ++at_;
    if (!optional && at_symbol("(")) return parse_call(name, &target, peek().position);
    Node node = make(NodeKind::select, position);
    node.name = name;
    node.optional = optional;
    node.children.push_back(std::move(target));
    return node;
  }

  Result<Node> parse_index(Node target) {
    Node node = make(NodeKind::index, peek().position);
    ++at_;
    node.optional = take("?");
    WEIR_TRY(Node key, parse_expression());
    WEIR_CHECK(close("]"));
    node.children.push_back(std::move(target));
    node.children.push_back(std::move(key));
    return node;
  }

  // "(...)" after a name; `target` is nullptr for a global call.
  Result<Node> parse_call(const std::string& name, Node* target, std::uint32_t position) {
    ++at_;
    std::vector<Node> arguments;
    if (!take(")")) {
      do {
        WEIR_TRY(Node argument, parse_expression());
        arguments.push_back(std::move(argument));
      } while (take(","));
      WEIR_CHECK(close(")"));
    }
    if (target == nullptr && name == "has" && arguments.size() == 1) {
      return make_has(std::move(arguments[0]), position);
    }
    if (target != nullptr) {
      for (const Macro& macro : macros) {
        if (macro.name == name && macro.arguments == arguments.size()) {
          return make_macro(macro, std::move(*target), std::move(arguments), position);
        }
      }
    }
    Node node = make(NodeKind::call, position);
    if (target != nullptr && arguments.size() == 1 && (name == "or" || name == "orValue")) {
      node.kind = name == "or" ? NodeKind::opt_or : NodeKind::opt_or_value;
    }
    node.name = name;
    node.member = target != nullptr;
    if (target != nullptr) node.children.push_back(std::move(*target));
    for (Node& argument : arguments) node.children.push_back(std::move(argument));
    return node;
  }

  Result<Node> make_has(Node argument, std::uint32_t position) const {
    if (argument.kind != NodeKind::select || argument.optional) {
      return fail(argument.position, "invalid argument to has() macro");
    }
    argument.kind = NodeKind::has;
    argument.position = position;
    return argument;
  }

  Result<Node> make_macro(const Macro& macro, Node target, std::vector<Node> arguments,
                          std::uint32_t position) const {
    if (arguments[0].kind != NodeKind::variable) {
      const bool list_maker = macro.kind == NodeKind::transform || macro.kind == NodeKind::filter;
      return fail(arguments[0].position, list_maker ? "argument is not an identifier"
                                                    : "argument must be a simple name");
    }
    Node node = make(macro.kind, position);
    node.name = arguments[0].name;
    node.children.push_back(std::move(target));
    for (std::size_t i = 1; i < arguments.size(); ++i) {
      node.children.push_back(std::move(arguments[i]));
    }
    return node;
  }

  Result<Node> parse_primary() {
    const Token token = peek();
    if (take("(")) {
      WEIR_TRY(Node node, parse_expression());
      WEIR_CHECK(close(")"));
      return node;
    }
    if (take("[")) return parse_list(token.position);
    if (take("{")) return parse_map(token.position);
    if (token.kind == TokenKind::identifier || at_symbol(".")) return parse_name();
    return parse_literal();
  }

  Result<Node> parse_name() {
    const std::uint32_t position = peek().position;
    const bool dot = take(".");
    const Token token = peek();
    if (token.kind != TokenKind::identifier || token.text == "in") {
      if (!dot) return unexpected("mismatched", expression_start);
      return fail(token.position, "Syntax error: no viable alternative at input '.'");
    }
    ++at_;
    Node node = make(NodeKind::literal, position);
    if (token.text == "null") return node;
    if (token.text == "true" || token.text == "false") {
      node.literal = CelValue::boolean(token.text == "true");
      return node;
    }
    for (std::string_view word : reserved_words) {
      if (word == token.text) {
        return fail(position, "reserved identifier: " + std::string(word));
      }
    }
    if (at_symbol("(")) return parse_call(std::string(token.text), nullptr, peek().position);
    node.kind = NodeKind::variable;
    node.name = token.text;
    return node;
  }

  Result<Node> parse_list(std::uint32_t position) {
    Node node = make(NodeKind::list, position);
    if (take(",")) {
      WEIR_CHECK(close("]"));
      return node;
    }
    while (!at_symbol("]")) {
      node.optional_items.push_back(take("?"));
      WEIR_TRY(Node item, parse_expression());
      node.children.push_back(std::move(item));
      if (!take(",") && !at_symbol("]")) return unexpected("mismatched", "{']', ','}");
    }
    ++at_;
    return node;
  }

  Result<Node> parse_map(std::uint32_t position) {
    Node node = make(NodeKind::map, position);
    if (take(",")) {
      WEIR_CHECK(close("}"));
      return node;
    }
    while (!at_symbol("}")) {
      node.optional_items.push_back(take("?"));
      WEIR_TRY(Node key, parse_expression());
      if (!take(":")) return unexpected("mismatched", "':'");
      WEIR_TRY(Node item, parse_expression());
      node.children.push_back(std::move(key));
      node.children.push_back(std::move(item));
      if (!take(",") && !at_symbol("}")) return unexpected("mismatched", "{'}', ','}");
    }
    ++at_;
    return node;
  }

  Result<Node> parse_literal() {
    const bool negative = at_signed_number();
    Node node = make(NodeKind::literal, peek().position);
    if (negative) ++at_;
    const Token token = peek();
    const auto value = literal_value(token, negative);
    if (token.kind == TokenKind::end || token.kind == TokenKind::symbol) {
      return unexpected("mismatched", expression_start);
    }
    if (!value) {
      constexpr std::string_view names[] = {"", "", "int", "uint", "double"};
      const auto kind = static_cast<std::size_t>(token.kind);
      return fail(node.position, token.kind >= TokenKind::string
                                     ? "unable to unescape string"
                                     : "invalid " + std::string(names[kind]) + " literal");
    }
    ++at_;
    node.literal = *value;
    return node;
  }

  static std::optional<CelValue> literal_value(const Token& token, bool negative) {
    if (token.kind == TokenKind::string || token.kind == TokenKind::bytes) {
      const auto text = unquote_cel(token.text);
      if (!text) return std::nullopt;
      return token.kind == TokenKind::string ? CelValue::string(*text) : CelValue::bytes(*text);
    }
    std::string_view text = token.text;
    if (token.kind == TokenKind::floating) {
      double number = 0;
      const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
      // Too small a number is zero, too large a one an error.
      const bool tiny = text.find("e-") != text.npos || text.find("E-") != text.npos;
      if (parsed.ec != std::errc() && !tiny) return std::nullopt;
      return CelValue::floating(negative ? -number : number);
    }
    if (token.kind == TokenKind::uinteger) text.remove_suffix(1);
    const bool hex = text.starts_with("0x");
    if (hex) text.remove_prefix(2);
    std::uint64_t number = 0;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number,
        hex ? 16 : 10);
    if (parsed.ec != std::errc()) return std::nullopt;
    if (token.kind == TokenKind::uinteger) return CelValue::uinteger(number);
    const std::uint64_t most = static_cast<std::uint64_t>(INT64_MAX) + (negative ? 1 : 0);
    if (number > most) return std::nullopt;
    return CelValue::integer(static_cast<std::int64_t>(negative ? 0 - number : number));
  }

  std::string_view text_;
  std::vector<Token> tokens_;
  std::size_t at_ = 0;
  std::size_t depth_ = 0;
};

}  // namespace

Error cel_error(std::string_view text, std::size_t position, std::string_view message) {
  const std::string_view before = text.substr(0, position);
  const auto newlines = std::count(before.begin(), before.end(), '\n');
  const std::size_t line = 1 + static_cast<std::size_t>(newlines);
  const std::size_t begin = before.rfind('\n') + 1;  // npos + 1 is the text's start
  const std::size_t end = std::min(text.find('\n', position), text.size());
  const std::size_t column = count_runes(text.substr(begin, position - begin));
  std::string out = "ERROR: <input>:" + std::to_string(line) + ":" + std::to_string(column + 1) +
                    ": " + std::string(message) + "\n | ";
  out.append(text.substr(begin, end - begin)).append("\n | ").append(column, '.').append("^");
  return make_error(Code::invalid, std::move(out));
}

Result<Node> parse_cel(std::string_view text) {
  WEIR_TRY(std::vector<Token> tokens, tokenize_cel(text));
  return Parser(text, std::move(tokens)).parse();
}

}  // namespace weir::expr
