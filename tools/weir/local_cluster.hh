// The embedded cluster that `weir up` and `weir kube` run: stores, Kubernetes API, engine, one HTTP
// port.
#pragma once

#include <memory>
#include <string>
#include <thread>

#include "adapters/kube/remote_clusters.hh"
#include "adapters/remote/remote_bases.hh"
#include "adapters/remote/schema_documents.hh"
#include "api/audit/audit_api.hh"
#include "api/kube/driver.hh"
#include "api/kube/http_front.hh"
#include "api/kube/server.hh"
#include "engine/base/log.hh"
#include "engine/reconcile/engine.hh"
#include "tools/weir/args.hh"
#include "tools/weir/host.hh"
#include "tools/weir/remotes.hh"

namespace weir::cli {

struct LocalOptions {
  std::string data_dir;          // "" = default_data_directory(); for kube: memory
  std::string listen;            // "" = 127.0.0.1:6480, or any free port when that is taken
  std::string write_kubeconfig;  // an extra copy of the kubeconfig
  std::string log = "off";
  int pod_start_ms = 150;
  reconcile::EngineOptions engine;
  CareOptions care;

  void add_to(Args& args);
  log::Level log_level() const;
};

// The API's port; with "" the default one, or any free one when that is taken.
Result<std::unique_ptr<api::kube::HttpFront>> listen_on(const std::string& address);

// Watches the references of a local repository and asks for a reconcile when they move.
class RepositoryWatch;

class LocalCluster {
 public:
  // Opens stores and the Kubernetes API and begins to serve it. Errors: io, corrupt, unavailable.
  static Result<std::unique_ptr<LocalCluster>> open(const LocalOptions& options);
  ~LocalCluster();

  // Starts the engine and writes serving.json. Errors: corrupt, io.
  Result<void> start();

  reconcile::KubeApi& kube() { return *kube_; }
  reconcile::Engine& engine() { return *engine_; }
  const base::Clock& clock() const { return clock_; }
  std::string url() const { return front_->url(); }
  const std::string& kubeconfig() const { return kubeconfig_; }
  // file:// URLs only; nothing for others.
  std::unique_ptr<RepositoryWatch> watch_repository(const std::string& url,
                                                    const std::string& name);

 private:
  LocalCluster() = default;
  Result<void> write_kubeconfigs(const std::string& copy);

  clock::SystemClock clock_;
  std::string token_;
  std::string kubeconfig_;
  Stores stores_;
  std::unique_ptr<git::GitMirrors> git_;
  std::unique_ptr<net::HttpClient> http_;
  std::unique_ptr<remote::RemoteBases> bases_;
  std::unique_ptr<remote::SchemaDocuments> schemas_;
  std::unique_ptr<Remotes> remotes_;
  std::unique_ptr<api::kube::KubeServer> server_;
  std::unique_ptr<api::kube::Driver> driver_;
  std::unique_ptr<reconcile::KubeApi> kube_;
  kube::RemoteClusters clusters_{nullptr, false};
  std::unique_ptr<reconcile::Engine> engine_;
  std::unique_ptr<api::audit::AuditApi> audit_;
  std::unique_ptr<api::kube::HttpFront> front_;
};

class RepositoryWatch {
 public:
  RepositoryWatch(reconcile::KubeApi& kube, const base::Clock& clock, std::string directory,
                  std::string name);
  ~RepositoryWatch();

 private:
  void watch();
  void request();

  reconcile::KubeApi& kube_;
  const base::Clock& clock_;
  std::string directory_, name_;
  int inotify_ = -1, stop_pipe_[2] = {-1, -1};
  std::thread thread_;
};

}  // namespace weir::cli
