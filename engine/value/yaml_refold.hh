// What becomes of a folded block scalar (">") when go-yaml writes it folded and reads it back, as kustomize does
// with every resource: line breaks around lines that begin with a blank multiply or vanish. Pure.
#pragma once

#include <string>
#include <string_view>

namespace weir::value {

// `text` is the scalar's value as first read.
std::string refold(std::string_view text);

}  // namespace weir::value
