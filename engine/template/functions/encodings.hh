// Go's encoding/base64 (standard alphabet, padded): its decoder's errors name the first bad byte.
// Pure functions.
#pragma once

#include <string>
#include <string_view>

#include "engine/base/result.hh"

namespace weir::tmpl {

// Line breaks are skipped. Error: invalid, "illegal base64 data at input byte 3".
Result<std::string> decode_base64(std::string_view text);

}  // namespace weir::tmpl
