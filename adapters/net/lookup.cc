#include "adapters/net/lookup.hh"

namespace weir::net {

Result<Addresses> lookup(const std::string& host, const std::string& port) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_ADDRCONFIG | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  int failure = ::getaddrinfo(host.c_str(), port.c_str(), &hints, &found);
  if (failure != 0 && (host == "localhost" || host.ends_with(".localhost")))
    failure = ::getaddrinfo("127.0.0.1", port.c_str(), &hints, &found);
  if (failure != 0) {
    const char* what = failure == EAI_NONAME ? "no such host" : ::gai_strerror(failure);
    return make_error(Code::unavailable, "lookup " + host + ": " + what);
  }
  return Addresses(found, ::freeaddrinfo);
}

}  // namespace weir::net
