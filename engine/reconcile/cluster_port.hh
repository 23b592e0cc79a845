// Clusters other than the one that weir runs against: what spec.kubeConfig of an applier names.
// Implementations: adapters/kube/remote_clusters; a scripted one in tests. Thread-safe; calls
// block.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/base/result.hh"
#include "engine/reconcile/kube_port.hh"

namespace weir::reconcile {

// An account of weir's own cluster, whose tokens the other cluster takes.
struct ClusterAccount {
  std::string ns, name;                // name "": weir's own account
  std::vector<std::string> audiences;  // of the token
};

// Where a cluster is and how it is spoken to: a kubeconfig, or an address and an account. Secret:
// never logged, never stored.
struct ClusterDescription {
  std::string where;       // names what it was read from in errors: "Secret 'ns/name', key 'value'"
  std::string kubeconfig;  // its text; "" = the fields below
  std::string server, ca_pem;
  ClusterAccount account;
};

using KubeApiPtr = std::shared_ptr<KubeApi>;

class ClusterPort {
 public:
  virtual ~ClusterPort() = default;
  // The same client for the same description, for as long as it is in use. Does not connect yet.
  // Errors: invalid and unsupported, naming the field; those of asking for a token.
  virtual Result<KubeApiPtr> connect(const ClusterDescription& description) = 0;
};

}  // namespace weir::reconcile
