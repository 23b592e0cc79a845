// Paths into a resource as replacements and vars write them: names, list indexes, "[name=value]",
// "*".
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "engine/base/result.hh"
#include "engine/kustomize/field_spec.hh"
#include "engine/value/value.hh"

namespace weir::kustomize {

using FieldPath = std::span<const std::string>;

// "[name=value]" taken apart.
struct ItemMatch {
  std::string field;  // "" for items that are scalars
  std::string pattern;
};

bool is_item_match(std::string_view part);
// Error: invalid when there is no '='.
Result<ItemMatch> parse_item_match(std::string_view part);
// The index a part is; nothing when it is none.
std::optional<std::size_t> list_index(std::string_view part);

// Reads along a path; nullptr when something is missing on the way. Error: invalid (a name in a
// list, ...).
Result<const Value*> look_up(const Value& root, FieldPath path);

// "wrong node kind: expected MappingNode but got ScalarNode: node contents: ...".
base::Error wrong_node_kind(std::string_view expected, const Value& node);

std::string_view trim_space(std::string_view text);

}  // namespace weir::kustomize
