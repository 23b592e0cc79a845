// The compiled readyExpr of dependsOn.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/expr/cel.hh"
#include "engine/model/kinds/kustomization.hh"

namespace weir::reconcile {

struct ReadyProgram {
  std::optional<expr::CelProgram> program;  // nothing where there is no readyExpr
  // Why it is none: "terminal error: failed to evaluate dependency NAME: ..."; "" when it is one.
  std::string error;
};
using ReadyPrograms = std::vector<ReadyProgram>;  // beside spec.dependsOn

// Each expression sees `self` and `dep` and must be a bool.
ReadyPrograms compile_ready_programs(const std::vector<model::DependencyReference>& depends_on);

// Errors: invalid, "failed to evaluate the CEL expression 'TEXT': ...".
Result<bool> is_ready_by(const ReadyProgram& ready, const Value& self, const Value& dependency);

}  // namespace weir::reconcile
