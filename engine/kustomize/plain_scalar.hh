// What a text is when YAML reads it without quotes: fields that kustomize writes without a type get
// theirs so.
#pragma once

#include <string>

#include "engine/value/value.hh"
#include "engine/value/yaml_scalar.hh"

namespace weir::kustomize {

// "8080" -> 8080, "true" -> true, "null" -> null, anything else the string itself.
inline Value resolve_plain_scalar(const std::string& text) {
  Value out;
  switch (value::resolve_plain(text, false, out)) {
    case value::ScalarKind::null:
    case value::ScalarKind::boolean:
    case value::ScalarKind::integer:
    case value::ScalarKind::floating: return out;
    default: return Value(text);
  }
}

}  // namespace weir::kustomize
