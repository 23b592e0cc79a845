// OCIRepository (source.toolkit.fluxcd.io/v1): its declaration and its spec, decoded.
#pragma once

#include <string>

#include "engine/model/kinds/source.hh"

namespace weir::model {

enum class LayerOperation : unsigned char { extract, copy };

struct OciRepositorySpec : SourceCommon {
  std::string url;  // "oci://host/repository"
  std::string secret_name, service_account, cert_secret_name, proxy_secret_name;  // "" = none
  std::string tag, semver, semver_filter, digest;  // digest > semver > tag > "latest"
  std::string layer_media_type;                    // "" = the first layer
  LayerOperation layer_operation = LayerOperation::extract;
  Value layer_selector;  // as written, for status.observedLayerSelector
  bool insecure = false;
};

inline const Gvk oci_repository_gvk{std::string(source_group), "v1", "OCIRepository"};
const KindDeclaration& oci_repository_declaration();
// From the whole object. Error: invalid, naming the field.
Result<OciRepositorySpec> decode_oci_repository(const Value& object);

}  // namespace weir::model
