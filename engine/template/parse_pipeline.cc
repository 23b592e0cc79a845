#include <algorithm>
#include <limits>

#include "engine/template/number.hh"
#include "engine/template/parse_tree.hh"
#include "engine/template/quote.hh"

namespace weir::tmpl {

namespace {

constexpr int paren_depth_max = 10'000;

bool starts_operand(TokenKind kind) {
  switch (kind) {
    case TokenKind::boolean:
    case TokenKind::char_constant:
    case TokenKind::complex:
    case TokenKind::dot:
    case TokenKind::field:
    case TokenKind::identifier:
    case TokenKind::number:
    case TokenKind::nil:
    case TokenKind::raw_string:
    case TokenKind::string:
    case TokenKind::variable:
    case TokenKind::left_paren: return true;
    default: return false;
  }
}

// The integers a double stands for exactly.
bool fits_integer(double number) {
  return number >= -0x1p63 && number < 0x1p63 &&
         static_cast<double>(static_cast<std::int64_t>(number)) == number;
}
bool fits_unsigned(double number) {
  return number >= 0 && number < 0x1p64 &&
         static_cast<double>(static_cast<std::uint64_t>(number)) == number;
}

}  // namespace

// declarations? command ('|' command)*
const PipeNode* TreeParser::pipeline(std::string_view context, TokenKind end) {
  check_depth();
  PipeNode* pipe = make<PipeNode>(NodeKind::pipe, peek_word().position);
  declarations(*pipe, context);
  const std::size_t mark = shared_.scratch.size();
  for (;;) {
    const Token token = next_word();
    if (token.kind == end) break;
    if (!starts_operand(token.kind)) unexpected(token, context);
    back_up();
    shared_.scratch.push_back(command());
  }
  pipe->commands = take_scratch(mark);
  check_pipeline(*pipe, context);
  return pipe;
}

void TreeParser::declare(std::vector<const VariableNode*>& declared, const Token& token) {
  next_word();
  declared.push_back(variable(token));
  variables_.push_back(token.text);
}

void TreeParser::declarations(PipeNode& pipe, std::string_view context) {
  std::vector<const VariableNode*> declared;
  while (peek_word().kind == TokenKind::variable) {
    const Token name = next_word();
    // "$x foo" is an argument, "$x := foo" a declaration: as many as three tokens go back.
    const Token adjacent = peek();
    const Token following = peek_word();
    if (following.kind == TokenKind::assign || following.kind == TokenKind::declare) {
      pipe.is_assignment = following.kind == TokenKind::assign;
      declare(declared, name);
    } else if (following.kind == TokenKind::character && following.text == ",") {
      declare(declared, name);
      if (context == "range" && declared.size() < 2) {
        const TokenKind kind = peek_word().kind;
        if (kind == TokenKind::variable || kind == TokenKind::right_delimiter ||
            kind == TokenKind::right_paren)
          continue;
        fail("range can only initialize variables");
      }
      std::string message = "too many declarations in ";
      message += context;
      fail(message);
    } else if (adjacent.kind == TokenKind::space) {
      back_up_three(name, adjacent);
    } else {
      back_up_two(name);
    }
    break;
  }
  if (declared.empty()) return;
  auto* const kept = static_cast<const VariableNode**>(
      shared_.source.arena.allocate(declared.size() * sizeof(Node*), alignof(Node*)));
  std::copy(declared.begin(), declared.end(), kept);
  pipe.variables = {kept, declared.size()};
}

void TreeParser::check_pipeline(const PipeNode& pipe, std::string_view context) const {
  if (pipe.commands.empty()) {
    std::string message = "missing value for ";
    message += context;
    fail(message);
  }
  for (std::size_t i = 1; i < pipe.commands.size(); ++i) {
    switch (static_cast<const CommandNode*>(pipe.commands[i])->arguments[0]->kind) {
      case NodeKind::boolean:
      case NodeKind::dot:
      case NodeKind::nil:
      case NodeKind::number:
      case NodeKind::string:
        fail("non executable command in pipeline stage " + std::to_string(i + 1));
      default: break;
    }
  }
}

// operand (space operand)*, up to a pipe, which is taken, or a delimiter, which stays.
const CommandNode* TreeParser::command() {
  CommandNode* node = make<CommandNode>(NodeKind::command, peek_word().position);
  const std::size_t mark = shared_.scratch.size();
  for (;;) {
    peek_word();
    if (const Node* argument = operand()) shared_.scratch.push_back(argument);
    const Token token = next();
    if (token.kind == TokenKind::space) continue;
    if (token.kind == TokenKind::right_delimiter || token.kind == TokenKind::right_paren) {
      back_up();
    } else if (token.kind != TokenKind::pipe) {
      unexpected(token, "operand");
    }
    break;
  }
  node->arguments = take_scratch(mark);
  if (node->arguments.empty()) fail("empty command");
  return node;
}

// term .Field*; nullptr when the next token starts none.
const Node* TreeParser::operand() {
  const Node* node = term();
  if (node == nullptr || peek().kind != TokenKind::field) return node;
  return with_fields(node);
}

const Node* TreeParser::with_fields(const Node* base) {
  const std::uint32_t position = peek().position;
  std::vector<MapKey> names;
  if (base->kind == NodeKind::field) {
    const auto own = static_cast<const FieldNode*>(base)->names;
    names.assign(own.begin(), own.end());
  }
  while (peek().kind == TokenKind::field) names.emplace_back(next().text.substr(1));
  auto* const kept = static_cast<MapKey*>(
      shared_.source.arena.allocate(names.size() * sizeof(MapKey), alignof(MapKey)));
  std::uninitialized_copy(names.begin(), names.end(), kept);
  const std::span<const MapKey> all(kept, names.size());
  switch (base->kind) {
    case NodeKind::field: {
      FieldNode* node = make<FieldNode>(NodeKind::field, position);
      node->names = all;
      return node;
    }
    case NodeKind::variable: {
      VariableNode* node = make<VariableNode>(NodeKind::variable, position);
      node->name = static_cast<const VariableNode*>(base)->name;
      node->id = static_cast<const VariableNode*>(base)->id;
      node->names = all;
      return node;
    }
    case NodeKind::boolean:
    case NodeKind::string:
    case NodeKind::number:
    case NodeKind::nil:
    case NodeKind::dot: {
      std::string source;
      append_node(source, *base);
      fail("unexpected . after term " + quoted(source));
    }
    default: break;
  }
  ChainNode* node = make<ChainNode>(NodeKind::chain, position);
  node->base = base;
  node->names = all;
  return node;
}

const Node* TreeParser::term() {
  const Token token = next_word();
  switch (token.kind) {
    case TokenKind::identifier: return identifier(token);
    case TokenKind::dot: return make<Node>(NodeKind::dot, token.position);
    case TokenKind::nil: return make<Node>(NodeKind::nil, token.position);
    case TokenKind::variable: return known_variable(token);
    case TokenKind::field: {
      FieldNode* node = make<FieldNode>(NodeKind::field, token.position);
      auto* const name =
          static_cast<MapKey*>(shared_.source.arena.allocate(sizeof(MapKey), alignof(MapKey)));
      new (name) MapKey(token.text.substr(1));
      node->names = {name, 1};
      return node;
    }
    case TokenKind::boolean: {
      ConstantNode* node = make<ConstantNode>(NodeKind::boolean, token.position);
      node->value = constant(Datum::boolean(token.text == "true"));
      node->source = token.text;
      return node;
    }
    case TokenKind::char_constant:
    case TokenKind::complex:
    case TokenKind::number: return number(token);
    case TokenKind::left_paren: return parenthesized();
    case TokenKind::string:
    case TokenKind::raw_string: {
      ConstantNode* node = make<ConstantNode>(NodeKind::string, token.position);
      unquoted(token);
      node->value = &shared_.source.constants.back();
      node->source = token.text;
      return node;
    }
    default: back_up(); return nullptr;
  }
}

const Node* TreeParser::parenthesized() {
  if (paren_depth_ >= paren_depth_max) fail("max expression depth exceeded");
  ++paren_depth_;
  const Node* node = pipeline("parenthesized pipeline", TokenKind::right_paren);
  --paren_depth_;
  return node;
}

const Node* TreeParser::identifier(const Token& token) {
  const Function* function = shared_.functions.find(token.text);
  if (function == nullptr) {
    std::string message = "function ";
    append_quoted(message, token.text);
    message += " not defined";
    fail(message);
  }
  IdentifierNode* node = make<IdentifierNode>(NodeKind::identifier, token.position);
  node->name = token.text;
  node->function = function;
  return node;
}

VariableNode* TreeParser::variable(const Token& token) {
  VariableNode* node = make<VariableNode>(NodeKind::variable, token.position);
  node->name = token.text;
  node->id = variable_id(token.text);
  return node;
}

const Node* TreeParser::known_variable(const Token& token) {
  const VariableNode* node = variable(token);
  if (std::find(variables_.begin(), variables_.end(), token.text) == variables_.end()) {
    std::string message = "undefined variable ";
    append_quoted(message, token.text);
    fail(message);
  }
  return node;
}

const Node* TreeParser::number(const Token& token) {
  NumberNode* node = make<NumberNode>(NodeKind::number, token.position);
  node->source = token.text;
  if (token.kind == TokenKind::char_constant) {
    read_char_constant(*node);
  } else {
    read_number(*node, token);
  }
  const bool hex = token.text.size() > 2 && token.text[0] == '0' && (token.text[1] | 32) == 'x' &&
                   token.text.find_first_of("pP") == std::string_view::npos;
  const bool fraction = token.kind != TokenKind::char_constant && !hex &&
                        token.text.find_first_of(".eEpP") != std::string_view::npos;
  if (node->is_complex) {
    node->ideal = constant(Datum::complex(node->real, node->imaginary));
  } else if (node->is_float && fraction) {
    node->ideal = constant(Datum::floating(node->floating));
  } else if (node->is_int) {
    node->ideal = constant(Datum::integer(node->integer));
  }
  return node;
}

void TreeParser::read_char_constant(NumberNode& node) {
  const auto character = unquote_char(node.source.substr(1), '\'');
  if (!character) fail("invalid syntax");
  if (node.source.substr(1 + character->width) != "'") {
    std::string message = "malformed character constant: ";
    message += node.source;
    fail(message);
  }
  node.is_int = node.is_uint = node.is_float = true;
  node.integer = character->code;
  node.unsigned_integer = character->code;
  node.floating = character->code;
}

void TreeParser::read_complex(NumberNode& node, double real, double imaginary) {
  node.is_complex = true;
  node.real = real;
  node.imaginary = imaginary;
  node.is_float = imaginary == 0;
  if (!node.is_float) return;
  node.floating = real;
  node.is_int = fits_integer(real);
  if (node.is_int) node.integer = static_cast<std::int64_t>(real);
  node.is_uint = fits_unsigned(real);
  if (node.is_uint) node.unsigned_integer = static_cast<std::uint64_t>(real);
}

void TreeParser::read_number(NumberNode& node, const Token& token) {
  const std::string_view text = token.text;
  if (token.kind == TokenKind::complex) {
    const auto complex = parse_go_complex(text);
    if (!complex) fail("syntax error scanning complex number");
    read_complex(node, complex->real, complex->imaginary);
    return;
  }
  if (text.ends_with('i')) {
    if (const auto imaginary = parse_go_float(text.substr(0, text.size() - 1))) {
      read_complex(node, 0, *imaginary);
      return;
    }
  }
  const auto natural = parse_go_unsigned(text);
  const auto integer = parse_go_integer(text);
  // "-0" counts as unsigned too.
  node.is_uint = natural.has_value() || integer == 0;
  node.unsigned_integer = natural.value_or(0);
  node.is_int = integer.has_value();
  node.integer = integer.value_or(0);
  node.is_float = node.is_int || node.is_uint;
  node.floating =
      node.is_int ? static_cast<double>(node.integer) : static_cast<double>(node.unsigned_integer);
  if (node.is_float) return;
  const auto floating = parse_go_float(text);
  if (!floating) fail("illegal number syntax: " + quoted(text));
  if (text.find_first_of(".eEpP") == std::string_view::npos)
    fail("integer overflow: " + quoted(text));
  node.is_float = true;
  node.floating = *floating;
  node.is_int = fits_integer(*floating);
  if (node.is_int) node.integer = static_cast<std::int64_t>(*floating);
  node.is_uint = fits_unsigned(*floating);
  if (node.is_uint) node.unsigned_integer = static_cast<std::uint64_t>(*floating);
}

}  // namespace weir::tmpl
