#include "engine/model/kinds/helm_repository.hh"

namespace weir::model {
namespace {

std::vector<Field> spec_fields() {
  Field url = required(text_field("url", "Address of the Helm repository, HTTP/S or OCI."));
  url.pattern = "^(http|https|oci)://.*$";
  Field labels = map_field("matchLabels", "Labels of the namespace.", text_field("", ""));
  return {
      group_field("accessFrom", "Has no effect; kept for older manifests.",
                  {required(list_field("namespaceSelectors", "Namespaces that may refer here.",
                                       group_field("", "", {labels})))}),
      local_reference("certSecretRef", "Secret with TLS certificates."),
      flag_field("insecure", "Allows plain HTTP, for type oci only."),
      interval_field("How often the index is checked for updates, 1m by default."),
      flag_field("passCredentials", "Sends the credentials to other hosts that the index names."),
      provider_field({"generic", "aws", "azure", "gcp"}),
      local_reference("secretRef", "Secret with credentials."),
      suspend_field(),
      timeout_field("Timeout of index downloads, 60s by default."),
      with_enum(text_field("type", "Kind of the repository, 'default' when absent."),
                {"default", "oci"}),
      url,
  };
}

KindDeclaration make_declaration() {
  KindDeclaration kind = source_declaration("HelmRepository", "helmrepository", "helmrepositories");
  kind.short_names = {"helmrepo"};
  kind.columns = {{"URL", "string", ".spec.url"}, age_column(), ready_column(), message_column()};
  kind.description =
      "HelmRepository makes the index of a Helm repository available as an "
      "artifact.";
  kind.spec = spec_fields();
  kind.status = source_status({text_field("url", "Download link of the latest index.")});
  return kind;
}

}  // namespace

const KindDeclaration& helm_repository_declaration() {
  static const KindDeclaration declaration = make_declaration();
  return declaration;
}

Result<HelmRepositorySpec> decode_helm_repository(const Value& object) {
  const Value& spec = object["spec"];
  HelmRepositorySpec out;
  WEIR_CHECK(decode_common(spec, out));
  out.url = spec["url"].get_string();
  out.oci = spec["type"].get_string() == "oci";
  out.secret_name = spec.path("secretRef", "name").get_string();
  out.cert_secret_name = spec.path("certSecretRef", "name").get_string();
  out.pass_credentials = spec["passCredentials"].get_bool();
  out.insecure = spec["insecure"].get_bool();
  if (out.oci) out.unsupported = first_unsupported(spec, {});
  return out;
}

}  // namespace weir::model
