// What an unquoted YAML scalar is: the resolution rules of go-yaml v2 (YAML 1.1 booleans, as
// Kubernetes and Helm read) and v3 (1.2 booleans, as kustomize reads). Pure functions; also used
// by the writer, which quotes what would resolve to something else than a string.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "engine/base/result.hh"
#include "engine/value/yaml.hh"

namespace weir::value {

enum class ScalarKind : std::uint8_t {
  string,
  null,
  boolean,
  integer,
  floating,
  timestamp,
  merge,     // "<<"
  no_number  // .nan or an infinity: has no JSON form
};

// Resolves an untagged plain scalar. `out` gets the value for null, boolean, integer and floating
// (a double as it was written, not settled); for all other kinds it is left alone.
ScalarKind resolve_plain(std::string_view text, bool yaml_1_1, Value& out);

// True when `text`, written plain, would be read back as something else than this string by a
// YAML 1.1 reader, the sexagesimal numbers of YAML 1.1 included.
bool needs_quotes(std::string_view text);

// "2001-1-2" or "2001-12-14t21:59:43.1-05:00" as RFC 3339 with the offset kept
// ("2001-01-02T00:00:00Z"); nothing when it is no timestamp to go-yaml.
std::optional<std::string> normal_timestamp(std::string_view text);

// Resolves a scalar with an explicit core tag ("str", "int", "float", "bool", "null", "binary",
// "timestamp"). Errors: invalid, worded "cannot decode !!str `x` as a !!int".
Result<Value> resolve_tagged(std::string_view tag, std::string_view text, YamlDialect dialect);

}  // namespace weir::value
