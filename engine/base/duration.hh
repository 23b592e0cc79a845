// Go durations, as they stand in Kubernetes manifests ("1h30m", "500ms") and in Flux's messages
// ("2.5s").
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "engine/base/result.hh"

namespace weir::base {

// Nanoseconds, as Go's time.Duration: about 292 years either way.
using Duration = std::chrono::nanoseconds;

// Go's time.ParseDuration: signed sequence of number[.fraction]unit with ns, us, µs, ms, s, m, h;
// "0". Errors: invalid, worded as Go does: `time: unknown unit "x" in duration "5x"`; overflow is
// invalid too.
Result<Duration> parse_duration(std::string_view text);

// Go's Duration.String(): "1h0m0s", "1.5s", "250ms", "0s".
std::string format_duration(Duration duration);

// Kubernetes' short age for table columns (duration.HumanDuration): "5s", "3m12s", "4h5m", "2d".
std::string format_age(Duration duration);

}  // namespace weir::base
