#include "engine/model/kinds/kube_config.hh"

namespace weir::model {

std::optional<KubeConfigReference> decode_kube_config(const Value& spec) {
  const Value& block = spec["kubeConfig"];
  if (!block.is_object()) return std::nullopt;
  KubeConfigReference out;
  out.secret = block.path("secretRef", "name").get_string();
  out.key = block.path("secretRef", "key").get_string();
  out.config_map = block.path("configMapRef", "name").get_string();
  return out;
}

}  // namespace weir::model
