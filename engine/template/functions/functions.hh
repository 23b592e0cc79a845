// The functions Helm's templates have beside those of text/template: sprig 3 (without env and
// expandenv) and Helm's own that need nothing but their arguments. include, tpl, lookup, Files and
// Capabilities are engine/helm's.
//
// Functions are pure but for what a CallContext lends them: the time, randomness and the budget.
// The same arguments and the same Ports give the same result, private keys and certificates
// included. Maps are listed in the order of their keys where Go's order is random.
#pragma once

#include <string_view>

#include "engine/template/function.hh"

namespace weir::tmpl {

// Around the message of `fail` and `required` in the error of a render; Helm prints what stands
// between the first start and the last end, instead of the whole error.
inline constexpr std::string_view marked_error_start = "HELM_ERR_START";
inline constexpr std::string_view marked_error_end = "HELM_ERR_END";

// Adds them all.
void add_helm_functions(FunctionMap& map);

}  // namespace weir::tmpl
