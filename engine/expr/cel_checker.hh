// Type checking of CEL where the variables are declared (readyExpr). Documents are dyn, so what the
// check finds is: undeclared names and functions, operators and functions on operands that can
// never fit, and the type of the whole. Internal to engine/expr; pure. Error texts have cel-go's
// shape.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.hh"
#include "engine/expr/cel_ast.hh"

namespace weir::expr {

// The type of a linked tree as cel-go prints it: "bool", "dyn", "list(int)". `variables` are
// documents, map(string, dyn). Error: invalid.
Result<std::string> check_cel(std::string_view text, const Node& root,
                              const std::vector<std::string>& variables);

}  // namespace weir::expr
