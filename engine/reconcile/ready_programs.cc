#include "engine/reconcile/ready_programs.hh"

namespace weir::reconcile {

Result<ReadyPrograms> compile_ready_programs(
    const std::vector<model::DependencyReference>& depends_on) {
  expr::CelOptions options;
  options.variables = {"self", "dep"};
  options.must_be_bool = true;
  ReadyPrograms programs;
  for (const auto& dependency : depends_on) {
    if (dependency.ready_expr.empty()) {
      programs.emplace_back(std::nullopt);
      continue;
    }
    auto program = expr::CelProgram::compile(dependency.ready_expr, options);
    if (!program.ok())
      return make_error(program.error().code,
                        "failed to parse expression: " + program.error().message);
    programs.emplace_back(*std::move(program));
  }
  return programs;
}

}  // namespace weir::reconcile
