#include "engine/kustomize/res_id.hh"

namespace weir::kustomize {

std::string_view ResId::effective_namespace() const {
  if (cluster_scoped) return not_a_namespace;
  return ns.empty() ? std::string_view("default") : std::string_view(ns);
}

bool ResId::equals(const ResId& other) const {
  return name == other.name && gvk == other.gvk &&
         effective_namespace() == other.effective_namespace();
}

bool ResId::selected_by(const ResId& selector) const {
  return (selector.name.empty() || selector.name == name) &&
         (selector.ns.empty() || selector.effective_namespace() == effective_namespace()) &&
         gvk_selected(gvk, selector.gvk);
}

std::string ResId::to_string() const {
  return gvk_string(gvk) + "/" + (name.empty() ? "[noName]" : name) + "." +
         (ns.empty() ? "[noNs]" : ns);
}

std::string ResId::key() const {
  std::string result;
  const std::string_view space = effective_namespace();
  result.reserve(gvk.group.size() + gvk.version.size() + gvk.kind.size() + name.size() +
                 space.size() + 4);
  for (const std::string_view part : {std::string_view(gvk.group), std::string_view(gvk.version),
                                      std::string_view(gvk.kind), space}) {
    result += part;
    result += '\n';
  }
  result += name;
  return result;
}

std::string gvk_string(const Gvk& gvk) {
  return (gvk.kind.empty() ? "[noKind]" : gvk.kind) + "." +
         (gvk.version.empty() ? "[noVer]" : gvk.version) + "." +
         (gvk.group.empty() ? "[noGrp]" : gvk.group);
}

bool gvk_selected(const Gvk& gvk, const Gvk& selector) {
  return (selector.group.empty() || selector.group == gvk.group) &&
         (selector.version.empty() || selector.version == gvk.version) &&
         (selector.kind.empty() || selector.kind == gvk.kind);
}

}  // namespace weir::kustomize
