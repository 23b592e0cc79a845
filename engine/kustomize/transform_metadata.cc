// Namespace, name prefix and suffix, labels, annotations, replicas: transformers that write one
// value into the fields their specs name.
#include <map>
#include <unordered_map>

#include "engine/kustomize/plain_scalar.hh"
#include "engine/kustomize/field_path.hh"
#include "engine/kustomize/transformers.hh"
#include "engine/value/json.hh"
#include "engine/value/strategic_merge.hh"

namespace weir::kustomize {

namespace {

using base::Code;
using base::make_error;

Result<void> set_scalar(Value& node, const Value& value) {
  if (!node.is_scalar()) return wrong_node_kind("ScalarNode", node);
  node = value::in_manner_of(node, value);
  return {};
}

class NamespaceSetter {
 public:
  NamespaceSetter(std::string ns, const FieldSpecs& specs, bool unset_only, std::string subjects)
      : ns_(std::move(ns)), unset_only_(unset_only), subjects_(std::move(subjects)) {
    for (const FieldSpec& spec : specs) {
      if (spec.path != "metadata/namespace") specs_.push_back(spec);
    }
  }

  Result<void> apply(Resource& resource) const {
    const SetField set = [this](Value& field) { return set_field(field); };
    if (!resource.id().cluster_scoped) {
      static const FieldSpec own = make_field_spec({}, "metadata/namespace", true);
      WEIR_CHECK(apply_field_spec(resource.edit(), own, CreateKind::scalar, set));
    }
    const std::string_view kind = resource.kind();
    const bool binding = kind == "RoleBinding" || kind == "ClusterRoleBinding";
    if (binding) WEIR_CHECK(set_subjects(resource));
    for (const FieldSpec& spec : specs_) {
      // Only a core Namespace is named by its namespace.
      if (spec.path == "metadata/name" && resource.object()["apiVersion"].get_string() != "v1")
        continue;
      const bool hard_wired =
          (spec.gvk.kind == "RoleBinding" || spec.gvk.kind == "ClusterRoleBinding") &&
          spec.path == "subjects/namespace";
      if (binding && hard_wired) continue;
      WEIR_CHECK(apply_field_spec(resource.edit(), spec, CreateKind::scalar, set)
                     .with_context("namespace transformation failed"));
    }
    return {};
  }

 private:
  Result<void> set_field(Value& field) const {
    if (unset_only_ && field.is_scalar() && !value::scalar_text(field).empty()) return {};
    return set_scalar(field, Value(ns_));
  }

  bool wants(const Value& subject) const {
    if (subjects_ == "allServiceAccounts")
      return value::scalar_text(subject["kind"]) == "ServiceAccount";
    return value::scalar_text(subject["name"]) == "default";
  }

  Result<void> set_subjects(Resource& resource) const {
    const Value& subjects = resource.object()["subjects"];
    if (subjects_ == "none" || subjects.is_null()) return {};
    if (!subjects.is_array()) {
      return base::Error(wrong_node_kind("SequenceNode", subjects))
          .with_context("setting namespace on (cluster)role binding subjects");
    }
    for (std::size_t i = 0; i < subjects.size(); ++i) {
      if (!wants(resource.object()["subjects"].at(i))) continue;
      Value& subject = resource.edit().entry("subjects").item_mut(i);
      WEIR_CHECK(set_field(subject.entry("namespace")));
    }
    return {};
  }

  std::string ns_;
  FieldSpecs specs_;
  bool unset_only_;
  std::string subjects_;
};

Result<void> set_namespaces(ResMap& resources, const NamespaceSetter& setter) {
  std::unordered_map<std::string, std::size_t> count;
  for (std::size_t i = 0; i < resources.size(); ++i) ++count[resources[i].id().key()];
  for (std::size_t i = 0; i < resources.size(); ++i) {
    Resource& resource = resources[i];
    if (resource.deleted()) continue;
    --count[resource.id().key()];
    resource.store_previous_id();
    WEIR_CHECK(setter.apply(resource));
    const std::string key = resource.id().key();
    if (++count[key] == 1) continue;
    std::string conflict = "namespace transformation produces ID conflict: [";
    for (std::size_t j = 0; j < resources.size(); ++j) {
      if (!resources[j].id().equals(resource.id())) continue;
      if (!conflict.ends_with('[')) conflict += ' ';
      conflict += shown_json(resources[j].object());
    }
    return make_error(Code::invalid, conflict + "]");
  }
  resources.ids_changed();
  return {};
}

bool keeps_name(const ResId& id) {
  return id.gvk.kind == "CustomResourceDefinition" || id.gvk.kind == "Namespace" ||
         (id.gvk.kind == "APIService" && id.gvk.group == "apiregistration.k8s.io");
}

// Prefix and suffix are one thing, seen from two ends.
Result<Transform> make_affix(std::string affix, const FieldSpecs& specs, bool front) {
  return Transform([affix = std::move(affix), specs, front](ResMap& resources) -> Result<void> {
    const SetField set = [&](Value& field) {
      const std::string text = value::scalar_text(field);
      return set_scalar(field, Value(front ? affix + text : text + affix));
    };
    for (std::size_t i = 0; i < resources.size(); ++i) {
      Resource& resource = resources[i];
      const ResId id = resource.original_id();
      if (resource.deleted() || keeps_name(id)) continue;
      for (const FieldSpec& spec : specs) {
        if (!gvk_selected(id.gvk, spec.gvk)) continue;
        if (spec.path == "metadata/name" && !affix.empty()) {
          (front ? resource.prefixes : resource.suffixes).push_back(affix);
          resource.store_previous_id();
        }
        WEIR_CHECK(apply_field_spec(resource.edit(), spec, CreateKind::scalar, set));
      }
    }
    resources.ids_changed();
    return {};
  });
}

FieldSpecs own_specs(const Value& config, const FieldSpecs& specs) {
  return config.contains("fieldSpecs") ? field_specs_of(config["fieldSpecs"]) : specs;
}

}  // namespace

StringMap string_map(const Value& map) {
  StringMap result;
  for (const value::Member& member : map.members())
    result.emplace(member.name(), member.value.get_string());
  return result;
}

// Sets the entries in one resource; what is new in several maps is one shared entry from now on.
static Result<void> set_entries_of(Resource& resource, const StringMap& entries,
                                   const FieldSpecs& specs) {
  PathTrail trail;
  std::map<std::string_view, SharedEntry> added;
  const SetField set = [&](Value& field) -> Result<void> {
    if (field.is_null()) return {};
    if (!field.is_object()) return wrong_node_kind("MappingNode", field);
    for (const auto& [key, text] : entries) {
      if (Value* known = field.find_mut(key)) {
        *known = value::in_manner_of(*known, Value(text));
        continue;
      }
      WEIR_CHECK(check_plain_key(key));
      field.append_member(Value(key), Value(text));
      SharedEntry& entry = added[key];
      std::vector<SharedEntry::Step>& path = entry.maps.emplace_back();
      for (const PathStep& step : trail) path.push_back({std::string(step.name), step.index});
    }
    return {};
  };
  for (const FieldSpec& spec : specs) {
    // While the reference keeps annotations of its own on the object, it has annotations.
    if (!spec.create && spec.path == "metadata/annotations" && resource.has_build_annotations()) {
      FieldSpec lent = spec;
      lent.create = true;
      WEIR_CHECK(apply_field_spec(resource.edit(), lent, CreateKind::map, set, &trail));
      continue;
    }
    WEIR_CHECK(apply_field_spec(resource.edit(), spec, CreateKind::map, set, &trail));
  }
  resource.settle_shared();
  for (auto& [key, entry] : added) {
    entry.key = key;
    entry.value = Value(entries.find(key)->second);
    resource.share(std::move(entry));
  }
  return {};
}

Result<void> set_entries(ResMap& resources, const StringMap& entries, const FieldSpecs& specs) {
  if (entries.empty()) return {};
  for (std::size_t i = 0; i < resources.size(); ++i) {
    WEIR_CHECK(set_entries_of(resources[i], entries, specs));
  }
  return {};
}

Result<Transform> make_namespace(const Value& config, const FieldSpecs& specs,
                                 const PluginContext&) {
  std::string subjects(config["setRoleBindingSubjects"].get_string());
  if (subjects.empty()) subjects = "defaultOnly";
  if (subjects != "defaultOnly" && subjects != "none" && subjects != "allServiceAccounts") {
    return make_error(Code::invalid,
                      "invalid value \"" + subjects +
                          "\" for setRoleBindingSubjects: must be one of \"defaultOnly\", "
                          "\"none\" or \"allServiceAccounts\"");
  }
  std::string ns(config["metadata"]["namespace"].get_string());
  if (ns.empty()) return Transform([](ResMap&) -> Result<void> { return {}; });
  NamespaceSetter setter(std::move(ns), own_specs(config, specs), config["unsetOnly"].get_bool(),
                         std::move(subjects));
  return Transform([setter = std::move(setter)](ResMap& resources) {
    return set_namespaces(resources, setter);
  });
}

Result<Transform> make_prefix(const Value& config, const FieldSpecs& specs, const PluginContext&) {
  return make_affix(std::string(config["prefix"].get_string()), own_specs(config, specs), true);
}

Result<Transform> make_suffix(const Value& config, const FieldSpecs& specs, const PluginContext&) {
  return make_affix(std::string(config["suffix"].get_string()), own_specs(config, specs), false);
}

Result<Transform> make_prefix_suffix(const Value& config, const FieldSpecs& specs,
                                     const PluginContext& context) {
  WEIR_TRY(Transform prefix, make_prefix(config, specs, context));
  WEIR_TRY(Transform suffix, make_suffix(config, specs, context));
  return Transform(
      [prefix = std::move(prefix), suffix = std::move(suffix)](ResMap& resources) -> Result<void> {
        WEIR_CHECK(prefix(resources));
        return suffix(resources);
      });
}

Result<Transform> make_labels(const Value& config, const FieldSpecs& specs, const PluginContext&) {
  return Transform([entries = string_map(config["labels"]), specs = own_specs(config, specs)](
                       ResMap& resources) { return set_entries(resources, entries, specs); });
}

Result<Transform> make_annotations(const Value& config, const FieldSpecs& specs,
                                   const PluginContext&) {
  return Transform([entries = string_map(config["annotations"]), specs = own_specs(config, specs)](
                       ResMap& resources) { return set_entries(resources, entries, specs); });
}

Result<Transform> make_replicas(const Value& config, const FieldSpecs& specs,
                                const PluginContext&) {
  const std::string name(config["replica"]["name"].get_string());
  const Value count(config["replica"]["count"].get_int());
  return Transform(
      [name, count, specs = own_specs(config, specs)](ResMap& resources) -> Result<void> {
        const SetField set = [&](Value& field) { return set_scalar(field, count); };
        bool found = false;
        for (const FieldSpec& spec : specs) {
          for (std::size_t i = 0; i < resources.size(); ++i) {
            Resource& resource = resources[i];
            if (resource.deleted() || !resource.any_id([&](const ResId& id) {
                  return id.name == name && gvk_selected(id.gvk, spec.gvk);
                })) {
              continue;
            }
            found = true;
            WEIR_CHECK(apply_field_spec(resource.edit(), spec, CreateKind::scalar, set));
          }
        }
        if (found) return {};
        std::string kinds;
        for (const FieldSpec& spec : specs)
          kinds += (kinds.empty() ? "" : " ") + gvk_string(spec.gvk);
        return make_error(Code::invalid, "resource with name " + name +
                                             " does not match a config with the following GVK [" +
                                             kinds + "]");
      });
}

}  // namespace weir::kustomize
