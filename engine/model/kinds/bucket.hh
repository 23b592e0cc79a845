// Bucket and ExternalArtifact (source.toolkit.fluxcd.io/v1): their declarations, and the spec of a
// Bucket, decoded. An ExternalArtifact has no spec to act on: whoever made it fills its status.
#pragma once

#include <string>

#include "engine/model/kinds/source.hh"

namespace weir::model {

// spec.sts: where keys come from. All "" when it is not there.
struct BucketTokenSpec {
  std::string provider, endpoint, secret_name, cert_secret_name;
};

struct BucketSpec : SourceCommon {
  std::string provider = "generic";
  std::string bucket, endpoint, region, prefix;
  BucketTokenSpec sts;
  std::string secret_name, cert_secret_name, proxy_secret_name;  // "" = none
  bool insecure = false;
};

inline const Gvk bucket_gvk{std::string(source_group), "v1", "Bucket"};
inline const Gvk external_artifact_gvk{std::string(source_group), "v1", "ExternalArtifact"};
const KindDeclaration& bucket_declaration();
const KindDeclaration& external_artifact_declaration();
// From the whole object. Error: invalid, naming the field.
Result<BucketSpec> decode_bucket(const Value& object);

}  // namespace weir::model
