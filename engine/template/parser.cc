#include "engine/template/parser.hh"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "engine/base/limits.hh"
#include "engine/template/lexer.hh"
#include "engine/template/parse_tree.hh"
#include "engine/template/quote.hh"
#include "engine/template/stack.hh"
#include "engine/value/utf8.hh"

namespace weir::tmpl {

namespace {

// The first ten characters, as %.10q cuts.
std::string_view first_runes(std::string_view text) {
  std::size_t at = 0;
  for (int i = 0; i < 10 && at < text.size(); ++i) at += value::decode_rune(text, at).width;
  return text.substr(0, at);
}

bool is_space_text(std::string_view text) {
  // bytes.TrimSpace takes Unicode's spaces too.
  for (std::size_t at = 0; at < text.size();) {
    const value::Rune rune = value::decode_rune(text, at);
    const std::uint32_t c = rune.code;
    const bool space = (c >= '\t' && c <= '\r') || c == ' ' || c == 0x85 || c == 0xA0 ||
                       c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 ||
                       c == 0x202F || c == 0x205F || c == 0x3000;
    if (!space || !rune.valid) return false;
    at += rune.width;
  }
  return true;
}

// Nothing but space: such a template does not replace another one.
bool is_empty(const Node& node) {
  if (node.kind == NodeKind::text) return is_space_text(static_cast<const TextNode&>(node).text);
  if (node.kind != NodeKind::list) return false;
  const auto nodes = static_cast<const ListNode&>(node).nodes;
  return std::all_of(nodes.begin(), nodes.end(),
                     [](const Node* child) { return is_empty(*child); });
}

}  // namespace

// ---- tokens -------------------------------------------------------------------------------------

const Token& TreeParser::next() {
  if (peeked_ > 0) {
    --peeked_;
  } else {
    tokens_[0] = shared_.lexer.next();
  }
  return tokens_[peeked_];
}

void TreeParser::back_up_two(const Token& first) {
  tokens_[1] = first;
  peeked_ = 2;
}

void TreeParser::back_up_three(const Token& first, const Token& second) {
  tokens_[1] = second;
  tokens_[2] = first;
  peeked_ = 3;
}

const Token& TreeParser::peek() {
  if (peeked_ > 0) return tokens_[peeked_ - 1];
  peeked_ = 1;
  tokens_[0] = shared_.lexer.next();
  return tokens_[0];
}

const Token& TreeParser::next_word() {
  while (peeked_ > 0)
    if (tokens_[--peeked_].kind != TokenKind::space) return tokens_[peeked_];
  do {
    tokens_[0] = shared_.lexer.next();
  } while (tokens_[0].kind == TokenKind::space);
  return tokens_[0];
}

const Token& TreeParser::peek_word() {
  const Token& token = next_word();
  back_up();
  return token;
}

// ---- errors -------------------------------------------------------------------------------------

std::size_t TreeParser::line_of(std::uint32_t position) const {
  const std::string_view before = std::string_view(shared_.source.text).substr(0, position);
  return 1 + static_cast<std::size_t>(std::count(before.begin(), before.end(), '\n'));
}

void TreeParser::fail(std::string_view what) const {
  std::string message = "template: ";
  message += shared_.source.name;
  message += ':';
  message += std::to_string(line_of(tokens_[0].position));
  message += ": ";
  message += what;
  throw ParseError{Code::invalid, std::move(message)};
}

void TreeParser::check_depth() const {
  if (!StackScope::exhausted()) return;
  std::string message = "template: ";
  message += shared_.source.name;
  message += ": nested too deep (template_stack_bytes_max)";
  throw ParseError{Code::limit, std::move(message)};
}

std::string TreeParser::describe(const Token& token) const {
  if (token.kind == TokenKind::eof) return "EOF";
  if (token.kind == TokenKind::error) return shared_.lexer.error_text();
  std::string out;
  if (token.kind >= TokenKind::block) {
    out += '<';
    out += token.text;
    out += '>';
  } else if (token.text.size() > 10) {
    append_quoted(out, first_runes(token.text));
    out += "...";
  } else {
    append_quoted(out, token.text);
  }
  return out;
}

void TreeParser::unexpected(const Token& token, std::string_view context) const {
  std::string message;
  if (token.kind == TokenKind::error) {
    message = describe(token);
    const std::size_t started = action_position_ == no_action ? 0 : line_of(action_position_);
    if (started != 0 && started != line_of(token.position)) {
      // "unclosed action started at", but "unclosed left paren in action started at".
      message += message.ends_with(" action") ? " started at " : " in action started at ";
      message += shared_.source.name;
      message += ':';
      message += std::to_string(started);
    }
    fail(message);
  }
  message = "unexpected ";
  message += describe(token);
  message += " in ";
  message += context;
  fail(message);
}

Token TreeParser::expect(TokenKind kind, std::string_view context) {
  const Token token = next_word();
  if (token.kind != kind) unexpected(token, context);
  return token;
}

std::string_view TreeParser::unquoted(const Token& token) {
  auto text = unquote(token.text);
  if (!text) fail("invalid syntax");
  return constant(Datum::string(std::move(*text)))->as_string();
}

const Datum* TreeParser::constant(Datum value) {
  return &shared_.source.constants.emplace_back(std::move(value));
}

std::uint32_t TreeParser::variable_id(std::string_view name) {
  const auto [found, added] =
      shared_.variables.emplace(name, static_cast<std::uint32_t>(shared_.variables.size()));
  (void)added;
  return found->second;
}

// ---- templates ----------------------------------------------------------------------------------

void TreeParser::add() {
  Template made;
  made.name = name_;
  made.root = root_;
  made.empty = is_empty(*root_);
  auto& all = shared_.templates;
  const auto found = std::find_if(all.begin(), all.end(),
                                  [this](const Template& other) { return other.name == name_; });
  if (found == all.end()) {
    all.push_back(std::move(made));
  } else if (found->empty) {
    *found = std::move(made);
  } else if (!made.empty) {
    fail("template: multiple definition of template " + quoted(name_));
  }
}

void TreeParser::parse_text() {
  const std::size_t mark = shared_.scratch.size();
  const std::uint32_t position = peek().position;
  while (peek().kind != TokenKind::eof) {
    if (peek().kind == TokenKind::left_delimiter) {
      const Token delimiter = next();
      if (next_word().kind == TokenKind::define) {
        TreeParser definition(shared_, "definition");
        definition.parse_definition();
        continue;
      }
      back_up_two(delimiter);
    }
    const Node* node = text_or_action();
    if (node->kind == NodeKind::end || node->kind == NodeKind::else_)
      fail(node->kind == NodeKind::end ? "unexpected {{end}}" : "unexpected {{else}}");
    shared_.scratch.push_back(node);
  }
  root_ = make_list(position, mark);
  add();
}

void TreeParser::parse_definition() {
  const std::string_view context = "define clause";
  const Token name = next_word();
  if (name.kind != TokenKind::string && name.kind != TokenKind::raw_string)
    unexpected(name, context);
  name_ = unquoted(name);
  expect(TokenKind::right_delimiter, context);
  parse_body(context);
}

void TreeParser::parse_body(std::string_view context) {
  const Node* end = nullptr;
  root_ = item_list(&end);
  if (end->kind != NodeKind::end) {
    std::string message = "unexpected {{else}} in ";
    message += context;
    fail(message);
  }
  add();
}

const ListNode* TreeParser::make_list(std::uint32_t position, std::size_t mark) {
  ListNode* list = make<ListNode>(NodeKind::list, position);
  list->nodes = take_scratch(mark);
  return list;
}

std::span<const Node* const> TreeParser::take_scratch(std::size_t mark) {
  const std::size_t count = shared_.scratch.size() - mark;
  if (count == 0) return {};
  auto* const nodes = static_cast<const Node**>(
      shared_.source.arena.allocate(count * sizeof(Node*), alignof(Node*)));
  std::copy(shared_.scratch.begin() + static_cast<std::ptrdiff_t>(mark), shared_.scratch.end(),
            nodes);
  shared_.scratch.resize(mark);
  return {nodes, count};
}

// Up to {{end}} or {{else}}, which comes back in `last`.
const ListNode* TreeParser::item_list(const Node** last) {
  check_depth();
  const std::uint32_t position = peek_word().position;
  const std::size_t mark = shared_.scratch.size();
  while (peek_word().kind != TokenKind::eof) {
    const Node* node = text_or_action();
    if (node->kind == NodeKind::end || node->kind == NodeKind::else_) {
      *last = node;
      return make_list(position, mark);
    }
    shared_.scratch.push_back(node);
  }
  fail("unexpected EOF");
}

const Node* TreeParser::text_or_action() {
  const Token token = next_word();
  if (token.kind == TokenKind::text) {
    TextNode* text = make<TextNode>(NodeKind::text, token.position);
    text->text = token.text;
    return text;
  }
  if (token.kind != TokenKind::left_delimiter) unexpected(token, "input");
  action_position_ = token.position;
  const Node* node = action();
  action_position_ = no_action;
  return node;
}

const Node* TreeParser::action() {
  const Token token = next_word();
  switch (token.kind) {
    case TokenKind::block: return block();
    case TokenKind::break_: return loop_control(token, NodeKind::break_, "{{break}}");
    case TokenKind::continue_: return loop_control(token, NodeKind::continue_, "{{continue}}");
    case TokenKind::else_: return else_control();
    case TokenKind::end:
      return make<Node>(NodeKind::end, expect(TokenKind::right_delimiter, "end").position);
    case TokenKind::if_: return branch(NodeKind::if_, "if");
    case TokenKind::range: return branch(NodeKind::range, "range");
    case TokenKind::template_: return template_call();
    case TokenKind::with: return branch(NodeKind::with, "with");
    default: break;
  }
  back_up();
  const Token first = peek();
  ActionNode* node = make<ActionNode>(NodeKind::action, first.position);
  node->pipe = pipeline("command", TokenKind::right_delimiter);
  return node;
}

const Node* TreeParser::loop_control(const Token& keyword, NodeKind kind, std::string_view name) {
  const Token token = next_word();
  if (token.kind != TokenKind::right_delimiter) unexpected(token, name);
  if (range_depth_ == 0) {
    std::string message(name);
    message += " outside {{range}}";
    fail(message);
  }
  return make<Node>(kind, keyword.position);
}

const Node* TreeParser::else_control() {
  const Token token = peek_word();
  // "else if" and "else with": the keyword stays for branch().
  if (token.kind == TokenKind::if_ || token.kind == TokenKind::with)
    return make<Node>(NodeKind::else_, token.position);
  return make<Node>(NodeKind::else_, expect(TokenKind::right_delimiter, "else").position);
}

const Node* TreeParser::branch(NodeKind kind, std::string_view context) {
  const std::size_t variables = variables_.size();
  BranchNode* node = make<BranchNode>(kind, 0);
  node->pipe = pipeline(context, TokenKind::right_delimiter);
  node->position = node->pipe->position;
  if (kind == NodeKind::range) ++range_depth_;
  const Node* last = nullptr;
  node->list = item_list(&last);
  if (kind == NodeKind::range) --range_depth_;
  if (last->kind == NodeKind::else_) node->else_list = else_list(kind, *last);
  variables_.resize(variables);
  return node;
}

const ListNode* TreeParser::else_list(NodeKind kind, const Node& else_node) {
  const TokenKind following = peek().kind;
  if ((kind == NodeKind::if_ && following == TokenKind::if_) ||
      (kind == NodeKind::with && following == TokenKind::with)) {
    next();
    const std::size_t mark = shared_.scratch.size();
    shared_.scratch.push_back(branch(kind, kind == NodeKind::if_ ? "if" : "with"));
    return make_list(else_node.position, mark);
  }
  const Node* last = nullptr;
  const ListNode* list = item_list(&last);
  if (last->kind != NodeKind::end) fail("expected end; found {{else}}");
  return list;
}

std::string_view TreeParser::template_name(const Token& token, std::string_view context) {
  if (token.kind != TokenKind::string && token.kind != TokenKind::raw_string)
    unexpected(token, context);
  return unquoted(token);
}

const Node* TreeParser::block() {
  const std::string_view context = "block clause";
  const Token token = next_word();
  TemplateNode* node = make<TemplateNode>(NodeKind::template_, token.position);
  node->name = template_name(token, context);
  node->pipe = pipeline(context, TokenKind::right_delimiter);
  TreeParser body(shared_, node->name);
  body.parse_body(context);
  return node;
}

const Node* TreeParser::template_call() {
  const std::string_view context = "template clause";
  const Token token = next_word();
  TemplateNode* node = make<TemplateNode>(NodeKind::template_, token.position);
  node->name = template_name(token, context);
  if (next_word().kind != TokenKind::right_delimiter) {
    back_up();
    node->pipe = pipeline(context, TokenKind::right_delimiter);
  }
  return node;
}

Result<std::vector<Template>> parse_templates(std::string_view name, std::string_view text,
                                              const FunctionMap& functions, std::string_view left,
                                              std::string_view right) {
  const StackScope stack;
  if (text.size() > base::limits::file_bytes_max) {
    std::string message = "template: ";
    message += name;
    message += ": larger than file_bytes_max";
    return make_error(Code::limit, std::move(message));
  }
  const auto source = std::make_shared<ParsedText>(name, text);
  ParseShared shared(*source, functions, left, right);
  try {
    TreeParser(shared, name).parse_text();
  } catch (ParseError& error) {
    return make_error(error.code, std::move(error.message));
  }
  for (Template& made : shared.templates) made.source = source;
  return std::move(shared.templates);
}

}  // namespace weir::tmpl
