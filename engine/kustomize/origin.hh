// Where a resource came from: the content of the annotations that `buildMetadata` asks for.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace weir::kustomize {

inline constexpr std::string_view origin_annotation = "config.kubernetes.io/origin";
inline constexpr std::string_view transformations_annotation =
    "alpha.config.kubernetes.io/transformations";

struct Origin {
  std::string path;
  std::string repo;
  std::string ref;
  std::string configured_in;
  struct {
    std::string api_version;
    std::string kind;
    std::string name;
    std::string ns;
  } configured_by;

  // The origin of `path`, named in a kustomization of this origin; a Git URL starts a new
  // repository.
  Origin append(std::string_view path_below) const;
  // YAML, as the annotation holds it.
  std::string to_string() const;
};

std::string to_string(const std::vector<Origin>& transformations);

}  // namespace weir::kustomize
