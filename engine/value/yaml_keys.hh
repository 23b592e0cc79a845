// The order in which go-yaml prints the keys of a mapping: numbers inside keys by value, other
// characters before letters.
#pragma once

#include <string_view>

namespace weir::value {

bool yaml_key_less(std::string_view a, std::string_view b);

}  // namespace weir::value
