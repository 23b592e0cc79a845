// The RemoteLoader of kustomizations: files over HTTP, repositories through a GitPort, so that a
// base fetched once costs the next build one listing of the remote.
//
// Thread-safe. No credentials of its own: userinfo in a URL serves, and for SSH what
// `ssh_credentials` hands out. Error texts never hold userinfo or queries.
#pragma once

#include <functional>
#include <string>

#include "adapters/net/http_client.hh"
#include "engine/kustomize/build.hh"
#include "engine/reconcile/source_port.hh"

namespace weir::remote {

struct RemoteOptions {
  bool allow_local = false;  // file:// repositories: the command line only
  std::function<reconcile::GitCredentials()> ssh_credentials;  // may be empty
};

class RemoteBases final : public kustomize::RemoteLoader {
 public:
  // Both ports outlive it.
  RemoteBases(reconcile::GitPort& git, net::HttpClient& http, RemoteOptions options = {});

  Result<std::string> fetch_file(const std::string& url) override;
  Result<kustomize::RemoteTree> fetch_repository(const kustomize::RepoSpec& spec) override;

 private:
  reconcile::GitPort& git_;
  net::HttpClient& http_;
  RemoteOptions options_;
};

// "user@host:path", as Git takes it for SSH, as a URL; anything else stays.
std::string expand_scp_address(const std::string& address);

// The keys of the account that runs this process: the first of ~/.ssh/id_ed25519, id_ecdsa and
// id_rsa that can be read, with ~/.ssh/known_hosts and the system's. Empty without a home.
reconcile::GitCredentials home_ssh_credentials();

}  // namespace weir::remote
