#include "adapters/net/connection.hh"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cctype>
#include <cerrno>
#include <cstring>
#include <mutex>
#include <set>

#include "adapters/net/lookup.hh"

namespace weir::net {

class SocketRegistry {
 public:
  bool add(int fd) {
    std::lock_guard lock(mutex_);
    if (cancelled_) return false;
    sockets_.insert(fd);
    return true;
  }
  // Closes under the lock, so that cancel() never shuts a number that was reused meanwhile.
  void close(int fd) {
    std::lock_guard lock(mutex_);
    sockets_.erase(fd);
    ::close(fd);
  }
  void cancel() {
    std::lock_guard lock(mutex_);
    cancelled_ = true;
    for (int fd : sockets_) ::shutdown(fd, SHUT_RDWR);
  }
  bool cancelled() const { return cancelled_; }

 private:
  std::mutex mutex_;
  std::set<int> sockets_;
  std::atomic<bool> cancelled_{false};
};

std::shared_ptr<SocketRegistry> make_socket_registry() {
  return std::make_shared<SocketRegistry>();
}
void cancel_sockets(SocketRegistry& registry) { registry.cancel(); }
bool sockets_cancelled(const SocketRegistry& registry) { return registry.cancelled(); }

namespace {

Error cancelled_error() { return make_error(Code::cancelled, "the client is shutting down"); }

// Go prints errno texts in lower case: "connection refused".
std::string errno_text(int number) {
  std::string text = std::strerror(number);
  if (!text.empty()) text[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(text[0])));
  return text;
}

Result<void> poll_until(int fd, short events, Deadline deadline) {
  while (true) {
    auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) return make_error(Code::timeout, "i/o timeout");
    pollfd entry{fd, events, 0};
    int count = ::poll(&entry, 1, static_cast<int>(std::min<std::int64_t>(left.count(), 1 << 30)));
    if (count > 0) return {};
    if (count < 0 && errno != EINTR) return make_error(Code::unavailable, errno_text(errno));
  }
}

void tune(int fd) {
  int on = 1;
  int idle = 15;
  int interval = 5;
  int probes = 3;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  ::setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  ::setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof idle);
  ::setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof interval);
  ::setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof probes);
}

// Connects a non-blocking socket to one address.
Result<void> connect_one(int fd, const addrinfo& address, Deadline deadline) {
  if (::connect(fd, address.ai_addr, address.ai_addrlen) == 0) return {};
  if (errno != EINPROGRESS) return make_error(Code::unavailable, "connect: " + errno_text(errno));
  WEIR_CHECK(poll_until(fd, POLLOUT, deadline));
  int failure = 0;
  socklen_t size = sizeof failure;
  ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &failure, &size);
  if (failure != 0) return make_error(Code::unavailable, "connect: " + errno_text(failure));
  return {};
}

Result<int> connect_tcp(const std::string& host, std::uint16_t port, SocketRegistry& registry,
                        Deadline deadline) {
  WEIR_TRY(const Addresses found, lookup(host, std::to_string(port)).with_context("dial tcp"));
  Error last = make_error(Code::unavailable, "no address");
  for (const addrinfo* address = found.get(); address != nullptr; address = address->ai_next) {
    int fd = ::socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
      last = make_error(Code::unavailable, "socket: " + errno_text(errno));
      continue;
    }
    if (!registry.add(fd)) {
      ::close(fd);
      return cancelled_error();
    }
    tune(fd);
    auto connected = connect_one(fd, *address, deadline);
    if (connected.ok()) return fd;
    last = std::move(connected).error();
    registry.close(fd);
    if (registry.cancelled()) return cancelled_error();
    if (last.code == Code::timeout) break;
  }
  bool v6 = host.find(':') != std::string::npos;
  return std::move(last).with_context("dial tcp " + (v6 ? "[" + host + "]" : host) + ":" +
                                      std::to_string(port));
}

}  // namespace

Connection::Connection(int fd, std::shared_ptr<SocketRegistry> registry)
    : fd_(fd), registry_(std::move(registry)) {}

Connection::~Connection() {
  if (tls_) tls_->send_close();
  tls_.reset();
  registry_->close(fd_);
}

Result<std::unique_ptr<Connection>> Connection::dial(
    const DialPlan& plan, const std::shared_ptr<TlsContext>& tls,
    const std::shared_ptr<SocketRegistry>& registry, Deadline deadline) {
  bool proxied = !plan.proxy_host.empty();
  const std::string& host = proxied ? plan.proxy_host : plan.url.host;
  std::uint16_t port = proxied ? plan.proxy_port : plan.url.port;
  WEIR_TRY(int fd, connect_tcp(host, port, *registry, deadline));
  std::unique_ptr<Connection> made(new Connection(fd, registry));
  if (!plan.url.tls()) return made;
  if (proxied) WEIR_CHECK(made->tunnel(plan, deadline).with_context("proxyconnect tcp"));
  made->context_ = tls;
  WEIR_TRY(made->tls_, tls->start(fd, plan.url.host, plan.present_certificate));
  while (true) {
    WEIR_TRY(IoState state, made->tls_->handshake());
    if (state == IoState::done) return made;
    WEIR_CHECK(made->wait(state, deadline).with_context("tls: handshake"));
  }
}

Result<void> Connection::tunnel(const DialPlan& plan, Deadline deadline) {
  std::string target = plan.url.host_port();
  std::string head = "CONNECT " + target + " HTTP/1.1\r\nHost: " + target + "\r\n";
  if (!plan.proxy_authorization.empty()) {
    head += "Proxy-Authorization: " + plan.proxy_authorization + "\r\n";
  }
  WEIR_CHECK(write(head + "\r\n", deadline));
  // Byte by byte to the end of the head: what follows it already belongs to the handshake.
  std::string answer;
  while (!answer.ends_with("\r\n\r\n")) {
    char byte = 0;
    WEIR_TRY(IoResult got, read(&byte, 1, deadline));
    if (got.state == IoState::end)
      return make_error(Code::unavailable, "unexpected EOF from the proxy");
    answer += byte;
    if (answer.size() > base::limits::http_header_bytes_max) {
      return make_error(Code::limit, "the proxy's answer is longer than http_header_bytes_max");
    }
  }
  if (answer.starts_with("HTTP/1.") && answer.size() > 12 && answer.substr(8, 2) == " 2") return {};
  std::string status = answer.substr(0, answer.find('\r'));
  auto space = status.find(' ');
  if (space != std::string::npos) status.erase(0, space + 1);
  return make_error(Code::unavailable, "the proxy refused the tunnel: " + status.substr(0, 100));
}

Result<void> Connection::wait(IoState state, Deadline deadline) {
  short events = state == IoState::want_write ? POLLOUT : POLLIN;
  auto waited = poll_until(fd_, events, deadline);
  if (registry_->cancelled()) return cancelled_error();
  return waited;
}

Result<void> Connection::write(std::string_view data, Deadline deadline) {
  while (!data.empty()) {
    IoResult step;
    if (tls_) {
      WEIR_TRY(step, tls_->write(data));
    } else {
      auto sent = ::send(fd_, data.data(), data.size(), MSG_NOSIGNAL);
      if (sent >= 0) {
        step = IoResult{IoState::done, static_cast<std::size_t>(sent)};
      } else if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) {
        step.state = IoState::want_write;
      } else {
        return make_error(Code::unavailable, "write: " + errno_text(errno));
      }
    }
    data.remove_prefix(step.bytes);
    if (step.state == IoState::end)
      return make_error(Code::unavailable, "write: connection closed");
    if (step.state != IoState::done) WEIR_CHECK(wait(step.state, deadline).with_context("write"));
  }
  return {};
}

Result<IoResult> Connection::read_now(char* data, std::size_t size) {
  if (tls_) return tls_->read(data, size);
  auto got = ::recv(fd_, data, size, 0);
  if (got > 0) return IoResult{IoState::done, static_cast<std::size_t>(got)};
  if (got == 0) return IoResult{IoState::end, 0};
  if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)
    return IoResult{IoState::want_read, 0};
  return make_error(Code::unavailable, "read: " + errno_text(errno));
}

Result<IoResult> Connection::read(char* data, std::size_t size, Deadline deadline) {
  while (true) {
    auto step = read_now(data, size);
    if (registry_->cancelled()) return cancelled_error();
    if (!step.ok() || step->state == IoState::done || step->state == IoState::end) return step;
    WEIR_CHECK(wait(step->state, deadline).with_context("read"));
  }
}

bool Connection::idle_alive() {
  if (tls_) return tls_->idle_alive();
  char byte = 0;
  auto got = ::recv(fd_, &byte, 1, MSG_PEEK);
  return got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

}  // namespace weir::net
