#include "engine/kustomize/build.hh"

#include <array>
#include <functional>

#include "engine/kustomize/generators.hh"
#include "engine/kustomize/name_reference.hh"
#include "engine/kustomize/plain_scalar.hh"
#include "engine/kustomize/remote_memo.hh"
#include "engine/kustomize/resource_reader.hh"
#include "engine/kustomize/sort_order.hh"
#include "engine/kustomize/target.hh"
#include "engine/value/strategic_merge.hh"
#include "engine/value/yaml.hh"
#include "engine/value/yaml_builder.hh"

namespace weir::kustomize {

namespace {

constexpr std::string_view local_config = "config.kubernetes.io/local-config";
constexpr std::string_view managed_by = "kustomize-v5.7.1";

// Annotations of the reference's own plumbing; they never reach an output.
constexpr std::array plumbing = {
    "internal.config.kubernetes.io/previousKinds",
    "internal.config.kubernetes.io/previousNames",
    "internal.config.kubernetes.io/prefixes",
    "internal.config.kubernetes.io/suffixes",
    "internal.config.kubernetes.io/previousNamespaces",
    "internal.config.kubernetes.io/allowNameChange",
    "internal.config.kubernetes.io/allowKindChange",
    "internal.config.kubernetes.io/refBy",
    "internal.config.kubernetes.io/generatorBehavior",
    "internal.config.kubernetes.io/needsHashSuffix",
    "internal.config.kubernetes.io/path",
    "internal.config.kubernetes.io/index",
    "internal.config.kubernetes.io/seqindent",
    "internal.config.kubernetes.io/id",
    "internal.config.kubernetes.io/annotations-migration-resource-id",
    "config.kubernetes.io/path",
    "config.kubernetes.io/index",
    "config.k8s.io/id",
};

Result<void> drop_local_config(ResMap& resources) {
  for (std::size_t i = 0; i < resources.size(); ++i) {
    const Value& object = resources[i].object();
    const std::string kind = value::scalar_text(object["kind"]);
    const bool named = !resources[i].name().empty() || kind.ends_with("List");
    if (named && !kind.empty()) continue;
    return base::make_error(base::Code::invalid,
                            std::string("missing ") + (named ? "kind" : "metadata.name") +
                                " in object " + resources[i].id().to_string() + " " +
                                std::string(object["apiVersion"].get_string()));
  }
  resources.filter([](const Resource& resource) {
    const Value& annotations = resource.object()["metadata"]["annotations"];
    const Value* local = annotations.find(local_config);
    return local == nullptr || resource.annotations().find(local_config)->second == "false";
  });
  return resources.check_unique();
}

// The reference writes annotations anew at the end: sorted, as strings, without its own, none when
// empty.
Result<void> finish_annotations(Resource& resource, bool with_origin, bool with_transformations) {
  const Value& written = resource.object()["metadata"]["annotations"];
  if (!resource.object()["metadata"].contains("annotations") && !with_origin &&
      !with_transformations) {
    if (!resource.object().contains("metadata")) resource.edit().set("metadata", Value::object());
    return {};
  }
  StringMap annotations = written.is_object() ? resource.annotations() : StringMap{};
  for (const std::string_view key : plumbing) {
    const auto found = annotations.find(key);
    if (found != annotations.end()) annotations.erase(found);
  }
  const auto put = [&](std::string_view key, bool wanted, const std::string& text) {
    if (!wanted || text.empty()) {
      const auto found = annotations.find(key);
      if (found != annotations.end() && !wanted) annotations.erase(found);
      return;
    }
    annotations[std::string(key)] = text;
  };
  put(origin_annotation, with_origin, resource.origin ? resource.origin->to_string() : "");
  put(transformations_annotation, with_transformations,
      resource.transformations.empty() ? "" : to_string(resource.transformations));
  for (const auto& [key, text] : annotations) WEIR_CHECK(check_plain_key(key));
  resource.set_metadata_map("annotations", annotations);
  return {};
}

// Keys that are lists or maps come as far as here; a patch may have taken them away.
Result<void> check_keys(const Value& node) {
  for (const Value& item : node.items()) WEIR_CHECK(check_keys(item));
  for (const value::Member& member : node.members()) {
    const std::string_view name = member.name();
    if (!name.empty() && name[0] == value::collection_key_mark) {
      return base::make_error(base::Code::invalid,
                              "map[string]interface {}(nil): yaml: invalid map key: " +
                                  std::string(name.substr(1)));
    }
    WEIR_CHECK(check_keys(member.value));
  }
  return {};
}

Result<void> add_managed_by(ResMap& resources) {
  const FieldSpec labels = make_field_spec({}, "metadata/labels", true);
  return set_entries(resources, {{"app.kubernetes.io/managed-by", std::string(managed_by)}},
                     {labels});
}

using OpenLoader = std::function<Result<Loader>(const BuildOptions& options)>;

Result<BuildResult> build_at(const OpenLoader& open, const BuildOptions& given) {
  RemoteMemo remote(given.remote);
  BuildOptions options = given;
  if (given.remote != nullptr) options.remote = &remote;
  BuildState state{&options, {}, {}, 0, {}};
  if (options.keep_builtin_types) state.types.keep_builtin();
  if (options.trace) state.tracer = std::make_unique<Tracer>(options.trace_only);
  WEIR_TRY(Loader loader, open(options));
  WEIR_TRY(Target target, Target::open(std::move(loader), state));
  const Kustomization& kustomization = target.kustomization();
  if (!kustomization["buildMetadata"].empty()) target.track_origin(Origin{});

  Accumulator result;
  WEIR_CHECK(target.accumulate(result));

  // These wait until everything is there, because they look at all resources and all renames.
  ResMap& resources = result.resources;
  const auto pass = [&](const char* name, Result<void> done) -> Result<void> {
    WEIR_CHECK(std::move(done));
    if (state.tracer == nullptr) return {};
    state.tracer->after(resources, [name](const FieldTrail&) { return FieldCause{name, "", 0}; });
    state.tracer->before(resources);
    return {};
  };
  if (state.tracer != nullptr) state.tracer->before(resources);
  WEIR_TRY(const Transform add_hashes, make_hash({}, {}, {}));
  WEIR_CHECK(pass("name hash", add_hashes(resources)));
  WEIR_CHECK(pass("name reference", fix_name_references(resources, *result.config)));
  WEIR_CHECK(pass(
      "vars", resolve_vars(resources, result.vars, result.config->var_references, state.warnings)));
  WEIR_CHECK(drop_local_config(resources));
  static const Value legacy = Value::object({{"order", "legacy"}});
  const bool by_default = options.legacy_order && !kustomization.fields.contains("sortOptions");
  WEIR_CHECK(sort_resources(resources, by_default ? legacy : kustomization["sortOptions"]));
  if (options.add_managed_by_label || kustomization.has_metadata_option("managedByLabel")) {
    WEIR_CHECK(add_managed_by(resources));
  }

  BuildResult built;
  built.warnings = std::move(state.warnings);
  built.resources.reserve(resources.size());
  for (std::size_t i = 0; i < resources.size(); ++i) {
    WEIR_CHECK(finish_annotations(resources[i],
                                  kustomization.has_metadata_option("originAnnotations"),
                                  kustomization.has_metadata_option("transformerAnnotations")));
    WEIR_CHECK(check_keys(resources[i].object()));
    built.resources.push_back(resources[i].object());
  }
  WEIR_CHECK(pass("buildMetadata", {}));
  for (std::size_t i = 0; options.trace && i < resources.size(); ++i)
    built.causes.push_back(resources[i].causes == nullptr ? FieldCauses{}
                                                          : std::move(*resources[i].causes));
  return built;
}

}  // namespace

Result<BuildResult> build(const base::FileTree& tree, std::string_view directory,
                          const BuildOptions& options) {
  Result<BuildResult> built = build_at(
      [&](const BuildOptions& own) { return Loader::open_root(tree, directory, own); }, options);
  if (built.ok() || built.error().reason != duplicate_key_reason) return built;
  base::Error error = std::move(built).error();
  const std::size_t words = error.message.find(duplicate_key_words);
  if (words != std::string::npos) error.message.erase(0, words);
  return error;
}

Result<BuildResult> build_url(std::string_view url, const BuildOptions& options) {
  return build_at([&](const BuildOptions& own) { return Loader::open_url(url, own); }, options);
}

bool is_cluster_scoped(const Gvk& gvk) {
  return OpenApi().is_cluster_scoped(gvk.api_version(), gvk.kind);
}

std::string write_resources(const std::vector<Value>& resources) {
  std::string text;
  for (std::size_t i = 0; i < resources.size(); ++i) {
    if (i > 0) text += "---\n";
    value::append_yaml(text, resources[i], value::YamlStyle::kustomize);
  }
  return text;
}

}  // namespace weir::kustomize
