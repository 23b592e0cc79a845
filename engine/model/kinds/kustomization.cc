#include "engine/model/kinds/kustomization.hh"

#include <algorithm>

#include "engine/model/kinds/applier_fields.hh"
#include "engine/model/kinds/bucket.hh"
#include "engine/model/kinds/git_repository.hh"
#include "engine/model/kinds/helm_chart.hh"
#include "engine/model/kinds/helm_release.hh"
#include "engine/model/kinds/helm_repository.hh"
#include "engine/model/kinds/oci_repository.hh"

namespace weir::model {
namespace {

using namespace std::chrono_literals;

Field post_build_field() {
  Field reference = group_field(
      "", "",
      {required(with_enum(text_field("kind", "Secret or ConfigMap."), {"Secret", "ConfigMap"})),
       required(with_length(text_field("name", "Name, in the same namespace."), 1, 253)),
       with_default(flag_field("optional", "Whether it may be missing."), false)});
  return group_field(
      "postBuild", "Steps after the kustomize build.",
      {map_field("substitute", "Variables and their values.", text_field("", "")),
       list_field("substituteFrom", "ConfigMaps and Secrets that hold variables.", reference),
       with_enum(text_field("substituteStrategy", "When substitution runs."),
                 {"WithVariables", "Always"})});
}

Field source_field() {
  return group_field(
      "sourceRef", "The source of the manifests.",
      {text_field("apiVersion", "API version of the source."),
       required(with_enum(text_field("kind", "Kind of the source."),
                          {"OCIRepository", "GitRepository", "Bucket", "ExternalArtifact"})),
       required(text_field("name", "Name of the source.")),
       text_field("namespace", "Namespace of the source, the Kustomization's own by default.")});
}

Field decryption_field() {
  return group_field("decryption", "How encrypted files are decrypted.",
                     {required(with_enum(text_field("provider", "Provider."), {"sops"})),
                      local_reference("secretRef", "Secret with the keys."),
                      text_field("serviceAccountName", "ServiceAccount for workload identity.")});
}

Field health_checks_field() {
  return list_field(
      "healthChecks", "Objects whose health is awaited.",
      group_field("", "",
                  {text_field("apiVersion", "API version, apps/v1 by default."),
                   required(text_field("kind", "Kind.")), required(text_field("name", "Name.")),
                   text_field("namespace", "Namespace.")}));
}

std::vector<Field> spec_fields() {
  Field ignore_paths = required(list_field("paths", "JSON pointers.", text_field("", "")));
  Field metadata = with_enum(text_field("", ""), {"originAnnotations", "transformerAnnotations"});
  std::vector<Field> fields = {
      list_field("buildMetadata", "Metadata that the build writes.", metadata),
      metadata_field(),
      list_field("components", "Kustomize components, local paths.", text_field("", "")),
      decryption_field(),
      with_enum(text_field("deletionPolicy", "What happens to the objects on deletion."),
                {"MirrorPrune", "Delete", "WaitForTermination", "Orphan"}),
      depends_on_field("Kustomizations that must be ready first."),
      with_default(flag_field("force", "Recreates objects whose immutable fields changed."), false),
      list_field("ignore", "Fields left alone by drift detection and apply.",
                 group_field("", "", {ignore_paths, selector_field("target", "Objects.")})),
      flag_field("ignoreMissingComponents", "Leaves out components that do not exist."),
      images_field(),
      with_default(duration_field("interval", "How often it is reconciled."), "10m"),
      kube_config_field(),
      with_length(text_field("namePrefix", "Prefix of all names."), 1, 200),
      with_length(text_field("nameSuffix", "Suffix of all names."), 1, 200),
      patches_field(),
      text_field("path", "Directory below the source's root."),
      post_build_field(),
      with_default(flag_field("prune", "Deletes objects that left the source."), false),
      duration_field("retryInterval", "Interval after a failure."),
      text_field("serviceAccountName", "ServiceAccount to impersonate."),
      source_field(),
      flag_field("suspend", "Suspends the reconciliation."),
      with_length(text_field("targetNamespace", "Namespace of all objects."), 1, 63),
      duration_field("timeout", "Deadline of apply and health checks."),
      with_enum(text_field("validation", "Dry-run of everything before anything is applied."),
                {"none", "client", "server"}),
      flag_field("wait", "Waits for all applied objects to become ready."),
      health_exprs_field(),
      health_checks_field(),
  };
  std::sort(fields.begin(), fields.end(),
            [](const Field& a, const Field& b) { return a.name < b.name; });
  return fields;
}

std::vector<Field> status_fields() {
  Field time = text_field("", "");
  time.format = "date-time";
  const auto at = [&](std::string_view name) {
    Field field = time;
    field.name = name;
    return field;
  };
  Field entry = group_field(
      "", "",
      {required(text_field("digest", "Digest of the manifests.")), required(at("firstReconciled")),
       required(at("lastReconciled")), text_field("lastReconciledDuration", ""),
       required(text_field("lastReconciledStatus", "")),
       map_field("metadata", "", text_field("", "")),
       required(count_field("totalReconciliations", ""))});
  return {conditions_field(),
          list_field("history", "The last reconciliations.", entry),
          inventory_field(),
          text_field("lastAppliedOriginRevision", ""),
          text_field("lastAppliedRevision", ""),
          text_field("lastAttemptedRevision", ""),
          text_field("lastHandledReconcileAt", ""),
          count_field("observedGeneration", "")};
}

KindDeclaration make_declaration() {
  KindDeclaration kind;
  kind.gvk = kustomization_gvk;
  kind.plural = "kustomizations";
  kind.singular = "kustomization";
  kind.short_names = {"ks"};
  kind.categories = {"all", "fluxcd", "fluxcd-appliers"};
  kind.component = "kustomize-controller";
  kind.columns = {{"Age", "date", ".metadata.creationTimestamp"},
                  {"Ready", "string", ".status.conditions[?(@.type==\"Ready\")].status"},
                  {"Status", "string", ".status.conditions[?(@.type==\"Ready\")].message"}};
  kind.description = "Kustomization builds a directory of a source and applies the result.";
  kind.spec = spec_fields();
  kind.status = status_fields();
  return kind;
}

void decode_references(const Value& spec, const std::string& ns, KustomizationSpec& out) {
  for (const Value& item : spec["dependsOn"].items())
    out.depends_on.push_back({std::string(item["namespace"].get_string(ns)),
                              std::string(item["name"].get_string()),
                              std::string(item["readyExpr"].get_string())});
  for (const Value& item : spec["healthChecks"].items()) {
    std::string_view api_version = item["apiVersion"].get_string();
    if (api_version.empty()) api_version = "apps/v1";
    out.health_checks.push_back({Gvk::from(api_version, item["kind"].get_string()),
                                 std::string(item["namespace"].get_string()),
                                 std::string(item["name"].get_string())});
  }
  for (const Value& item : spec["healthCheckExprs"].items())
    out.health_check_exprs.push_back(
        {Gvk::from(item["apiVersion"].get_string(), "").group,
         std::string(item["kind"].get_string()), std::string(item["current"].get_string()),
         std::string(item["inProgress"].get_string()), std::string(item["failed"].get_string())});
}

void decode_post_build(const Value& post, KustomizationSpec& out) {
  out.has_post_build = post.is_object();
  out.substitute_always = post["substituteStrategy"].get_string() == "Always";
  for (const auto& member : post["substitute"].members())
    out.substitute.emplace_back(member.name(), member.value.get_string());
  for (const Value& item : post["substituteFrom"].items())
    out.substitute_from.push_back({item["kind"].get_string() == "Secret",
                                   std::string(item["name"].get_string()),
                                   item["optional"].get_bool()});
}

DeletionPolicy decode_policy(std::string_view text) {
  if (text == "Delete") return DeletionPolicy::remove;
  if (text == "WaitForTermination") return DeletionPolicy::wait_for_termination;
  if (text == "Orphan") return DeletionPolicy::orphan;
  return DeletionPolicy::mirror_prune;
}

Result<void> decode_times(const Value& spec, KustomizationSpec& out) {
  WEIR_TRY(out.interval, decode_duration(spec, "interval", 10min));
  WEIR_TRY(out.retry_interval, decode_duration(spec, "retryInterval", out.interval));
  WEIR_TRY(out.timeout, decode_duration(spec, "timeout", out.interval - 30s));
  out.timeout = std::max<base::Duration>(out.timeout, 30s);
  return {};
}

}  // namespace

const KindDeclaration& kustomization_declaration() {
  static const KindDeclaration declaration = make_declaration();
  return declaration;
}

const std::vector<KindDeclaration>& declared_kinds() {
  static const std::vector<KindDeclaration> kinds = {
      git_repository_declaration(),  oci_repository_declaration(),
      helm_repository_declaration(), helm_chart_declaration(),
      bucket_declaration(),          external_artifact_declaration(),
      kustomization_declaration(),   helm_release_declaration()};
  return kinds;
}

Result<KustomizationSpec> decode_kustomization(const Value& object) {
  const Value& spec = object["spec"];
  const std::string ns(object.path("metadata", "namespace").get_string());
  KustomizationSpec out;
  WEIR_CHECK(decode_times(spec, out));
  out.prune = spec["prune"].get_bool();
  out.wait = spec["wait"].get_bool();
  out.force = spec["force"].get_bool();
  out.suspend = spec["suspend"].get_bool();
  const std::string_view validation = spec["validation"].get_string("none");
  out.validate_client = validation == "client" || validation == "server";
  out.path = spec["path"].get_string();
  const Value& source = spec["sourceRef"];
  if (source.is_object())
    out.source = {Gvk{"source.toolkit.fluxcd.io", "", std::string(source["kind"].get_string())},
                  std::string(source["namespace"].get_string(ns)),
                  std::string(source["name"].get_string())};
  out.target_namespace = spec["targetNamespace"].get_string();
  out.service_account = spec["serviceAccountName"].get_string();
  out.deletion_policy = decode_policy(spec["deletionPolicy"].get_string());
  decode_references(spec, ns, out);
  out.common_labels = spec.path("commonMetadata", "labels");
  out.common_annotations = spec.path("commonMetadata", "annotations");
  out.ignore = spec["ignore"];
  decode_post_build(spec["postBuild"], out);
  out.kube_config = decode_kube_config(spec);
  if (!spec["decryption"].is_null()) out.unsupported = "spec.decryption";
  return out;
}

}  // namespace weir::model
