// The HTTP/1.1 client of every adapter: blocking calls, TLS, keep-alive pool, proxies, redirects,
// gzip.
//
// One HttpClient serves any number of threads and hosts; connections are pooled per host and
// reused, a dead pooled connection is replaced once when the request may be sent again. Nothing
// here follows a deadline of its own making: every call ends by the request's `timeout`.
//
// Errors: invalid (URL, header), unavailable (refused, reset, no such host, TLS; reason "TLS" for
// the latter), timeout, limit (header or body above its cap), cancelled (after cancel()),
// unsupported. Any HTTP status is a response, not an error. Texts read `Get "https://host/path":
// <cause>`; they never hold userinfo, a query, a header or a body.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/limits.hh"
#include "engine/base/result.hh"

namespace weir::net {

struct Header {
  std::string name;
  std::string value;
};
using Headers = std::vector<Header>;

// The first header of that name (case ignored); nullptr when there is none.
const std::string* find_header(const Headers& headers, std::string_view name);
// "Basic <base64>": the value of an Authorization header.
std::string basic_authorization(std::string_view user, std::string_view password);

struct TlsOptions {
  std::string ca_pem;       // trust anchors; "" = the system's
  bool system_too = false;  // the system's beside ca_pem
  bool insecure = false;    // no verification at all
  std::string server_name;  // SNI and verification name; "" = the URL's host
  std::string cert_pem;     // client certificate chain, leaf first; goes to the first host only
  std::string key_pem;      // its key, unencrypted
};

struct HttpClientOptions {
  TlsOptions tls;
  std::string proxy_url;  // "" = HTTP_PROXY, HTTPS_PROXY and NO_PROXY when environment_proxy
  bool environment_proxy = true;
  std::size_t connections_per_host_max = 64;  // further calls wait; open() streams do not count
  std::chrono::milliseconds idle_timeout{90'000};
  std::chrono::milliseconds connect_timeout{10'000};  // TCP, proxy and TLS handshake
};

// Receives body bytes in order; an error ends the request with it.
using BodySink = std::function<Result<void>(std::string_view)>;

struct HttpRequest {
  std::string method = "GET";
  std::string url;
  Headers headers;  // Host, Content-Length, User-Agent and Accept-Encoding are filled in
  std::string body;
  std::chrono::milliseconds timeout{60'000};  // the whole exchange, redirects included
  std::size_t body_bytes_max = base::limits::http_body_bytes_max;  // decoded
  bool accept_gzip =
      true;  // asks for gzip and decodes it; off: the body comes as the server sends it
  bool follow_redirects = true;
  bool idempotent = false;  // safe to send twice though the method does not say so
  BodySink sink;            // takes the body of a 2xx answer instead of HttpResponse::body
};

struct HttpResponse {
  int status = 0;
  Headers headers;
  std::string body;
  std::string url;  // after redirects
};

// An answer whose body is still coming. One thread at a time.
class HttpStream {
 public:
  enum class State : unsigned char { data, would_block, end };
  virtual ~HttpStream() = default;  // closes the connection
  virtual int status() const = 0;
  virtual const Headers& headers() const = 0;
  // The socket, to wait on; valid while this lives. Wait only after read() said would_block.
  virtual int fd() const = 0;
  // Appends what has arrived to `out` without waiting (at most about 64 KiB a call).
  virtual Result<State> read(std::string& out) = 0;
  // Appends the rest of the body, waiting at most `timeout`, at most `bytes_max`.
  virtual Result<void> read_all(std::string& out, std::size_t bytes_max,
                                std::chrono::milliseconds timeout) = 0;
};

class HttpClient {
 public:
  // Fails on unusable PEM texts or proxy URL. Error: invalid.
  static Result<std::unique_ptr<HttpClient>> create(HttpClientOptions options);
  virtual ~HttpClient() = default;

  virtual Result<HttpResponse> send(const HttpRequest& request) = 0;
  // Returns once the head of the answer is here. No redirects, no gzip; a connection of its own.
  virtual Result<std::unique_ptr<HttpStream>> open(const HttpRequest& request) = 0;
  // Ends running calls with `cancelled`, shuts open streams down and refuses new ones. For good.
  virtual void cancel() = 0;
  virtual void close_idle() = 0;
};

}  // namespace weir::net
