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

Error context_of(Error error, const model::HealthCheckExpr& expression, std::string_view field) {
  std::string where = "failed to parse healthCheckExprs ";
  where += expression.group.empty() ? "core" : expression.group;
  if (!expression.kind.empty()) where += "/" + expression.kind;
  where += " ";
  where += field;
  return std::move(error).with_context(where);
}

}  // namespace

Result<std::vector<HealthRule>> compile_health_rules(
    const std::vector<model::HealthCheckExpr>& expressions) {
  std::vector<HealthRule> rules;
  for (const model::HealthCheckExpr& expression : expressions) {
    for (const HealthRule& rule : rules) {
      if (rule.group != expression.group || rule.kind != expression.kind) continue;
      return make_error(Code::invalid, "duplicate healthCheckExprs for group \"" +
                                           expression.group + "\" and kind \"" + expression.kind +
                                           "\"");
    }
    HealthRule rule{expression.group, expression.kind, {}, {}, {}};
    struct Part {
      std::string_view field;
      std::string_view text;
      HealthPredicate& predicate;
    };
    const Part parts[] = {{"current", expression.current, rule.current},
                          {"inProgress", expression.in_progress, rule.in_progress},
                          {"failed", expression.failed, rule.failed}};
    for (const Part& part : parts) {
      Result<HealthPredicate> predicate = compile_predicate(part.text);
      if (!predicate.ok()) {
        return context_of(std::move(predicate).error(), expression, part.field);
      }
      part.predicate = *std::move(predicate);
    }
    rules.push_back(std::move(rule));
  }
  return rules;
}

}  // namespace weir::apply
