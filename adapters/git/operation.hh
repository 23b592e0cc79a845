// One conversation with a Git server: its deadline, its credentials and what went wrong. Made on
// the stack of GitMirrors::checkout and reached from the transports that libgit2 calls back, all on
// that one thread.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "engine/base/result.hh"
#include "engine/reconcile/source_port.hh"

namespace weir::git {

// A remote's address, taken apart.
struct RemoteUrl {
  std::string scheme;  // "http", "https", "ssh" or "file"
  std::string user, password;
  std::string host, port;  // the scheme's own port when none is written
  std::string path;        // with its leading '/'
  std::string clean;       // without userinfo: for texts, the mirror's name, and libgit2

  // Errors: invalid with the reason "URLInvalid"; file addresses and plain paths only when
  // `allow_local`.
  static Result<RemoteUrl> parse(std::string_view text, bool allow_local);
};

struct Operation {
  using Clock = std::chrono::steady_clock;

  const RemoteUrl& url;
  const reconcile::GitCredentials& credentials;
  Clock::time_point deadline;
  bool confidential = false;     // credentials are sent: no other host may be reached
  std::optional<Error> failure;  // the first fault of a transport; better than libgit2's own text

  // Remembers the fault, hands its text to libgit2 as well, and returns -1 for it.
  int fail(Error error);
  bool expired() const { return Clock::now() >= deadline; }
};

// The operation running on this thread, for the streams that libgit2 makes without a payload.
class CurrentOperation {
 public:
  explicit CurrentOperation(Operation& operation);
  ~CurrentOperation();
  CurrentOperation(const CurrentOperation&) = delete;
  CurrentOperation& operator=(const CurrentOperation&) = delete;
  static Operation* get();
};

}  // namespace weir::git
