#include "engine/helm/post_render.hh"

#include "engine/base/file_tree.hh"
#include "engine/helm/text.hh"
#include "engine/model/object_id.hh"
#include "engine/value/yaml.hh"
#include "engine/value/yaml_diagnosis.hh"
#include "engine/value/yaml_unfolded.hh"

namespace weir::helm {
namespace {

constexpr std::string_view file_annotation = "postrenderer.helm.sh/postrender-filename";
constexpr std::string_view separator = "\n---\n";

void add_file(RenderedFiles& files, const std::string& name, const std::string& text) {
  const auto [entry, fresh] = files.try_emplace(name, text);
  if (!fresh) entry->second.append(separator).append(text);
}

// What kyaml says of a text that is no YAML.
Error told_as_go(const std::string& text, Error error) {
  const auto diagnosis = value::diagnose_yaml(text, value::GoYaml::v3);
  if (!diagnosis) return error;
  std::string message = "MalformedYAMLError: yaml: ";
  if (diagnosis->line > 0) message += "line " + std::to_string(diagnosis->line) + ": ";
  return make_error(error.code, message + diagnosis->problem);
}

// The documents of a text, as kyaml reads it.
std::vector<Value> taken_apart(std::vector<value::YamlDocument> documents) {
  std::vector<Value> out;
  if (documents.size() == 1 && model::is_wrapping_list(documents.front().value)) {
    const auto items = documents.front().value["items"].items();
    out.assign(items.begin(), items.end());
    return out;
  }
  for (value::YamlDocument& document : documents) out.push_back(std::move(document.value));
  return out;
}

Result<std::vector<Value>> merge_files(const RenderedFiles& files, Compat compat) {
  std::vector<Value> out;
  for (const auto& [name, text] : files) {
    if (base::base_name(name).starts_with("_") || trim_space(text).empty()) continue;
    for (const std::string& part : split_manifests(text, compat)) {
      value::YamlOptions options;
      options.dialect = value::YamlDialect::kustomize;
      auto documents = value::parse_yaml_documents(part, options);
      if (!documents.ok())
        return told_as_go(part, std::move(documents).error()).with_context("parsing " + name);
      for (Value& document : taken_apart(*std::move(documents))) {
        if (!document.is_object()) continue;
        document.entry("metadata").entry("annotations").set(file_annotation, name);
        out.push_back(std::move(document));
      }
    }
  }
  return out;
}

// The file a document came from; the note is taken off again.
std::string take_file(Value& document) {
  Value* metadata = document.find_mut("metadata");
  if (metadata == nullptr) return {};
  Value* annotations = metadata->find_mut("annotations");
  if (annotations == nullptr) return {};
  std::string name((*annotations)[file_annotation].get_string());
  annotations->erase(file_annotation);
  if (annotations->empty()) metadata->erase("annotations");
  return name;
}

Result<RenderedFiles> render_group(const RenderedFiles& files, Compat compat,
                                   const PostTransform& transform, const std::string& group) {
  auto merged = merge_files(files, compat);
  if (!merged.ok())
    return std::move(merged).error().with_context("error merging " +
                                                  (group.empty() ? "manifests" : group));
  auto documents = transform(*std::move(merged));
  if (!documents.ok())
    return std::move(documents).error().with_context("error while running post render on " +
                                                     (group.empty() ? "files" : group));
  RenderedFiles out;
  for (std::size_t i = 0; i < documents->size(); ++i) {
    Value& document = (*documents)[i];
    std::string name = take_file(document);
    if (name.empty()) {
      name = "generated-by-postrender-";
      if (!group.empty()) name += group + "-";
      name += std::to_string(i) + ".yaml";
    }
    const std::string text = value::write_yaml_unfolded(document);
    const auto [entry, fresh] = out.try_emplace(name, text);
    if (!fresh) entry->second.append("---\n").append(text);
  }
  return out;
}

}  // namespace

Result<RenderedFiles> post_render(const RenderedFiles& files, PostRenderMode mode, Compat compat,
                                  const PostTransform& transform) {
  if (mode == PostRenderMode::combined) return render_group(files, compat, transform, "");
  WEIR_TRY(const SortedManifests sorted, sort_manifests(files, compat));
  RenderedFiles hooks, manifests, out;
  for (const Hook& hook : sorted.hooks) add_file(hooks, hook.path, hook.content);
  for (const Manifest& manifest : sorted.manifests)
    add_file(manifests, manifest.path, manifest.content);
  if (mode == PostRenderMode::separate && !hooks.empty()) {
    WEIR_TRY(hooks, render_group(hooks, compat, transform, "hooks"));
  }
  if (!manifests.empty()) {
    WEIR_TRY(manifests, render_group(manifests, compat, transform, "manifests"));
  }
  for (const auto& [name, text] : hooks) add_file(out, name, text);
  for (const auto& [name, text] : manifests) add_file(out, name, text);
  return out;
}

}  // namespace weir::helm
