// RFC 6901 pointers, RFC 6902 patches, RFC 7386 merge patches over Value.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.hh"
#include "engine/value/value.hh"

namespace weir::value {

// "/a~1b/0" -> {"a/b", "0"}; "" -> {}. Error: invalid when it does not begin with '/'.
Result<std::vector<std::string>> parse_pointer(std::string_view text);
std::string escape_pointer_token(std::string_view token);  // '~' -> "~0", '/' -> "~1"

// The value at the pointer; nullptr when there is none ("-" names nothing).
const Value* find_pointer(const Value& root, const std::vector<std::string>& tokens);
// Removes what the pointer names; false when there is nothing.
bool remove_pointer(Value& root, const std::vector<std::string>& tokens);

// Applies an RFC 6902 operation list (an array of {op, path, from, value}) to `target`; on an error
// `target` is unchanged. Errors: invalid, worded as evanphx/json-patch does where tools show it
// ("remove operation does not apply: doc is missing path: ...").
Result<void> apply_json_patch(Value& target, const Value& operations);

// RFC 7386. Never fails.
void apply_merge_patch(Value& target, const Value& patch);

// The merge patch that turns `from` into `to` ({} when they are equal).
Value make_merge_patch(const Value& from, const Value& to);

}  // namespace weir::value
