// Containers of Azure's Blob service as sources: what reconcile::BucketPort says, with an account's
// key, a shared access signature, or anonymously.
//
// Thread-safe; connections are shared with the other sources. Signatures stand in no text.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "adapters/download/http_clients.hh"
#include "engine/base/clock.hh"
#include "engine/reconcile/bucket_port.hh"

namespace weir::azure {

struct BlobPage {
  std::vector<reconcile::BucketEntry> blobs;
  std::string marker;  // of the next page; "" = this is the last
};
// One page of List Blobs. ETags are quoted, as downloads have them. Errors: invalid, limit.
Result<BlobPage> parse_blobs(std::string_view xml);

class Containers final : public reconcile::BucketPort {
 public:
  Containers(download::HttpClients& clients, const base::Clock& clock)
      : clients_(clients), clock_(clock) {}

  Result<std::unique_ptr<reconcile::BucketReader>> open(
      const reconcile::BucketRequest& request) override;

 private:
  download::HttpClients& clients_;
  const base::Clock& clock_;
};

}  // namespace weir::azure
