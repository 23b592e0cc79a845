// YAML as the third go-yaml writes Go values: lists indented below their key, no folding, floats
// that keep their kind. Helm's toYamlPretty.
#pragma once

#include <string>

#include "engine/template/datum.hh"

namespace weir::tmpl {

// Ends in a newline. False when the value has no YAML form (a function).
bool write_pretty_yaml(std::string& out, const Datum& datum);

}  // namespace weir::tmpl
