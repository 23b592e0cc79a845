#include "tools/weir/install_manifests.hh"

#include "engine/base/file_tree.hh"
#include "engine/kustomize/build.hh"
#include "engine/model/kinds/field.hh"
#include "engine/value/yaml.hh"

#define WEIR_EMBED(name, file)                        \
  asm(".section .rodata\n"                            \
      "weir_deploy_" #name                            \
      "_begin:\n"                                     \
      ".incbin \"deploy/" file                        \
      "\"\n"                                          \
      "weir_deploy_" #name                            \
      "_end:\n"                                       \
      ".byte 0\n"                                     \
      ".global weir_deploy_" #name                    \
      "_begin\n"                                      \
      ".global weir_deploy_" #name                    \
      "_end\n"                                        \
      ".text\n");                                     \
  extern "C" const char weir_deploy_##name##_begin[]; \
  extern "C" const char weir_deploy_##name##_end[];

WEIR_EMBED(kustomization, "kustomization.yaml")
WEIR_EMBED(namespace, "namespace.yaml")
WEIR_EMBED(network_policy, "network-policy.yaml")
WEIR_EMBED(rbac, "rbac.yaml")
WEIR_EMBED(service, "service.yaml")
WEIR_EMBED(weir, "weir.yaml")
WEIR_EMBED(flux_cli, "flux-cli.yaml")

namespace weir::cli {
namespace {

struct Embedded {
  std::string_view name;
  const char* begin;
  const char* end;
};

#define WEIR_FILE(file, name) \
  { file, weir_deploy_##name##_begin, weir_deploy_##name##_end }
const Embedded files[] = {
    WEIR_FILE("kustomization.yaml", kustomization),
    WEIR_FILE("namespace.yaml", namespace),
    WEIR_FILE("network-policy.yaml", network_policy),
    WEIR_FILE("rbac.yaml", rbac),
    WEIR_FILE("service.yaml", service),
    WEIR_FILE("weir.yaml", weir),
    WEIR_FILE("flux-cli.yaml", flux_cli),
};
#undef WEIR_FILE
#undef WEIR_EMBED

constexpr std::string_view default_namespace = "flux-system";

std::string in_namespace(std::string text, const std::string& ns) {
  if (ns == default_namespace) return text;
  for (std::size_t at = 0; (at = text.find(default_namespace, at)) != std::string::npos;
       at += ns.size())
    text.replace(at, default_namespace.size(), ns);
  return text;
}

std::string crd_documents() {
  std::string out;
  for (const auto& kind : model::declared_kinds()) {
    out += "---\n";
    value::append_yaml(out, model::make_crd(kind));
  }
  return out;
}

// "registry:5000/weir:1.2@sha256:..." -> the image entry of a kustomization.
Result<Value> image_entry(const std::string& image) {
  Value entry = Value::object({{"name", "weir"}});
  const std::size_t at = image.find('@');
  std::string name = image.substr(0, at);
  if (at != std::string::npos) entry.set("digest", image.substr(at + 1));
  const std::size_t slash = name.rfind('/');
  const std::size_t colon = name.find(':', slash == std::string::npos ? 0 : slash);
  if (colon != std::string::npos) {
    if (at == std::string::npos) entry.set("newTag", name.substr(colon + 1));
    name.erase(colon);
  }
  const bool tagged = colon != std::string::npos || at != std::string::npos;
  if (name.empty() || !tagged)
    return make_error(Code::invalid, "--image: \"" + image + "\" is not NAME:TAG");
  entry.set("newName", name);
  return entry;
}

}  // namespace

Result<std::vector<Value>> install_objects(const InstallOptions& options) {
  base::MemoryFileTree tree;
  for (const Embedded& file : files) {
    std::string text = in_namespace(std::string(file.begin, file.end), options.ns);
    if (file.name == "kustomization.yaml" && !options.image.empty()) {
      WEIR_TRY(Value kustomization, value::parse_yaml(text));
      Value images = Value::array();
      WEIR_TRY(Value entry, image_entry(options.image));
      images.push_back(std::move(entry));
      kustomization.set("images", images);
      text = value::write_yaml(kustomization);
    }
    tree.add(file.name, std::move(text));
  }
  tree.add("crds.yaml", crd_documents());
  WEIR_TRY(kustomize::BuildResult built, kustomize::build(tree, ".", kustomize::BuildOptions{}));
  std::vector<Value> objects;
  for (Value& object : built.resources)
    if (options.network_policy || object["kind"].get_string() != "NetworkPolicy")
      objects.push_back(std::move(object));
  return objects;
}

}  // namespace weir::cli
