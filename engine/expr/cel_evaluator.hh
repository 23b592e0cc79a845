// Runs a compiled CEL tree. Internal to engine/expr; one evaluator an evaluation.
#pragma once

#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "engine/base/result.hh"
#include "engine/expr/cel_ast.hh"
#include "engine/expr/cel_functions.hh"

namespace weir::expr {

using CelVariables = std::function<const Value*(std::string_view name)>;

class CelEvaluator {
 public:
  CelEvaluator(const CelVariables& variables, std::size_t slots);
  // Errors: invalid, limit.
  Result<CelValue> run(const Node& node);

 private:
  CelValue eval(const Node& node);
  CelValue eval_variable(const Node& node);
  CelValue eval_select(const Node& node);
  CelValue eval_has(const Node& node);
  CelValue eval_index(const Node& node);
  CelValue eval_call(const Node& node);
  CelValue eval_logical(const Node& node);
  CelValue eval_ternary(const Node& node);
  CelValue eval_list(const Node& node);
  CelValue eval_map(const Node& node);
  CelValue eval_quantifier(const Node& node);
  CelValue eval_exists_one(const Node& node);
  CelValue eval_transform(const Node& node);
  CelValue eval_optional_map(const Node& node);
  CelValue eval_optional_or(const Node& node);
  CelValue range_of(const Node& node);

  const CelVariables& variables_;
  std::vector<CelValue> slots_;
  CelBudget budget_;
};

}  // namespace weir::expr
