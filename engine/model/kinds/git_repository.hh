// GitRepository (source.toolkit.fluxcd.io/v1): its declaration and its spec, decoded.
#pragma once

#include <string>

#include "engine/model/kinds/source.hh"

namespace weir::model {

struct GitRepositorySpec : SourceCommon {
  std::string url;
  std::string secret_name;                        // "" = none
  std::string branch, tag, semver, name, commit;  // spec.ref
  bool recurse_submodules = false;
};

const KindDeclaration& git_repository_declaration();
inline const Gvk git_repository_gvk{std::string(source_group), "v1", "GitRepository"};

// From the whole object. Error: invalid, naming the field.
Result<GitRepositorySpec> decode_git_repository(const Value& object);

}  // namespace weir::model
