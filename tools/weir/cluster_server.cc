#include "tools/weir/cluster_server.hh"

#include "api/artifact_files.hh"

namespace weir::cli {
namespace {

bool is_audit(std::string_view target) {
  const std::string_view path = target.substr(0, target.find('?'));
  return path.starts_with("/weir/") || path == "/metrics" || path == "/healthz" ||
         path == "/readyz";
}

}  // namespace

Result<std::unique_ptr<ClusterServer>> ClusterServer::open(const std::string& listen,
                                                           Stores& stores,
                                                           reconcile::Engine& engine,
                                                           kube::KubeClient& client,
                                                           kustomize::RemoteLoader* remote) {
  WEIR_TRY(const Address address, parse_address(listen));
  std::unique_ptr<ClusterServer> out(new ClusterServer);
  WEIR_TRY(out->token_, load_or_create_token(stores.directory));
  api::audit::AuditOptions audit = stores.audit(out->clock_);
  audit.engine = &engine;
  audit.reviews = &client;
  audit.kube = &client;
  audit.remote = remote;
  audit.token = out->token_;
  audit.token_on_loopback_only = true;
  out->audit_ = std::make_unique<api::audit::AuditApi>(std::move(audit));
  api::ServerOptions server;
  server.address = address.host.empty() ? "0.0.0.0" : address.host;
  server.port = address.port;
  WEIR_TRY(out->server_,
           api::serve(server, [audit_api = out->audit_.get(),
                               artifacts = stores.artifacts.get()](const auto& request) {
             if (is_audit(request.target)) return audit_api->handle(request);
             return api::serve_artifact(*artifacts, request);
           }));
  return out;
}

}  // namespace weir::cli
