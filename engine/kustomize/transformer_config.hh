// The field specs of every transformer: kustomize's defaults, and what `configurations` and `crds`
// add.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.hh"
#include "engine/kustomize/field_spec.hh"

namespace weir::kustomize {

// Fields that hold the name of a resource of type `target`.
struct NameReference {
  Gvk target;
  FieldSpecs referrers;
};

struct TransformerConfig {
  FieldSpecs name_prefix;
  FieldSpecs name_suffix;
  FieldSpecs namespaces;
  FieldSpecs common_labels;
  FieldSpecs labels;
  FieldSpecs template_labels;
  FieldSpecs common_annotations;
  std::vector<NameReference> name_references;
  FieldSpecs var_references;
  FieldSpecs images;
  FieldSpecs replicas;

  Result<void> merge(const TransformerConfig& other);
  void sort();
};

using ConfigPtr = std::shared_ptr<const TransformerConfig>;

// Made once for the process.
const ConfigPtr& default_config();

// Both together; no copy when one of them is empty or already part of the other. Error: invalid.
Result<ConfigPtr> merge_configs(const ConfigPtr& a, const ConfigPtr& b);

// A file named in `configurations`. Error: invalid (not YAML, unknown field).
Result<TransformerConfig> parse_transformer_config(std::string_view text);

// A file named in `crds`: OpenAPI definitions whose x-kubernetes-* extensions say where names,
// labels and annotations are. Error: invalid.
Result<TransformerConfig> parse_crd_config(std::string_view text);

}  // namespace weir::kustomize
