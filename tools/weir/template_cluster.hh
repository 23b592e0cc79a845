// The cluster that `weir template --dry-run=server` asks: its version and kinds, `lookup` on its
// objects, and whether what was rendered could be installed there. Nothing is written. One thread;
// calls block.
#pragma once

#include <memory>
#include <string>

#include "adapters/kube/client.hh"
#include "engine/helm/render.hh"
#include "engine/reconcile/helm_cluster.hh"

namespace weir::cli {

class TemplateCluster {
 public:
  // As kubectl finds it; "" = the environment's kubeconfig and its current context. Errors: those
  // of find_access.
  static Result<std::unique_ptr<TemplateCluster>> open(const std::string& kubeconfig,
                                                       const std::string& context);

  // Sets capabilities and lookup. Errors: those of the API.
  Result<void> prepare(helm::RenderRequest& request);
  // Every manifest is of a kind that is served and stands in the way of no other release's object.
  // Neither fields nor hooks are looked at, as in Helm 4.2. Error: the first that does not, in
  // Helm's words.
  Result<void> check(const helm::RenderedChart& rendered, const helm::ReleaseOptions& release);

 private:
  explicit TemplateCluster(std::unique_ptr<kube::KubeClient> client);

  std::unique_ptr<kube::KubeClient> client_;
  reconcile::KubeLookup lookup_;
};

}  // namespace weir::cli
