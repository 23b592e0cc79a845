// The state of one parse: what all trees of a text share, and the parser of one tree. For
// parser.cc (templates and control actions) and parse_pipeline.cc (expressions) alone. Failures are
// thrown as ParseError and caught in parse_templates().
#pragma once

#include <array>
#include <cstdint>
#include <new>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <unordered_map>
#include <vector>

#include "engine/template/ast.hh"
#include "engine/template/lexer.hh"

namespace weir::tmpl {

struct ParseError {
  Code code;
  std::string message;
};

struct ParseShared {
  ParseShared(ParsedText& parsed, const FunctionMap& known, std::string_view left,
              std::string_view right)
      : source(parsed),
        functions(known),
        lexer(parsed.text, left, right, known.find("break") == nullptr,
              known.find("continue") == nullptr) {
    variables.emplace("$", 0);
  }
  ParsedText& source;
  const FunctionMap& functions;
  Lexer lexer;
  std::vector<Template> templates;
  std::vector<const Node*> scratch;  // children of the nodes being parsed
  std::unordered_map<std::string_view, std::uint32_t> variables;  // name -> id
};

// Parses one tree: the text itself, or the body of a define or block. Every tree looks ahead by
// itself, as Go's do; errors tell the line of its latest token.
class TreeParser {
 public:
  TreeParser(ParseShared& shared, std::string_view name) : shared_(shared), name_(name) {}
  void parse_text();
  void parse_definition();
  void parse_body(std::string_view context);

 private:
  static constexpr std::uint32_t no_action = 0xFFFFFFFF;

  template <typename T>
  T* make(NodeKind kind, std::uint32_t position) {
    static_assert(std::is_trivially_destructible_v<T>);
    T* node = new (shared_.source.arena.allocate(sizeof(T), alignof(T))) T{};
    node->kind = kind;
    node->position = position;
    return node;
  }

  // The token given holds until the next call of one of these.
  const Token& next();
  void back_up() { ++peeked_; }
  void back_up_two(const Token& first);
  void back_up_three(const Token& first, const Token& second);
  const Token& peek();
  const Token& next_word();  // the next token that is no space
  const Token& peek_word();
  Token expect(TokenKind kind, std::string_view context);

  [[noreturn]] void fail(std::string_view what) const;
  [[noreturn]] void unexpected(const Token& token, std::string_view context) const;
  std::string describe(const Token& token) const;
  std::size_t line_of(std::uint32_t position) const;
  void check_depth() const;

  void add();
  const ListNode* make_list(std::uint32_t position, std::size_t mark);
  std::span<const Node* const> take_scratch(std::size_t mark);
  const ListNode* item_list(const Node** last);
  const Node* text_or_action();
  const Node* action();
  const Node* loop_control(const Token& keyword, NodeKind kind, std::string_view name);
  const Node* else_control();
  const Node* branch(NodeKind kind, std::string_view context);
  const ListNode* else_list(NodeKind kind, const Node& else_node);
  const Node* block();
  const Node* template_call();
  std::string_view template_name(const Token& token, std::string_view context);

  const PipeNode* pipeline(std::string_view context, TokenKind end);
  void declarations(PipeNode& pipe, std::string_view context);
  void declare(std::vector<const VariableNode*>& declared, const Token& token);
  void check_pipeline(const PipeNode& pipe, std::string_view context) const;
  const CommandNode* command();
  const Node* operand();
  const Node* with_fields(const Node* base);
  const Node* term();
  const Node* parenthesized();
  const Node* identifier(const Token& token);
  const Node* number(const Token& token);
  void read_number(NumberNode& node, const Token& token);
  void read_char_constant(NumberNode& node);
  void read_complex(NumberNode& node, double real, double imaginary);
  VariableNode* variable(const Token& token);
  const Node* known_variable(const Token& token);

  const Datum* constant(Datum value);
  std::string_view unquoted(const Token& token);
  std::uint32_t variable_id(std::string_view name);

  ParseShared& shared_;
  std::string name_;
  const ListNode* root_ = nullptr;
  std::array<Token, 3> tokens_;
  std::size_t peeked_ = 0;
  std::vector<std::string_view> variables_{"$"};  // known at this place
  std::uint32_t action_position_ = no_action;  // of the action being parsed
  int range_depth_ = 0;
  int paren_depth_ = 0;
};

}  // namespace weir::tmpl
