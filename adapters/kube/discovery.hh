// What an API server serves: aggregated discovery (v2, v2beta1), or the old form a group at a time.
//
// Discovery is a thread-safe cache. Concurrent misses share one refresh; an unchanged document
// costs a 304. Errors: not_found, reason "NoMatch" (unknown kind); else those of the transport.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "adapters/kube/transport.hh"
#include "engine/base/result.hh"
#include "engine/reconcile/kube_port.hh"
#include "engine/value/value.hh"

namespace weir::kube {

// The resources of an APIGroupDiscoveryList, in its order (preferred versions first in each group).
// Subresources and entries without a kind are left out. Error: invalid.
Result<std::vector<reconcile::ApiResource>> parse_aggregated_discovery(const Value& document);
// The resources of one APIResourceList. Error: invalid.
Result<std::vector<reconcile::ApiResource>> parse_resource_list(const Value& document);

class Discovery {
 public:
  explicit Discovery(Transport& transport) : transport_(transport) {}

  Result<reconcile::ApiResource> resolve(const model::Gvk& gvk);
  Result<std::vector<reconcile::ApiResource>> resources();
  // The next look-up asks the server again (a known kind has just answered "not found").
  void invalidate();

 private:
  struct Snapshot {
    std::vector<reconcile::ApiResource> all;
    std::map<model::Gvk, std::size_t> by_gvk;
  };
  using SnapshotPtr = std::shared_ptr<const Snapshot>;
  struct Part {  // "/api" or "/apis"
    std::string etag;
    std::vector<reconcile::ApiResource> resources;
  };
  SnapshotPtr current(std::uint64_t& generation);
  // A snapshot fetched after `seen` was: by this caller, or by another one meanwhile.
  Result<SnapshotPtr> refresh(std::uint64_t seen);
  Result<void> fetch(const std::string& root, Part& part);
  Result<std::vector<reconcile::ApiResource>> fetch_old_form(const std::string& root,
                                                             const Value& document);

  Transport& transport_;
  std::mutex mutex_;  // snapshot_, generation_
  SnapshotPtr snapshot_;
  std::uint64_t generation_ = 0;
  std::mutex refreshing_;  // held while fetching; parts_
  Part parts_[2];
};

}  // namespace weir::kube
