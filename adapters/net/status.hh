// HTTP status codes as error codes and as people read them. Pure; any thread.
#pragma once

#include <string>

#include "engine/base/result.hh"

namespace weir::net {

// "404 Not Found"; the number alone when RFC 9110 has no word for it.
std::string status_text(int status);
// What kind of failure a status of 300 or more is.
Code code_of_status(int status);

}  // namespace weir::net
