// Git over SSH with a key from memory: our own transport on libssh2, because libgit2's would offer
// host key types that the Secret's known_hosts does not hold, and would wait for a dead server for
// ever.
#pragma once

struct git_remote;
struct git_transport;

namespace weir::git {

// A git_transport_cb; `operation` is the Operation of the fetch.
int make_ssh_transport(git_transport** out, git_remote* owner, void* operation);

}  // namespace weir::git
