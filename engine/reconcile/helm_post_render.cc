#include "engine/reconcile/helm_post_render.hh"

#include <set>

#include "engine/helm/post_render.hh"
#include "engine/kustomize/build.hh"
#include "engine/value/yaml.hh"

namespace weir::reconcile {
namespace {

constexpr const char* input_file = "helm-output.yaml";

Result<std::vector<Value>> run_kustomize(const std::vector<Value>& documents,
                                         const Value& renderer) {
  Value kustomization = Value::object({{"apiVersion", "kustomize.config.k8s.io/v1beta1"},
                                       {"kind", "Kustomization"},
                                       {"resources", Value::array({input_file})}});
  for (const std::string_view name : {"patches", "images"})
    if (!renderer[name].empty()) kustomization.set(name, renderer[name]);
  base::MemoryFileTree tree;
  tree.add(input_file, kustomize::write_resources(documents));
  tree.add("kustomization.yaml", value::write_yaml(kustomization));
  kustomize::BuildOptions options;
  options.confine_root = ".";
  options.allow_remote = false;
  WEIR_TRY(kustomize::BuildResult built, kustomize::build(tree, "", options));
  return std::move(built.resources);
}

void add_map(Value& object, std::string_view name, const Value& entries) {
  if (entries.empty()) return;
  Value& map = object.entry("metadata").entry(name);
  for (const auto& entry : entries.members()) map.set(entry.name(), entry.value);
}

// "Deployment.v1.apps/podinfo.default", as kustomize names what it finds twice.
std::string resource_name(const ObjectId& id) {
  std::string text = id.gvk.kind + "." + id.gvk.version + ".";
  text += (id.gvk.group.empty() ? "[noGrp]" : id.gvk.group) + "/" + id.name + ".";
  return text + (id.ns.empty() ? "[noNs]" : id.ns);
}

Result<std::vector<Value>> transform(std::vector<Value> documents,
                                     const model::HelmReleaseSpec& spec, const ObjectId& owner) {
  for (const Value& renderer : spec.post_renderers.items()) {
    if (!renderer["kustomize"].is_object()) continue;
    WEIR_TRY(documents, run_kustomize(documents, renderer["kustomize"]));
  }
  WEIR_TRY(documents, kustomize::take_resources(std::move(documents)));
  std::set<ObjectId> seen;
  for (Value& document : documents) {
    const ObjectId id = ObjectId::of(document);
    if (!seen.insert(id).second)
      return make_error(Code::invalid,
                        "may not add resource with an already registered id: " + resource_name(id));
    add_map(document, "labels", spec.common_labels);
    add_map(document, "annotations", spec.common_annotations);
    add_origin_labels(document, owner);
  }
  return documents;
}

helm::PostRenderMode mode_of(model::PostRenderStrategy strategy) {
  if (strategy == model::PostRenderStrategy::separate) return helm::PostRenderMode::separate;
  if (strategy == model::PostRenderStrategy::no_hooks) return helm::PostRenderMode::no_hooks;
  return helm::PostRenderMode::combined;
}

}  // namespace

void add_origin_labels(Value& object, const ObjectId& owner) {
  Value& labels = object.entry("metadata").entry("labels");
  labels.set(helm_name_label, owner.name);
  labels.set(helm_namespace_label, owner.ns);
}

std::function<Result<helm::RenderedFiles>(helm::RenderedFiles)> make_post_renderer(
    const model::HelmReleaseSpec& spec, const ObjectId& owner) {
  return [&spec, owner](const helm::RenderedFiles& files) {
    return helm::post_render(
        files, mode_of(spec.post_render_strategy), helm::Compat::helm_4_2_4,
        [&](std::vector<Value> documents) { return transform(std::move(documents), spec, owner); });
  };
}

}  // namespace weir::reconcile
