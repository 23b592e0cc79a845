// What simdjson's library says of its errors; the rest of it is reached through its own header.
#pragma once

#include <string_view>

namespace weir::value {

// simdjson::error_message() of a simdjson::error_code.
std::string_view json_error_text(int code);

}  // namespace weir::value
