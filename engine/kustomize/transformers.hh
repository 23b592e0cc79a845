// The built-in transformers: each a function that makes a Transform from its configuration, whether
// that comes from a field of a kustomization or from a plugin file of the same kind.
//
// Configurations have been checked against their shape. Making one may read files through the
// loader; running it touches only the resources.
#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "engine/base/result.hh"
#include "engine/kustomize/field_spec.hh"
#include "engine/kustomize/loader.hh"
#include "engine/kustomize/openapi.hh"
#include "engine/kustomize/res_map.hh"
#include "engine/value/value.hh"

namespace weir::kustomize {

using Transform = std::function<Result<void>(ResMap&)>;

struct PluginContext {
  const Loader* loader;
  const OpenApi* types;
};

using MakeTransform = Result<Transform> (*)(const Value& config, const FieldSpecs& specs,
                                            const PluginContext& context);

Result<Transform> make_namespace(const Value& config, const FieldSpecs& specs,
                                 const PluginContext&);
Result<Transform> make_prefix(const Value& config, const FieldSpecs& specs, const PluginContext&);
Result<Transform> make_suffix(const Value& config, const FieldSpecs& specs, const PluginContext&);
Result<Transform> make_prefix_suffix(const Value& config, const FieldSpecs& specs,
                                     const PluginContext&);
Result<Transform> make_labels(const Value& config, const FieldSpecs& specs, const PluginContext&);
Result<Transform> make_annotations(const Value& config, const FieldSpecs& specs,
                                   const PluginContext&);
Result<Transform> make_image(const Value& config, const FieldSpecs& specs, const PluginContext&);
Result<Transform> make_replicas(const Value& config, const FieldSpecs& specs, const PluginContext&);
Result<Transform> make_patch(const Value& config, const FieldSpecs& specs, const PluginContext&);
Result<Transform> make_json_patch(const Value& config, const FieldSpecs& specs,
                                  const PluginContext&);
Result<Transform> make_merge_patches(const Value& config, const FieldSpecs& specs,
                                     const PluginContext&);
Result<Transform> make_replacements(const Value& config, const FieldSpecs& specs,
                                    const PluginContext&);
Result<Transform> make_value_add(const Value& config, const FieldSpecs& specs,
                                 const PluginContext&);
Result<Transform> make_hash(const Value& config, const FieldSpecs& specs, const PluginContext&);

// Several images in one pass over the resources; the same result as one make_image after the other.
Transform images_transform(const Value& images, const FieldSpecs& specs);

// Sets a map entry on every field the specs name: what labels and annotations are.
Result<void> set_entries(ResMap& resources, const StringMap& entries, const FieldSpecs& specs);
StringMap string_map(const Value& map);

}  // namespace weir::kustomize
