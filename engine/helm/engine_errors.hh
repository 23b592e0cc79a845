// The errors of templates as Helm shows them: one line for what a chart says itself by `fail` or
// `required`, a trace of file and line for each level of include for what went wrong in between.
#pragma once

#include <string>
#include <string_view>

#include "engine/base/result.hh"

namespace weir::helm {

// A template that cannot be parsed: "parse error at (chart/templates/a.yaml:3): ...".
Error parse_error(std::string_view file, Error error);

// What executing the template `file` failed with.
Error execution_error(std::string_view file, Error error);

}  // namespace weir::helm
