// A scripted TCP server on a loopback port of the system's choosing, for tests of the HTTP client.
//
// Each accepted connection runs the script on a thread of its own; the destructor closes what is
// open and joins. The script decides every byte, so malformed answers are as easy as good ones.
#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace weir::test {

struct SeenRequest {
  std::string head;  // request line and headers, without the empty line
  std::string body;
  std::string line() const { return head.substr(0, head.find('\r')); }
  // A header's value, "" when absent; the name in any case.
  std::string header(const std::string& name) const;
};

class Peer {
 public:
  explicit Peer(int fd) : fd_(fd) {}
  // The next request; false when the client closed.
  bool read(SeenRequest& request);
  void write(const std::string& bytes);
  // A complete answer with a Content-Length; to a HEAD without its body, as servers do.
  void answer(const std::string& status, const std::string& headers, const std::string& body);
  void close();

 private:
  int fd_;
  bool head_ = false;  // the last request asked for headers only
  std::string buffer_;
};

class Server {
 public:
  using Script = std::function<void(Peer&, int connection)>;  // connection: 0, 1, ... in order
  explicit Server(Script script);
  ~Server();
  // "http://127.0.0.1:PORT" with another name for the host if wanted.
  std::string url(const std::string& host = "127.0.0.1") const;
  int port() const { return port_; }
  int connections() const { return connections_; }

 private:
  void accept_all();
  Script script_;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<int> connections_{0};
  std::mutex mutex_;
  std::vector<int> open_;
  std::vector<std::thread> workers_;
  std::thread acceptor_;
};

}  // namespace weir::test
