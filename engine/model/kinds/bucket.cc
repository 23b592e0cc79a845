#include "engine/model/kinds/bucket.hh"

namespace weir::model {
namespace {

std::vector<Field> spec_fields() {
  Field endpoint = required(text_field("endpoint", "Address of the token service."));
  endpoint.pattern = "^(http|https)://.*$";
  return {
      required(text_field("bucketName", "Name of the bucket.")),
      local_reference("certSecretRef", "Secret with TLS certificates."),
      required(text_field("endpoint", "Address of the object store.")),
      ignore_field(),
      flag_field("insecure", "Allows plain HTTP."),
      required(interval_field("How often the bucket is checked for updates.")),
      text_field("prefix", "Only objects whose keys begin so."),
      provider_field({"generic", "aws", "gcp", "azure"}),
      local_reference("proxySecretRef", "Secret with the proxy configuration."),
      text_field("region", "Region of the endpoint."),
      local_reference("secretRef", "Secret with credentials."),
      text_field("serviceAccountName", "ServiceAccount used for provider authentication."),
      group_field("sts", "Security token service to get credentials from.",
                  {local_reference("certSecretRef", "Secret with TLS certificates."), endpoint,
                   required(with_enum(text_field("provider", "Kind of the token service."),
                                      {"aws", "ldap"})),
                   local_reference("secretRef", "Secret with credentials.")}),
      suspend_field(),
      with_default(timeout_field("Timeout of fetch operations."), "60s"),
  };
}

// Rules and words of the API that existing manifests were written against.
std::vector<std::pair<std::string_view, std::string_view>> spec_rules() {
  return {
      {"self.provider == 'aws' || self.provider == 'generic' || !has(self.sts)",
       "STS configuration is only supported for the 'aws' and 'generic' Bucket providers"},
      {"self.provider != 'aws' || !has(self.sts) || self.sts.provider == 'aws'",
       "'aws' is the only supported STS provider for the 'aws' Bucket provider"},
      {"self.provider != 'generic' || !has(self.sts) || self.sts.provider == 'ldap'",
       "'ldap' is the only supported STS provider for the 'generic' Bucket provider"},
      {"!has(self.sts) || self.sts.provider != 'aws' || !has(self.sts.secretRef)",
       "spec.sts.secretRef is not required for the 'aws' STS provider"},
      {"!has(self.sts) || self.sts.provider != 'aws' || !has(self.sts.certSecretRef)",
       "spec.sts.certSecretRef is not required for the 'aws' STS provider"},
      {"self.provider != 'generic' || !has(self.serviceAccountName)",
       "ServiceAccountName is not supported for the 'generic' Bucket provider"},
      {"!has(self.secretRef) || !has(self.serviceAccountName)",
       "cannot set both .spec.secretRef and .spec.serviceAccountName"},
  };
}

KindDeclaration make_bucket() {
  KindDeclaration kind = source_declaration("Bucket", "bucket", "buckets");
  kind.columns = {
      {"Endpoint", "string", ".spec.endpoint"}, age_column(), ready_column(), message_column()};
  kind.description = "Bucket makes the objects of a bucket available as an artifact.";
  kind.spec = spec_fields();
  kind.spec_rules = spec_rules();
  kind.status =
      source_status({text_field("observedIgnore", "Ignore patterns of the current artifact."),
                     text_field("url", "Download link of the latest artifact.")});
  return kind;
}

KindDeclaration make_external_artifact() {
  KindDeclaration kind =
      source_declaration("ExternalArtifact", "externalartifact", "externalartifacts");
  kind.short_names = {"ea"};
  kind.columns = {
      age_column(), ready_column(), message_column(), {"Source", "string", ".spec.sourceRef.name"}};
  kind.description = "ExternalArtifact is an artifact that a controller of another kind made.";
  kind.spec = {group_field("sourceRef", "The object that the artifact was made for.",
                           {text_field("apiVersion", "API version of the referent."),
                            required(text_field("kind", "Kind of the referent.")),
                            required(text_field("name", "Name of the referent.")),
                            text_field("namespace", "Namespace of the referent.")})};
  kind.status = {artifact_field(), conditions_field()};
  kind.status_default = false;
  return kind;
}

}  // namespace

const KindDeclaration& bucket_declaration() {
  static const KindDeclaration declaration = make_bucket();
  return declaration;
}

const KindDeclaration& external_artifact_declaration() {
  static const KindDeclaration declaration = make_external_artifact();
  return declaration;
}

Result<BucketSpec> decode_bucket(const Value& object) {
  const Value& spec = object["spec"];
  BucketSpec out;
  WEIR_CHECK(decode_common(spec, out));
  out.bucket = spec["bucketName"].get_string();
  out.endpoint = spec["endpoint"].get_string();
  out.region = spec["region"].get_string();
  out.prefix = spec["prefix"].get_string();
  out.secret_name = spec.path("secretRef", "name").get_string();
  out.cert_secret_name = spec.path("certSecretRef", "name").get_string();
  out.proxy_secret_name = spec.path("proxySecretRef", "name").get_string();
  out.insecure = spec["insecure"].get_bool();
  const Value& sts = spec["sts"];
  out.sts.provider = sts["provider"].get_string();
  out.sts.endpoint = sts["endpoint"].get_string();
  out.sts.secret_name = sts.path("secretRef", "name").get_string();
  out.sts.cert_secret_name = sts.path("certSecretRef", "name").get_string();
  out.provider = spec["provider"].get_string("generic");
  if (!spec["serviceAccountName"].is_null()) out.unsupported = "spec.serviceAccountName";
  if (out.provider == "gcp") out.unsupported = "spec.provider: gcp";
  return out;
}

}  // namespace weir::model
