// Buckets of S3 servers as sources: what reconcile::BucketPort says.
//
// Thread-safe. Connections are shared with the other sources, by certificates and proxy; where a
// bucket's region is not given it is asked for once, and remembered.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "adapters/download/http_clients.hh"
#include "adapters/s3/token_service.hh"
#include "engine/base/clock.hh"
#include "engine/reconcile/bucket_port.hh"

namespace weir::s3 {

// Regions that servers have named, by endpoint and bucket. Bounded; thread-safe.
class RegionMemory {
 public:
  std::string find(const std::string& url, const std::string& bucket) const;
  void put(const std::string& url, const std::string& bucket, std::string region);

 private:
  static constexpr std::size_t regions_max = 10'000;
  mutable std::mutex mutex_;
  std::map<std::string, std::string> regions_;
};

class Buckets final : public reconcile::BucketPort {
 public:
  Buckets(download::HttpClients& clients, const base::Clock& clock)
      : clients_(clients), clock_(clock), tokens_(clients, clock) {}

  Result<std::unique_ptr<reconcile::BucketReader>> open(
      const reconcile::BucketRequest& request) override;

 private:
  download::HttpClients& clients_;
  const base::Clock& clock_;
  RegionMemory regions_;
  TokenServices tokens_;
};

}  // namespace weir::s3
