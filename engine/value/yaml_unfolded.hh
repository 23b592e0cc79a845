// YAML as kyaml's own encoder writes it.
#pragma once

#include <string>

#include "engine/value/value.hh"

namespace weir::value {

// As write_yaml() does for kustomize, but however long a line gets it is not folded.
std::string write_yaml_unfolded(const Value& value);

}  // namespace weir::value
