// The part of Kubernetes' published schema that kustomize carries (v1.21.2): which lists merge by
// which keys, and which kinds have no namespace. Text, one fact a line; engine/kustomize/openapi.cc
// parses it once.
#pragma once

#include <string_view>

namespace weir::kustomize {

// "type field>type field[]>itemtype field*key+key>itemtype ...": only types with a merging list in
// or below.
extern const std::string_view builtin_definitions;
// "apiVersion Kind type", or "-" for a kind without merging lists.
extern const std::string_view builtin_kinds;
// "apiVersion Kind".
extern const std::string_view cluster_scoped_kinds;

}  // namespace weir::kustomize
