#include "tools/weir/template_cluster.hh"

#include <utility>

#include "adapters/kube/kubeconfig.hh"
#include "engine/reconcile/helm_object.hh"
#include "tools/weir/value_files.hh"

namespace weir::cli {

TemplateCluster::TemplateCluster(std::unique_ptr<kube::KubeClient> client)
    : client_(std::move(client)), lookup_(*client_, {}) {}

namespace {

Result<void> lay_over(const ClusterFlags& flags, kube::ClusterAccess& access) {
  if (!flags.server.empty()) access.server = flags.server;
  if (!flags.token.empty()) {
    access.token = flags.token;
    access.token_file.clear();
    access.exec.reset();
  }
  if (!flags.ca_file.empty()) {
    WEIR_TRY(access.tls.ca_pem, read_value_file(flags.ca_file));
  }
  if (!flags.tls_server_name.empty()) access.tls.server_name = flags.tls_server_name;
  access.tls.insecure = access.tls.insecure || flags.insecure;
  if (flags.as_user.empty() && !flags.as_groups.empty())
    return make_error(Code::invalid, "--kube-as-group needs --kube-as-user");
  if (flags.as_user.empty()) return {};
  access.impersonate = {{"Impersonate-User", flags.as_user}};
  for (const std::string& group : flags.as_groups)
    access.impersonate.push_back({"Impersonate-Group", group});
  return {};
}

}  // namespace

Result<std::unique_ptr<TemplateCluster>> TemplateCluster::open(const ClusterFlags& flags) {
  kube::KubeconfigOptions options;
  options.context = flags.context;
  options.allow_exec = true;
  auto found = kube::find_access(flags.kubeconfig, options);
  // A server that is named needs no kubeconfig.
  if (!found.ok() && found.error().code == Code::not_found && !flags.kubeconfig.empty())
    return make_error(Code::not_found,
                      "cluster reachability check failed: kubernetes cluster unreachable: stat " +
                          flags.kubeconfig + ": no such file or directory");
  if (!found.ok() && (flags.server.empty() || found.error().code != Code::not_found))
    return std::move(found).error();
  kube::ClusterAccess access = found.ok() ? *std::move(found) : kube::ClusterAccess{};
  WEIR_CHECK(lay_over(flags, access));
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
                                    const helm::ReleaseOptions& release, bool take_ownership) {
  WEIR_TRY(const auto objects,
           reconcile::release_objects(*client_, helm::manifest_text(rendered, false), release.ns)
               .with_context("unable to build kubernetes objects from release manifest"));
  if (release.is_upgrade) return {};  // what is there is then the release's own
  for (const reconcile::HelmObject& object : objects) {
    if (object.generated) continue;
    const auto live = client_->get(object.id, {});
    if (!live.ok() && live.error().code == Code::not_found) continue;
    if (live.ok() && take_ownership) continue;
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
