// Go's time types as template values: time.Time with its methods, time.Duration, time.Month and
// time.Weekday. Immutable.
#pragma once

#include "engine/template/datum.hh"
#include "engine/template/functions/instant.hh"

namespace weir::tmpl {

extern const Type instant_type;   // time.Time
extern const Type duration_type;  // time.Duration, an int64 of nanoseconds

Datum instant_datum(Instant instant);
// Of a Datum of instant_type.
const Instant& instant_in(const Datum& datum);

// Duration.Round(unit): to the nearest multiple, halves away from zero, clamped.
std::int64_t round_duration(std::int64_t duration, std::int64_t unit);

}  // namespace weir::tmpl
