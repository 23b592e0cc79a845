// Pages of a list and open watches: the requests that both KubeClient::list() and the watches make.
// Thread-safe; calls block.
#pragma once

#include <memory>
#include <string>

#include "adapters/kube/discovery.hh"
#include "adapters/kube/transport.hh"
#include "engine/reconcile/kube_port.hh"

namespace weir::kube {

struct ListPage {
  std::vector<Value> items;  // each with apiVersion and kind
  std::string resource_version;
  std::string next;  // continue token; "" = the last page
};

class Lister {
 public:
  Lister(Transport& transport, Discovery& discovery)
      : transport_(transport), discovery_(discovery) {}

  // One page (500 items; all the rest when `whole`) from the continue token `next`. Errors: gone
  // (the token is too old: begin again, with `whole`), and those of the API.
  Result<ListPage> page(const model::Gvk& gvk, const reconcile::ListOptions& options,
                        const std::string& next, bool whole);
  // Every page.
  Result<reconcile::ListResult> all(const model::Gvk& gvk, const reconcile::ListOptions& options);
  // A watch from `resource_version` on, with bookmarks, which the server ends after about
  // `lifetime`.
  Result<std::unique_ptr<net::HttpStream>> watch(const reconcile::WatchOptions& options,
                                                 const std::string& resource_version,
                                                 std::chrono::seconds lifetime);

 private:
  Transport& transport_;
  Discovery& discovery_;
};

}  // namespace weir::kube
