// What the server serves: the built-in kinds and those that CustomResourceDefinitions added.
//
// Owner: api/kube (the Core's lock guards a Registry). KindInfos are immutable and shared, so a
// watch can outlive its definition. No failure: lookups answer nullptr.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "api/kube/schema.hh"
#include "engine/model/object_id.hh"

namespace weir::api::kube {

struct Subresource {
  std::string name;
  model::Gvk gvk;
  std::vector<std::string> verbs;
};

struct Column {
  std::string name, type, format, description;
  std::string path;  // JSONPath of a custom resource's column, without braces: ".spec.url"
  int priority = 0;
};

struct KindInfo {
  model::Gvk gvk;
  std::string plural, singular, list_kind;
  std::vector<std::string> short_names, categories, verbs;
  bool namespaced = false;
  bool custom = false;
  std::vector<Subresource> subresources;
  const Schema* schema = nullptr;
  std::shared_ptr<const SchemaArena> arena;  // of a custom kind
  std::vector<Column> columns;               // of a custom kind
  std::string set;                           // where its objects are stored: "deployments.apps"
  std::string replicas_path, status_replicas_path, selector_path;  // scale of a custom kind
  std::string warning;                                             // of a deprecated version

  const Subresource* subresource(std::string_view name) const;
  bool has_verb(std::string_view verb) const;
  // "deployments.apps", "pods".
  std::string group_resource() const;
};

using Kind = std::shared_ptr<const KindInfo>;

class Registry {
 public:
  Registry();  // the built-in kinds

  Kind find(std::string_view group, std::string_view version, std::string_view plural) const;
  Kind find(const model::Gvk& gvk) const;
  bool has_version(std::string_view group, std::string_view version) const;
  bool has_group(std::string_view group) const;
  // In discovery's order: core, the built-in groups, then custom groups by name; of a group the
  // preferred version first.
  const std::vector<Kind>& all() const { return all_; }

  // Replaces what the definition `crd` serves (by its name); a definition without Established
  // serves nothing.
  void set_custom(const Value& crd);
  void remove_custom(std::string_view crd_name);

 private:
  void rebuild();
  std::vector<Kind> builtin_;
  std::map<std::string, std::vector<Kind>, std::less<>> custom_;
  std::vector<Kind> all_;
  std::map<std::string, Kind, std::less<>> by_resource_;  // "group/version/plural"
  std::map<model::Gvk, Kind> by_gvk_;
};

}  // namespace weir::api::kube
