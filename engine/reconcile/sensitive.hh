// What of an object must not be kept or shown in clear: the values of Secrets, and credentials in
// URLs, wherever they stand. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

#include "engine/value/value.hh"

namespace weir::reconcile {

// Whether "scheme://user:password@" or, of HTTP, "scheme://token@" stands in the text.
bool has_url_credentials(std::string_view text);
// The text without the user parts of such URLs.
std::string without_url_credentials(std::string_view text);
// The same for every string in the value.
void drop_url_credentials(Value& value);

}  // namespace weir::reconcile
