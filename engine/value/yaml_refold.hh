// kustomize writes every resource out once and reads it again before it prints. go-yaml's writer
// of folded scalars (">") does not round-trip: text changes. This is that change.
#pragma once

#include <string>
#include <string_view>

namespace weir::value {

// What a folded scalar of this value has become after kustomize wrote it and read it back.
std::string refold(std::string_view value);

}  // namespace weir::value
