// The repair of references: after prefixes, suffixes, namespaces and hashes have changed names,
// every field that the name-reference specs know gets the new name of the resource it meant.
#pragma once

#include "engine/base/result.hh"
#include "engine/kustomize/res_map.hh"
#include "engine/kustomize/transformer_config.hh"

namespace weir::kustomize {

// Linear in resources and references: candidates are found through an index of earlier names.
// Error: invalid, "found multiple possible referrals: ...", or a field of the wrong type.
Result<void> fix_name_references(ResMap& resources, const TransformerConfig& config);

}  // namespace weir::kustomize
