// The part of State that folding the log gives, and how the owners delivered, as bytes: kept now
// and then, so that a start folds only the events since. Derived like every snapshot: one that
// cannot be read is made again.
//
// Whoever adds a field that fold() sets adds it here and raises the version. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/base/result.hh"
#include "engine/reconcile/delivery.hh"
#include "engine/reconcile/log_port.hh"
#include "engine/reconcile/state.hh"

namespace weir::reconcile {

// Canonical: equal durable parts are equal bytes.
std::string encode_durable(const State& state, const Delivery& delivery);
// Into a state that nothing was folded into. Errors: unsupported (of a build that folds otherwise),
// corrupt.
Result<void> decode_durable(std::string_view bytes, State& state, Delivery& delivery);

// The durable state after event `to`: from the youngest usable snapshot before it and the events
// since. `from`: gets the seq of that snapshot, 0 where there was none. Errors: corrupt, io.
Result<void> fold_log(const LogPort& log, std::uint64_t to, State& state, Delivery& delivery,
                      std::uint64_t* from = nullptr);

// Keeps a snapshot where the log has grown by enough since the last one; for a thread that has
// time. Errors: corrupt, io, limit.
Result<bool> keep_durable_snapshot(LogPort& log, std::uint64_t events_between = 20'000);

}  // namespace weir::reconcile
