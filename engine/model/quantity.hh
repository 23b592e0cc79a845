// Kubernetes quantities ("500m", "1Gi", "1e3"): exact decimal value, canonical text, equality.
// Pure. Source: the serialisation format that Kubernetes documents for resource.Quantity.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "engine/value/value.hh"

namespace weir::model {

// The text Kubernetes would write for it: "0.5" -> "500m", "1024Mi" -> "1Gi". Nothing when it is no
// quantity; numbers too large for 18 digits come back as they are.
std::optional<std::string> canonical_quantity(std::string_view text);

// The text of a manifest's value (a string or a number); nothing for other kinds.
std::optional<std::string> quantity_text(const Value& value);

// True when both are quantities of one value, however written ("1" and "1000m").
bool same_quantity(const Value& a, const Value& b);

}  // namespace weir::model
