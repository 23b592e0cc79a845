// Files over HTTP: indexes and charts of Helm repositories, artifacts that other controllers serve.
//
// Thread-safe; blocks until the body is here. Credentials go to the host they are for and nowhere
// else, redirects included. Errors as reconcile::DownloadPort says.
#pragma once

#include <memory>
#include <string>

#include "adapters/download/http_clients.hh"
#include "engine/reconcile/remote_port.hh"

namespace weir::download {

class Downloads final : public reconcile::DownloadPort {
 public:
  // `spool_directory` must exist; large bodies are kept there while they are read.
  Downloads(HttpClients& clients, std::string spool_directory)
      : clients_(clients), spool_directory_(std::move(spool_directory)) {}

  Result<reconcile::PayloadPtr> download(const reconcile::DownloadRequest& request) override;

 private:
  HttpClients& clients_;
  std::string spool_directory_;
};

}  // namespace weir::download
