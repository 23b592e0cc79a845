// What the verbs that wait for a reconciliation share: when it is over, and what they tell people
// then. Pure.
#pragma once

#include <optional>
#include <string>

#include "engine/base/result.hh"
#include "engine/value/value.hh"

namespace weir::cli {

// "applied revision main@sha1:...", "fetched revision ...".
std::string success_message(const Value& object);

// Whether the object is ready for its current generation (contract B6): nothing while it is under
// way, ok, or why it is not. Error: not_found for null.
std::optional<Result<void>> ready_test(const Value& live);

}  // namespace weir::cli
