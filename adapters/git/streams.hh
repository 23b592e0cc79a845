// The sockets and TLS under libgit2's HTTP transport are ours: deadlines, the system's certificates
// plus the Secret's CA, client certificates, and no other host while credentials are sent.
#pragma once

namespace weir::git {

// Starts libgit2 and registers the streams, once per process. Thread-safe.
void start_library();

}  // namespace weir::git
