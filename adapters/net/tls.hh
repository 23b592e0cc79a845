// TLS client state shared by the connections of one HttpClient: trust anchors, client certificate,
// and the last session per host (so that a new connection resumes instead of a full handshake).
//
// A TlsContext is thread-safe; a TlsSession belongs to one connection, its socket is non-blocking.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "adapters/net/http_client.hh"
#include "engine/base/result.hh"

namespace weir::net {

// What a non-blocking step came to.
enum class IoState : unsigned char { done, want_read, want_write, end };

struct IoResult {
  IoState state = IoState::done;
  std::size_t bytes = 0;
};

class TlsSession {
 public:
  virtual ~TlsSession() = default;
  // Errors of all: unavailable, reason "TLS" for certificate faults.
  virtual Result<IoState> handshake() = 0;
  virtual Result<IoResult> read(char* data, std::size_t size) = 0;
  virtual Result<IoResult> write(std::string_view data) = 0;
  // True when the idle session is still usable: no data and no close from the other side.
  virtual bool idle_alive() = 0;
  virtual void send_close() = 0;
};

class TlsContext {
 public:
  // Error: invalid (PEM that does not parse, key that does not fit).
  static Result<std::shared_ptr<TlsContext>> create(const TlsOptions& options);
  virtual ~TlsContext() = default;
  // `host` is what is verified and sent as SNI unless the options name another. The session must
  // not outlive this context.
  virtual Result<std::unique_ptr<TlsSession>> start(int fd, const std::string& host,
                                                    bool present_certificate) = 0;
};

}  // namespace weir::net
