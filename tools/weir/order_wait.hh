// Waiting for what an order leads to: the events whose cause it is.
#pragma once

#include <functional>

#include "engine/base/duration.hh"
#include "tools/weir/client.hh"

namespace weir::cli {

// The first `count` events that the event `seq` caused, in order. Errors: timeout, naming how many
// are missing; those of the client.
Result<std::vector<Value>> wait_for_effects(AuditClient& client, std::int64_t seq,
                                            std::size_t count, base::Duration timeout);

}  // namespace weir::cli
