// The adapters that reach HTTP servers, registries and buckets, made together because they share
// their connections. Thread-safe once made; outlive the engine.
#pragma once

#include <memory>
#include <string>

#include "adapters/bucket/stores.hh"
#include "adapters/clock/system_clock.hh"
#include "adapters/download/downloads.hh"
#include "adapters/download/http_clients.hh"
#include "adapters/oci/registry_client.hh"

namespace weir::cli {

class Remotes {
 public:
  // `directory` is made when it is missing; what is too large for memory is kept there, in files
  // without a name. Error: io.
  static Result<std::unique_ptr<Remotes>> open(const std::string& directory);

  download::Downloads& downloads() { return downloads_; }
  oci::RegistryClient& registry() { return registry_; }
  bucket::Stores& buckets() { return buckets_; }

 private:
  explicit Remotes(const std::string& directory)
      : downloads_(clients_, directory),
        registry_(clients_, directory),
        buckets_(clients_, clock_) {}

  clock::SystemClock clock_;
  download::HttpClients clients_;
  download::Downloads downloads_;
  oci::RegistryClient registry_;
  bucket::Stores buckets_;
};

}  // namespace weir::cli
