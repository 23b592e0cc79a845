#include "api/kube/kinds.hh"

#include <algorithm>
#include <set>

namespace weir::api::kube {

namespace {

std::string set_of(const std::string& group, const std::string& plural) {
  // Both event APIs show the same objects; a HorizontalPodAutoscaler is one in every version.
  if (plural == "events" && group == "events.k8s.io") return "events";
  return group.empty() ? plural : plural + "." + group;
}

Kind from_builtin(const model::SchemaResource& resource) {
  auto kind = std::make_shared<KindInfo>();
  kind->gvk = resource.gvk;
  kind->plural = resource.plural;
  kind->singular = resource.singular;
  kind->list_kind = resource.gvk.kind + "List";
  kind->short_names = resource.short_names;
  kind->categories = resource.categories;
  kind->verbs = resource.verbs;
  kind->namespaced = resource.namespaced;
  for (const model::SchemaSubresource& sub : resource.subresources) {
    kind->subresources.push_back({sub.name, sub.gvk, sub.verbs});
  }
  kind->schema = schema_of_builtin(resource.type);
  kind->set = set_of(resource.gvk.group, resource.plural);
  return kind;
}

std::vector<std::string> strings(const Value& list) {
  std::vector<std::string> out;
  for (const Value& item : list.items()) out.emplace_back(item.get_string());
  return out;
}

std::vector<Column> columns_of(const Value& version) {
  std::vector<Column> columns;
  for (const Value& column : version["additionalPrinterColumns"].items()) {
    columns.push_back({std::string(column["name"].get_string()),
                       std::string(column["type"].get_string()),
                       std::string(column["format"].get_string()),
                       std::string(column["description"].get_string()),
                       std::string(column["jsonPath"].get_string()),
                       static_cast<int>(column["priority"].get_int())});
  }
  return columns;
}

Kind from_crd(const Value& crd, const Value& version) {
  const Value& spec = crd["spec"];
  const Value& names = spec["names"];
  auto kind = std::make_shared<KindInfo>();
  kind->gvk.group = spec["group"].get_string();
  kind->gvk.version = version["name"].get_string();
  kind->gvk.kind = names["kind"].get_string();
  kind->plural = names["plural"].get_string();
  kind->singular = names["singular"].get_string();
  kind->list_kind = names["listKind"].get_string(kind->gvk.kind + "List");
  kind->short_names = strings(names["shortNames"]);
  kind->categories = strings(names["categories"]);
  kind->verbs = {"create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"};
  kind->namespaced = spec["scope"].get_string() == "Namespaced";
  kind->custom = true;
  kind->set = set_of(kind->gvk.group, kind->plural);
  kind->arena = schema_from_crd(version["schema"]["openAPIV3Schema"]);
  kind->schema = kind->arena->root;
  kind->columns = columns_of(version);
  if (version["deprecated"].get_bool()) {
    kind->warning = version["deprecationWarning"].get_string(kind->gvk.api_version() + " " +
                                                             kind->gvk.kind + " is deprecated");
  }
  const Value& subresources = version["subresources"];
  const std::vector<std::string> verbs = {"get", "patch", "update"};
  if (subresources.contains("status")) kind->subresources.push_back({"status", kind->gvk, verbs});
  if (const Value* scale = subresources.find("scale")) {
    kind->subresources.push_back({"scale", {"autoscaling", "v1", "Scale"}, verbs});
    kind->replicas_path = (*scale)["specReplicasPath"].get_string();
    kind->status_replicas_path = (*scale)["statusReplicasPath"].get_string();
    kind->selector_path = (*scale)["labelSelectorPath"].get_string();
  }
  return kind;
}

// v2 before v1 before v1beta2 before v1beta1 before v1alpha1, as Kubernetes ranks versions.
std::tuple<int, int, int> version_rank(const std::string& version) {
  std::size_t at = 1;
  const auto number = [&] {
    int n = 0;
    for (; at < version.size() && std::isdigit(static_cast<unsigned char>(version[at])); ++at) {
      n = n * 10 + (version[at] - '0');
      if (n > 1'000'000) break;
    }
    return n;
  };
  if (version.size() < 2 || version[0] != 'v') return {3, 0, 0};
  const int major = number();
  if (at == version.size()) return {0, -major, 0};
  const int stage = version.compare(at, 4, "beta") == 0    ? 1
                    : version.compare(at, 5, "alpha") == 0 ? 2
                                                           : 3;
  at += stage == 1 ? 4 : 5;
  const int minor = at < version.size() ? number() : 0;
  return {stage, -major, -minor};
}

bool established(const Value& crd) {
  for (const Value& condition : crd["status"]["conditions"].items()) {
    if (condition["type"].get_string() == "Established")
      return condition["status"].get_string() == "True";
  }
  return false;
}

}  // namespace

const Subresource* KindInfo::subresource(std::string_view name) const {
  for (const Subresource& sub : subresources) {
    if (sub.name == name) return &sub;
  }
  return nullptr;
}

bool KindInfo::has_verb(std::string_view verb) const {
  return std::find(verbs.begin(), verbs.end(), verb) != verbs.end();
}

std::string KindInfo::group_resource() const {
  return gvk.group.empty() ? plural : plural + "." + gvk.group;
}

Registry::Registry() {
  for (const model::SchemaResource& resource : model::builtin_resources()) {
    if (resource.plural == "componentstatuses" || resource.plural == "bindings") continue;
    builtin_.push_back(from_builtin(resource));
  }
  rebuild();
}

Kind Registry::find(std::string_view group, std::string_view version,
                    std::string_view plural) const {
  std::string key(group);
  key.append("/").append(version).append("/").append(plural);
  const auto found = by_resource_.find(key);
  return found == by_resource_.end() ? nullptr : found->second;
}

Kind Registry::find(const model::Gvk& gvk) const {
  const auto found = by_gvk_.find(gvk);
  return found == by_gvk_.end() ? nullptr : found->second;
}

bool Registry::has_version(std::string_view group, std::string_view version) const {
  return std::any_of(all_.begin(), all_.end(), [&](const Kind& kind) {
    return kind->gvk.group == group && kind->gvk.version == version;
  });
}

bool Registry::has_group(std::string_view group) const {
  return std::any_of(all_.begin(), all_.end(),
                     [&](const Kind& kind) { return kind->gvk.group == group; });
}

void Registry::set_custom(const Value& crd) {
  const std::string name(crd["metadata"]["name"].get_string());
  std::vector<Kind> kinds;
  if (established(crd)) {
    for (const Value& version : crd["spec"]["versions"].items()) {
      if (version["served"].get_bool()) kinds.push_back(from_crd(crd, version));
    }
  }
  custom_[name] = std::move(kinds);
  rebuild();
}

void Registry::remove_custom(std::string_view crd_name) {
  const auto found = custom_.find(crd_name);
  if (found == custom_.end()) return;
  custom_.erase(found);
  rebuild();
}

void Registry::rebuild() {
  all_ = builtin_;
  std::vector<Kind> custom;
  for (const auto& [name, kinds] : custom_) custom.insert(custom.end(), kinds.begin(), kinds.end());
  std::stable_sort(custom.begin(), custom.end(), [](const Kind& a, const Kind& b) {
    if (a->gvk.group != b->gvk.group) return a->gvk.group < b->gvk.group;
    return version_rank(a->gvk.version) < version_rank(b->gvk.version);
  });
  all_.insert(all_.end(), custom.begin(), custom.end());
  by_resource_.clear();
  by_gvk_.clear();
  for (const Kind& kind : all_) {
    by_resource_[kind->gvk.group + "/" + kind->gvk.version + "/" + kind->plural] = kind;
    by_gvk_.emplace(kind->gvk, kind);
  }
}

}  // namespace weir::api::kube
