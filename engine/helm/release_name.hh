// --name-template: a release's name from a template of one line, with the functions that need no
// chart, and those that show the environment of who asks: env, expandenv. Pure but for what it is
// given.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "engine/base/result.hh"
#include "engine/helm/engine.hh"

namespace weir::helm {

// What a variable of the environment holds; "" when there is none.
using Environment = std::function<std::string(const std::string& name)>;

// Errors: invalid with Go's words, limit.
Result<std::string> render_name(std::string_view text, const EngineOptions& options,
                                const Environment& environment);

}  // namespace weir::helm
