#include "engine/model/kinds/git_repository.hh"

namespace weir::model {
namespace {

std::vector<Field> spec_fields() {
  Field url = required(text_field("url", "Address of the Git repository, HTTP/S or SSH."));
  url.pattern = "^(http|https|ssh|file)://.*$";
  Field include = group_field(
      "", "",
      {text_field("fromPath", "Path to copy from, the root by default."),
       required(local_reference("repository", "The GitRepository to include.")),
       text_field("toPath", "Path to copy to, the name of the included one by default.")});
  return {
      text_field("ignore", "Overrides the set of excluded patterns in the .sourceignore format."),
      list_field("include", "GitRepositories whose artifacts are included.", include),
      required(duration_field("interval", "How often the repository is checked for updates.")),
      with_enum(text_field("provider", "Provider used for authentication."),
                {"generic", "aws", "azure", "github"}),
      local_reference("proxySecretRef", "Secret with the proxy configuration."),
      Field{"recurseSubmodules", FieldType::boolean, "Initialises all submodules after the clone."},
      group_field(
          "ref", "The Git reference to resolve.",
          {text_field("branch", "Branch to check out, 'master' when no other field is set."),
           text_field("commit", "Commit SHA to check out, takes precedence over all."),
           text_field("name", "Full reference name, takes precedence over branch, tag and semver."),
           text_field("semver", "Semver tag expression to check out."),
           text_field("tag", "Tag to check out.")}),
      local_reference("secretRef", "Secret with authentication credentials."),
      text_field("serviceAccountName", "ServiceAccount used for provider authentication."),
      list_field("sparseCheckout", "Directories to check out.", text_field("", "")),
      Field{"suspend", FieldType::boolean, "Suspends the reconciliation."},
      with_default(duration_field("timeout", "Timeout of Git operations.", false), "60s"),
      url,
      group_field("verify", "Verification of commit or tag signatures.",
                  {with_default(with_enum(text_field("mode", "What is verified."),
                                          {"head", "HEAD", "Tag", "TagAndHEAD"}),
                                "HEAD"),
                   required(local_reference("secretRef", "Secret with the trusted public keys."))}),
  };
}

std::vector<Field> status_fields() {
  return {artifact_field(),
          conditions_field(),
          list_field("includedArtifacts", "Artifacts that were included.",
                     Field{"", FieldType::any, ""}),
          text_field("lastHandledReconcileAt",
                     "Value of the last handled reconcile request annotation."),
          Field{"observedGeneration", FieldType::integer, "Generation last observed."},
          text_field("observedIgnore", "Ignore patterns of the current artifact."),
          list_field("observedInclude", "Includes of the current artifact.",
                     Field{"", FieldType::any, ""}),
          Field{"observedRecurseSubmodules", FieldType::boolean, ""},
          list_field("observedSparseCheckout", "", text_field("", "")),
          text_field("sourceVerificationMode", "Verification mode of the current artifact.")};
}

KindDeclaration make_declaration() {
  KindDeclaration kind;
  kind.gvk = git_repository_gvk;
  kind.plural = "gitrepositories";
  kind.singular = "gitrepository";
  kind.short_names = {"gitrepo"};
  kind.categories = {"all", "fluxcd", "fluxcd-sources"};
  kind.component = "source-controller";
  kind.columns = {{"URL", "string", ".spec.url"},
                  {"Age", "date", ".metadata.creationTimestamp"},
                  {"Ready", "string", ".status.conditions[?(@.type==\"Ready\")].status"},
                  {"Status", "string", ".status.conditions[?(@.type==\"Ready\")].message"}};
  kind.description =
      "GitRepository makes the contents of a Git repository available as an artifact.";
  kind.spec = spec_fields();
  kind.status = status_fields();
  return kind;
}

std::string find_unsupported(const Value& spec) {
  for (const std::string_view name : {"include", "sparseCheckout"})
    if (!spec[name].empty()) return "spec." + std::string(name);
  return first_unsupported(spec, {"verify", "proxySecretRef", "serviceAccountName"});
}

}  // namespace

const KindDeclaration& git_repository_declaration() {
  static const KindDeclaration declaration = make_declaration();
  return declaration;
}

Result<GitRepositorySpec> decode_git_repository(const Value& object) {
  const Value& spec = object["spec"];
  GitRepositorySpec out;
  WEIR_CHECK(decode_common(spec, out));
  out.url = spec["url"].get_string();
  out.secret_name = spec.path("secretRef", "name").get_string();
  const Value& ref = spec["ref"];
  out.branch = ref["branch"].get_string();
  out.tag = ref["tag"].get_string();
  out.semver = ref["semver"].get_string();
  out.name = ref["name"].get_string();
  out.commit = ref["commit"].get_string();
  out.recurse_submodules = spec["recurseSubmodules"].get_bool();
  out.unsupported = find_unsupported(spec);
  return out;
}

}  // namespace weir::model
