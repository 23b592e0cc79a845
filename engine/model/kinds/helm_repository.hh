// HelmRepository (source.toolkit.fluxcd.io/v1): its declaration and its spec, decoded.
#pragma once

#include <string>

#include "engine/model/kinds/source.hh"

namespace weir::model {

struct HelmRepositorySpec : SourceCommon {
  std::string url;                            // http, https or oci
  bool oci = false;                           // spec.type: oci
  std::string secret_name, cert_secret_name;  // "" = none
  bool pass_credentials = false;              // to other hosts that index URLs name
  bool insecure = false;                      // oci only
};

inline const Gvk helm_repository_gvk{std::string(source_group), "v1", "HelmRepository"};
const KindDeclaration& helm_repository_declaration();
// From the whole object. Error: invalid, naming the field.
Result<HelmRepositorySpec> decode_helm_repository(const Value& object);

}  // namespace weir::model
