#include "engine/kustomize/transformer_config.hh"

#include <algorithm>
#include <array>

#include "engine/base/limits.hh"
#include "engine/kustomize/resource_reader.hh"
#include "engine/kustomize/shape.hh"
#include "engine/kustomize/sort_order.hh"
#include "engine/value/yaml.hh"

namespace weir::kustomize {

namespace {

using base::Code;
using base::make_error;

struct SpecList {
  std::string_view field;  // in a configuration file
  std::string_view label;  // in error texts
  FieldSpecs TransformerConfig::*specs;
};

constexpr std::array spec_lists = {
    SpecList{"namePrefix", "NamePrefix", &TransformerConfig::name_prefix},
    SpecList{"nameSuffix", "NameSuffix", &TransformerConfig::name_suffix},
    SpecList{"namespace", "NameSpace", &TransformerConfig::namespaces},
    SpecList{"commonAnnotations", "CommonAnnotations", &TransformerConfig::common_annotations},
    SpecList{"commonLabels", "CommonLabels", &TransformerConfig::common_labels},
    SpecList{"labels", "Labels", &TransformerConfig::labels},
    SpecList{"templateLabels", "TemplateLabels", &TransformerConfig::template_labels},
    SpecList{"varReference", "VarReference", &TransformerConfig::var_references},
    SpecList{"images", "Images", &TransformerConfig::images},
    SpecList{"replicas", "Replicas", &TransformerConfig::replicas},
};

Result<void> merge_reference(std::vector<NameReference>& known, const NameReference& added) {
  bool found = false;
  for (NameReference& reference : known) {
    if (reference.target != added.target) continue;
    WEIR_CHECK(merge_field_specs(reference.referrers, added.referrers));
    found = true;
  }
  if (!found) known.push_back(added);
  return {};
}

// By type: rank of the kind, then group, version, kind. Ranks are looked up once, and what is in
// order stays where it is: this runs for every merge of configurations.
template <typename Items, typename GvkOf>
void sort_by_type(Items& items, GvkOf gvk_of) {
  std::vector<std::pair<int, std::size_t>> order;
  order.reserve(items.size());
  for (std::size_t i = 0; i < items.size(); ++i)
    order.emplace_back(legacy_rank(gvk_of(items[i]).kind), i);
  const auto less = [&](const auto& a, const auto& b) {
    return a.first != b.first ? a.first < b.first
                              : legacy_text_less(gvk_of(items[a.second]), gvk_of(items[b.second]));
  };
  if (std::is_sorted(order.begin(), order.end(), less)) return;
  std::stable_sort(order.begin(), order.end(), less);
  Items sorted;
  sorted.reserve(items.size());
  for (const auto& [rank, index] : order) sorted.push_back(std::move(items[index]));
  items = std::move(sorted);
}

// Reads where names, labels and annotations stand in one CRD's OpenAPI definitions.
class CrdReader {
 public:
  explicit CrdReader(const Value& definitions) : definitions_(definitions) {}

  Result<TransformerConfig> read() {
    for (const value::Member& entry : definitions_.members()) {
      const Value& properties = properties_of(entry.value);
      if (!properties.contains("kind") || !properties.contains("apiVersion") ||
          !properties.contains("metadata")) {
        continue;
      }
      const std::string_view name = entry.name();
      gvk_ = Gvk{"", "", std::string(name.substr(name.rfind('.') + 1))};
      path_.clear();
      WEIR_CHECK(read_type(entry.value));
    }
    config_.sort();
    return std::move(config_);
  }

 private:
  static const Value& either(const Value& object, std::string_view a, std::string_view b) {
    const Value* found = object.find(a);
    return found == nullptr ? object[b] : *found;
  }

  static const Value& properties_of(const Value& definition) {
    return either(definition, "Schema", "schema")["properties"];
  }

  std::string path_to(std::string_view last) const {
    std::string result;
    for (const std::string& part : path_) result += part + "/";
    return result + std::string(last);
  }

  Result<void> read_type(const Value& definition) {
    if (path_.size() > base::limits::expression_depth_max) {
      return make_error(Code::limit, "definitions of a crds file refer to each other too deeply");
    }
    for (const value::Member& entry : properties_of(definition).members()) {
      const Value& property = entry.value;
      const FieldSpec spec = make_field_spec(gvk_, path_to(entry.name()), false);
      if (property.contains("x-kubernetes-annotation")) {
        WEIR_CHECK(merge_field_spec(config_.common_annotations, spec));
      }
      if (property.contains("x-kubernetes-label-selector")) {
        WEIR_CHECK(merge_field_spec(config_.common_labels, spec));
      }
      if (property.contains("x-kubernetes-identity")) {
        WEIR_CHECK(merge_field_spec(config_.name_prefix, spec));
      }
      const Value& version = property["x-kubernetes-object-ref-api-version"];
      const Value& kind = property["x-kubernetes-object-ref-kind"];
      if (version.is_string() && kind.is_string()) {
        const std::string_view key =
            property["x-kubernetes-object-ref-name-key"].get_string("name");
        NameReference reference{
            Gvk{"", std::string(version.as_string()), std::string(kind.as_string())}, {}};
        reference.referrers.push_back(
            make_field_spec(gvk_, path_to(entry.name()) + "/" + std::string(key), false));
        WEIR_CHECK(merge_reference(config_.name_references, reference));
      }
      const Value* target = definitions_.find(property["$ref"].get_string());
      if (target == nullptr) continue;
      path_.emplace_back(entry.name());
      WEIR_CHECK(read_type(*target));
      path_.pop_back();
    }
    return {};
  }

  const Value& definitions_;
  TransformerConfig config_;
  Gvk gvk_;
  std::vector<std::string> path_;
};

}  // namespace

Result<void> TransformerConfig::merge(const TransformerConfig& other) {
  for (const SpecList& list : spec_lists) {
    WEIR_CHECK(merge_field_specs(this->*list.specs, other.*list.specs)
                   .with_context("failed to merge " + std::string(list.label) + " fieldSpec"));
  }
  for (const NameReference& reference : other.name_references) {
    WEIR_CHECK(merge_reference(name_references, reference)
                   .with_context("failed to merge NameReference fieldSpec"));
  }
  sort();
  return {};
}

void TransformerConfig::sort() {
  for (const SpecList& list : spec_lists)
    sort_by_type(this->*list.specs, [](const FieldSpec& spec) -> const Gvk& { return spec.gvk; });
  sort_by_type(name_references,
               [](const NameReference& reference) -> const Gvk& { return reference.target; });
}

Result<ConfigPtr> merge_configs(const ConfigPtr& a, const ConfigPtr& b) {
  if (b == nullptr || a == b) return a;
  if (a == nullptr && b == default_config()) return b;
  // The first merge into nothing also takes out what `b` says twice.
  auto merged = a == nullptr ? std::make_shared<TransformerConfig>()
                             : std::make_shared<TransformerConfig>(*a);
  WEIR_CHECK(merged->merge(*b));
  return ConfigPtr(std::move(merged));
}

Result<TransformerConfig> parse_transformer_config(std::string_view text) {
  Result<Value> parsed = value::parse_yaml(text);
  if (!parsed.ok()) {
    return malformed_yaml(std::move(parsed).error(), "error converting YAML to JSON: yaml: ", text);
  }
  Value fields = *std::move(parsed);
  WEIR_CHECK(check_shape(fields, transformer_config_shape())
                 .with_context("error unmarshaling JSON: while decoding JSON"));
  TransformerConfig config;
  for (const SpecList& list : spec_lists) config.*list.specs = field_specs_of(fields[list.field]);
  for (const Value& entry : fields["nameReference"].items()) {
    const FieldSpec target = field_spec_of(entry);
    config.name_references.push_back({target.gvk, field_specs_of(entry["fieldSpecs"])});
  }
  config.sort();
  return config;
}

Result<TransformerConfig> parse_crd_config(std::string_view text) {
  Result<Value> definitions = value::parse_yaml(text);
  if (!definitions.ok()) {
    return malformed_yaml(std::move(definitions).error(), "error converting YAML to JSON: yaml: ",
                          text);
  }
  return CrdReader(*definitions).read();
}

}  // namespace weir::kustomize
