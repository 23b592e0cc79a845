#include "engine/kustomize/shape.hh"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

namespace weir::kustomize {

namespace {

using base::Code;
using base::make_error;
using enum FieldType;

constexpr std::array field_spec_fields = {
    ShapeField{"group", string}, ShapeField{"version", string}, ShapeField{"kind", string},
    ShapeField{"path", string},  ShapeField{"create", boolean},
};
constexpr Shape field_spec_shape{"FieldSpec", field_spec_fields};

constexpr std::array metadata_fields = {
    ShapeField{"name", string},
    ShapeField{"namespace", string},
    ShapeField{"labels", string_map},
    ShapeField{"annotations", string_map},
};
constexpr Shape metadata_shape{"ObjectMeta", metadata_fields};

constexpr std::array label_fields = {
    ShapeField{"pairs", string_map},
    ShapeField{"includeSelectors", boolean},
    ShapeField{"includeTemplates", boolean},
    ShapeField{"fields", object_list, &field_spec_shape},
};
constexpr Shape label_shape{"Label", label_fields};

constexpr std::array selector_fields = {
    ShapeField{"group", string},         ShapeField{"version", string},
    ShapeField{"kind", string},          ShapeField{"name", string},
    ShapeField{"namespace", string},     ShapeField{"annotationSelector", string},
    ShapeField{"labelSelector", string},
};
constexpr Shape selector_shape{"Selector", selector_fields};

constexpr std::array patch_fields = {
    ShapeField{"path", string},
    ShapeField{"patch", string},
    ShapeField{"target", object, &selector_shape},
    ShapeField{"options", boolean_map},
};
constexpr Shape patch_shape{"Patch", patch_fields};

constexpr std::array image_fields = {
    ShapeField{"name", string},   ShapeField{"newName", string}, ShapeField{"tagSuffix", string},
    ShapeField{"newTag", string}, ShapeField{"digest", string},
};
constexpr Shape image_shape{"Image", image_fields};

constexpr std::array field_option_fields = {
    ShapeField{"delimiter", string},
    ShapeField{"index", integer},
    ShapeField{"encoding", string},
    ShapeField{"create", boolean},
};
constexpr Shape field_options_shape{"FieldOptions", field_option_fields};

constexpr std::array source_fields = {
    ShapeField{"group", string},
    ShapeField{"version", string},
    ShapeField{"kind", string},
    ShapeField{"name", string},
    ShapeField{"namespace", string},
    ShapeField{"fieldPath", string},
    ShapeField{"options", object, &field_options_shape},
};
constexpr Shape source_shape{"SourceSelector", source_fields};

constexpr std::array target_fields = {
    ShapeField{"select", object, &selector_shape},
    ShapeField{"reject", object_list, &selector_shape},
    ShapeField{"fieldPaths", string_list},
    ShapeField{"options", object, &field_options_shape},
};
constexpr Shape target_shape{"TargetSelector", target_fields};

constexpr std::array replacement_fields = {
    ShapeField{"source", object, &source_shape, "Replacement."},
    ShapeField{"targets", object_list, &target_shape, "Replacement."},
    ShapeField{"sourceValue", string, nullptr, "Replacement."},
    ShapeField{"path", string},
};
constexpr Shape replacement_field_shape{"ReplacementField", replacement_fields};

constexpr std::array replica_fields = {ShapeField{"name", string}, ShapeField{"count", integer64}};
constexpr Shape replica_shape{"Replica", replica_fields};

constexpr std::array objref_fields = {
    ShapeField{"apiVersion", string}, ShapeField{"group", string}, ShapeField{"version", string},
    ShapeField{"kind", string},       ShapeField{"name", string},  ShapeField{"namespace", string},
};
constexpr Shape objref_shape{"Target", objref_fields};
constexpr std::array fieldref_fields = {ShapeField{"fieldPath", string}};
constexpr Shape fieldref_shape{"FieldSelector", fieldref_fields};
constexpr std::array var_fields = {
    ShapeField{"name", string},
    ShapeField{"objref", object, &objref_shape},
    ShapeField{"fieldref", object, &fieldref_shape},
};
constexpr Shape var_shape{"Var", var_fields};

constexpr std::array legacy_sort_fields = {
    ShapeField{"orderFirst", string_list},
    ShapeField{"orderLast", string_list},
};
constexpr Shape legacy_sort_shape{"LegacySortOptions", legacy_sort_fields};
constexpr std::array sort_fields = {
    ShapeField{"order", string},
    ShapeField{"legacySortOptions", object, &legacy_sort_shape},
};
constexpr Shape sort_shape{"SortOptions", sort_fields};

constexpr std::array generator_option_fields = {
    ShapeField{"labels", string_map},
    ShapeField{"annotations", string_map},
    ShapeField{"disableNameSuffixHash", boolean},
    ShapeField{"immutable", boolean},
};
constexpr Shape generator_options_shape{"GeneratorOptions", generator_option_fields};

// Both generators' fields stand in structs embedded in theirs.
constexpr std::string_view args = "GeneratorArgs.";
constexpr std::string_view sources = "GeneratorArgs.KvPairSources.";

constexpr std::array config_map_fields = {
    ShapeField{"namespace", string, nullptr, args},
    ShapeField{"name", string, nullptr, args},
    ShapeField{"behavior", string, nullptr, args},
    ShapeField{"literals", string_list, nullptr, sources},
    ShapeField{"files", string_list, nullptr, sources},
    ShapeField{"envs", string_list, nullptr, sources},
    ShapeField{"env", string, nullptr, sources},
    ShapeField{"options", object, &generator_options_shape, args},
};
constexpr Shape config_map_shape{"ConfigMapArgs", config_map_fields};

constexpr std::array secret_fields = {
    ShapeField{"namespace", string, nullptr, args},
    ShapeField{"name", string, nullptr, args},
    ShapeField{"behavior", string, nullptr, args},
    ShapeField{"literals", string_list, nullptr, sources},
    ShapeField{"files", string_list, nullptr, sources},
    ShapeField{"envs", string_list, nullptr, sources},
    ShapeField{"env", string, nullptr, sources},
    ShapeField{"options", object, &generator_options_shape, args},
    ShapeField{"type", string},
};
constexpr Shape secret_shape{"SecretArgs", secret_fields};

constexpr std::array helm_globals_fields = {ShapeField{"chartHome", string},
                                            ShapeField{"configHome", string}};
constexpr Shape helm_globals_shape{"HelmGlobals", helm_globals_fields};

constexpr std::array chart_fields = {
    ShapeField{"name", string},        ShapeField{"version", string},
    ShapeField{"repo", string},        ShapeField{"releaseName", string},
    ShapeField{"namespace", string},   ShapeField{"additionalValuesFiles", string_list},
    ShapeField{"valuesFile", string},  ShapeField{"valuesInline", anything},
    ShapeField{"valuesMerge", string}, ShapeField{"includeCRDs", boolean},
    ShapeField{"skipHooks", boolean},  ShapeField{"apiVersions", string_list},
    ShapeField{"kubeVersion", string}, ShapeField{"nameTemplate", string},
    ShapeField{"skipTests", boolean},  ShapeField{"debug", boolean},
    ShapeField{"devel", boolean},
};
constexpr Shape chart_shape{"HelmChart", chart_fields};

// A generator's file has both.
constexpr auto chart_plugin_fields = [] {
  std::array<ShapeField, chart_fields.size() + helm_globals_fields.size()> fields{};
  std::copy(chart_fields.begin(), chart_fields.end(), fields.begin());
  std::copy(helm_globals_fields.begin(), helm_globals_fields.end(),
            fields.begin() + chart_fields.size());
  return fields;
}();
constexpr Shape chart_plugin_shape{"HelmChart", chart_plugin_fields};

constexpr std::array chart_args_fields = {
    ShapeField{"chartName", string},      ShapeField{"chartVersion", string},
    ShapeField{"chartRepoUrl", string},   ShapeField{"chartHome", string},
    ShapeField{"chartRepoName", string},  ShapeField{"helmBin", string},
    ShapeField{"helmHome", string},       ShapeField{"values", string},
    ShapeField{"valuesLocal", anything},  ShapeField{"valuesMerge", string},
    ShapeField{"releaseName", string},    ShapeField{"releaseNamespace", string},
    ShapeField{"extraArgs", string_list},
};
constexpr Shape chart_args_shape{"HelmChartArgs", chart_args_fields};

constexpr std::array kustomization_fields = {
    ShapeField{"kind", string},
    ShapeField{"apiVersion", string},
    ShapeField{"metadata", object, &metadata_shape},
    ShapeField{"openapi", string_map},
    ShapeField{"namePrefix", string},
    ShapeField{"nameSuffix", string},
    ShapeField{"namespace", string},
    ShapeField{"commonLabels", string_map},
    ShapeField{"labels", object_list, &label_shape},
    ShapeField{"commonAnnotations", string_map},
    ShapeField{"patchesStrategicMerge", string_list},
    ShapeField{"patchesJson6902", object_list, &patch_shape},
    ShapeField{"patches", object_list, &patch_shape},
    ShapeField{"images", object_list, &image_shape},
    ShapeField{"imageTags", object_list, &image_shape},
    ShapeField{"replacements", object_list, &replacement_field_shape},
    ShapeField{"replicas", object_list, &replica_shape},
    ShapeField{"vars", object_list, &var_shape},
    ShapeField{"sortOptions", object, &sort_shape},
    ShapeField{"resources", string_list},
    ShapeField{"components", string_list},
    ShapeField{"crds", string_list},
    ShapeField{"bases", string_list},
    ShapeField{"configMapGenerator", object_list, &config_map_shape},
    ShapeField{"secretGenerator", object_list, &secret_shape},
    ShapeField{"helmGlobals", object, &helm_globals_shape},
    ShapeField{"helmCharts", object_list, &chart_shape},
    ShapeField{"helmChartInflationGenerator", object_list, &chart_args_shape},
    ShapeField{"generatorOptions", object, &generator_options_shape},
    ShapeField{"configurations", string_list},
    ShapeField{"generators", string_list},
    ShapeField{"transformers", string_list},
    ShapeField{"validators", string_list},
    ShapeField{"buildMetadata", string_list},
};
constexpr Shape kustomization_table{"Kustomization", kustomization_fields};

constexpr std::array reference_fields = {
    ShapeField{"group", string},
    ShapeField{"version", string},
    ShapeField{"kind", string},
    ShapeField{"fieldSpecs", object_list, &field_spec_shape},
};
constexpr Shape reference_shape{"NameBackReferences", reference_fields};

constexpr std::array config_fields = {
    ShapeField{"namePrefix", object_list, &field_spec_shape},
    ShapeField{"nameSuffix", object_list, &field_spec_shape},
    ShapeField{"namespace", object_list, &field_spec_shape},
    ShapeField{"commonLabels", object_list, &field_spec_shape},
    ShapeField{"labels", object_list, &field_spec_shape},
    ShapeField{"templateLabels", object_list, &field_spec_shape},
    ShapeField{"commonAnnotations", object_list, &field_spec_shape},
    ShapeField{"nameReference", object_list, &reference_shape},
    ShapeField{"varReference", object_list, &field_spec_shape},
    ShapeField{"images", object_list, &field_spec_shape},
    ShapeField{"replicas", object_list, &field_spec_shape},
};
constexpr Shape config_table{"TransformerConfig", config_fields};

constexpr std::array value_add_target_fields = {
    ShapeField{"selector", object, &selector_shape},
    ShapeField{"fieldPath", string},
    ShapeField{"filePathPosition", integer},
};
constexpr Shape value_add_target_shape{"Target", value_add_target_fields};

constexpr std::array account_fields = {ShapeField{"name", string}, ShapeField{"projectId", string}};
constexpr Shape account_shape{"ServiceAccount", account_fields};
constexpr std::array kubernetes_service_fields = {ShapeField{"namespace", string},
                                                  ShapeField{"name", string}};
constexpr Shape kubernetes_service_shape{"KubernetesService", kubernetes_service_fields};

// The union of what built-in plugins read; other members of the object are ignored, as there.
constexpr std::array plugin_fields = {
    ShapeField{"metadata", object, &metadata_shape},
    ShapeField{"fieldSpecs", object_list, &field_spec_shape},
    ShapeField{"annotations", string_map},
    ShapeField{"labels", string_map},
    ShapeField{"prefix", string},
    ShapeField{"suffix", string},
    ShapeField{"unsetOnly", boolean},
    ShapeField{"setRoleBindingSubjects", string},
    ShapeField{"replica", object, &replica_shape},
    ShapeField{"imageTag", object, &image_shape},
    ShapeField{"target", object, &selector_shape},
    ShapeField{"path", string},
    ShapeField{"jsonOp", string},
    ShapeField{"patch", string},
    ShapeField{"options", anything},
    ShapeField{"paths", string_list},
    ShapeField{"patches", string},
    ShapeField{"replacements", object_list, &replacement_field_shape},
    ShapeField{"value", string},
    ShapeField{"targets", object_list, &value_add_target_shape},
    ShapeField{"targetFilePath", string},
    ShapeField{"namespace", string},
    ShapeField{"name", string},
    ShapeField{"behavior", string},
    ShapeField{"literals", string_list},
    ShapeField{"files", string_list},
    ShapeField{"envs", string_list},
    ShapeField{"env", string},
    ShapeField{"type", string},
    ShapeField{"cloud", string},
    ShapeField{"kubernetesService", object, &kubernetes_service_shape},
    ShapeField{"serviceAccount", object, &account_shape},
    ShapeField{"sortOptions", object, &sort_shape},
};
constexpr Shape plugin_table{"Plugin", plugin_fields};

constexpr std::array plugin_kinds = {
    "AnnotationsTransformer", "ConfigMapGenerator",          "IAMPolicyGenerator",
    "HashTransformer",        "ImageTagTransformer",         "LabelTransformer",
    "NamespaceTransformer",   "PatchJson6902Transformer",    "PatchStrategicMergeTransformer",
    "PatchTransformer",       "PrefixSuffixTransformer",     "PrefixTransformer",
    "SuffixTransformer",      "ReplicaCountTransformer",     "SecretGenerator",
    "ValueAddTransformer",    "ReplacementTransformer",
};

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return result;
}

const ShapeField* find_field(const Shape& shape, std::string_view name) {
  for (const ShapeField& field : shape.fields) {
    if (field.name == name) return &field;
  }
  const std::string folded = lower(name);
  for (const ShapeField& field : shape.fields) {
    if (lower(field.name) == folded) return &field;
  }
  return nullptr;
}

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t above = row[j];
      row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)});
      diagonal = above;
    }
  }
  return row[b.size()];
}

std::string suggestion(const Shape& shape, std::string_view name) {
  if (name.size() > 64) return "";
  std::string_view best;
  std::size_t distance = 3;
  for (const ShapeField& field : shape.fields) {
    const std::size_t d = edit_distance(lower(name), lower(field.name));
    if (d < distance) {
      distance = d;
      best = field.name;
    }
  }
  return best.empty() ? "" : " (did you mean \"" + std::string(best) + "\"?)";
}

std::string_view json_kind(const Value& value) {
  if (value.is_object()) return "object";
  if (value.is_array()) return "array";
  if (value.is_string()) return "string";
  return value.is_bool() ? "bool" : "number";
}

std::string_view go_type(const ShapeField& field, const Shape& shape) {
  switch (field.type) {
    case string: return "string";
    case boolean: return "bool";
    case integer: return "int";
    case integer64: return "int64";
    case string_list: return "[]string";
    case string_map: return "map[string]string";
    case boolean_map: return "map[string]bool";
    case object: return "types.";
    case object_list:
      if (field.shape == &field_spec_shape && &shape == &config_table) return "types.FsSlice";
      if (field.shape == &reference_shape) return "builtinconfig.nbrSlice";
      return "[]types.";
    case anything: break;
  }
  return "interface {}";
}

class Checker {
 public:
  explicit Checker(Unknown unknown) : unknown_(unknown) {}

  Result<void> check_object(Value& document, const Shape& shape, const std::string& path) {
    // Keys in sorted order, because the reference sees them so: the last of two spellings wins.
    Value result = Value::object();
    document.sort_members();
    for (std::size_t i = 0; i < document.size(); ++i) {
      value::Member& member = document.member_mut(i);
      const ShapeField* field = find_field(shape, member.name());
      if (field == nullptr) {
        if (unknown_ == Unknown::refused) {
          return make_error(Code::invalid, "json: unknown field \"" + std::string(member.name()) +
                                               "\"" + suggestion(shape, member.name()));
        }
        continue;
      }
      if (member.value.is_null()) continue;
      std::string below(field->embedded);
      below.append(field->name);
      if (!path.empty()) below.insert(0, path + ".");
      WEIR_CHECK(check_field(member.value, *field, shape, below));
      result.set(field->name, std::move(member.value));
    }
    document = std::move(result);
    return {};
  }

 private:
  static base::Error wrong(const Value& value, std::string_view type, const Shape& shape,
                           const std::string& path) {
    return make_error(Code::invalid, "json: cannot unmarshal " + std::string(json_kind(value)) +
                                         " into Go struct field " + std::string(shape.name) + "." +
                                         path + " of type " + std::string(type));
  }

  Result<void> check_items(Value& value, const ShapeField& field, const Shape& shape,
                           const std::string& path) {
    for (std::size_t i = 0; i < value.size(); ++i) {
      Value& item = value.item_mut(i);
      if (field.type == string_list) {
        if (item.is_null()) item = Value("");
        if (!item.is_string()) return wrong(item, "string", shape, path);
        continue;
      }
      if (item.is_null()) item = Value::object();
      if (!item.is_object())
        return wrong(item, "types." + std::string(field.shape->name), shape, path);
      WEIR_CHECK(check_object(item, *field.shape, path));
    }
    return {};
  }

  Result<void> check_values(Value& value, const ShapeField& field, const Shape& shape,
                            const std::string& path) {
    for (std::size_t i = 0; i < value.size(); ++i) {
      Value& item = value.member_mut(i).value;
      const bool wants_string = field.type == string_map;
      if (item.is_null()) item = wants_string ? Value("") : Value(false);
      if (wants_string ? !item.is_string() : !item.is_bool()) {
        return wrong(item, wants_string ? "string" : "bool", shape, path);
      }
    }
    return {};
  }

  Result<void> check_field(Value& value, const ShapeField& field, const Shape& shape,
                           const std::string& path) {
    const auto refuse = [&]() -> Result<void> {
      std::string type(go_type(field, shape));
      if (type.ends_with('.')) type += field.shape->name;
      return wrong(value, type, shape, path);
    };
    switch (field.type) {
      case string: return value.is_string() ? Result<void>() : refuse();
      case boolean: return value.is_bool() ? Result<void>() : refuse();
      case integer:
      case integer64: return value.is_integer() ? Result<void>() : refuse();
      case string_list:
      case object_list: return value.is_array() ? check_items(value, field, shape, path) : refuse();
      case string_map:
      case boolean_map:
        return value.is_object() ? check_values(value, field, shape, path) : refuse();
      case object: return value.is_object() ? check_object(value, *field.shape, path) : refuse();
      case anything: break;
    }
    return {};
  }

  Unknown unknown_;
};

}  // namespace

const Shape& kustomization_shape() { return kustomization_table; }
const Shape& transformer_config_shape() { return config_table; }
const Shape& replacement_shape() { return replacement_field_shape; }

const Shape* plugin_shape(std::string_view kind) {
  if (kind == "HelmChartInflationGenerator") return &chart_plugin_shape;
  for (const std::string_view known : plugin_kinds) {
    if (known == kind) return &plugin_table;
  }
  return nullptr;
}

Result<void> check_shape(Value& document, const Shape& shape, Unknown unknown) {
  if (document.is_null()) {
    document = Value::object();
    return {};
  }
  if (!document.is_object()) {
    return make_error(Code::invalid, "json: cannot unmarshal " + std::string(json_kind(document)) +
                                         " into Go value of type types." + std::string(shape.name));
  }
  return Checker(unknown).check_object(document, shape, "");
}

}  // namespace weir::kustomize
