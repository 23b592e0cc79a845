// GitRepository (source.toolkit.fluxcd.io/v1): its declaration and its spec, decoded.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/base/duration.hh"
#include "engine/base/result.hh"
#include "engine/model/kinds/field.hh"
#include "engine/value/value.hh"

namespace weir::model {

struct GitRepositorySpec {
  std::string url;
  std::string secret_name;  // "" = none
  std::string provider;     // "generic" when absent
  base::Duration interval{};
  base::Duration timeout{};                       // default 60s
  std::string branch, tag, semver, name, commit;  // spec.ref
  std::optional<std::string> ignore;
  bool suspend = false;
  // The first field in use that weir does not support yet ("spec.verify"), or "".
  std::string unsupported;
};

const KindDeclaration& git_repository_declaration();
inline const Gvk git_repository_gvk{"source.toolkit.fluxcd.io", "v1", "GitRepository"};

// From the whole object. Error: invalid, naming the field.
Result<GitRepositorySpec> decode_git_repository(const Value& object);

// Reads a duration field; `fallback` when absent. Error: invalid, "<path>: time: invalid duration
// ...".
Result<base::Duration> decode_duration(const Value& spec, std::string_view name,
                                       base::Duration fallback);

}  // namespace weir::model
