#include "tests/unit/adapters/net_server.hh"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>

#include "engine/base/assert.hh"

namespace weir::test {

std::string SeenRequest::header(const std::string& name) const {
  std::size_t at = head.find("\r\n");
  while (at != std::string::npos) {
    std::size_t begin = at + 2;
    at = head.find("\r\n", begin);
    std::string line = head.substr(begin, at == std::string::npos ? at : at - begin);
    if (line.size() > name.size() && line[name.size()] == ':' &&
        ::strncasecmp(line.data(), name.data(), name.size()) == 0) {
      return line.substr(name.size() + 2);
    }
  }
  return "";
}

bool Peer::read(SeenRequest& request) {
  auto more = [&] {
    char bytes[4096];
    auto got = ::recv(fd_, bytes, sizeof bytes, 0);
    if (got > 0) buffer_.append(bytes, static_cast<std::size_t>(got));
    return got > 0;
  };
  while (buffer_.find("\r\n\r\n") == std::string::npos) {
    if (!more()) return false;
    // A TLS handshake, say: servers refuse it at its first line, and its sender need not wait.
    if (buffer_.front() < 'A' || buffer_.front() > 'Z') {
      write("HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
      return false;
    }
  }
  auto end = buffer_.find("\r\n\r\n");
  request.head = buffer_.substr(0, end);
  head_ = request.head.starts_with("HEAD ");
  buffer_.erase(0, end + 4);
  auto length = static_cast<std::size_t>(std::atoi(request.header("Content-Length").c_str()));
  while (buffer_.size() < length) {
    if (!more()) return false;
  }
  request.body = buffer_.substr(0, length);
  buffer_.erase(0, length);
  return true;
}

void Peer::write(const std::string& bytes) {
  std::size_t sent = 0;
  while (sent < bytes.size()) {
    auto step = ::send(fd_, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (step <= 0) return;
    sent += static_cast<std::size_t>(step);
  }
}

void Peer::answer(const std::string& status, const std::string& headers, const std::string& body) {
  write("HTTP/1.1 " + status + "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" +
        headers + "\r\n" + (head_ ? "" : body));
}

void Peer::close() { ::shutdown(fd_, SHUT_RDWR); }

Server::Server(Script script) : script_(std::move(script)) {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  WEIR_ASSERT(::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) == 0);
  WEIR_ASSERT(::listen(listener_, 64) == 0);
  ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { accept_all(); });
}

void Server::accept_all() {
  while (true) {
    int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) return;
    int number = connections_++;
    std::lock_guard lock(mutex_);
    open_.push_back(fd);
    workers_.emplace_back([this, fd, number] {
      Peer peer(fd);
      script_(peer, number);
      ::shutdown(fd, SHUT_RDWR);
    });
  }
}

Server::~Server() {
  ::shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  for (int fd : open_) ::shutdown(fd, SHUT_RDWR);
  for (auto& worker : workers_) worker.join();
  for (int fd : open_) ::close(fd);
  ::close(listener_);
}

std::string Server::url(const std::string& host) const {
  return "http://" + host + ":" + std::to_string(port_);
}

}  // namespace weir::test
