// The clock of production: the system's real-time and monotonic clocks. Stateless, so every thread
// may share one. Never fails.
#pragma once

#include "engine/base/clock.hh"

namespace weir::clock {

class SystemClock final : public base::Clock {
 public:
  // Microseconds since the epoch, as the host's wall clock has them; steps when an operator sets
  // it.
  base::TimeUs now() const override;
  // Time since boot, suspend included, so that a deadline set before a suspend has passed after it.
  std::chrono::microseconds monotonic() const override;
};

}  // namespace weir::clock
