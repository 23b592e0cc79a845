// Vars, the older sibling of replacements: "$(NAME)" in known fields becomes the value of another
// field.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "engine/base/result.hh"
#include "engine/kustomize/res_map.hh"
#include "engine/kustomize/transformer_config.hh"
#include "engine/value/value.hh"

namespace weir::kustomize {

// By name; the entries as written in the kustomization.
using VarSet = std::map<std::string, Value, std::less<>>;

// Marks the resources that `vars` read from and adds them to the set. Error: invalid (ambiguous, or
// a name that is there already).
Result<void> merge_vars(VarSet& set, const Value& vars, ResMap& resources);
Result<void> merge_var_sets(VarSet& set, const VarSet& other);

// Replaces; a line for `warnings` names the vars that nothing used. Error: invalid (a var without a
// value).
Result<void> resolve_vars(ResMap& resources, const VarSet& set, const FieldSpecs& specs,
                          std::vector<std::string>& warnings);

}  // namespace weir::kustomize
