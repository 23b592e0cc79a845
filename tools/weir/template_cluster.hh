// The cluster that `weir template --dry-run=server` asks: its version and kinds, `lookup` on its
// objects, and whether what was rendered could be installed there. Nothing is written. One thread;
// calls block.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "adapters/kube/client.hh"
#include "engine/helm/render.hh"
#include "engine/reconcile/helm_cluster.hh"

namespace weir::cli {

// Helm's flags (--kube-apiserver ...), laid over what the kubeconfig says; "" = as it says.
struct ClusterFlags {
  std::string kubeconfig, context;  // "": the environment's kubeconfig, its current context
  std::string server, token, ca_file, tls_server_name, as_user;
  std::vector<std::string> as_groups;
  bool insecure = false;
};

class TemplateCluster {
 public:
  // As kubectl finds it. Errors: those of find_access, not_found (a file that is not there).
  static Result<std::unique_ptr<TemplateCluster>> open(const ClusterFlags& flags);

  // Sets capabilities and lookup. Errors: those of the API.
  Result<void> prepare(helm::RenderRequest& request);
  // Every manifest is of a kind that is served and, unless what others own may be taken over,
  // stands in the way of no other release's object. Neither fields nor hooks are looked at, as in
  // Helm 4.2. Error: the first that does not, in Helm's words.
  Result<void> check(const helm::RenderedChart& rendered, const helm::ReleaseOptions& release,
                     bool take_ownership);

 private:
  explicit TemplateCluster(std::unique_ptr<kube::KubeClient> client);

  std::unique_ptr<kube::KubeClient> client_;
  reconcile::KubeLookup lookup_;
};

}  // namespace weir::cli
