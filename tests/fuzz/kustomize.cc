// A kustomization, a resource file and a patch, separated by NUL bytes, as one tree. The build must
// return: resources that can be written and read again, or an error; and the same when traced.
#include <cstdint>
#include <string>
#include <string_view>

#include "engine/base/assert.hh"
#include "engine/kustomize/build.hh"
#include "engine/value/yaml.hh"

using namespace weir;

namespace {

// The text up to the next NUL, which is taken away with it.
std::string take(std::string_view& text) {
  const std::size_t cut = std::min(text.find('\0'), text.size());
  std::string part(text.substr(0, cut));
  text.remove_prefix(std::min(cut + 1, text.size()));
  return part;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  base::MemoryFileTree tree;
  tree.add("top/kustomization.yaml", take(text));
  tree.add("top/r.yaml", take(text));
  tree.add("top/p.yaml", take(text));
  tree.add("base/kustomization.yaml", "resources: [b.yaml]\nnamePrefix: b-\n");
  tree.add("base/b.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: b}\ndata: {k: v}\n");
  kustomize::BuildOptions options;
  const auto built = kustomize::build(tree, "top", options);
  options.trace = true;
  const auto traced = kustomize::build(tree, "top", options);
  WEIR_ASSERT(built.ok() == traced.ok());
  if (!built.ok()) {
    WEIR_ASSERT(!built.error().message.empty());
    return 0;
  }
  const std::string written = kustomize::write_resources(built->resources);
  WEIR_ASSERT(written == kustomize::write_resources(traced->resources));
  WEIR_ASSERT(traced->causes.size() == built->resources.size());
  value::YamlOptions yaml;
  yaml.dialect = value::YamlDialect::kustomize;
  WEIR_ASSERT(value::parse_yaml_documents(written, yaml).ok());
  return 0;
}
