#include "engine/model/object_id.hh"

#include <tuple>

namespace weir::model {

std::string Gvk::api_version() const { return group.empty() ? version : group + "/" + version; }

Gvk Gvk::from(std::string_view api_version, std::string_view kind) {
  const std::size_t slash = api_version.find('/');
  if (slash == std::string_view::npos) return {"", std::string(api_version), std::string(kind)};
  return {std::string(api_version.substr(0, slash)), std::string(api_version.substr(slash + 1)),
          std::string(kind)};
}

Gvk Gvk::of(const Value& object) {
  return from(object["apiVersion"].get_string(), object["kind"].get_string());
}

std::string ObjectId::subject() const {
  return ns.empty() ? gvk.kind + "/" + name : gvk.kind + "/" + ns + "/" + name;
}

ObjectId ObjectId::of(const Value& object) {
  const Value& metadata = object["metadata"];
  return {Gvk::of(object), std::string(metadata["namespace"].get_string()),
          std::string(metadata["name"].get_string())};
}

bool same_object(const ObjectId& a, const ObjectId& b) {
  return a.name == b.name && a.ns == b.ns && a.gvk.kind == b.gvk.kind && a.gvk.group == b.gvk.group;
}

bool GroupKindOrder::operator()(const ObjectId& a, const ObjectId& b) const {
  return std::tie(a.gvk.group, a.gvk.kind, a.ns, a.name) <
         std::tie(b.gvk.group, b.gvk.kind, b.ns, b.name);
}

bool is_wrapping_list(const Value& document) {
  const std::string_view kind = document["kind"].get_string();
  return (kind == "List" || kind == "ResourceList") &&
         (document.contains("items") || document.contains("functionConfig"));
}

}  // namespace weir::model
