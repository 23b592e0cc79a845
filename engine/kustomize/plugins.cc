// Generators, transformers and validators of a kustomization: the fields, and files of the same
// built-in kinds.
#include <algorithm>
#include <array>

#include "engine/kustomize/charts.hh"
#include "engine/kustomize/generators.hh"
#include "engine/kustomize/resource_reader.hh"
#include "engine/kustomize/shape.hh"
#include "engine/kustomize/target.hh"
#include "engine/value/json.hh"
#include "engine/value/yaml.hh"

namespace weir::kustomize {

namespace {

using base::Code;
using base::make_error;

constexpr std::string_view chart_kind = "HelmChartInflationGenerator";

struct TransformerKind {
  std::string_view kind;
  MakeTransform make;
};

constexpr std::array transformer_kinds = {
    TransformerKind{"AnnotationsTransformer", make_annotations},
    TransformerKind{"HashTransformer", make_hash},
    TransformerKind{"ImageTagTransformer", make_image},
    TransformerKind{"LabelTransformer", make_labels},
    TransformerKind{"NamespaceTransformer", make_namespace},
    TransformerKind{"PatchJson6902Transformer", make_json_patch},
    TransformerKind{"PatchStrategicMergeTransformer", make_merge_patches},
    TransformerKind{"PatchTransformer", make_patch},
    TransformerKind{"PrefixSuffixTransformer", make_prefix_suffix},
    TransformerKind{"PrefixTransformer", make_prefix},
    TransformerKind{"SuffixTransformer", make_suffix},
    TransformerKind{"ReplacementTransformer", make_replacements},
    TransformerKind{"ReplicaCountTransformer", make_replicas},
    TransformerKind{"ValueAddTransformer", make_value_add},
};

MakeTransform transformer(std::string_view kind) {
  for (const TransformerKind& known : transformer_kinds) {
    if (known.kind == kind) return known.make;
  }
  return nullptr;
}

// Error: invalid; which resource became another.
Result<void> same_resources(const ResMap& before, const ResMap& after) {
  if (before.size() != after.size()) {
    return make_error(Code::invalid, "lists have different number of entries: " +
                                         std::to_string(before.size()) + " and " +
                                         std::to_string(after.size()));
  }
  for (std::size_t i = 0; i < before.size(); ++i) {
    const ResId& id = before[i].id();
    const std::optional<std::size_t> found = after.find_current(id);
    if (!found)
      return make_error(Code::invalid, "id in self missing from other; id: " + id.to_string());
    Resource other = after[*found];
    StringMap labels = other.labels();
    if (labels.erase("validated-by") > 0) other.set_metadata_map("labels", labels);
    if (other.object() == before[i].object() && other.same_history(before[i])) continue;
    return make_error(Code::invalid, "nodes unequal: \n -- " + shown_json(before[i].object()) +
                                         ",\n -- " + shown_json(other.object()) + "\n");
  }
  return {};
}

// As the reference names the fields of its own configurations.
Value as_configured(const Value& config, std::string_view kind) {
  Value shown = Value::object();
  for (const value::Member& member : config.members()) {
    const bool operations = kind == "PatchJson6902Transformer" && member.name() == "patch";
    const bool replacements = member.name() == "replacements";
    if (operations && member.value.get_string().empty()) continue;
    shown.set(operations     ? "jsonOp"
              : replacements ? "Replacements"
                             : member.name(),
              member.value);
  }
  return shown;
}

base::Error configuring(base::Error error, std::string_view kind, const Value& config) {
  return std::move(error).with_context("trouble configuring builtin " + std::string(kind) +
                                       " with config: `\n" +
                                       value::write_yaml(as_configured(config, kind)) + "`");
}

// A generator's arguments without its data, which may be secret.
Value without_data(Value args) {
  args.erase("literals");
  args.erase("valuesInline");
  return args;
}

std::optional<Origin> plugin_origin(const Resource& resource) {
  if (!resource.origin) return std::nullopt;
  Origin result;
  result.repo = resource.origin->repo;
  result.ref = resource.origin->ref;
  result.configured_in = resource.origin->path;
  result.configured_by = {resource.id().gvk.api_version(), resource.id().gvk.kind, resource.name(),
                          resource.namespace_name()};
  return result;
}

// Only the kinds that are built in can be run; nothing outside of the engine is.
Result<void> check_builtin(const Resource& resource) {
  const Gvk& gvk = resource.id().gvk;
  if (!gvk.group.empty() || gvk.version != "builtin") {
    return make_error(Code::unsupported,
                      "external plugins disabled; unable to load external plugin '" +
                          resource.original_id().gvk.kind + "'");
  }
  if (plugin_shape(gvk.kind) == nullptr) {
    return make_error(Code::invalid, "unable to load builtin " + gvk_string(gvk));
  }
  return {};
}

// A plugin's own file has its name and namespace in the metadata.
Value generator_args(Value config) {
  for (const std::string_view field : {"name", "namespace"}) {
    if (config[field].get_string().empty() && config["metadata"].contains(field)) {
      config.set(field, config["metadata"][field]);
    }
  }
  return config;
}

void mark(Resource& resource, const Origin& origin) {
  if (resource.origin) {
    resource.transformations.push_back(origin);
  } else {
    resource.origin = origin;
  }
}

}  // namespace

std::optional<Origin> Target::builtin_origin(std::string_view kind) const {
  if (!origin_) return std::nullopt;
  Origin result;
  result.repo = origin_->repo;
  result.ref = origin_->ref;
  const std::string& path = origin_->path;
  result.configured_in = path.empty() || path == "." ? kustomization_.file_name
                                                     : path + "/" + kustomization_.file_name;
  result.configured_by = {"builtin", std::string(kind), "", ""};
  return result;
}

// Resources that configure plugins: each entry is one written out, or the path of a file or
// directory.
Result<Accumulator> Target::load_plugins(const Value& entries) {
  Accumulator plugins;
  Value paths = Value::array();
  for (const Value& entry : entries.items()) {
    Result<ObjectList> direct = read_objects(entry.get_string());
    if (!direct.ok()) {
      paths.push_back(entry);
      continue;
    }
    for (Value& object : *direct) {
      Resource resource(std::move(object), state_->types);
      if (origin_) resource.origin = origin_->append(kustomization_.file_name);
      WEIR_CHECK(plugins.resources.append(std::move(resource)));
    }
  }
  WEIR_CHECK(add_resources(plugins, paths));
  return plugins;
}

Result<ResMap> Target::run_generator(std::string_view kind, const Value& config) {
  if (kind == "ConfigMapGenerator") return generate_config_map(config, context());
  if (kind == "SecretGenerator") return generate_secret(config, context());
  if (kind == "IAMPolicyGenerator") return generate_iam_policy(config, context());
  return inflate_chart(config);
}

Result<ResMap> Target::inflate_chart(const Value& chart) {
  WEIR_TRY(const std::string manifest,
           kustomize::inflate_chart(chart, loader_, *state_->options));
  WEIR_TRY(ObjectList objects, read_objects(manifest));
  ResMap result;
  for (Value& object : objects)
    WEIR_CHECK(result.append(Resource(std::move(object), state_->types)));
  return result;
}

Result<void> Target::run_generators(Accumulator& result) {
  std::vector<Made> made;
  const auto add = [&](std::string_view kind, const Value& config, std::optional<Origin> origin,
                       CauseOf cause) -> Result<void> {
    WEIR_TRY(ResMap resources, run_generator(kind, config));
    made.push_back({std::move(resources), std::move(origin), std::move(cause)});
    return {};
  };
  const Value& global = kustomization_["generatorOptions"];
  for (const auto& [field, kind] : {std::pair{"configMapGenerator", "ConfigMapGenerator"},
                                    std::pair{"secretGenerator", "SecretGenerator"}}) {
    std::size_t position = 0;
    for (Value args : kustomization_[field].items()) {
      const std::string place = "/" + std::string(field) + "/" + std::to_string(position++);
      const Value options = merge_generator_options(args["options"], global);
      if (!options.is_null()) args.set("options", options);
      WEIR_CHECK(add(kind, args, builtin_origin(kind), field_cause(kind, place)));
    }
  }
  std::size_t position = 0;
  for (Value chart : kustomization_["helmCharts"].items()) {
    for (const value::Member& member : kustomization_["helmGlobals"].members())
      chart.set(member.name(), member.value);
    const auto checked = check_chart(chart, loader_, *state_->options);
    if (!checked.ok()) return configuring(checked.error(), chart_kind, without_data(chart));
    const std::string place = "/helmCharts/" + std::to_string(position++);
    WEIR_CHECK(add(chart_kind, chart, builtin_origin(chart_kind), field_cause(chart_kind, place)));
  }
  WEIR_TRY(Accumulator plugins,
           load_plugins(kustomization_["generators"]).with_context("loading generator plugins"));
  for (std::size_t i = 0; i < plugins.resources.size(); ++i) {
    const Resource& plugin = plugins.resources[i];
    WEIR_CHECK(
        check_builtin(plugin).with_context("loading generator plugins: failed to load generator"));
    if (transformer(plugin.kind()) != nullptr) {
      return make_error(Code::invalid,
                        "loading generator plugins: failed to load generator: plugin " +
                            plugin.original_id().to_string() + " not a generator");
    }
    Value config = plugin.object();
    WEIR_CHECK(check_shape(config, *plugin_shape(plugin.kind()), Unknown::ignored));
    if (plugin.kind() == chart_kind) {
      WEIR_CHECK(check_chart(config, loader_, *state_->options)
                     .with_context("loading generator plugins: failed to load generator: plugin " +
                                   plugin.original_id().to_string() + " fails configuration"));
    } else {
      config = generator_args(std::move(config));
    }
    WEIR_CHECK(add(plugin.kind(), config, plugin_origin(plugin), plugin_cause(plugin)));
  }
  for (Made& one : made) {
    for (std::size_t i = 0; one.origin && i < one.resources.size(); ++i) {
      if (!one.resources[i].origin) one.resources[i].origin = one.origin;
    }
    if (one.cause) state_->tracer->before(result.resources);
    WEIR_CHECK(result.resources.absorb_all(std::move(one.resources))
                   .with_context("merging from generator"));
    if (one.cause) state_->tracer->after(result.resources, one.cause);
  }
  return {};
}

Result<void> Target::add_step(std::vector<Step>& steps, std::string_view kind, const Value& config,
                              const FieldSpecs& specs) {
  Result<Transform> made = transformer(kind)(config, specs, context());
  if (!made.ok()) return configuring(std::move(made).error(), kind, without_data(config));
  steps.push_back({*std::move(made), builtin_origin(kind), {}});
  return {};
}

Result<void> Target::add_label_steps(std::vector<Step>& steps, const TransformerConfig& config) {
  const Value& labels = kustomization_["labels"];
  const Value& common = kustomization_["commonLabels"];
  if (labels.empty() && common.empty()) return {};
  std::size_t position = 0;
  for (const Value& label : labels.items()) {
    FieldSpecs specs = field_specs_of(label["fields"]);
    const auto merge = [&]() -> Result<void> {
      WEIR_CHECK(merge_field_specs(specs, config.labels));
      if (label["includeSelectors"].get_bool())
        return merge_field_specs(specs, config.common_labels);
      if (label["includeTemplates"].get_bool()) {
        WEIR_CHECK(merge_field_specs(specs, config.template_labels)
                       .with_context("failed to merge template fieldSpec"));
      }
      return merge_field_spec(specs, make_field_spec({}, "metadata/labels", true));
    };
    WEIR_CHECK(merge().with_context("failed to merge labels"));
    WEIR_CHECK(
        add_step(steps, "LabelTransformer", Value::object({{"labels", label["pairs"]}}), specs));
    steps.back().cause = field_cause("LabelTransformer", "/labels/" + std::to_string(position++));
  }
  WEIR_CHECK(add_step(steps, "LabelTransformer", Value::object({{"labels", common}}),
                      config.common_labels));
  steps.back().cause = field_cause("LabelTransformer", "/commonLabels");
  return {};
}

// All images in one pass, unless each has to be told as a transformation of its own.
Result<void> Target::add_image_steps(std::vector<Step>& steps, const TransformerConfig& config) {
  const Value& images = kustomization_["images"];
  if (images.empty()) return {};
  if (!origin_) {
    steps.push_back({images_transform(images, config.images), std::nullopt,
                     field_cause("ImageTagTransformer", "/images")});
    return {};
  }
  for (const Value& image : images.items()) {
    WEIR_CHECK(add_step(steps, "ImageTagTransformer", Value::object({{"imageTag", image}}),
                        config.images));
    steps.back().cause = field_cause("ImageTagTransformer", "/images");
  }
  return {};
}

// The transformers of a kustomization's own fields, in the order they run.
Result<std::vector<Target::Step>> Target::field_steps(const TransformerConfig& config) {
  std::vector<Step> steps;
  const Kustomization& k = kustomization_;
  const auto add = [&](std::string_view kind, Value fields, const FieldSpecs& specs,
                       const std::string& place) -> Result<void> {
    WEIR_CHECK(add_step(steps, kind, fields, specs));
    if (places_ != nullptr) steps.back().cause = patch_cause(kind, place, fields);
    return {};
  };
  const auto each = [&](std::string_view field, std::string_view kind) -> Result<void> {
    const std::string place = "/" + std::string(field) + "/";
    for (std::size_t i = 0; i < k[field].size(); ++i)
      WEIR_CHECK(add(kind, k[field].items()[i], {}, place + std::to_string(i)));
    return {};
  };
  if (!k["patchesStrategicMerge"].empty()) {
    WEIR_CHECK(add("PatchStrategicMergeTransformer",
                   Value::object({{"paths", k["patchesStrategicMerge"]}}), {},
                   "/patchesStrategicMerge"));
  }
  WEIR_CHECK(each("patches", "PatchTransformer"));
  if (!k.text("namespace").empty()) {
    Value metadata = Value::object({{"namespace", k["namespace"]}});
    WEIR_CHECK(add("NamespaceTransformer", Value::object({{"metadata", std::move(metadata)}}),
                   config.namespaces, "/namespace"));
  }
  if (!k.text("namePrefix").empty()) {
    WEIR_CHECK(add("PrefixTransformer", Value::object({{"prefix", k["namePrefix"]}}),
                   config.name_prefix, "/namePrefix"));
  }
  if (!k.text("nameSuffix").empty()) {
    WEIR_CHECK(add("SuffixTransformer", Value::object({{"suffix", k["nameSuffix"]}}),
                   config.name_suffix, "/nameSuffix"));
  }
  WEIR_CHECK(add_label_steps(steps, config));
  if (!k["commonAnnotations"].empty()) {
    WEIR_CHECK(add("AnnotationsTransformer",
                   Value::object({{"annotations", k["commonAnnotations"]}}),
                   config.common_annotations, "/commonAnnotations"));
  }
  WEIR_CHECK(each("patchesJson6902", "PatchJson6902Transformer"));
  for (const Value& replica : k["replicas"].items()) {
    WEIR_CHECK(add("ReplicaCountTransformer", Value::object({{"replica", replica}}),
                   config.replicas, "/replicas"));
  }
  WEIR_CHECK(add_image_steps(steps, config));
  if (!k["replacements"].empty()) {
    WEIR_CHECK(add("ReplacementTransformer", Value::object({{"replacements", k["replacements"]}}),
                   {}, "/replacements"));
  }
  return steps;
}

Result<std::vector<Target::Step>> Target::plugin_steps(const Value& entries) {
  std::vector<Step> steps;
  WEIR_TRY(Accumulator plugins, load_plugins(entries));
  for (std::size_t i = 0; i < plugins.resources.size(); ++i) {
    const Resource& plugin = plugins.resources[i];
    WEIR_CHECK(check_builtin(plugin));
    const MakeTransform make = transformer(plugin.kind());
    if (make == nullptr) {
      return make_error(Code::invalid,
                        "plugin " + plugin.original_id().to_string() + " not a transformer");
    }
    Value config = plugin.object();
    WEIR_CHECK(check_shape(config, *plugin_shape(plugin.kind()), Unknown::ignored));
    WEIR_TRY(Transform run, make(config, {}, context())
                                .with_context("plugin " + plugin.original_id().to_string() +
                                              " fails configuration"));
    steps.push_back({std::move(run), plugin_origin(plugin), plugin_cause(plugin)});
  }
  return steps;
}

Result<void> Target::run_steps(ResMap& resources, const std::vector<Step>& steps) {
  for (const Step& step : steps) {
    if (step.cause) state_->tracer->before(resources);
    WEIR_CHECK(step.run(resources));
    if (step.cause) state_->tracer->after(resources, step.cause);
    for (std::size_t i = 0; step.origin && i < resources.size(); ++i)
      mark(resources[i], *step.origin);
    resources.drop_deleted();
  }
  return {};
}

Result<void> Target::run_transformers(Accumulator& result) {
  WEIR_TRY(std::vector<Step> steps, field_steps(*result.config));
  WEIR_TRY(std::vector<Step> plugins, plugin_steps(kustomization_["transformers"]));
  std::move(plugins.begin(), plugins.end(), std::back_inserter(steps));
  return run_steps(result.resources, steps);
}

// Validators are transformers that must leave everything as it was, but for one label.
Result<void> Target::run_validators(Accumulator& result) {
  WEIR_TRY(const std::vector<Step> steps, plugin_steps(kustomization_["validators"]));
  for (const Step& step : steps) {
    const ResMap before = result.resources.copy();
    WEIR_CHECK(step.run(result.resources));
    WEIR_CHECK(
        same_resources(before, result.resources)
            .with_context("validator shouldn't modify the resource map"));
  }
  return {};
}

}  // namespace weir::kustomize
