// Names to addresses.
#pragma once

#include <netdb.h>

#include <memory>
#include <string>

#include "engine/base/result.hh"

namespace weir::net {

using Addresses = std::unique_ptr<addrinfo, void (*)(addrinfo*)>;

// The addresses of a host and port for TCP, never empty. "localhost" and names below it are the
// loopback address where the system does not know them (RFC 6761). Error: unavailable, "lookup
// HOST: no such host".
Result<Addresses> lookup(const std::string& host, const std::string& port);

}  // namespace weir::net
