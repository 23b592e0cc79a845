// The compiled readyExpr of dependsOn.
#pragma once

#include <optional>
#include <vector>

#include "engine/expr/cel.hh"
#include "engine/model/kinds/kustomization.hh"

namespace weir::reconcile {

// Beside spec.dependsOn; nothing where there is no readyExpr.
using ReadyPrograms = std::vector<std::optional<expr::CelProgram>>;

// Each expression sees `self` and `dep` and must be a bool. Errors: invalid, "failed to parse
// expression: ...".
Result<ReadyPrograms> compile_ready_programs(
    const std::vector<model::DependencyReference>& depends_on);

}  // namespace weir::reconcile
