// The tree of a parsed CEL expression. Macros are their own nodes, not expanded. Internal to
// engine/expr; immutable once compiled, so evaluations in several threads share it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "engine/expr/cel_value.hh"

namespace weir::expr {

struct CelFunction;
class CelPattern;

enum class NodeKind : std::uint8_t {
  literal,
  variable,   // name; bound at evaluation
  local,      // slot of an enclosing macro
  select,     // children[0].name, or children[0].?name
  has,        // has(children[0].name)
  index,      // children[0][children[1]], or with [? ]
  call,       // name(children...); `member`: children[0] is the target
  logical_and,
  logical_or,
  ternary,
  list,       // optional_items marks "?x"
  map,        // children alternate keys and values; optional_items by entry
  // the macros: children[0] is the range, `name` the variable, children[1...] the bodies
  all,
  exists,
  exists_one,
  transform,  // map: children[1] the result, or children[1] the filter and children[2] the result
  filter,
  opt_map,
  opt_flat_map,
  opt_or,        // children[0].or(children[1]), the second evaluated only when needed
  opt_or_value,
};

struct Node {
  NodeKind kind = NodeKind::literal;
  bool member = false;
  bool optional = false;
  std::uint32_t position = 0;  // byte offset in the text, for errors
  std::uint32_t slot = 0;
  std::string name;
  CelValue literal;
  const CelFunction* function = nullptr;
  std::shared_ptr<const CelPattern> pattern;  // of a constant regular expression
  std::vector<Node> children;
  std::vector<bool> optional_items;
};

}  // namespace weir::expr
