// The tree of a JSONPath template. Internal to engine/expr.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.hh"
#include "engine/value/value.hh"

namespace weir::expr {

enum class PathKind : std::uint8_t {
  action,      // children in a row: the inside of one pair of braces
  constant,    // text outside braces, or a quoted text, number or boolean within
  field,
  slice,
  filter,      // children[0] `text` children[1], each an action; "exists" has no second
  wildcard,
  recursive,
  alternative,  // children are actions: [0,1] or ['a','b']
  identifier,   // range, end
};

// A bound of a slice as written; `derived` marks the end of a plain index.
struct SliceBound {
  std::optional<std::int64_t> value;
  bool derived = false;
};

struct PathNode {
  PathKind kind = PathKind::action;
  bool plain_text = false;  // constant: outside braces, or quoted, so the same for every input
  std::string text;         // field name, identifier, filter operator
  Value constant;
  SliceBound bounds[3];
  std::vector<PathNode> children;
};

// The top-level nodes of a template. Errors: invalid, limit.
Result<std::vector<PathNode>> parse_jsonpath(std::string_view text);

}  // namespace weir::expr
