#include "engine/kustomize/target.hh"

#include "engine/base/limits.hh"
#include "engine/kustomize/repo_spec.hh"
#include "engine/kustomize/resource_reader.hh"
#include "engine/value/json.hh"
#include "engine/value/yaml.hh"

namespace weir::kustomize {

namespace {

using base::Code;
using base::make_error;

std::string go_quoted(std::string_view text) {
  value::JsonStyle style;
  style.escape_html = false;
  return value::write_json(Value(text), style);
}

}  // namespace

Result<Target> Target::open(Loader loader, BuildState& state) {
  if (++state.directories > base::limits::kustomize_directories_max) {
    return make_error(Code::limit, "more than " +
                                       std::to_string(base::limits::kustomize_directories_max) +
                                       " kustomizations in one build");
  }
  Target target(std::move(loader), state);
  WEIR_TRY(target.kustomization_, load_kustomization(target.loader_, state.warnings));
  target.trace_open();
  const Value& openapi = target.kustomization_["openapi"];
  const std::string_view version = openapi["version"].get_string();
  const Value* path = openapi.find("path");
  if (path == nullptr) {
    WEIR_CHECK(state.types.set_schema(version, nullptr));
    return target;
  }
  WEIR_TRY(const base::FileBytes bytes, target.loader_.load(path->get_string()));
  Result<Value> schema =
      bytes->starts_with('{') ? value::parse_json(*bytes) : value::parse_yaml(*bytes);
  if (!schema.ok()) return std::move(schema).error().with_context("invalid schema file");
  WEIR_CHECK(state.types.set_schema(version, &*schema));
  return target;
}

// The order of these passes is the order in which kustomize's fields take effect.
Result<void> Target::accumulate(Accumulator& result) {
  WEIR_CHECK(
      add_resources(result, kustomization_["resources"]).with_context("accumulating resources"));
  WEIR_CHECK(add_configuration(result));
  WEIR_CHECK(run_generators(result));
  WEIR_CHECK(add_components(result).with_context("accumulating components"));
  WEIR_CHECK(run_transformers(result));
  WEIR_CHECK(run_validators(result));
  return merge_vars(result.vars, kustomization_["vars"], result.resources);
}

Result<void> Target::add_resources(Accumulator& result, const Value& paths) {
  for (const Value& path : paths.items()) WEIR_CHECK(add_resource(result, path.get_string()));
  return {};
}

// A resource is a file, or else a base: a directory or a repository.
Result<void> Target::add_resource(Accumulator& result, std::string_view path) {
  Result<void> file = add_file(result, path);
  if (file.ok()) return {};
  const base::Error& problem = file.error();
  if (Loader::is_http_error(problem) || problem.code == Code::limit ||
      problem.reason == duplicate_key_reason)
    return file;
  const std::string attempt = "accumulation err='" + file.error().message + "'";
  Result<Loader> base = loader_.open(path);
  if (!base.ok()) {
    if (is_malformed_yaml(file.error()) && base.error().code != Code::timeout) return file;
    return std::move(base).error().with_context(attempt);
  }
  return add_directory(result, *std::move(base), path, false).with_context(attempt);
}

Result<void> Target::add_file(Accumulator& result, std::string_view path) {
  const auto load = [&]() -> Result<ResMap> {
    WEIR_TRY(const base::FileBytes bytes, loader_.load(path));
    WEIR_TRY(const Objects objects, read_object_file(bytes, path));
    ResMap resources;
    if (objects->unread_line != 0) {
      state_->warnings.push_back(
          "# Warning: '" + std::string(path) + "': the text from line " +
          std::to_string(objects->unread_line) +
          " up to the next \"---\" belongs to no object and is not read.");
    }
    std::optional<Origin> origin;
    if (origin_) origin = origin_->append(path);
    std::optional<PlacedText> places;
    for (const Value& object : *objects) {
      Resource resource(object, state_->types);
      resource.origin = origin;
      if (state_->tracer != nullptr)
        state_->tracer->loaded(resource, *bytes, shown(path), places);
      WEIR_CHECK(resources.append(std::move(resource)));
    }
    return resources;
  };
  WEIR_TRY(ResMap resources,
           load().with_context("accumulating resources from '" + mask_userinfo(path) + "'"));
  return result.resources.append_all(std::move(resources))
      .with_context("merging resources from '" + mask_userinfo(path) + "'");
}

Result<void> Target::add_directory(Accumulator& result, Loader loader, std::string_view path,
                                   bool component) {
  std::optional<Origin> origin;
  if (origin_) origin = origin_->append(path);
  return accumulate_directory(result, std::move(loader), origin, component);
}

Result<void> Target::accumulate_directory(Accumulator& result, Loader loader,
                                          const std::optional<Origin>& origin, bool component) {
  const std::string root = loader.root();
  Result<Target> opened = Target::open(std::move(loader), *state_);
  if (!opened.ok()) {
    return std::move(opened).error().with_context("couldn't make target for path '" + root + "'");
  }
  Target& target = *opened;
  target.kustomization_.fields.erase("buildMetadata");
  target.origin_ = origin;
  const std::string kind(target.kustomization_.text("kind"));
  if (component && kind != component_kind) {
    return make_error(Code::invalid,
                      "expected kind 'Component' for path '" + root + "' but got '" + kind + "'");
  }
  if (!component && kind == component_kind) {
    return make_error(Code::invalid, "expected kind != 'Component' for path '" + root + "'");
  }
  const std::string recursed = "recursed accumulation of path '" + root + "'";
  if (component) {
    WEIR_CHECK(target.accumulate(result).with_context(recursed));
    // As when a base is merged: an id that a pass of the component made a second time is refused
    // here, and equal rules are taken out in the same order.
    WEIR_CHECK(result.resources.check_unique().with_context("recursed merging from path '" + root +
                                                            "'"));
    WEIR_TRY(result.config, merge_configs(nullptr, result.config));
    return {};
  }
  Accumulator own;
  WEIR_CHECK(target.accumulate(own).with_context(recursed));
  const auto merge = [&]() -> Result<void> {
    WEIR_CHECK(result.resources.append_all(std::move(own.resources)));
    WEIR_TRY(result.config, merge_configs(result.config, own.config));
    return merge_var_sets(result.vars, own.vars);
  };
  return merge().with_context("recursed merging from path '" + root + "'");
}

Result<void> Target::add_components(Accumulator& result) {
  for (const Value& entry : kustomization_["components"].items()) {
    const std::string_view path = entry.get_string();
    Result<Loader> loader = loader_.open(path);
    if (!loader.ok()) {
      base::Error error = std::move(loader).error();
      error.message = "loader.New " + go_quoted(error.message);
      return error;
    }
    Result<void> added = add_directory(result, *std::move(loader), path, true);
    if (added.ok()) continue;
    base::Error error = std::move(added).error();
    error.message = "accumulateDirectory: " + go_quoted(error.message);
    return error;
  }
  return {};
}

// Field specs: the defaults, what `configurations` add, what `crds` tell.
Result<void> Target::add_configuration(Accumulator& result) {
  ConfigPtr config = default_config();
  for (const Value& path : kustomization_["configurations"].items()) {
    WEIR_TRY(const base::FileBytes bytes, loader_.load(path.get_string()));
    WEIR_TRY(TransformerConfig added, parse_transformer_config(*bytes));
    WEIR_TRY(config,
             merge_configs(config, std::make_shared<const TransformerConfig>(std::move(added))));
  }
  WEIR_TRY(result.config, merge_configs(result.config, config).with_context("merging config"));
  std::string paths = "[";
  for (const Value& path : kustomization_["crds"].items())
    paths += (paths.size() > 1 ? " " : "") + std::string(path.get_string());
  paths += "]";
  for (const Value& path : kustomization_["crds"].items()) {
    const auto load = [&]() -> Result<TransformerConfig> {
      WEIR_TRY(const base::FileBytes bytes, loader_.load(path.get_string()));
      return parse_crd_config(*bytes).with_context("unable to parse open API definition from '" +
                                                   std::string(path.get_string()) + "'");
    };
    WEIR_TRY(TransformerConfig added, load().with_context("loading CRDs " + paths));
    WEIR_TRY(
        result.config,
        merge_configs(result.config, std::make_shared<const TransformerConfig>(std::move(added)))
            .with_context("merging CRDs"));
  }
  return {};
}

}  // namespace weir::kustomize
