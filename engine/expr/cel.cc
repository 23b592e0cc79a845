#include "engine/expr/cel.hh"

#include <algorithm>

#include "engine/expr/cel_checker.hh"
#include "engine/expr/cel_evaluator.hh"
#include "engine/expr/cel_parser.hh"

namespace weir::expr {
namespace {

// Binds names to slots and functions, and evaluates what is constant, so that its errors show
// early.
class Linker {
 public:
  Result<void> link(Node& node) {
    switch (node.kind) {
      case NodeKind::variable: bind(node); return {};
      case NodeKind::all:
      case NodeKind::exists:
      case NodeKind::exists_one:
      case NodeKind::transform:
      case NodeKind::filter:
      case NodeKind::opt_map:
      case NodeKind::opt_flat_map: return link_macro(node);
      case NodeKind::call: adopt_namespace(node); break;
      default: break;
    }
    for (Node& child : node.children) WEIR_CHECK(link(child));
    if (node.kind == NodeKind::call) return link_call(node);
    return {};
  }
  std::size_t slots() const { return slots_max_; }

 private:
  void bind(Node& node) const {
    for (std::size_t i = scope_.size(); i-- > 0;) {
      if (scope_[i] != node.name) continue;
      node.kind = NodeKind::local;
      node.slot = static_cast<std::uint32_t>(i);
      return;
    }
  }

  Result<void> link_macro(Node& node) {
    WEIR_CHECK(link(node.children[0]));
    node.slot = static_cast<std::uint32_t>(scope_.size());
    scope_.push_back(node.name);
    slots_max_ = std::max(slots_max_, scope_.size());
    for (std::size_t i = 1; i < node.children.size(); ++i) WEIR_CHECK(link(node.children[i]));
    scope_.pop_back();
    return {};
  }

  // "sets.contains(a, b)" parses as a call on the variable `sets`.
  static void adopt_namespace(Node& node) {
    if (!node.member || node.children[0].kind != NodeKind::variable) return;
    const std::string name = node.children[0].name + "." + node.name;
    if (find_cel_function(name) == nullptr) return;
    node.name = name;
    node.member = false;
    node.children.erase(node.children.begin());
  }

  static Result<void> link_call(Node& node) {
    node.function = find_cel_function(node.name);
    if (node.function == nullptr) return {};
    if (node.name == "matches" && node.children.size() == 2) return link_pattern(node);
    const auto conversions = conversion_functions();
    const bool conversion = node.function >= conversions.data() &&
                            node.function < conversions.data() + conversions.size();
    if (!conversion || node.member || node.children.size() != 1) return {};
    if (node.children[0].kind != NodeKind::literal) return {};
    CelBudget budget(1024);
    const CelValue value = node.function->body(budget, CelArguments(&node.children[0].literal, 1));
    if (value.is_error()) return make_error(Code::invalid, std::string(value.text()));
    return {};
  }

  static Result<void> link_pattern(Node& node) {
    const Node& pattern = node.children[1];
    if (pattern.kind != NodeKind::literal || !pattern.literal.is(CelKind::string)) return {};
    WEIR_TRY(node.pattern, compile_pattern(pattern.literal.text()));
    return {};
  }

  std::vector<std::string> scope_;
  std::size_t slots_max_ = 0;
};

Result<bool> as_bool(Result<CelValue> value, const std::string& text) {
  if (!value) return std::move(value).error();
  if (value->is(CelKind::boolean)) return value->as_bool();
  return make_error(Code::invalid, "failed to evaluate CEL expression as boolean: '" + text + "'");
}

}  // namespace

struct CelProgram::Compiled {
  std::string text;
  Node root;
  std::size_t slots = 0;
};

CelProgram::CelProgram(std::shared_ptr<const Compiled> compiled) : compiled_(std::move(compiled)) {}

Result<CelProgram> CelProgram::compile(std::string_view text, const CelOptions& options) {
  auto compiled = std::make_shared<Compiled>();
  compiled->text = text;
  WEIR_TRY(compiled->root, parse_cel(text));
  Linker linker;
  WEIR_CHECK(linker.link(compiled->root));
  compiled->slots = linker.slots();
  if (options.variables) {
    WEIR_TRY(const std::string type, check_cel(text, compiled->root, *options.variables));
    if (options.must_be_bool && type != "bool") {
      return make_error(Code::invalid,
                        "CEL expression output type mismatch: expected bool, got " + type);
    }
  }
  return CelProgram(std::move(compiled));
}

const std::string& CelProgram::text() const { return compiled_->text; }

Result<CelValue> CelProgram::evaluate(const Value& object) const {
  const CelVariables variables = [&](std::string_view name) { return object.find(name); };
  return CelEvaluator(variables, compiled_->slots).run(compiled_->root);
}

Result<CelValue> CelProgram::evaluate(const std::vector<CelBinding>& bindings) const {
  const CelVariables variables = [&](std::string_view name) -> const Value* {
    for (const CelBinding& binding : bindings) {
      if (binding.name == name) return binding.value;
    }
    return nullptr;
  };
  return CelEvaluator(variables, compiled_->slots).run(compiled_->root);
}

Result<bool> CelProgram::evaluate_bool(const Value& object) const {
  return as_bool(evaluate(object), compiled_->text);
}

Result<bool> CelProgram::evaluate_bool(const std::vector<CelBinding>& bindings) const {
  return as_bool(evaluate(bindings), compiled_->text);
}

std::string compile_failure(std::string_view text, const Error& error) {
  if (!error.message.starts_with("ERROR: ")) return error.message;
  return "failed to parse the CEL expression '" + std::string(text) + "': " + error.message;
}

std::string evaluation_failure(std::string_view text, const Error& error) {
  return "failed to evaluate the CEL expression '" + std::string(text) + "': " + error.message;
}

}  // namespace weir::expr
