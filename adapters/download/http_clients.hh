// HTTP clients by what distinguishes them: certificates, verification, proxy. A source that is
// fetched every minute keeps its connections and TLS sessions that way.
//
// Thread-safe. Secrets are held in memory as part of the clients; at most `clients_max` clients,
// least recently used first out.
#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <mutex>

#include "adapters/net/http_client.hh"
#include "engine/base/digest.hh"
#include "engine/reconcile/remote_port.hh"

namespace weir::download {

class HttpClients {
 public:
  // The client that such access needs. Error: invalid (unusable PEM texts or proxy URL).
  Result<std::shared_ptr<net::HttpClient>> get(const reconcile::RemoteAccess& access);

 private:
  static constexpr std::size_t clients_max = 32;
  std::mutex mutex_;
  std::list<std::pair<base::Digest, std::shared_ptr<net::HttpClient>>> recent_;  // newest first
};

}  // namespace weir::download
