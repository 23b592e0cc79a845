#include "engine/reconcile/ready_programs.hh"

namespace weir::reconcile {

ReadyPrograms compile_ready_programs(const std::vector<model::DependencyReference>& depends_on) {
  expr::CelOptions options;
  options.variables = {"self", "dep"};
  options.must_be_bool = true;
  ReadyPrograms programs;
  for (const auto& dependency : depends_on) {
    ReadyProgram& ready = programs.emplace_back();
    if (dependency.ready_expr.empty()) continue;
    auto program = expr::CelProgram::compile(dependency.ready_expr, options);
    if (program.ok())
      ready.program = *std::move(program);
    else
      ready.error = "terminal error: failed to evaluate dependency " + dependency.name + ": " +
                    expr::compile_failure(dependency.ready_expr, program.error());
  }
  return programs;
}

Result<bool> is_ready_by(const ReadyProgram& ready, const Value& self, const Value& dependency) {
  auto value = ready.program->evaluate({{"self", &self}, {"dep", &dependency}});
  const std::string& text = ready.program->text();
  if (!value.ok())
    return make_error(value.error().code, expr::evaluation_failure(text, value.error()));
  if (value->is(expr::CelKind::boolean)) return value->as_bool();
  return make_error(Code::invalid, "failed to evaluate CEL expression as boolean: '" + text + "'");
}

}  // namespace weir::reconcile
