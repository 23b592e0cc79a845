// The id of a resource inside a build: group, version, kind, name, namespace, with kustomize's idea
// of the effective namespace ("default" where none is written, none for cluster-scoped kinds).
#pragma once

#include <string>
#include <string_view>

#include "engine/model/object_id.hh"

namespace weir::kustomize {

inline constexpr std::string_view not_a_namespace = "_non_namespaceable_";

struct ResId {
  Gvk gvk;
  std::string name;
  std::string ns;
  bool cluster_scoped = false;  // known to have no namespace

  // not_a_namespace, "default", or the namespace.
  std::string_view effective_namespace() const;
  // Same group, version, kind, name and effective namespace.
  bool equals(const ResId& other) const;
  bool gvkn_equals(const ResId& other) const { return name == other.name && gvk == other.gvk; }
  // A selector's empty parts match anything.
  bool selected_by(const ResId& selector) const;
  bool empty() const { return gvk == Gvk{} && name.empty() && ns.empty(); }
  // "Deployment.v1.apps/name.ns" with [noGrp], [noNs], ... for empty parts.
  std::string to_string() const;
  // A hash key that is equal exactly when equals() is.
  std::string key() const;
};

// "Deployment.v1.apps".
std::string gvk_string(const Gvk& gvk);
// Selector semantics on types: empty parts of `selector` match anything.
bool gvk_selected(const Gvk& gvk, const Gvk& selector);

}  // namespace weir::kustomize
