// A kustomization file, decoded: found under one of its three names, checked against its shape,
// deprecated fields folded into the ones that replaced them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.hh"
#include "engine/kustomize/loader.hh"
#include "engine/value/value.hh"

namespace weir::kustomize {

inline constexpr std::string_view kustomization_kind = "Kustomization";
inline constexpr std::string_view component_kind = "Component";

struct Kustomization {
  Value fields;           // as the shape table spells them
  std::string file_name;  // "kustomization.yaml"

  const Value& operator[](std::string_view field) const { return fields[field]; }
  std::string_view text(std::string_view field) const { return fields[field].get_string(); }
  bool has_metadata_option(std::string_view option) const;  // listed in buildMetadata
};

// The three names, in the order they are looked for.
const std::vector<std::string>& kustomization_file_names();

// Reads the kustomization of the loader's directory; warnings about deprecated fields are added.
// Errors: not_found ("unable to find one of ..."), invalid.
Result<Kustomization> load_kustomization(const Loader& loader, std::vector<std::string>& warnings);

// Only the decoding: checks the text and folds deprecated fields.
Result<Value> decode_kustomization(std::string_view text, std::vector<std::string>& warnings);

}  // namespace weir::kustomize
