#include "tools/weir/template_cluster.hh"

#include <utility>

#include "adapters/kube/kubeconfig.hh"
#include "engine/reconcile/helm_object.hh"

namespace weir::cli {

TemplateCluster::TemplateCluster(std::unique_ptr<kube::KubeClient> client)
    : client_(std::move(client)), lookup_(*client_, {}) {}

Result<std::unique_ptr<TemplateCluster>> TemplateCluster::open(const std::string& kubeconfig,
                                                               const std::string& context) {
  kube::KubeconfigOptions options;
  options.context = context;
  options.allow_exec = true;
  WEIR_TRY(kube::ClusterAccess access, kube::find_access(kubeconfig, options));
  WEIR_TRY(auto client, kube::KubeClient::create(std::move(access)));
  return std::unique_ptr<TemplateCluster>(new TemplateCluster(std::move(client)));
}

Result<void> TemplateCluster::prepare(helm::RenderRequest& request) {
  auto version = client_->server_version().with_context("Kubernetes cluster unreachable");
  if (!version.ok()) return std::move(version).error();
  const helm::HelmVersion own = request.capabilities.helm_version;
  WEIR_TRY(request.capabilities, reconcile::cluster_capabilities(*client_, *version));
  request.capabilities.helm_version = own;
  request.engine.lookup = &lookup_;
  return {};
}

Result<void> TemplateCluster::check(const helm::RenderedChart& rendered,
                                    const helm::ReleaseOptions& release) {
  WEIR_TRY(const auto objects,
           reconcile::release_objects(*client_, helm::manifest_text(rendered, false), release.ns)
               .with_context("unable to build kubernetes objects from release manifest"));
  for (const reconcile::HelmObject& object : objects) {
    if (object.generated) continue;
    const auto live = client_->get(object.id, {});
    if (!live.ok() && live.error().code == Code::not_found) continue;
    if (!live.ok())
      return Error(live.error())
          .with_context("unable to continue with install: could not get information about the "
                        "resource " +
                        object.id.gvk.kind + " " + object.id.name);
    WEIR_CHECK(reconcile::check_ownership(object, *live, release.name, release.ns)
                   .with_context("unable to continue with install"));
  }
  return {};
}

}  // namespace weir::cli
