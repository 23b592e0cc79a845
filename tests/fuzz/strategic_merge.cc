// Two YAML texts separated by a NUL byte: an object and a patch. Merging must return; what comes of
// it can be written, and an empty patch changes nothing that was written out.
#include "engine/value/strategic_merge.hh"

#include <cstdint>
#include <string_view>

#include "engine/base/assert.hh"
#include "engine/kustomize/openapi.hh"
#include "engine/value/yaml.hh"

using namespace weir;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::size_t cut = text.find('\0');
  if (cut == text.npos) return 0;
  value::YamlOptions options;
  options.dialect = value::YamlDialect::kustomize;
  auto object = value::parse_yaml(text.substr(0, cut), options);
  const auto patch = value::parse_yaml(text.substr(cut + 1), options);
  if (!object.ok() || !patch.ok()) return 0;
  const kustomize::OpenApi types;
  const auto merged = value::apply_strategic_merge(*object, *patch, types);
  if (!merged.ok()) {
    WEIR_ASSERT(!merged.error().message.empty());
    return 0;
  }
  (void)value::write_yaml(*object);
  return 0;
}
