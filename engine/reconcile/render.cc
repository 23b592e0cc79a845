#include "engine/reconcile/render.hh"

#include <algorithm>

#include "engine/base/digest.hh"
#include "engine/kustomize/generate.hh"

namespace weir::reconcile {
namespace {

Result<void> check_name(std::string_view name, SubstitutionWords words) {
  if (words == SubstitutionWords::command_line || expr::valid_variable_name(name)) return {};
  return make_error(Code::invalid, "'" + std::string(name) + "' var name is invalid");
}

Result<void> add_variables(expr::Variables& variables, const Value& object, bool secret,
                           SubstitutionWords words) {
  for (const auto& member : object["data"].members()) {
    WEIR_CHECK(check_name(member.name(), words));
    std::string text(member.value.get_string());
    if (secret) {
      WEIR_TRY(text, base::base64_decode(text));
    }
    expr::set_variable(variables, member.name(), text);
  }
  return {};
}

// "Deployment.v1.apps/podinfo.default", as the build tool names resources.
std::string resource_name(const Value& resource) {
  const ObjectId id = ObjectId::of(resource);
  return id.gvk.kind + "." + id.gvk.version + "." +
         (id.gvk.group.empty() ? "[noGrp]" : id.gvk.group) + "/" + id.name + "." +
         (id.ns.empty() ? "[noNs]" : id.ns);
}

std::string failure(const Value& resource, SubstitutionWords words) {
  if (words == SubstitutionWords::controller)
    return "post build failed for '" + resource_name(resource) + "'";
  return "var substitution failed for '" + ObjectId::of(resource).name + "'";
}

// What a client makes of the build's text: lists are taken apart, kustomizations are no objects.
void read_back(std::vector<Value>& resources) {
  const auto plain = [](const Value& resource) {
    return !resource["items"].is_array() && resource["kind"].get_string() != "Kustomization";
  };
  if (std::all_of(resources.begin(), resources.end(), plain)) return;
  std::vector<Value> objects;
  for (Value& resource : resources) {
    if (const Value& items = resource["items"]; items.is_array()) {
      objects.insert(objects.end(), items.items().begin(), items.items().end());
    } else if (resource["kind"].get_string() != "Kustomization" ||
               Gvk::of(resource).group != "kustomize.config.k8s.io") {
      objects.push_back(std::move(resource));
    }
  }
  resources = std::move(objects);
}

Result<void> check_named(const std::vector<Value>& resources) {
  for (const Value& resource : resources) {
    const ObjectId id = ObjectId::of(resource);
    if (id.name.empty() || id.gvk.kind.empty() || id.gvk.version.empty())
      return make_error(Code::invalid,
                        "failed to decode Kubernetes apiVersion, kind and name from: " +
                            resource_name(resource));
  }
  return {};
}

}  // namespace

Result<expr::Variables> read_variables(KubeApi* kube, const std::string& ns,
                                       const model::KustomizationSpec& spec,
                                       SubstitutionWords words) {
  expr::Variables variables;
  for (const auto& reference : spec.substitute_from) {
    if (kube == nullptr) break;
    const char* kind = reference.secret ? "Secret" : "ConfigMap";
    auto object = kube->get({Gvk{"", "v1", kind}, ns, reference.name});
    if (!object.ok()) {
      if (reference.optional && object.error().code == Code::not_found) continue;
      return std::move(object).error().with_context("substitute from '" + std::string(kind) + "/" +
                                                    reference.name + "' error");
    }
    auto added = add_variables(variables, *object, reference.secret, words);
    if (!added.ok()) return std::move(added).error();
  }
  for (const auto& [name, text] : spec.substitute) {
    WEIR_CHECK(check_name(name, words));
    expr::set_variable(variables, name, text);
  }
  return variables;
}

Result<std::vector<Value>> build_resources(const base::FileTree& tree, const std::string& directory,
                                           const Value& spec, const BuildInputs& inputs) {
  auto generated = kustomize::generate_kustomization(tree, directory, spec, inputs.display_root);
  if (!generated.ok())
    return std::move(generated).error().with_context("failed to generate kustomization.yaml");
  kustomize::BuildOptions options;
  options.load_restrictor = kustomize::LoadRestrictor::none;
  options.keep_builtin_types = true;
  if (inputs.confine) options.confine_root = ".";
  options.allow_remote = inputs.allow_remote;
  options.remote = inputs.remote;
  options.display_root = inputs.display_root;
  auto built = kustomize::build(*generated->tree, directory, options);
  if (!built.ok()) return std::move(built).error().with_context("kustomize build failed");
  WEIR_CHECK(check_named(built->resources));
  return std::move(built->resources);
}

Result<void> substitute_all(std::vector<Value>& resources, const expr::Variables& variables,
                            const model::KustomizationSpec& spec, bool strict,
                            SubstitutionWords words) {
  const bool wanted = spec.has_post_build && (!variables.empty() || spec.substitute_always);
  for (Value& resource : resources) {
    if (!wanted) break;
    auto replaced = expr::substitute_object(resource, variables,
                                            {.strict = strict, .always = spec.substitute_always});
    if (!replaced.ok()) return std::move(replaced).error().with_context(failure(resource, words));
    resource = *std::move(replaced);
  }
  read_back(resources);
  return {};
}

}  // namespace weir::reconcile
