// Field specs: "in objects of this type, the field at this path". Every transformer is a list of
// them and a function to call on what the path leads to.
//
// Paths are '/'-separated ("\/" escapes one inside a name), walk into lists by themselves, and may
// mark a list by "[]" (then a null there becomes an empty list).
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.hh"
#include "engine/kustomize/res_id.hh"
#include "engine/value/value.hh"

namespace weir::kustomize {

struct FieldSpec {
  Gvk gvk;  // empty parts match anything
  std::string path;
  bool create = false;
  std::vector<std::string> parts;  // `path`, taken apart
};

using FieldSpecs = std::vector<FieldSpec>;

FieldSpec make_field_spec(Gvk gvk, std::string path, bool create);
// From {group, version, kind, path, create}.
FieldSpec field_spec_of(const Value& fields);
FieldSpecs field_specs_of(const Value& list);

// "a/b\/c" -> {"a", "b/c"}; one leading separator is ignored.
std::vector<std::string> split_path(std::string_view path, char separator);
// split_path, but "[...]" holds together: "a.[x=b.c].d" -> {"a", "[x=b.c]", "d"}; "[b.c]" -> "b.c".
std::vector<std::string> split_field_path(std::string_view path, char separator = '.');

// Adds what is not there. Error: invalid, "conflicting fieldspecs" (they differ in `create`).
Result<void> merge_field_spec(FieldSpecs& specs, const FieldSpec& added);
Result<void> merge_field_specs(FieldSpecs& specs, const FieldSpecs& added);

// Where a walk stands: member names and list indexes from the object down.
struct PathStep {
  std::string_view name;  // "" for a list item
  std::size_t index = 0;
};
using PathTrail = std::vector<PathStep>;

// What is made when the end of the path is missing and the spec says create.
enum class CreateKind : std::uint8_t { nothing, scalar, map };

using SetField = std::function<Result<void>(Value& field)>;

// Calls `set` on every field of `object` that the spec names, when the object has the spec's type.
// Objects without the field are neither changed nor copied. Error: invalid, naming field and
// object; or set's own. `trail`, when given, tells `set` where its field is.
Result<void> apply_field_spec(Value& object, const FieldSpec& spec, CreateKind create,
                              const SetField& set, PathTrail* trail = nullptr);
// The same without asking for the object's type.
Result<void> apply_path(Value& object, const FieldSpec& spec, CreateKind create,
                        const SetField& set, PathTrail* trail = nullptr);

bool spec_matches(const FieldSpec& spec, const Value& object);

}  // namespace weir::kustomize
