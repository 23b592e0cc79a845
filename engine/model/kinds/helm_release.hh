// HelmRelease (helm.toolkit.fluxcd.io/v2): its declaration and its spec, decoded with the defaults
// of the reference filled in. Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/base/duration.hh"
#include "engine/base/result.hh"
#include "engine/model/kinds/field.hh"
#include "engine/model/kinds/helm_chart.hh"
#include "engine/model/kinds/kube_config.hh"
#include "engine/model/kinds/kustomization.hh"
#include "engine/value/value.hh"

namespace weir::model {

inline const Gvk helm_release_gvk{"helm.toolkit.fluxcd.io", "v2", "HelmRelease"};

struct ValuesReference {
  bool secret = false;  // else a ConfigMap
  std::string name;
  std::string key;          // "values.yaml" when absent
  std::string target_path;  // "" = the document is merged into the values
  bool optional = false;
  bool literal = false;
};

enum class CrdsPolicy : unsigned char { skip, create, create_replace };
enum class ApplyMode : unsigned char { client, server, same };  // same: as the stored release was
enum class DriftMode : unsigned char { disabled, warn, enabled };
enum class PostRenderStrategy : unsigned char { combined, no_hooks, separate };

// What to do when an install or an upgrade fails.
struct Remediation {
  int retries = 0;  // -1: without end
  bool ignore_test_failures = false;
  bool remediate_last_failure = false;
  bool uninstall = false;  // else roll back (an upgrade's remediation)
  // RetryOnFailure: nothing is undone, it is tried again after this time.
  std::optional<base::Duration> retry_interval;
};

// Of one action; what an action does not know stays at its default.
struct ActionOptions {
  base::Duration timeout{};
  bool disable_hooks = false;
  bool disable_wait = false;
  bool disable_wait_for_jobs = false;
  bool disable_take_ownership = false;
  bool disable_schema_validation = false;
  bool disable_openapi_validation = false;
  bool force = false;            // upgrade, rollback
  bool cleanup_on_fail = false;  // upgrade, rollback
  bool preserve_values = false;  // upgrade
  bool replace = false;          // install
  bool create_namespace = false;
  bool keep_history = false;  // uninstall
  std::string propagation = "background";
  CrdsPolicy crds = CrdsPolicy::create;
  ApplyMode apply = ApplyMode::same;
  Remediation remediation;
};

struct TestFilter {
  std::string name;
  bool exclude = false;
};

struct TestOptions {
  bool enable = false;
  bool ignore_failures = false;
  base::Duration timeout{};
  std::vector<TestFilter> filters;
};

// spec.chart: the HelmChart that is kept for the release.
struct ChartTemplate {
  Value labels, annotations;  // objects or null
  Value spec;                 // spec.chart.spec
};

struct HelmReleaseSpec {
  base::Duration interval{};
  base::Duration timeout{};  // default 5m
  int max_history = 5;       // 0: without end
  bool suspend = false;
  std::optional<ChartTemplate> chart;
  ObjectId chart_source;          // spec.chart.spec.sourceRef; ns filled in, version empty
  ObjectId chart_ref;             // spec.chartRef; empty when there is none
  std::string release_name;       // as Helm knows it: made and shortened where it is not given
  std::string release_namespace;  // targetNamespace, or the object's own
  std::string storage_namespace;
  bool target_namespace_given = false;
  std::string service_account;
  std::optional<KubeConfigReference> kube_config;  // nothing: the cluster that weir runs against
  std::vector<DependencyReference> depends_on;
  std::vector<HealthCheckExpr> health_check_exprs;
  Value values;  // an object or null
  std::vector<ValuesReference> values_from;
  ActionOptions install, upgrade, rollback, uninstall;
  bool reinstall_on_chart_change = true;  // upgrade.chartNameChangeStrategy
  TestOptions test;
  DriftMode drift = DriftMode::disabled;
  Value drift_ignore;  // array of {paths, target} or null
  Value common_labels, common_annotations;
  Value common_metadata;  // as it stands, for its digest
  Value post_renderers;   // as it stands
  PostRenderStrategy post_render_strategy = PostRenderStrategy::combined;
  bool legacy_wait = false;
  std::string unsupported;  // as in GitRepositorySpec
};

// What fields that a HelmRelease leaves out stand for; an operator's feature gates change it.
struct HelmDefaults {
  // UseHelm3Defaults: installs apply on the client's side, readiness is Helm 3's, hooks are not
  // post-rendered.
  bool helm3 = false;
  bool retry_on_failure = false;  // DefaultToRetryOnFailure: where no strategy is named
};

const KindDeclaration& helm_release_declaration();

// From the whole object. Error: invalid, naming the field.
Result<HelmReleaseSpec> decode_helm_release(const Value& object, const HelmDefaults& defaults = {});

// Helm takes names of 53 characters at the most: longer ones keep 40, then "-" and 12 hex digits
// of their SHA-256.
std::string short_release_name(const std::string& name);

}  // namespace weir::model
