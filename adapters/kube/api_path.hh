// Request targets of the Kubernetes API. Pure functions; any thread.
#pragma once

#include <string>
#include <string_view>

#include "engine/base/result.hh"
#include "engine/reconcile/kube_port.hh"

namespace weir::kube {

// "/apis/apps/v1/namespaces/x/deployments"; all namespaces when `ns` is "". Cluster-scoped kinds
// ignore ns.
std::string collection_path(const reconcile::ApiResource& resource, std::string_view ns);
// The object's, with "/status" and the like appended. Error: invalid (no name, or no namespace
// where the kind needs one).
Result<std::string> object_path(const reconcile::ApiResource& resource, std::string_view ns,
                                std::string_view name, std::string_view subresource = {});
// "deployments.apps", "pods": how errors name a resource.
std::string qualified_name(const reconcile::ApiResource& resource);

// Builds "?a=b&c=d"; empty values are left out.
class Query {
 public:
  Query& add(std::string_view name, std::string_view value);
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

}  // namespace weir::kube
