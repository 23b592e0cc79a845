#include "adapters/git/socket.hh"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>

#include "adapters/net/lookup.hh"

namespace weir::git {
namespace {

Error unavailable(const std::string& what, int error) {
  return make_error(Code::unavailable, what + ": " + std::strerror(error));
}

}  // namespace

Error timeout_error() { return make_error(Code::timeout, "context deadline exceeded"); }

void Socket::close() {
  if (descriptor_ >= 0) ::close(descriptor_);
  descriptor_ = -1;
}

Result<void> Socket::wait(bool for_reading, const Operation& operation) const {
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(operation.deadline -
                                                                   Operation::Clock::now());
    if (left.count() <= 0) return timeout_error();
    pollfd entry{descriptor_, static_cast<short>(for_reading ? POLLIN : POLLOUT), 0};
    const int ready = ::poll(&entry, 1, static_cast<int>(std::min<long>(left.count(), 60'000)));
    if (ready > 0) return {};
    if (ready < 0 && errno != EINTR) return unavailable("poll", errno);
  }
}

Result<void> Socket::connect(const std::string& host, const std::string& port,
                             const Operation& operation) {
  WEIR_TRY(const net::Addresses addresses, net::lookup(host, port));
  Error last = make_error(Code::unavailable, "lookup " + host + ": no address");
  for (const addrinfo* one = addresses.get(); one; one = one->ai_next) {
    close();
    descriptor_ =
        ::socket(one->ai_family, one->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, one->ai_protocol);
    if (descriptor_ < 0) continue;
    const std::string what = "dial tcp " + host + ":" + port;
    if (::connect(descriptor_, one->ai_addr, one->ai_addrlen) != 0) {
      if (errno != EINPROGRESS) {
        last = unavailable(what, errno);
        continue;
      }
      auto writable = wait(false, operation);
      if (!writable) return std::move(writable).error().with_context(what);
      int error = 0;
      socklen_t size = sizeof error;
      ::getsockopt(descriptor_, SOL_SOCKET, SO_ERROR, &error, &size);
      if (error != 0) {
        last = unavailable(what, error);
        continue;
      }
    }
    const int on = 1;
    ::setsockopt(descriptor_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return {};
  }
  close();
  return last;
}

Result<std::size_t> Socket::read(char* out, std::size_t size, const Operation& operation) {
  for (;;) {
    if (operation.expired()) return timeout_error();
    const ssize_t got = ::recv(descriptor_, out, size, 0);
    if (got >= 0) return static_cast<std::size_t>(got);
    if (errno == EINTR) continue;
    if (errno != EAGAIN && errno != EWOULDBLOCK) return unavailable("read", errno);
    WEIR_CHECK(wait(true, operation));
  }
}

Result<std::size_t> Socket::write(const char* bytes, std::size_t size,
                                  const Operation& operation) {
  for (;;) {
    if (operation.expired()) return timeout_error();
    const ssize_t sent = ::send(descriptor_, bytes, size, MSG_NOSIGNAL);
    if (sent > 0) return static_cast<std::size_t>(sent);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && errno != EAGAIN && errno != EWOULDBLOCK) return unavailable("write", errno);
    WEIR_CHECK(wait(false, operation));
  }
}

}  // namespace weir::git
