#include "engine/model/kinds/source_spec.hh"

namespace weir::model {
namespace {

template <auto decode>
Result<SourceSpec> decode_as(const Value& object) {
  auto decoded = decode(object);
  if (!decoded.ok()) return std::move(decoded).error();
  return SourceSpec(*std::move(decoded));
}

struct Decoder {
  std::string_view kind;
  Result<SourceSpec> (*decode)(const Value& object);
};

constexpr Decoder decoders[] = {{"GitRepository", decode_as<decode_git_repository>},
                                {"OCIRepository", decode_as<decode_oci_repository>},
                                {"HelmRepository", decode_as<decode_helm_repository>},
                                {"HelmChart", decode_as<decode_helm_chart>},
                                {"Bucket", decode_as<decode_bucket>}};

}  // namespace

bool holds_manifests(const ObjectId& source) {
  return source.gvk.kind != helm_repository_gvk.kind && source.gvk.kind != helm_chart_gvk.kind;
}

Result<SourceSpec> decode_source(const Value& object) {
  const std::string_view kind = object["kind"].get_string();
  for (const Decoder& decoder : decoders)
    if (decoder.kind == kind) return decoder.decode(object);
  return make_error(Code::unsupported, std::string(kind) + " is no source that weir fetches");
}

}  // namespace weir::model
