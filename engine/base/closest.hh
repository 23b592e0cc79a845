// "Did you mean": the closest of a set of names, for error texts.
#pragma once

#include <string_view>
#include <vector>

namespace weir::base {

// The candidate with the smallest edit distance to `name` (letter case ignored), the first of
// equals;
// "" when none is near (distance over a third of the name's length, at least 2).
std::string_view closest_name(std::string_view name,
                              const std::vector<std::string_view>& candidates);

}  // namespace weir::base
