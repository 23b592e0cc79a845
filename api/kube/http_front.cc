#include "api/kube/http_front.hh"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/strand.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <deque>
#include <mutex>
#include <set>
#include <shared_mutex>
#include <thread>
#include <utility>

#include "api/kube/certificate.hh"
#include "engine/base/limits.hh"
#include "engine/base/log.hh"
#include "engine/value/json.hh"

namespace weir::api::kube {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using tcp = asio::ip::tcp;
using ErrorCode = boost::system::error_code;

constexpr auto idle_time = std::chrono::minutes(10);
// How long a client that sent too much may go on before it is cut off.
constexpr auto refusal_time = std::chrono::seconds(5);
// A reader that falls this far behind its watch is dropped; it resumes from its last
// resourceVersion.
constexpr std::size_t stream_backlog_max = 64u << 20;

// As kube-apiserver words them.
std::string failure(std::string_view reason, std::string_view message, int code) {
  const Value status = Value::object({{"kind", "Status"},
                                      {"apiVersion", "v1"},
                                      {"metadata", Value::object()},
                                      {"status", "Failure"},
                                      {"message", message},
                                      {"reason", reason},
                                      {"code", code}});
  return value::write_json(status) + "\n";
}
std::string too_large() {
  return failure("RequestEntityTooLarge",
                 "Request entity too large: limit is " +
                     std::to_string(base::limits::http_request_bytes_max),
                 413);
}
std::string header_too_large() {
  return failure("BadRequest",
                 "the request's header is longer than " +
                     std::to_string(base::limits::http_header_bytes_max) + " bytes",
                 431);
}

class Routes {
 public:
  void add(std::string prefix, Handler handler) {
    const std::unique_lock lock(mutex_);
    handlers_[std::move(prefix)] = std::move(handler);
  }
  Response call(const Request& request) const {
    Handler found;
    {
      const std::shared_lock lock(mutex_);
      std::size_t longest = 0;
      for (const auto& [prefix, handler] : handlers_) {
        if (request.target.starts_with(prefix) && prefix.size() >= longest) {
          longest = prefix.size();
          found = handler;
        }
      }
    }
    if (found) return found(request);
    Response response;
    response.status = 404;
    response.content_type = "text/plain; charset=utf-8";
    response.body = "404 page not found\n";
    return response;
  }

 private:
  mutable std::shared_mutex mutex_;
  std::map<std::string, Handler> handlers_;
};

class Session : public std::enable_shared_from_this<Session> {
 public:
  virtual ~Session() = default;
  virtual void close() = 0;
};

// All that is open, so that stopping can close it.
class Sessions {
 public:
  bool add(const std::shared_ptr<Session>& session) {
    const std::lock_guard lock(mutex_);
    if (stopped_) return false;
    open_.insert(session);
    return true;
  }
  void remove(const std::shared_ptr<Session>& session) {
    const std::lock_guard lock(mutex_);
    open_.erase(session);
  }
  void close_all() {
    std::set<std::shared_ptr<Session>> open;
    {
      const std::lock_guard lock(mutex_);
      stopped_ = true;
      open.swap(open_);
    }
    for (const auto& session : open) session->close();
  }

 private:
  std::mutex mutex_;
  bool stopped_ = false;
  std::set<std::shared_ptr<Session>> open_;
};

template <typename Transport>
class Connection final : public Session {
 public:
  template <typename... Args>
  Connection(const Routes& routes, Sessions& sessions, tcp::socket socket, Args&... args)
      : routes_(routes), sessions_(sessions), transport_(std::move(socket), args...) {
    ErrorCode ignored;
    lowest().socket().set_option(tcp::no_delay(true), ignored);
    const auto peer = lowest().socket().remote_endpoint(ignored);
    if (!ignored) peer_ = peer.address().to_string() + ":" + std::to_string(peer.port());
  }

  void start() {
    asio::dispatch(transport_.get_executor(), [self = this->self()] { self->handshake(); });
  }

  void close() override {
    asio::post(transport_.get_executor(), [self = self()] { self->drop(); });
  }

 private:
  std::shared_ptr<Connection> self() {
    return std::static_pointer_cast<Connection>(this->shared_from_this());
  }
  beast::tcp_stream& lowest() { return beast::get_lowest_layer(transport_); }

  void handshake() {
    if constexpr (std::is_same_v<Transport, beast::tcp_stream>) {
      read();
    } else {
      lowest().expires_after(std::chrono::seconds(30));
      transport_.async_handshake(asio::ssl::stream_base::server, [self = self()](ErrorCode error) {
        if (error) return self->drop();
        self->read();
      });
    }
  }

  void read() {
    parser_.emplace();
    parser_->body_limit(base::limits::http_request_bytes_max);
    parser_->header_limit(base::limits::http_header_bytes_max);
    lowest().expires_after(idle_time);
    http::async_read(transport_, buffer_, *parser_, [self = self()](ErrorCode error, std::size_t) {
      if (error == http::error::body_limit) return self->refuse(413, too_large());
      if (error == http::error::header_limit) return self->refuse(431, header_too_large());
      if (error) return self->drop();
      self->answer();
    });
  }

  // The request is not read to its end. What still comes is thrown away for a while, so that the
  // client, which may write on before it reads, gets the answer and not a reset.
  void refuse(int code, std::string body) {
    http::response<http::string_body> out(static_cast<http::status>(code), 11);
    out.set(http::field::content_type, "application/json");
    out.keep_alive(false);
    out.body() = std::move(body);
    out.prepare_payload();
    out_.emplace(std::move(out));
    lowest().expires_after(refusal_time);
    http::async_write(transport_, *out_, [self = self()](ErrorCode error, std::size_t) {
      if (error) return self->drop();
      ErrorCode ignored;
      self->lowest().socket().shutdown(tcp::socket::shutdown_send, ignored);
      self->watch_for_end();
    });
  }

  void answer() {
    auto message = parser_->release();
    Request request;
    request.method = std::string(message.method_string());
    request.target = std::string(message.target());
    request.body = std::move(message.body());
    request.peer = peer_;
    for (const auto& field : message) {
      request.headers.emplace_back(std::string(field.name_string()), std::string(field.value()));
    }
    const bool keep = message.keep_alive();
    const unsigned version = message.version();
    lowest().expires_never();
    Response response = routes_.call(request);
    if (response.stream) return begin_stream(std::move(response));
    http::response<http::string_body> out(static_cast<http::status>(response.status), version);
    out.set(http::field::content_type, response.content_type);
    for (const auto& [key, value] : response.headers) out.insert(key, value);
    out.keep_alive(keep);
    const bool head = request.method == "HEAD";
    const std::size_t size = response.body.size();
    if (!head) out.body() = std::move(response.body);
    out.content_length(size);
    out_.emplace(std::move(out));
    serializer_.emplace(*out_);
    serializer_->split(false);
    lowest().expires_after(idle_time);
    const auto done = [self = self(), keep](ErrorCode error, std::size_t) {
      self->serializer_.reset();
      self->out_.reset();
      if (error || !keep) return self->drop();
      self->read();
    };
    if (head) {
      http::async_write_header(transport_, *serializer_, done);
    } else {
      http::async_write(transport_, *serializer_, done);
    }
  }

  // --- streams: the bytes come from any thread and are written on this connection's strand
  void begin_stream(Response response) {
    lowest().expires_never();
    std::string header = "HTTP/1.1 200 OK\r\nContent-Type: " + response.content_type +
                         "\r\nTransfer-Encoding: chunked\r\nCache-Control: no-cache, "
                         "private\r\nConnection: close\r\n\r\n";
    queue_.push_back(std::move(header));
    write_next();
    watch_for_end();
    const std::weak_ptr<Connection> weak = self();
    const auto sink = [weak](std::string bytes) {
      const auto connection = weak.lock();
      if (connection == nullptr) return false;
      asio::post(
          connection->transport_.get_executor(),
          [connection, text = std::move(bytes)]() mutable { connection->push(std::move(text)); });
      return true;
    };
    const auto end = [weak] {
      if (const auto connection = weak.lock()) {
        asio::post(connection->transport_.get_executor(),
                   [connection] { connection->end_stream(); });
      }
    };
    std::unique_ptr<Stream> stream = response.stream(sink, end);
    if (!dropped_) stream_ = std::move(stream);
  }

  void push(std::string bytes) {
    if (dropped_ || bytes.empty()) return;
    char size[24];
    std::snprintf(size, sizeof size, "%zx\r\n", bytes.size());
    backlog_ += bytes.size();
    if (backlog_ > stream_backlog_max) return drop();
    queue_.push_back(size + std::move(bytes) + "\r\n");
    write_next();
  }

  void end_stream() {
    if (dropped_) return;
    ending_ = true;
    queue_.push_back("0\r\n\r\n");
    write_next();
  }

  void write_next() {
    if (writing_ || dropped_) return;
    if (queue_.empty()) {
      if (ending_) drop();
      return;
    }
    writing_ = true;
    current_.clear();
    for (std::string& part : queue_) current_ += part;
    queue_.clear();
    backlog_ = 0;
    asio::async_write(transport_, asio::buffer(current_),
                      [self = self()](ErrorCode error, std::size_t) {
                        self->writing_ = false;
                        if (error) return self->drop();
                        self->write_next();
                      });
  }

  // A client that goes away is noticed by reading: nothing more is expected from it.
  void watch_for_end() {
    transport_.async_read_some(asio::buffer(ignored_),
                               [self = self()](ErrorCode error, std::size_t) {
                                 if (error) return self->drop();
                                 self->watch_for_end();
                               });
  }

  void drop() {
    if (std::exchange(dropped_, true)) return;
    stream_.reset();
    ErrorCode ignored;
    lowest().socket().shutdown(tcp::socket::shutdown_both, ignored);
    lowest().close();
    sessions_.remove(this->shared_from_this());
  }

  const Routes& routes_;
  Sessions& sessions_;
  Transport transport_;
  std::string peer_;
  beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::string_body>> parser_;
  std::optional<http::response<http::string_body>> out_;
  std::optional<http::response_serializer<http::string_body>> serializer_;
  std::unique_ptr<Stream> stream_;
  std::deque<std::string> queue_;
  std::string current_;
  std::size_t backlog_ = 0;
  bool writing_ = false;
  bool ending_ = false;
  bool dropped_ = false;
  std::array<char, 4096> ignored_{};
};

class BeastFront final : public HttpFront {
 public:
  explicit BeastFront(const FrontOptions& options)
      : options_(options), acceptor_(context_), tls_(asio::ssl::context::tls_server) {}

  ~BeastFront() override {
    ErrorCode ignored;
    asio::post(context_, [this] {
      ErrorCode quiet;
      acceptor_.close(quiet);
    });
    sessions_.close_all();
    // What the sessions still hold goes with the context; nothing waits for a slow client.
    work_.reset();
    context_.stop();
    for (std::thread& thread : threads_) thread.join();
  }

  Result<void> open() {
    ErrorCode error;
    const auto address = asio::ip::make_address(options_.address, error);
    if (error)
      return make_error(Code::invalid,
                        "listen address \"" + options_.address + "\" is no IP address");
    const tcp::endpoint endpoint(address, options_.port);
    acceptor_.open(endpoint.protocol(), error);
    if (!error) acceptor_.set_option(asio::socket_base::reuse_address(true), error);
    if (!error) acceptor_.bind(endpoint, error);
    if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
    if (error) {
      return make_error(Code::io, "cannot listen on " + options_.address + ":" +
                                      std::to_string(options_.port) + ": " + error.message());
    }
    port_ = acceptor_.local_endpoint(error).port();
    if (options_.tls) WEIR_CHECK(load_certificate());
    accept();
    for (unsigned i = 0; i < std::max(1u, options_.threads); ++i) {
      threads_.emplace_back([this] { context_.run(); });
    }
    return {};
  }

  void route(std::string prefix, Handler handler) override {
    routes_.add(std::move(prefix), std::move(handler));
  }
  std::uint16_t port() const override { return port_; }
  std::string url() const override {
    const std::string host = options_.address == "0.0.0.0" ? "127.0.0.1" : options_.address;
    return (options_.tls ? "https://" : "http://") +
           (host.find(':') != std::string::npos ? "[" + host + "]" : host) + ":" +
           std::to_string(port_);
  }
  const std::string& certificate() const override { return certificate_; }

 private:
  Result<void> load_certificate() {
    WEIR_TRY(const Certificate made, make_certificate(options_.address));
    ErrorCode error;
    tls_.use_certificate(asio::buffer(made.certificate), asio::ssl::context::pem, error);
    if (!error) tls_.use_private_key(asio::buffer(made.key), asio::ssl::context::pem, error);
    if (error)
      return make_error(Code::internal, "cannot use the TLS certificate: " + error.message());
    certificate_ = made.certificate;
    return {};
  }

  void accept() {
    acceptor_.async_accept(asio::make_strand(context_), [this](ErrorCode error,
                                                               tcp::socket socket) {
      if (error == asio::error::operation_aborted || !acceptor_.is_open()) return;
      if (!error) {
        if (options_.tls) {
          using Secure = beast::ssl_stream<beast::tcp_stream>;
          begin(std::make_shared<Connection<Secure>>(routes_, sessions_, std::move(socket), tls_));
        } else {
          begin(std::make_shared<Connection<beast::tcp_stream>>(routes_, sessions_,
                                                                std::move(socket)));
        }
      }
      accept();
    });
  }

  template <typename T>
  void begin(const std::shared_ptr<T>& connection) {
    if (sessions_.add(connection)) connection->start();
  }

  FrontOptions options_;
  Routes routes_;
  Sessions sessions_;
  asio::io_context context_;
  asio::executor_work_guard<asio::io_context::executor_type> work_ =
      asio::make_work_guard(context_);
  tcp::acceptor acceptor_;
  asio::ssl::context tls_;
  std::string certificate_;
  std::uint16_t port_ = 0;
  std::vector<std::thread> threads_;
};

}  // namespace

Result<std::unique_ptr<HttpFront>> listen(const FrontOptions& options) {
  auto front = std::make_unique<BeastFront>(options);
  WEIR_CHECK(front->open());
  return std::unique_ptr<HttpFront>(std::move(front));
}

}  // namespace weir::api::kube
