// Addresses of hosts as Go's net/netip reads them. Pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace weir::tmpl {

// Why `text` is no IPv4 or IPv6 address, a zone behind it or not:
// `ParseAddr("1:2"): address string too short`; nothing when it is one.
std::optional<std::string> address_fault(std::string_view text);

}  // namespace weir::tmpl
