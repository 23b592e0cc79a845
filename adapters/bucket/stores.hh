// The object stores that Buckets name, each by its provider's protocol. Thread-safe.
#pragma once

#include <memory>

#include "adapters/azure/containers.hh"
#include "adapters/s3/buckets.hh"

namespace weir::bucket {

class Stores final : public reconcile::BucketPort {
 public:
  Stores(download::HttpClients& clients, const base::Clock& clock)
      : s3_(clients, clock), azure_(clients, clock) {}

  Result<std::unique_ptr<reconcile::BucketReader>> open(
      const reconcile::BucketRequest& request) override {
    if (request.azure) return azure_.open(request);
    return s3_.open(request);
  }

 private:
  s3::Buckets s3_;
  azure::Containers azure_;
};

}  // namespace weir::bucket
