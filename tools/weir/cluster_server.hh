// The one port of `weir run`: audit API, metrics, health and artifacts.
//
// Owner: run.cc; everything given must outlive it. Threads: those of api/http_server.
#pragma once

#include <memory>
#include <string>

#include "adapters/kube/client.hh"
#include "api/audit/audit_api.hh"
#include "api/http_server.hh"
#include "engine/reconcile/engine.hh"
#include "tools/weir/host.hh"

namespace weir::cli {

class ClusterServer {
 public:
  // `remote` may be null: then no build with remote bases can be traced.
  // Callers on loopback with the data directory's token may do everything; others are asked about
  // in the cluster (TokenReview, SubjectAccessReview). Errors: invalid (address), io.
  static Result<std::unique_ptr<ClusterServer>> open(const std::string& listen, Stores& stores,
                                                     reconcile::Engine& engine,
                                                     kube::KubeClient& client,
                                                     kustomize::RemoteLoader* remote);
  std::string url() const { return server_->url(); }
  std::string token() const { return token_; }

 private:
  ClusterServer() = default;

  clock::SystemClock clock_;
  std::string token_;
  std::unique_ptr<api::audit::AuditApi> audit_;
  std::unique_ptr<api::HttpServer> server_;  // goes first: it calls the audit API
};

}  // namespace weir::cli
