// Parses template text into trees, with the grammar, the look-ahead and the error texts of Go's
// text/template. One parse, one thread; functions are resolved here.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "engine/base/result.hh"
#include "engine/template/ast.hh"
#include "engine/template/function.hh"

namespace weir::tmpl {

// The template `name` first, then those it defines; each name once. Errors: invalid ("template:
// NAME:LINE: ..."), limit (nested too deep, text too long).
Result<std::vector<Template>> parse_templates(std::string_view name, std::string_view text,
                                              const FunctionMap& functions, std::string_view left,
                                              std::string_view right);

}  // namespace weir::tmpl
