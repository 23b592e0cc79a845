// Strategic merge patches as Kubernetes' client tools apply them: maps merge, lists are replaced
// unless the schema names merge keys for them, `null` deletes, `$patch: delete|replace|merge`
// directs.
//
// Pure; the schema is only read, so one may serve many threads. Nothing throws.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/base/result.hh"
#include "engine/value/value.hh"

namespace weir::value {

// What is known of one node: how its items merge, and the nodes below. Nodes refer to each other
// freely (types are recursive); whoever built them owns them.
struct MergeSchema {
  bool merges = false;  // a list whose items merge, by `keys`, or as a set when there are none
  bool closed = false;  // a field that is not listed has no merge rule anywhere below it
  std::vector<std::string> keys;
  std::vector<std::pair<std::string, const MergeSchema*>> fields;  // sorted by name
  const MergeSchema* any_field = nullptr;                          // of fields not listed
  const MergeSchema* element = nullptr;                            // of a list's items

  // The schema of a member or of a list's items; nullptr when nothing is known.
  const MergeSchema* field(std::string_view name) const;
};

// Looks schemas up by type, for the root and for objects embedded where no schema is known.
class MergeSchemaSource {
 public:
  virtual ~MergeSchemaSource() = default;
  // nullptr when the type is unknown: then its lists are replaced.
  virtual const MergeSchema* find(std::string_view api_version, std::string_view kind) const = 0;
};

// Applies `patch` to `target`. False when the patch deletes the whole target (which is then
// unspecified). Items that a patch adds to a keyed list come before those that were there. Members
// of `target` that were written as empty YAML nulls ("key:") disappear. Error: invalid (a map over
// a scalar, an unknown directive); `target` is then unspecified.
Result<bool> apply_strategic_merge(Value& target, const Value& patch,
                                   const MergeSchemaSource& schemas);

// A scalar as text: what a merge key compares by. Empty for maps and lists.
std::string scalar_text(const Value& value);

// What the scalar `value` becomes in the place of `old`, whose manner of writing stays: a number in
// the place of a quoted string becomes a string.
Value in_manner_of(const Value& old, const Value& value);

}  // namespace weir::value
