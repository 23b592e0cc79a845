// Clients of other clusters, by what describes them: releases of one cluster share one client. What
// was not asked for in a while is let go. Thread-safe.
//
// Of a kubeconfig only what stands in it counts: files, credential plugins and impersonation are
// left out, and TLS is verified unless the operator said otherwise.
#pragma once

#include <list>
#include <mutex>
#include <string>

#include "adapters/kube/client.hh"
#include "engine/reconcile/cluster_port.hh"

namespace weir::kube {

class RemoteClusters final : public reconcile::ClusterPort {
 public:
  // `local` hands out tokens of its accounts; null: descriptions with an account are refused. Not
  // owned; outlives this.
  RemoteClusters(KubeClient* local, bool allow_insecure_tls)
      : local_(local), allow_insecure_tls_(allow_insecure_tls) {}

  Result<reconcile::KubeApiPtr> connect(const reconcile::ClusterDescription& cluster) override;

 private:
  static constexpr std::size_t clients_max = 64;
  static constexpr std::chrono::milliseconds timeout{30'000};
  struct Entry {
    std::string key;
    reconcile::KubeApiPtr client;
  };
  Result<ClusterAccess> access_to(const reconcile::ClusterDescription& cluster) const;

  KubeClient* local_;
  bool allow_insecure_tls_;
  std::mutex mutex_;
  std::list<Entry> recent_;  // newest first
};

// A token of an account, from the TokenRequest API. `account.name` "" is the account that `client`
// itself is. Errors: unsupported (it is none), those of the API.
Result<IssuedToken> request_token(KubeClient& client, reconcile::ClusterAccount account);

}  // namespace weir::kube
