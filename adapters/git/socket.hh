// A TCP connection on which nothing outlasts the operation's deadline: the socket never blocks,
// each wait is a poll bounded by it. Only the resolver's own time-out (its configuration's) bounds
// a name lookup.
#pragma once

#include <cstddef>

#include "adapters/git/operation.hh"

namespace weir::git {

class Socket {
 public:
  Socket() = default;
  ~Socket() { close(); }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  // Tries each address of the host. Errors: unavailable, timeout.
  Result<void> connect(const std::string& host, const std::string& port,
                       const Operation& operation);
  // Waits until the socket can be read (or written). Errors: timeout.
  Result<void> wait(bool for_reading, const Operation& operation) const;
  // Bytes read, 0 at the end. Errors: unavailable, timeout.
  Result<std::size_t> read(char* out, std::size_t size, const Operation& operation);
  // Bytes written, at least 1. Errors: unavailable, timeout.
  Result<std::size_t> write(const char* bytes, std::size_t size, const Operation& operation);
  int descriptor() const { return descriptor_; }
  void close();

 private:
  int descriptor_ = -1;
};

Error timeout_error();

}  // namespace weir::git
