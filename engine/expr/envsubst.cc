#include "engine/expr/envsubst.hh"

#include <vector>

#include "engine/base/limits.hh"
#include "engine/expr/envsubst_operators.hh"
#include "engine/expr/text.hh"

namespace weir::expr {
namespace {

constexpr std::string_view missing_brace = "missing closing brace";
constexpr std::string_view bad_substitution = "bad substitution";
constexpr std::string_view bad_name = "unable to parse variable name";
constexpr std::string_view bad_argument = "unable to parse substitution within function";

Error syntax_error(std::string_view text) { return make_error(Code::invalid, std::string(text)); }

// A piece of literal text (no variable name), or a "${...}".
struct Node {
  std::string text;
  std::string name;
  std::string operation;
  std::vector<Node> arguments;
};

// Which runes a parameter may hold, up to '}' or "${" or its own delimiter.
struct ParameterRule {
  char stop;         // not part of the parameter; '}' stops too where `brace_stops`
  bool brace_stops;
  bool escapes;      // "$$", "\/" and "\\" stand for their second character
};

constexpr ParameterRule plain_rule{'}', true, false};
constexpr ParameterRule offset_rule{':', true, false};
constexpr ParameterRule pattern_rule{'/', false, true};
constexpr ParameterRule replacement_rule{'}', true, true};

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Result<std::vector<Node>> parse() {
    std::vector<Node> nodes;
    std::string literal;
    while (at_ < text_.size()) {
      if (take("${")) {
        if (!literal.empty()) nodes.push_back({std::move(literal), {}, {}, {}});
        literal.clear();
        WEIR_TRY(Node node, parse_variable());
        nodes.push_back(std::move(node));
        continue;
      }
      const std::size_t dollar = text_.find('$', at_ + 1);
      if (take("$$")) {
        literal.push_back('$');
        continue;
      }
      literal.append(text_.substr(at_, dollar - at_));
      at_ = std::min(dollar, text_.size());
    }
    if (!literal.empty()) nodes.push_back({std::move(literal), {}, {}, {}});
    return nodes;
  }

 private:
  char peek(std::size_t ahead = 0) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }
  bool take(std::string_view token) {
    if (!text_.substr(at_).starts_with(token)) return false;
    at_ += token.size();
    return true;
  }
  std::string take_name() {
    const std::size_t begin = at_;
    while (at_ < text_.size() && is_word_rune(first_rune(text_.substr(at_)))) {
      at_ += rune_bytes(text_.substr(at_));
    }
    return std::string(text_.substr(begin, at_ - begin));
  }
  // One or two characters of `set`, for the operators that double to mean "all" or "longest".
  void take_operator(Node& node, std::string_view second) {
    node.operation.push_back(text_[at_++]);
    if (at_ < text_.size() && second.find(text_[at_]) != std::string_view::npos) {
      node.operation.push_back(text_[at_++]);
    }
  }

  // What stands after "${", the closing brace included.
  Result<Node> parse_variable() {
    if (depth_ >= base::limits::expression_depth_max) {
      return make_error(Code::limit, "variables nested too deeply (expression_depth_max)");
    }
    ++depth_;
    auto node = parse_form();
    --depth_;
    return node;
  }

  Result<Node> parse_form() {
    Node node;
    if (peek() == '#') return parse_length();
    node.name = take_name();
    if (node.name.empty()) return syntax_error(bad_name);
    switch (peek()) {
      case ':':
      case '=': return parse_colon(std::move(node));
      case ',':
      case '^':
        take_operator(node, ",^");
        return close(std::move(node), bad_substitution);
      case '/': return parse_replace(std::move(node));
      case '#': return parse_trim(std::move(node), "#");
      case '%': return parse_trim(std::move(node), "%");
      default: return close(std::move(node), missing_brace);
    }
  }

  Result<Node> close(Node node, std::string_view error) {
    if (!take("}")) return syntax_error(error);
    return node;
  }

  Result<Node> parse_length() {
    Node node;
    node.operation = text_[at_++];
    node.name = take_name();
    if (node.name.empty()) return syntax_error(bad_substitution);
    return close(std::move(node), bad_substitution);
  }

  Result<Node> parse_colon(Node node) {
    constexpr std::string_view defaults = "=-?+";
    if (peek() == '=') {
      node.operation = text_[at_++];
      return parse_default(std::move(node));
    }
    if (peek(1) != '\0' && defaults.find(peek(1)) != std::string_view::npos) {
      node.operation = text_.substr(at_, 2);
      at_ += 2;
      return parse_default(std::move(node));
    }
    // The reference steps back by the width of the rune after the colon, and fails unless that is
    // one.
    if (rune_bytes(text_.substr(at_ + 1)) != 1) return syntax_error(bad_substitution);
    return parse_substring(std::move(node));
  }

  Result<Node> parse_default(Node node) {
    while (peek() != '}') {
      WEIR_CHECK(parse_parameter(node, plain_rule));
    }
    return close(std::move(node), bad_substitution);
  }

  Result<Node> parse_substring(Node node) {
    node.operation = text_[at_++];
    WEIR_CHECK(parse_parameter(node, offset_rule));
    if (take("}")) return node;
    if (!take(":")) return syntax_error(bad_substitution);
    while (take(":")) {
    }
    WEIR_CHECK(parse_parameter(node, plain_rule));
    return close(std::move(node), bad_substitution);
  }

  Result<Node> parse_trim(Node node, std::string_view second) {
    take_operator(node, second);
    WEIR_CHECK(parse_parameter(node, plain_rule));
    return close(std::move(node), bad_substitution);
  }

  Result<Node> parse_replace(Node node) {
    take_operator(node, "/#%");
    WEIR_CHECK(parse_parameter(node, pattern_rule));
    if (!take("/")) return syntax_error(bad_substitution);
    while (take("/")) {
    }
    if (peek() != '}') WEIR_CHECK(parse_parameter(node, replacement_rule));
    return close(std::move(node), bad_substitution);
  }

  // One argument: a nested "${...}" or at least one character of text.
  Result<void> parse_parameter(Node& node, const ParameterRule& rule) {
    if (take("${")) {
      WEIR_TRY(Node nested, parse_variable());
      node.arguments.push_back(std::move(nested));
      return {};
    }
    std::string text;
    while (at_ < text_.size()) {
      const char here = text_[at_];
      if (here == '$' && peek(1) == '{') break;
      const bool escaped = rule.escapes && ((here == '$' && peek(1) == '$') ||
                                            (here == '\\' && (peek(1) == '/' || peek(1) == '\\')));
      if (escaped) {
        ++at_;
      } else if (here == rule.stop || (rule.brace_stops && here == '}')) {
        break;
      }
      text.push_back(text_[at_++]);
    }
    if (text.empty()) return syntax_error(bad_argument);
    node.arguments.push_back({std::move(text), {}, {}, {}});
    return {};
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t depth_ = 0;
};

class Evaluator {
 public:
  Evaluator(const VariableLookup& lookup, const SubstituteOptions& options)
      : lookup_(lookup), options_(options) {}

  Result<std::string> run(const Node& node) {
    if (node.name.empty()) return node.text;
    std::vector<std::string> arguments;
    for (const Node& argument : node.arguments) {
      WEIR_TRY(std::string text, run(argument));
      arguments.push_back(std::move(text));
    }
    const auto value = lookup_(node.name);
    if (!value && options_.strict && !operator_tolerates_unset(node.operation)) {
      return make_error(Code::invalid,
                        "variable not set (strict mode): \"" + node.name + "\"");
    }
    const auto function = find_operator(node.operation, arguments.size());
    return function(value.value_or(std::string_view()), arguments);
  }

 private:
  const VariableLookup& lookup_;
  const SubstituteOptions& options_;
};

}  // namespace

Result<std::string> substitute(std::string_view text, const VariableLookup& lookup,
                               const SubstituteOptions& options) {
  WEIR_TRY(const std::vector<Node> nodes, Parser(text).parse());
  Evaluator evaluator(lookup, options);
  std::string out;
  for (const Node& node : nodes) {
    WEIR_TRY(const std::string piece, evaluator.run(node));
    out += piece;
    if (out.size() > base::limits::substitution_bytes_max) {
      return make_error(Code::limit, "substituted text is too long (substitution_bytes_max)");
    }
  }
  return out;
}

Result<std::string> substitute(std::string_view text, const Variables& variables,
                               const SubstituteOptions& options) {
  return substitute(
      text,
      [&](std::string_view name) -> std::optional<std::string_view> {
        const auto found = variables.find(name);
        if (found == variables.end()) return std::nullopt;
        return found->second;
      },
      options);
}

bool valid_variable_name(std::string_view name) {
  if (name.empty() || (name[0] >= '0' && name[0] <= '9')) return false;
  for (char letter : name) {
    if (static_cast<unsigned char>(letter) >= 0x80) return false;
    if (!is_word_rune(static_cast<unsigned char>(letter))) return false;
  }
  return true;
}

void set_variable(Variables& variables, std::string_view name, std::string_view value) {
  std::string kept(value);
  std::erase(kept, '\n');
  variables.insert_or_assign(std::string(name), std::move(kept));
}

}  // namespace weir::expr
