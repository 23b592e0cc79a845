// The operators of "${name<operator>...}": each a pure function of the variable's value and the
// evaluated arguments. Internal to engine/expr; any thread. Errors: invalid where the reference
// crashes (an offset and length whose sum overflows), limit.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "engine/base/result.hh"

namespace weir::expr {

using OperatorArguments = std::span<const std::string>;
using OperatorFunction = Result<std::string> (*)(std::string_view value,
    OperatorArguments arguments);

// The function of an operator ("^^", ":", ...); names without one of their own give the default
// operator (the value, or the arguments joined when it is empty). "#" without arguments is the
// length.
OperatorFunction find_operator(std::string_view name, std::size_t argument_count);

// True for the operators that accept an unset variable in strict mode.
bool operator_tolerates_unset(std::string_view name);

}  // namespace weir::expr
