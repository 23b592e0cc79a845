// A connection to a Git remote: its references, and fetching some of them into a bare repository.
// One thread, and only while its Operation is the current one.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/git/operation.hh"

struct git_remote;
struct git_repository;

namespace weir::git {

struct RemoteReference {
  std::string name;  // "refs/heads/main", "HEAD"; "refs/tags/v1^{}" is what the tag v1 points to
  std::string id;    // 40 hex digits
};

class Remote {
 public:
  // Prepares authentication. Errors: invalid with the reason "AuthenticationFailed".
  static Result<void> check_credentials(const RemoteUrl& url,
                                        const reconcile::GitCredentials& credentials);

  Remote(git_repository* repository, Operation& operation);
  ~Remote();
  Remote(const Remote&) = delete;
  Remote& operator=(const Remote&) = delete;

  // Errors: unauthorized, forbidden, not_found, unavailable, timeout.
  Result<void> connect(bool push = false);
  // The references in the order of the server; empty for an empty repository.
  Result<std::vector<RemoteReference>> list();
  // Fetches the objects behind the references, sending what the mirror has. Errors as connect.
  Result<void> fetch(const std::vector<std::string>& names);
  // Sets the remote's reference `name` to where the repository's own `local` stands; never forced.
  // After connect(true). Errors as connect; conflict (not a descendant, or the server refused).
  Result<void> push(const std::string& local, const std::string& name);

 private:
  struct Options;
  Error failure(int code) const;

  git_repository* repository_;
  Operation& operation_;
  git_remote* remote_ = nullptr;
  std::unique_ptr<Options> options_;
};

// Where the mirror keeps a reference of the remote: a flat name, so that "a" and "a/b" may follow
// each other.
std::string mirror_reference(std::string_view name);

}  // namespace weir::git
