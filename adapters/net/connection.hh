// One TCP connection to a server or through a proxy, with or without TLS, under a deadline.
//
// The socket is non-blocking; calls wait in poll() until their deadline. One thread at a time,
// except shut(), which any thread may call to wake the one that waits. Errors: unavailable,
// timeout, cancelled, worded as Go words them ("dial tcp 127.0.0.1:1: connect: connection
// refused").
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "adapters/net/tls.hh"
#include "adapters/net/url.hh"
#include "engine/base/result.hh"

namespace weir::net {

using Deadline = std::chrono::steady_clock::time_point;

// Sockets in use, so that cancel() can wake every thread that waits on one.
class SocketRegistry;
std::shared_ptr<SocketRegistry> make_socket_registry();
// Shuts all sockets down and makes every later dial fail with `cancelled`.
void cancel_sockets(SocketRegistry& registry);
bool sockets_cancelled(const SocketRegistry& registry);

struct DialPlan {
  Url url;                 // the server
  std::string proxy_host;  // "" = direct
  std::uint16_t proxy_port = 0;
  std::string proxy_authorization;  // header value, or ""
  bool present_certificate = true;
};

class Connection {
 public:
  // Connects, asks the proxy for a tunnel, shakes hands. `tls` may be null for http.
  static Result<std::unique_ptr<Connection>> dial(const DialPlan& plan,
                                                  const std::shared_ptr<TlsContext>& tls,
                                                  const std::shared_ptr<SocketRegistry>& registry,
                                                  Deadline deadline);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  int fd() const { return fd_; }
  Result<void> write(std::string_view data, Deadline deadline);
  // At least one byte, or state end. Waits until the deadline.
  Result<IoResult> read(char* data, std::size_t size, Deadline deadline);
  // As read(), without waiting.
  Result<IoResult> read_now(char* data, std::size_t size);
  // True when nothing came and nobody closed since the last answer.
  bool idle_alive();

 private:
  Connection(int fd, std::shared_ptr<SocketRegistry> registry);
  Result<void> tunnel(const DialPlan& plan, Deadline deadline);
  Result<void> wait(IoState state, Deadline deadline);

  int fd_;
  std::shared_ptr<SocketRegistry> registry_;
  std::shared_ptr<TlsContext> context_;  // outlives tls_
  std::unique_ptr<TlsSession> tls_;
};

}  // namespace weir::net
