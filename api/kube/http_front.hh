// The HTTP port of the embedded Kubernetes API and of the program's other handlers: HTTP/1.1 with
// keep-alive and chunked watch streams, plain or TLS with a certificate made at start.
//
// Owner: api/kube. Threads: `threads` of its own serve connections; handlers are called on them,
// several at once. Destruction closes the port, ends the streams and joins. Failure: listen()
// returns io or invalid; a broken connection is only its own.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "api/kube/message.hh"
#include "engine/base/result.hh"

namespace weir::api::kube {

struct FrontOptions {
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;  // 0 = any free one, see HttpFront::port()
  unsigned threads = 2;
  bool tls = false;  // a self-signed certificate for localhost and `address`
};

class HttpFront {
 public:
  virtual ~HttpFront() = default;

  // Requests whose path begins with `prefix` ("/weir/") go to `handler`; the longest prefix wins.
  // Call before or while serving. "/" is what nobody else claims (usually KubeServer::handle).
  virtual void route(std::string prefix, Handler handler) = 0;

  virtual std::uint16_t port() const = 0;
  virtual std::string url() const = 0;                 // "http://127.0.0.1:8443"
  virtual const std::string& certificate() const = 0;  // PEM for a kubeconfig; "" without TLS
};

// Opens the port and serves. Errors: io (address in use), invalid (bad address).
Result<std::unique_ptr<HttpFront>> listen(const FrontOptions& options);

}  // namespace weir::api::kube
