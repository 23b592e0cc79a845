// What a text is when YAML reads it without quotes: fields that kustomize writes without a type get
// theirs so.
#pragma once

#include <string>
#include <string_view>

#include "engine/base/result.hh"
#include "engine/value/value.hh"
#include "engine/value/yaml_scalar.hh"

namespace weir::kustomize {

// "8080" -> 8080, "true" -> true, "null" -> null, "2020-01-01" -> "2020-01-01T00:00:00Z", anything
// else, and nothing at all, the string itself.
inline Value resolve_plain_scalar(const std::string& text) {
  Value out;
  if (text.empty()) return Value("");
  switch (value::resolve_plain(text, false, out)) {
    case value::ScalarKind::null:
    case value::ScalarKind::boolean:
    case value::ScalarKind::integer:
    case value::ScalarKind::floating: return out;
    case value::ScalarKind::timestamp: return Value(value::normal_timestamp(text).value_or(text));
    default: return Value(text);
  }
}

// A key that kustomize writes without quotes must be a string all the same: what "1" or "true"
// would become has no JSON form. Error: invalid.
inline Result<void> check_plain_key(std::string_view key) {
  Value out;
  if (value::resolve_plain(key, false, out) == value::ScalarKind::string) return {};
  return base::make_error(base::Code::invalid,
                          "json: unsupported type: map[interface {}]interface {}: the key \"" +
                              std::string(key) +
                              "\" is written without quotes, so it is no string");
}

}  // namespace weir::kustomize
