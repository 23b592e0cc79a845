// What `weir reconcile` and `weir resume` tell people when an object has been reconciled. Pure.
#pragma once

#include <string>

#include "engine/value/value.hh"

namespace weir::cli {

// "applied revision main@sha1:...", "fetched revision ...".
std::string success_message(const Value& object);

}  // namespace weir::cli
