// The shapes of kustomize's own files, as tables: which fields there are and of which type. One
// check reads a document against its table, so that every pass afterwards can take its fields as
// they are.
//
// Decoding rules are Go's encoding/json with unknown fields refused: names match whatever their
// case, null is the same as absent, and error texts are worded alike.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "engine/base/result.hh"
#include "engine/value/value.hh"

namespace weir::kustomize {

enum class FieldType : std::uint8_t {
  string,
  boolean,
  integer,
  integer64,  // told from an integer in error texts alone
  string_list,
  string_map,
  boolean_map,
  object,       // of `shape`
  object_list,  // each of `shape`
  anything,
};

struct Shape;

struct ShapeField {
  std::string_view name;
  FieldType type;
  const Shape* shape = nullptr;
  // The Go structs it is embedded by, as they stand in error texts: "GeneratorArgs.".
  std::string_view embedded{};
};

struct Shape {
  std::string_view name;  // as Go's type is called, for error texts
  std::span<const ShapeField> fields;
};

const Shape& kustomization_shape();
const Shape& transformer_config_shape();
// The configuration of a built-in generator or transformer given as a file; nullptr for an unknown
// kind.
const Shape* plugin_shape(std::string_view kind);
const Shape& replacement_shape();

enum class Unknown : std::uint8_t { refused, ignored };

// Checks `document` (an object or null) and puts its names into the table's spelling; drops nulls.
// Error: invalid, `json: unknown field "x"` or `json: cannot unmarshal number into Go struct field
// ...`, with the closest valid name where there is one.
Result<void> check_shape(Value& document, const Shape& shape, Unknown unknown = Unknown::refused);

}  // namespace weir::kustomize
