// spec.kubeConfig of an applier: the cluster that it applies to when that is not weir's own. Pure;
// any thread.
#pragma once

#include <optional>
#include <string>

#include "engine/value/value.hh"

namespace weir::model {

// Exactly one of `secret` and `config_map` is set; the declaration's rules see to it.
struct KubeConfigReference {
  std::string secret;      // holds a kubeconfig
  std::string key;         // in the Secret; "" = `value`, then `value.yaml`
  std::string config_map;  // says where the cluster is and whose tokens it takes
  const std::string& name() const { return secret.empty() ? config_map : secret; }
  // As events name the cluster: "ns/name", or "ns/name/key" of a Secret that holds several.
  std::string cluster(const std::string& ns) const {
    return ns + "/" + name() + (key.empty() ? "" : "/" + key);
  }
};

// From an applier's spec; nothing when the field is absent.
std::optional<KubeConfigReference> decode_kube_config(const Value& spec);

}  // namespace weir::model
