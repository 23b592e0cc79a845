#include "engine/model/kinds/oci_repository.hh"

namespace weir::model {
namespace {

Field layer_selector(std::string_view name) {
  return group_field(
      name, "Which layer of the OCI artifact is taken, the first one by default.",
      {text_field("mediaType", "Media type of the layer; the first match is taken."),
       with_enum(text_field("operation",
                            "Whether the layer is extracted or copied as it is, extract by "
                            "default."),
                 {"extract", "copy"})});
}

std::vector<Field> spec_fields() {
  Field url = required(text_field("url", "Address of the OCI repository, without a tag."));
  url.pattern = "^oci://.*$";
  return {
      local_reference("certSecretRef", "Secret with TLS certificates."),
      ignore_field(),
      flag_field("insecure", "Allows plain HTTP and certificates that cannot be verified."),
      required(interval_field("How often the repository is checked for updates.")),
      layer_selector("layerSelector"),
      provider_field({"generic", "aws", "azure", "gcp"}),
      local_reference("proxySecretRef", "Secret with the proxy configuration."),
      group_field("ref", "The reference to pull, the tag 'latest' by default.",
                  {text_field("digest", "Digest to pull, takes precedence over all."),
                   text_field("semver",
                              "Range of tags to pull the latest of, takes precedence "
                              "over the tag."),
                   text_field("semverFilter",
                              "Regular expression that filters the tags within "
                              "the range."),
                   text_field("tag", "Tag to pull, 'latest' by default.")}),
      local_reference("secretRef", "Secret with credentials for the registry."),
      text_field("serviceAccountName", "ServiceAccount whose imagePullSecrets are used."),
      suspend_field(),
      with_default(timeout_field("Timeout of remote operations."), "60s"),
      url,
      verify_field(true),
  };
}

KindDeclaration make_declaration() {
  KindDeclaration kind = source_declaration("OCIRepository", "ocirepository", "ocirepositories");
  kind.short_names = {"ocirepo"};
  kind.columns = {{"URL", "string", ".spec.url"}, ready_column(), message_column(), age_column()};
  kind.description =
      "OCIRepository makes the contents of an OCI repository available as an "
      "artifact.";
  kind.spec = spec_fields();
  kind.status =
      source_status({text_field("observedIgnore", "Ignore patterns of the current artifact."),
                     layer_selector("observedLayerSelector"),
                     text_field("url", "Download link of the latest artifact.")});
  return kind;
}

}  // namespace

const KindDeclaration& oci_repository_declaration() {
  static const KindDeclaration declaration = make_declaration();
  return declaration;
}

Result<OciRepositorySpec> decode_oci_repository(const Value& object) {
  const Value& spec = object["spec"];
  OciRepositorySpec out;
  WEIR_CHECK(decode_common(spec, out));
  out.url = spec["url"].get_string();
  out.secret_name = spec.path("secretRef", "name").get_string();
  out.service_account = spec["serviceAccountName"].get_string();
  out.cert_secret_name = spec.path("certSecretRef", "name").get_string();
  out.proxy_secret_name = spec.path("proxySecretRef", "name").get_string();
  const Value& ref = spec["ref"];
  out.tag = ref["tag"].get_string();
  out.semver = ref["semver"].get_string();
  out.semver_filter = ref["semverFilter"].get_string();
  out.digest = ref["digest"].get_string();
  out.layer_selector = spec["layerSelector"];
  out.layer_media_type = out.layer_selector["mediaType"].get_string();
  const std::string_view operation = out.layer_selector["operation"].get_string();
  if (operation == "copy") out.layer_operation = LayerOperation::copy;
  out.insecure = spec["insecure"].get_bool();
  out.unsupported = first_unsupported(spec, {"verify"});
  return out;
}

}  // namespace weir::model
