#include "api/http_server.hh"

#include <arpa/inet.h>
#include <cpprest/containerstream.h>
#include <cpprest/http_listener.h>
#include <cpprest/producerconsumerstream.h>
#include <netinet/in.h>
#include <pplx/threadpool.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <set>

namespace weir::api {
namespace {

namespace rest = web::http;

constexpr std::size_t threads = 8;
// A reader that falls this far behind its stream is dropped; it resumes from its last event.
constexpr std::size_t stream_backlog_max = 64u << 20;

using Buffer = concurrency::streams::producer_consumer_buffer<std::uint8_t>;

// One streamed answer: bytes go from the handler's stream into the buffer that the library sends.
class Streaming {
 public:
  bool push(const std::string& bytes) {
    if (gone_) return false;
    if (buffer_.in_avail() > stream_backlog_max) {
      end();
      return false;
    }
    try {
      buffer_.putn_nocopy(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()).wait();
      buffer_.sync().wait();
    } catch (const std::exception&) {
      return false;
    }
    return true;
  }
  void end() {
    if (gone_.exchange(true)) return;
    buffer_.close(std::ios_base::out);
  }
  Buffer buffer() const { return buffer_; }
  std::unique_ptr<kube::Stream> stream;

 private:
  Buffer buffer_;
  std::atomic<bool> gone_{false};
};

rest::http_response convert(kube::Response& response, bool head) {
  rest::http_response out(static_cast<rest::status_code>(response.status));
  for (const auto& [name, value] : response.headers) out.headers().add(name, value);
  if (response.status == 304) return out;
  if (head) {
    // The length without the bytes; the library then closes the connection.
    out.set_body(concurrency::streams::bytestream::open_istream(std::string()),
                 response.body.size(), response.content_type);
    return out;
  }
  out.set_body(std::move(response.body), response.content_type);
  return out;
}

rest::http_response refusal(rest::status_code status, const std::string& message) {
  rest::http_response out(status);
  out.set_body("{\"code\":\"limit\",\"message\":\"" + message + "\"}\n", "application/json");
  out.headers().add("Connection", "close");
  return out;
}

// What tasks of the library refer to; some end after the server has.
struct Shared {
  ServerOptions options;
  kube::Handler handler;
  std::mutex mutex;  // everything below
  std::condition_variable idle;
  std::set<std::shared_ptr<Streaming>> streams;
  int running = 0;  // handlers
  bool stopping = false;

  bool enter() {
    const std::lock_guard lock(mutex);
    if (stopping) return false;
    ++running;
    return true;
  }
  void leave() {
    const std::lock_guard lock(mutex);
    if (--running == 0) idle.notify_all();
  }
  // Ends every stream and waits for running handlers.
  void stop() {
    std::set<std::shared_ptr<Streaming>> open;
    {
      std::unique_lock lock(mutex);
      stopping = true;
      idle.wait(lock, [this] { return running == 0; });
      open.swap(streams);
    }
    for (const auto& streaming : open) {
      streaming->end();
      streaming->stream.reset();
    }
  }
};
using SharedPtr = std::shared_ptr<Shared>;

void begin_stream(const SharedPtr& shared, rest::http_request& request, kube::Response response) {
  const auto streaming = std::make_shared<Streaming>();
  rest::http_response out(static_cast<rest::status_code>(response.status));
  out.headers().add("Cache-Control", "no-cache");
  out.headers().add("Connection", "close");
  out.set_body(streaming->buffer().create_istream(), response.content_type);
  const std::weak_ptr<Streaming> weak = streaming;
  streaming->stream = response.stream(
      [weak](std::string bytes) {
        const auto target = weak.lock();
        return target != nullptr && target->push(bytes);
      },
      [weak] {
        if (const auto target = weak.lock()) target->end();
      });
  {
    const std::lock_guard lock(shared->mutex);
    shared->streams.insert(streaming);
  }
  request.reply(out).then([shared, streaming](pplx::task<void> sent) {
    try {
      sent.get();
    } catch (const std::exception&) {
      // The reader has gone: the usual end of a stream.
    }
    streaming->end();
    {
      const std::lock_guard lock(shared->mutex);
      if (shared->streams.erase(streaming) == 0) return;
    }
    streaming->stream.reset();
  });
}

void answer(const SharedPtr& shared, rest::http_request& request, std::string body) {
  kube::Request taken;
  taken.method = request.method();
  taken.target = request.request_uri().to_string();
  taken.peer = request.remote_address();
  taken.body = std::move(body);
  for (const auto& [name, value] : request.headers()) taken.headers.emplace_back(name, value);
  kube::Response response = shared->handler(taken);
  if (response.stream) return begin_stream(shared, request, std::move(response));
  request.reply(convert(response, taken.method == "HEAD"));
}

void take(const SharedPtr& shared, rest::http_request request) {
  const rest::http_headers& headers = request.headers();
  if (headers.has("Transfer-Encoding")) {
    request.reply(refusal(411, "a body needs a Content-Length"));
    return;
  }
  if (headers.content_length() > shared->options.body_bytes_max) {
    request.reply(refusal(413, "the body is too long"));
    return;
  }
  request.extract_string(true).then([shared, request](pplx::task<std::string> body) mutable {
    if (!shared->enter()) return;
    try {
      answer(shared, request, body.get());
    } catch (const std::exception&) {
      // The client broke off; nobody is there to be answered.
    }
    shared->leave();
  });
}

class RestServer final : public HttpServer {
 public:
  RestServer(ServerOptions options, kube::Handler handler)
      : options_(options), shared_(std::make_shared<Shared>()) {
    shared_->options = std::move(options);
    shared_->handler = std::move(handler);
  }

  ~RestServer() override {
    shared_->stop();
    if (listener_ == nullptr) return;
    try {
      listener_->close().wait();
    } catch (const std::exception&) {
      // The port is gone either way.
    }
  }

  Result<void> open() {
    try {
      crossplat::threadpool::initialize_with_threads(threads);
    } catch (const std::exception&) {
      // Made before, with threads of its own.
    }
    try {
      const bool v6 = options_.address.find(':') != std::string::npos;
      url_ = "http://" + (v6 ? "[" + options_.address + "]" : options_.address) + ":" +
             std::to_string(options_.port);
      rest::experimental::listener::http_listener_config config;
      config.set_timeout(utility::seconds(300));
      listener_ =
          std::make_unique<rest::experimental::listener::http_listener>(web::uri(url_), config);
      listener_->support(
          [shared = shared_](rest::http_request request) { take(shared, std::move(request)); });
      listener_->open().wait();
    } catch (const std::exception& error) {
      return make_error(Code::io, "cannot listen on " + options_.address + ":" +
                                      std::to_string(options_.port) + ": " + error.what());
    }
    return {};
  }

  std::uint16_t port() const override { return options_.port; }
  std::string url() const override {
    if (options_.address == "0.0.0.0") return "http://127.0.0.1:" + std::to_string(options_.port);
    return url_;
  }

 private:
  ServerOptions options_;
  std::string url_;
  SharedPtr shared_;
  std::unique_ptr<rest::experimental::listener::http_listener> listener_;
};

// The library cannot be asked which port it took, so a free one is looked for first.
Result<std::uint16_t> free_port(const std::string& address) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in name{};
  name.sin_family = AF_INET;
  const bool known = ::inet_pton(AF_INET, address.c_str(), &name.sin_addr) == 1;
  socklen_t size = sizeof name;
  const bool bound = fd >= 0 && known &&
                     ::bind(fd, reinterpret_cast<sockaddr*>(&name), sizeof name) == 0 &&
                     ::getsockname(fd, reinterpret_cast<sockaddr*>(&name), &size) == 0;
  if (fd >= 0) ::close(fd);
  if (!known) return make_error(Code::invalid, "port 0 needs an IPv4 address, not " + address);
  if (!bound)
    return make_error(Code::io, "no free port on " + address + ": " + std::strerror(errno));
  return ntohs(name.sin_port);
}

Result<std::unique_ptr<HttpServer>> serve_rest(const ServerOptions& options,
                                               kube::Handler handler) {
  ServerOptions given = options;
  if (given.port == 0) {
    WEIR_TRY(given.port, free_port(given.address));
  }
  auto server = std::make_unique<RestServer>(std::move(given), std::move(handler));
  WEIR_CHECK(server->open());
  return std::unique_ptr<HttpServer>(std::move(server));
}

}  // namespace
}  // namespace weir::api

extern "C" weir::api::Serve weir_http_serve() { return weir::api::serve_rest; }
