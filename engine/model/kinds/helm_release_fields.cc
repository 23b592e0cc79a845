#include <algorithm>

#include "engine/model/kinds/applier_fields.hh"
#include "engine/model/kinds/helm_release.hh"

namespace weir::model {
namespace {

std::vector<Field> sorted(std::vector<Field> fields) {
  std::sort(fields.begin(), fields.end(),
            [](const Field& a, const Field& b) { return a.name < b.name; });
  return fields;
}

Field reference_field(std::string_view name, std::string_view description,
                      std::vector<std::string_view> kinds) {
  return group_field(
      name, description,
      {text_field("apiVersion", "API version of the referent."),
       required(with_enum(text_field("kind", "Kind of the referent."), std::move(kinds))),
       required(with_length(text_field("name", "Name of the referent."), 1, 253)),
       with_length(text_field("namespace", "Its namespace, the HelmRelease's own by default."), 1,
                   63)});
}

Field chart_field() {
  Field text = text_field("", "");
  Field metadata = group_field("metadata", "Metadata of the HelmChart.",
                               {map_field("annotations", "Annotations to add.", text),
                                map_field("labels", "Labels to add.", text)});
  Field verify = group_field(
      "verify", "How the chart's signature is verified.",
      {required(with_default(with_enum(text_field("provider", "Provider."), {"cosign", "notation"}),
                             "cosign")),
       local_reference("secretRef", "Secret with the trusted keys.")});
  Field spec = group_field(
      "spec", "Spec of the HelmChart.",
      {required(with_length(text_field("chart", "Name or path of the chart."), 1, 2048)),
       flag_field("ignoreMissingValuesFiles", "Whether missing values files are no error."),
       duration_field("interval", "How often the source is looked at."),
       with_default(with_enum(text_field("reconcileStrategy", "What makes a new artifact."),
                              {"ChartVersion", "Revision"}),
                    "ChartVersion"),
       required(reference_field("sourceRef", "The source of the chart.",
                                {"HelmRepository", "GitRepository", "Bucket"})),
       list_field("valuesFiles", "Values files of the chart, later ones win.", text), verify,
       with_default(text_field("version", "Version or range of versions."), "*")});
  return group_field("chart", "The HelmChart made for this release.", {metadata, required(spec)});
}

Field strategy_field(std::string_view rule, std::string_view message) {
  Field field = group_field("strategy", "What is done about a failure.",
                            {required(with_enum(text_field("name", "Name of the strategy."),
                                                {"RemediateOnFailure", "RetryOnFailure"})),
                             duration_field("retryInterval", "Time until the next try.")});
  field.rules = {{rule, message}};
  return field;
}

std::vector<Field> remediation_fields() {
  return {flag_field("ignoreTestFailures", "Whether failed tests are no failure."),
          flag_field("remediateLastFailure", "Whether the last failure is remediated too."),
          count_field("retries", "How often it is tried again; -1 means for ever.")};
}

// What install and upgrade share.
std::vector<Field> release_fields() {
  return {with_enum(text_field("crds", "What is done about the chart's crds/."),
                    {"Skip", "Create", "CreateReplace"}),
          flag_field("disableHooks", "Runs no hooks."),
          flag_field("disableOpenAPIValidation", "No validation against the API's schema."),
          flag_field("disableSchemaValidation", "No validation of values."),
          flag_field("disableTakeOwnership", "Refuses objects that others own."),
          flag_field("disableWait", "Does not wait for the objects to become ready."),
          flag_field("disableWaitForJobs", "Does not wait for Jobs."),
          duration_field("timeout", "Time for each Kubernetes operation.")};
}

Field install_field() {
  std::vector<Field> fields = release_fields();
  fields.push_back(flag_field("createNamespace", "Makes the target namespace."));
  fields.push_back(group_field("remediation", "What is done when it fails.", remediation_fields()));
  fields.push_back(flag_field("replace", "Takes the name of a deleted release again."));
  fields.push_back(flag_field("serverSideApply", "Whether the API server merges."));
  fields.push_back(flag_field("skipCRDs", "Has no effect; see crds."));
  fields.push_back(
      strategy_field("!has(self.retryInterval) || self.name != 'RemediateOnFailure'",
                     ".retryInterval cannot be set when .name is 'RemediateOnFailure'"));
  return group_field("install", "How the release is installed.", sorted(std::move(fields)));
}

Field apply_field() {
  return with_enum(text_field("serverSideApply", "Whether the API server merges."),
                   {"enabled", "disabled", "auto"});
}

Field upgrade_field() {
  std::vector<Field> fields = release_fields();
  std::vector<Field> remediation = remediation_fields();
  remediation.push_back(
      with_enum(text_field("strategy", "How it is undone."), {"rollback", "uninstall"}));
  fields.push_back(
      with_enum(text_field("chartNameChangeStrategy", "What a new name of the chart does."),
                {"InPlaceUpdate", "Reinstall"}));
  fields.push_back(flag_field("cleanupOnFail", "Deletes objects new in a failed upgrade."));
  fields.push_back(flag_field("force", "Replaces objects instead of patching them."));
  fields.push_back(flag_field("preserveValues", "Keeps the last release's values."));
  fields.push_back(
      group_field("remediation", "What is done when it fails.", std::move(remediation)));
  fields.push_back(apply_field());
  fields.push_back(strategy_field("!has(self.retryInterval) || self.name == 'RetryOnFailure'",
                                  ".retryInterval can only be set when .name is 'RetryOnFailure'"));
  return group_field("upgrade", "How the release is upgraded.", sorted(std::move(fields)));
}

Field rollback_field() {
  return group_field(
      "rollback", "How the release is rolled back.",
      {flag_field("cleanupOnFail", "Deletes objects new in a failed rollback."),
       flag_field("disableHooks", "Runs no hooks."), flag_field("disableWait", "Does not wait."),
       flag_field("disableWaitForJobs", "Does not wait for Jobs."),
       flag_field("force", "Replaces objects instead of patching them."),
       flag_field("recreate", "Has no effect."), apply_field(),
       duration_field("timeout", "Time for each Kubernetes operation.")});
}

Field uninstall_field() {
  return group_field(
      "uninstall", "How the release is uninstalled.",
      {with_default(with_enum(text_field("deletionPropagation", "How dependents are deleted."),
                              {"background", "foreground", "orphan"}),
                    "background"),
       flag_field("disableHooks", "Runs no hooks."),
       flag_field("disableWait", "Does not wait for the objects to be gone."),
       flag_field("keepHistory", "Keeps the release's records."),
       duration_field("timeout", "Time for each Kubernetes operation.")});
}

Field test_field() {
  Field filter =
      group_field("", "",
                  {flag_field("exclude", "Leaves the test out."),
                   required(with_length(text_field("name", "Name of the test."), 1, 253))});
  return group_field("test", "Whether the chart's tests are run.",
                     {flag_field("enable", "Runs them after each install and upgrade."),
                      list_field("filters", "Which tests are run.", filter),
                      flag_field("ignoreFailures", "Failed tests are no failure."),
                      duration_field("timeout", "Time for each Kubernetes operation.")});
}

Field drift_field() {
  Field rule = group_field("", "",
                           {required(list_field("paths", "JSON pointers.", text_field("", ""))),
                            selector_field("target", "Objects.")});
  return group_field("driftDetection", "Whether changes of the release's objects are noticed.",
                     {list_field("ignore", "Fields left alone.", rule),
                      with_enum(text_field("mode", "Mode."), {"enabled", "warn", "disabled"})});
}

Field values_from_field() {
  Field key = with_length(text_field("valuesKey", "Key, values.yaml by default."), -1, 253);
  key.pattern = "^[\\-._a-zA-Z0-9]+$";
  Field path = with_length(text_field("targetPath", "Where the value is set."), -1, 250);
  path.pattern = "^([a-zA-Z0-9_\\-.\\\\\\/]|\\[[0-9]{1,5}\\])+$";
  return list_field(
      "valuesFrom", "ConfigMaps and Secrets that hold values.",
      group_field(
          "", "",
          {required(with_enum(text_field("kind", "Secret or ConfigMap."), {"Secret", "ConfigMap"})),
           flag_field("literal", "The value is text, as it stands."),
           required(with_length(text_field("name", "Name, in the same namespace."), 1, 253)),
           flag_field("optional", "Whether it may be missing."), path, key}));
}

std::vector<Field> spec_fields() {
  Field renderer = group_field("", "",
                               {group_field("kustomize", "Kustomize as a post renderer.",
                                            {images_field(), patches_field()})});
  return sorted({
      chart_field(),
      reference_field("chartRef", "A source that is the chart.",
                      {"OCIRepository", "HelmChart", "ExternalArtifact"}),
      metadata_field(),
      depends_on_field("HelmReleases that must be ready first."),
      drift_field(),
      health_exprs_field(),
      install_field(),
      required(duration_field("interval", "How often it is reconciled.")),
      kube_config_field(),
      count_field("maxHistory", "Releases kept in Helm's storage; 0 keeps all."),
      flag_field("persistentClient", "Whether API clients are reused. Default true."),
      with_enum(text_field("postRenderStrategy", "What becomes of hooks."),
                {"nohooks", "combined", "separate"}),
      list_field("postRenderers", "Steps after the chart is rendered.", renderer),
      with_length(text_field("releaseName", "Name of the release."), 1, 53),
      rollback_field(),
      with_length(text_field("serviceAccountName", "ServiceAccount to impersonate."), 1, 253),
      with_length(text_field("storageNamespace", "Namespace of Helm's storage."), 1, 63),
      flag_field("suspend", "Suspends the reconciliation."),
      with_length(text_field("targetNamespace", "Namespace of the release."), 1, 63),
      test_field(),
      duration_field("timeout", "Time for each Kubernetes operation."),
      uninstall_field(),
      upgrade_field(),
      any_field("values", "Values of the release."),
      values_from_field(),
      group_field(
          "waitStrategy", "How readiness is found out.",
          {required(with_enum(text_field("name", "Name of the strategy."), {"poller", "legacy"}))}),
  });
}

Field time_field(std::string_view name) {
  Field field = text_field(name, "");
  field.format = "date-time";
  return field;
}

Field history_field() {
  Field hook = group_field(
      "", "", {time_field("lastCompleted"), time_field("lastStarted"), text_field("phase", "")});
  return list_field(
      "history", "Releases made, the newest first.",
      group_field(
          "", "",
          {text_field("action", "The action that made it."),
           text_field("apiVersion", "Version of the snapshot."), text_field("appVersion", ""),
           required(text_field("chartName", "")), required(text_field("chartVersion", "")),
           required(text_field("configDigest", "Digest of the values.")), time_field("deleted"),
           required(text_field("digest", "Of the release.")), required(time_field("firstDeployed")),
           required(time_field("lastDeployed")), required(text_field("name", "")),
           required(text_field("namespace", "")), text_field("ociDigest", ""),
           required(text_field("status", "")), map_field("testHooks", "", hook),
           required(count_field("version", ""))}));
}

std::vector<Field> status_fields() {
  return {conditions_field(),
          count_field("failures", "Failures against the present state."),
          text_field("helmChart", "namespace/name of the HelmChart."),
          history_field(),
          count_field("installFailures", ""),
          inventory_field(),
          text_field("lastAttemptedConfigDigest", ""),
          count_field("lastAttemptedGeneration", ""),
          with_enum(text_field("lastAttemptedReleaseAction", ""), {"install", "upgrade"}),
          text_field("lastAttemptedReleaseActionDuration", ""),
          text_field("lastAttemptedRevision", ""),
          text_field("lastAttemptedRevisionDigest", ""),
          text_field("lastAttemptedValuesChecksum", ""),
          text_field("lastHandledForceAt", ""),
          text_field("lastHandledReconcileAt", ""),
          text_field("lastHandledResetAt", ""),
          count_field("lastReleaseRevision", ""),
          text_field("observedCommonMetadataDigest", ""),
          count_field("observedGeneration", ""),
          text_field("observedPostRenderersDigest", ""),
          with_length(text_field("storageNamespace", ""), 1, 63),
          count_field("upgradeFailures", "")};
}

KindDeclaration make_declaration() {
  KindDeclaration kind;
  kind.gvk = helm_release_gvk;
  kind.plural = "helmreleases";
  kind.singular = "helmrelease";
  kind.short_names = {"hr"};
  kind.categories = {"all", "fluxcd", "fluxcd-appliers"};
  kind.component = "helm-controller";
  kind.columns = {{"Age", "date", ".metadata.creationTimestamp"},
                  {"Ready", "string", ".status.conditions[?(@.type==\"Ready\")].status"},
                  {"Status", "string", ".status.conditions[?(@.type==\"Ready\")].message"}};
  kind.description = "HelmRelease installs a chart and keeps the release as it is declared.";
  kind.spec = spec_fields();
  kind.spec_rules = {
      {"(has(self.chart) && !has(self.chartRef)) || (!has(self.chart) && "
       "has(self.chartRef))",
       "either chart or chartRef must be set"}};
  kind.status = status_fields();
  return kind;
}

}  // namespace

const KindDeclaration& helm_release_declaration() {
  static const KindDeclaration declaration = make_declaration();
  return declaration;
}

}  // namespace weir::model
