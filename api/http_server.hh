// The HTTP server of `weir run`: audit API, metrics, health and artifacts on one port, over
// cpprestsdk. Plain HTTP; TLS is for what stands in front of it.
//
// Handlers run on the library's threads, several at once. Destruction closes the port, ends the
// streams and waits for running handlers. Failure: serve() returns io (address in use, the library
// cannot be loaded) or invalid.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "api/kube/message.hh"
#include "engine/base/result.hh"

namespace weir::api {

struct ServerOptions {
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;  // 0 = any free one
  std::size_t body_bytes_max = 1u << 20;  // of a request; more is answered with 413
};

class HttpServer {
 public:
  virtual ~HttpServer() = default;
  virtual std::uint16_t port() const = 0;
  virtual std::string url() const = 0;  // "http://127.0.0.1:9790"
};

// Opens the port and gives every request to `handler`.
Result<std::unique_ptr<HttpServer>> serve(const ServerOptions& options, kube::Handler handler);

using Serve = Result<std::unique_ptr<HttpServer>> (*)(const ServerOptions&, kube::Handler);

}  // namespace weir::api

// What http_library.cc finds in the library that http_server.cc is.
extern "C" weir::api::Serve weir_http_serve();
