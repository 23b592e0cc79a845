// The order kustomize calls legacy: kinds others depend on first, webhooks last, then by name.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.hh"
#include "engine/kustomize/res_map.hh"
#include "engine/value/value.hh"

namespace weir::kustomize {

// Negative for kinds that come first, 0 for most, positive for those that come last.
int legacy_rank(std::string_view kind);
// "group_version_kind" with ~G, ~V, ~K for empty parts.
std::string legacy_gvk_text(const Gvk& gvk);
// legacy_gvk_text(a) < legacy_gvk_text(b).
bool legacy_text_less(const Gvk& a, const Gvk& b);

// Applies a kustomization's sortOptions (an absent value is fifo: nothing to do). Error: invalid.
Result<void> sort_resources(ResMap& resources, const Value& sort_options);

}  // namespace weir::kustomize
