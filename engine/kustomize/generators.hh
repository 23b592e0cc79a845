// ConfigMap and Secret generators, the IAM policy generator, and the hash that generated names end
// in.
#pragma once

#include <string>

#include "engine/base/result.hh"
#include "engine/kustomize/res_map.hh"
#include "engine/kustomize/transformers.hh"
#include "engine/value/value.hh"

namespace weir::kustomize {

// `args` is an entry of configMapGenerator (secretGenerator), its options already joined with the
// global ones.
Result<ResMap> generate_config_map(const Value& args, const PluginContext& context);
Result<ResMap> generate_secret(const Value& args, const PluginContext& context);
Result<ResMap> generate_iam_policy(const Value& args, const PluginContext& context);

// The local options of a generator over the global ones: maps are joined, a true global flag wins.
Value merge_generator_options(const Value& local, const Value& global);

// Ten characters from the SHA-256 of what the ConfigMap or Secret holds. Metadata does not count.
std::string content_hash(const Value& object);

}  // namespace weir::kustomize
