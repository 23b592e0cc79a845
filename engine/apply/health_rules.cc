#include "engine/apply/health.hh"
#include "engine/expr/cel.hh"

namespace weir::apply {
namespace {

// An empty expression makes an empty predicate.
Result<HealthPredicate> compile_predicate(std::string_view text) {
  if (text.empty()) return HealthPredicate();
  WEIR_TRY(expr::CelProgram program, expr::CelProgram::compile(text));
  return HealthPredicate(
      [compiled = std::move(program)](const Value& object) {
        return compiled.evaluate_bool(object);
      });
}

}  // namespace

Result<std::vector<HealthRule>> compile_health_rules(
    const std::vector<model::HealthCheckExpr>& expressions) {
  std::vector<HealthRule> rules;
  for (const model::HealthCheckExpr& expression : expressions) {
    const std::string at = "healthchecks[" + std::to_string(rules.size()) + "]";
    for (const HealthRule& rule : rules) {
      if (rule.group != expression.group || rule.kind != expression.kind) continue;
      const std::string group = rule.group.empty() ? "" : "." + rule.group;
      return make_error(Code::invalid, "duplicate custom health check for GroupKind " + rule.kind +
                                           group + " at " + at);
    }
    HealthRule rule{expression.group, expression.kind, {}, {}, {}};
    struct Part {
      std::string_view field;
      std::string_view text;
      HealthPredicate& predicate;
    };
    const Part parts[] = {{"Current", expression.current, rule.current},
                          {"Failed", expression.failed, rule.failed},
                          {"InProgress", expression.in_progress, rule.in_progress}};
    const std::string made = "failed to create custom status evaluator for " + at + ": ";
    if (expression.current.empty())
      return make_error(Code::invalid, made + "expression Current not specified");
    for (const Part& part : parts) {
      Result<HealthPredicate> predicate = compile_predicate(part.text);
      if (!predicate.ok()) {
        return make_error(predicate.error().code,
                          made + "failed to parse the expression " + std::string(part.field) +
                              ": " + expr::compile_failure(part.text, predicate.error()));
      }
      part.predicate = *std::move(predicate);
    }
    rules.push_back(std::move(rule));
  }
  return rules;
}

}  // namespace weir::apply
