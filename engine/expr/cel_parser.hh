// CEL text to its tree. Internal to engine/expr; pure. Error texts have cel-go's shape:
//   ERROR: <input>:1:6: Syntax error: no viable alternative at input '.'
//    | data.
//    | .....^
#pragma once

#include <string_view>

#include "engine/base/result.hh"
#include "engine/expr/cel_ast.hh"

namespace weir::expr {

// Errors: invalid, limit (depth).
Result<Node> parse_cel(std::string_view text);

// An error at a byte offset of `text`, with the line and a mark below it.
Error cel_error(std::string_view text, std::size_t position, std::string_view message);

}  // namespace weir::expr
