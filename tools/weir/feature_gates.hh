// --feature-gates of `weir run`: the gates of Flux's controllers that change what weir does, and
// those that are accepted because their feature is always on, or is not needed here.
#pragma once

#include <string_view>

#include "engine/base/result.hh"
#include "engine/reconcile/options.hh"

namespace weir::cli {

struct FeatureGates {
  bool dns_lookups = false;  // AllowDNSLookups
};

// From "NAME=true,NAME=false". Errors: invalid, for a gate that is not known or whose feature is
// not there, and for a value that is no boolean.
Result<FeatureGates> read_feature_gates(std::string_view text, reconcile::EngineOptions& options);

}  // namespace weir::cli
