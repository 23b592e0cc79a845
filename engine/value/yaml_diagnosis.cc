#include "engine/value/yaml_diagnosis.hh"

#include <initializer_list>

#include "engine/base/limits.hh"
#include "engine/value/yaml_scanner.hh"
#include "engine/value/yaml_tokens.hh"

namespace weir::value {

namespace {

using enum TokenKind;

// Which token belongs where, of one document; false once it failed.
class Grammar {
 public:
  explicit Grammar(YamlTokens& tokens) : tokens_(tokens) {}

  bool document() {
    const Token* token = peek();
    while (token != nullptr && token->kind == document_end) {
      tokens_.skip();
      token = peek();
    }
    if (token == nullptr) return false;
    if (token->kind == end) return true;
    if (token->kind == document_start) {
      tokens_.skip();
      token = peek();
      if (token == nullptr) return false;
      if (token->kind == document_start || token->kind == document_end || token->kind == end)
        return true;
    }
    return node(true, false) && peek() != nullptr;
  }

  const std::optional<TokenError>& error() const { return error_; }

 private:
  const Token* peek() { return tokens_.peek(); }

  bool is(std::initializer_list<TokenKind> kinds) {
    const Token* token = peek();
    if (token == nullptr) return false;
    for (const TokenKind kind : kinds) {
      if (token->kind == kind) return true;
    }
    return false;
  }

  bool refuse(std::string_view problem, const TokenMark& context) {
    const Token* token = peek();
    if (token == nullptr) return false;
    error_ = TokenError{std::string(problem), context, token->mark, false};
    return false;
  }

  // A node, unless what follows shows that there is none.
  bool node_before(std::initializer_list<TokenKind> none, bool block, bool indentless) {
    if (peek() == nullptr) return false;
    if (is(none)) return true;
    return node(block, indentless);
  }

  bool node(bool block, bool indentless) {
    if (++depth_ > base::limits::value_depth_max) {
      error_ = TokenError{{}, {}, {}, true};
      return false;
    }
    const bool good = node_content(block, indentless);
    --depth_;
    return good;
  }

  bool node_content(bool block, bool indentless) {
    const Token* token = peek();
    if (token == nullptr) return false;
    const TokenMark start = token->mark;
    if (token->kind == alias) {
      tokens_.skip();
      return true;
    }
    bool properties = false;
    while (is({property})) {
      properties = true;
      tokens_.skip();
    }
    token = peek();
    if (token == nullptr) return false;
    const TokenMark mark = token->mark;
    if (indentless && token->kind == entry) return indentless_sequence();
    switch (token->kind) {
      case scalar: tokens_.skip(); return true;
      case flow_sequence: return flow_list(mark);
      case flow_mapping: return flow_map(mark);
      case block_sequence:
        if (block) return block_list(mark);
        break;
      case block_mapping:
        if (block) return block_map(mark);
        break;
      default: break;
    }
    return properties || refuse("did not find expected node content", start);
  }

  bool indentless_sequence() {
    while (is({entry})) {
      tokens_.skip();
      if (!node_before({entry, key, value, block_end}, true, false)) return false;
    }
    return peek() != nullptr;
  }

  bool block_list(const TokenMark& start) {
    tokens_.skip();
    while (is({entry})) {
      tokens_.skip();
      if (!node_before({entry, block_end}, true, false)) return false;
    }
    if (!is({block_end})) return refuse("did not find expected '-' indicator", start);
    tokens_.skip();
    return true;
  }

  bool block_map(const TokenMark& start) {
    tokens_.skip();
    while (is({key})) {
      tokens_.skip();
      if (!node_before({key, value, block_end}, true, true)) return false;
      if (!is({value})) continue;
      tokens_.skip();
      if (!node_before({key, value, block_end}, true, true)) return false;
    }
    if (!is({block_end})) return refuse("did not find expected key", start);
    tokens_.skip();
    return true;
  }

  bool flow_list(const TokenMark& start) {
    tokens_.skip();
    for (bool first = true; !is({flow_sequence_end}); first = false) {
      if (peek() == nullptr) return false;
      if (!first) {
        if (!is({flow_entry})) return refuse("did not find expected ',' or ']'", start);
        tokens_.skip();
        if (is({flow_sequence_end})) break;
      }
      if (is({key})) {
        if (!flow_pair({value, flow_entry, flow_sequence_end}, {flow_entry, flow_sequence_end}))
          return false;
      } else if (!node_before({flow_sequence_end}, false, false)) {
        return false;
      }
    }
    tokens_.skip();
    return true;
  }

  bool flow_map(const TokenMark& start) {
    tokens_.skip();
    for (bool first = true; !is({flow_mapping_end}); first = false) {
      if (peek() == nullptr) return false;
      if (!first) {
        if (!is({flow_entry})) return refuse("did not find expected ',' or '}'", start);
        tokens_.skip();
        if (is({flow_mapping_end})) break;
      }
      if (is({key})) {
        if (!flow_pair({value, flow_entry, flow_mapping_end}, {flow_entry, flow_mapping_end}))
          return false;
      } else if (!node(false, false)) {
        return false;
      }
    }
    tokens_.skip();
    return true;
  }

  bool flow_pair(std::initializer_list<TokenKind> no_key, std::initializer_list<TokenKind> none) {
    tokens_.skip();
    if (!node_before(no_key, false, false)) return false;
    if (!is({value})) return peek() != nullptr;
    tokens_.skip();
    return node_before(none, false, false);
  }

  YamlTokens& tokens_;
  std::optional<TokenError> error_;
  std::size_t depth_ = 0;
};

}  // namespace

std::optional<YamlDiagnosis> diagnose_yaml(std::string_view text, GoYaml version) {
  const PreparedYaml prepared = prepare_yaml(text);
  if (!prepared.ok || prepared.unusual) return std::nullopt;
  // Version 3 looks two tokens ahead, for comments.
  YamlTokens tokens(prepared.text, version == GoYaml::v3 ? 2 : 0);
  Grammar grammar(tokens);
  if (grammar.document()) return std::nullopt;
  const bool lexical = tokens.error().has_value();
  const std::optional<TokenError>& error = lexical ? tokens.error() : grammar.error();
  if (!error || error->unknown) return std::nullopt;
  // Of two places the one counts that is not in the first line; errors of tokens are counted from
  // 1, those of the grammar from 0.
  std::uint32_t line = version == GoYaml::v3 ? error->context.line : error->place.line;
  if (line == 0) line = version == GoYaml::v3 ? error->place.line : error->context.line;
  if (line != 0 && lexical) ++line;
  return YamlDiagnosis{error->problem, line};
}

namespace {

// What is found by those who make values of nodes; of syntax there is nothing wrong.
std::string words_of_values(std::string_view message) {
  struct Number {
    std::string_view ending, name;
  };
  static constexpr Number numbers[] = {{"unsupported value: .nan", "NaN"},
                                       {"unsupported value: -.inf", "-Inf"},
                                       {"unsupported value: .inf", "+Inf"},
                                       {"unsupported value: +.inf", "+Inf"}};
  for (const Number& number : numbers)
    if (message.ends_with(number.ending))
      return std::string("json: unsupported value: ").append(number.name);
  std::string out = "yaml: ";
  constexpr std::string_view unreadable = "control characters are not allowed";
  if (message.ends_with(unreadable)) return out.append(unreadable);
  const std::size_t column = message.find(", column ");
  const std::size_t colon = message.find(": ");
  if (column > colon || colon == std::string_view::npos) return out.append(message);
  const std::string_view what = message.substr(colon + 2);
  if (what.starts_with("invalid map key: ") || what.starts_with("unknown anchor "))
    return out.append(what);
  return out.append(message.substr(0, column)).append(message.substr(colon));
}

}  // namespace

std::string go_yaml_message(std::string_view text, std::string_view message) {
  const auto fault = diagnose_yaml(text, GoYaml::v2);
  if (!fault) return words_of_values(message);
  std::string out = "yaml: ";
  if (fault->line != 0) out.append("line ").append(std::to_string(fault->line)).append(": ");
  return out.append(fault->problem);
}

}  // namespace weir::value
