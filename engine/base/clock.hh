// The clock port. Production reads the system (adapters/clock); tests and the simulator own time.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "engine/base/result.hh"

namespace weir::base {

// A wall-clock instant: microseconds since 1970-01-01T00:00:00Z. 0 means "no time".
using TimeUs = std::int64_t;

class Clock {
 public:
  virtual ~Clock() = default;
  // Wall clock; may step backwards when the operator sets it.
  virtual TimeUs now() const = 0;
  // Never steps backwards; for deadlines and durations. Origin unspecified.
  virtual std::chrono::microseconds monotonic() const = 0;
};

// "2026-11-23T18:08:58Z": whole seconds, UTC, as Kubernetes' metav1.Time prints.
std::string format_rfc3339(TimeUs time);
// "2026-11-23T18:08:58.123456Z": six digits, as metav1.MicroTime prints.
std::string format_rfc3339_micro(TimeUs time);
// Any RFC 3339 timestamp (offset, fraction of any length). Error: invalid.
Result<TimeUs> parse_rfc3339(std::string_view text);

}  // namespace weir::base
