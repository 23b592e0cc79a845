#include "engine/model/kinds/helm_release.hh"

#include "engine/base/digest.hh"
#include "engine/model/kinds/git_repository.hh"

namespace weir::model {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t release_name_max = 53;
constexpr std::size_t release_name_kept = 40;

Result<base::Duration> duration_in(const Value& spec, const char* group, base::Duration fallback) {
  auto read = decode_duration(spec[group], "timeout", fallback);
  if (!read.ok()) {
    Error error = std::move(read).error();
    error.message.replace(0, std::string_view("spec.").size(), "spec." + std::string(group) + ".");
    return error;
  }
  return read;
}

CrdsPolicy crds_policy(std::string_view text) {
  if (text == "Skip") return CrdsPolicy::skip;
  return text == "CreateReplace" ? CrdsPolicy::create_replace : CrdsPolicy::create;
}

ApplyMode apply_mode(std::string_view text) {
  if (text == "enabled") return ApplyMode::server;
  return text == "disabled" ? ApplyMode::client : ApplyMode::same;
}

Result<void> decode_remediation(const Value& action, bool upgrade, const HelmDefaults& defaults,
                                Remediation& out) {
  const Value& block = action["remediation"];
  out.retries = static_cast<int>(block["retries"].get_int());
  out.ignore_test_failures = block["ignoreTestFailures"].get_bool();
  out.remediate_last_failure = block["remediateLastFailure"].get_bool(upgrade && out.retries > 0);
  out.uninstall = upgrade ? block["strategy"].get_string() == "uninstall" : true;
  const Value& strategy = action["strategy"];
  const bool retries = strategy.is_object() ? strategy["name"].get_string() == "RetryOnFailure"
                                            : defaults.retry_on_failure;
  if (!retries) return {};
  WEIR_TRY(out.retry_interval, decode_duration(strategy, "retryInterval", 5min));
  return {};
}

Result<ActionOptions> decode_action(const Value& spec, const char* name, base::Duration timeout,
                                    const HelmDefaults& defaults) {
  const Value& block = spec[name];
  ActionOptions out;
  WEIR_TRY(out.timeout, duration_in(spec, name, timeout));
  out.disable_hooks = block["disableHooks"].get_bool();
  out.disable_wait = block["disableWait"].get_bool();
  out.disable_wait_for_jobs = block["disableWaitForJobs"].get_bool();
  out.disable_take_ownership = block["disableTakeOwnership"].get_bool();
  out.disable_schema_validation = block["disableSchemaValidation"].get_bool();
  out.disable_openapi_validation = block["disableOpenAPIValidation"].get_bool();
  out.force = block["force"].get_bool();
  out.cleanup_on_fail = block["cleanupOnFail"].get_bool();
  out.preserve_values = block["preserveValues"].get_bool();
  out.replace = block["replace"].get_bool();
  out.create_namespace = block["createNamespace"].get_bool();
  out.keep_history = block["keepHistory"].get_bool();
  out.propagation = block["deletionPropagation"].get_string("background");
  out.crds = crds_policy(block["crds"].get_string());
  const Value& apply = block["serverSideApply"];
  const bool upgrade = std::string_view(name) == "upgrade";
  if (std::string_view(name) == "install") {
    out.apply = apply.get_bool(!defaults.helm3) ? ApplyMode::server : ApplyMode::client;
  } else {
    out.apply = apply_mode(apply.get_string());
  }
  WEIR_CHECK(decode_remediation(block, upgrade, defaults, out.remediation));
  return out;
}

Result<void> decode_chart(const Value& spec, const std::string& ns, HelmReleaseSpec& out) {
  const Value& chart = spec["chart"];
  const Value& reference = spec["chartRef"];
  if (chart.is_object() == reference.is_object())
    return make_error(Code::invalid, "spec: either chart or chartRef must be set");
  const auto source = [&](const Value& block) {
    return ObjectId{Gvk{"source.toolkit.fluxcd.io", "", std::string(block["kind"].get_string())},
                    std::string(block["namespace"].get_string(ns)),
                    std::string(block["name"].get_string())};
  };
  if (reference.is_object()) {
    out.chart_ref = source(reference);
    return {};
  }
  out.chart = ChartTemplate{chart.path("metadata", "labels"), chart.path("metadata", "annotations"),
                            chart["spec"]};
  out.chart_source = source(chart.path("spec", "sourceRef"));
  return {};
}

void decode_references(const Value& spec, const std::string& ns, HelmReleaseSpec& out) {
  for (const Value& item : spec["dependsOn"].items())
    out.depends_on.push_back({std::string(item["namespace"].get_string(ns)),
                              std::string(item["name"].get_string()),
                              std::string(item["readyExpr"].get_string())});
  for (const Value& item : spec["healthCheckExprs"].items())
    out.health_check_exprs.push_back(
        {Gvk::from(item["apiVersion"].get_string(), "").group,
         std::string(item["kind"].get_string()), std::string(item["current"].get_string()),
         std::string(item["inProgress"].get_string()), std::string(item["failed"].get_string())});
  for (const Value& item : spec["valuesFrom"].items())
    out.values_from.push_back({item["kind"].get_string() == "Secret",
                               std::string(item["name"].get_string()),
                               std::string(item["valuesKey"].get_string("values.yaml")),
                               std::string(item["targetPath"].get_string()),
                               item["optional"].get_bool(), item["literal"].get_bool()});
}

void decode_names(const Value& object, const std::string& ns, HelmReleaseSpec& out) {
  const Value& spec = object["spec"];
  const std::string target(spec["targetNamespace"].get_string());
  const std::string name(object.path("metadata", "name").get_string());
  out.target_namespace_given = !target.empty();
  out.release_namespace = target.empty() ? ns : target;
  out.storage_namespace = spec["storageNamespace"].get_string(ns);
  const std::string whole = target.empty() ? name : target + "-" + name;
  out.release_name = short_release_name(std::string(spec["releaseName"].get_string(whole)));
}

void decode_test(const Value& test, TestOptions& out) {
  out.enable = test["enable"].get_bool();
  out.ignore_failures = test["ignoreFailures"].get_bool();
  for (const Value& item : test["filters"].items())
    out.filters.push_back({std::string(item["name"].get_string()), item["exclude"].get_bool()});
}

void decode_rendering(const Value& spec, const HelmDefaults& defaults, HelmReleaseSpec& out) {
  out.common_metadata = spec["commonMetadata"];
  out.common_labels = out.common_metadata["labels"];
  out.common_annotations = out.common_metadata["annotations"];
  out.post_renderers = spec["postRenderers"];
  const std::string_view strategy =
      spec["postRenderStrategy"].get_string(defaults.helm3 ? "nohooks" : "combined");
  if (strategy == "nohooks") out.post_render_strategy = PostRenderStrategy::no_hooks;
  if (strategy == "separate") out.post_render_strategy = PostRenderStrategy::separate;
  const std::string_view drift = spec.path("driftDetection", "mode").get_string();
  if (drift == "warn") out.drift = DriftMode::warn;
  if (drift == "enabled") out.drift = DriftMode::enabled;
  out.drift_ignore = spec.path("driftDetection", "ignore");
  out.legacy_wait =
      spec.path("waitStrategy", "name").get_string(defaults.helm3 ? "legacy" : "poller") ==
      "legacy";
}

}  // namespace

std::string short_release_name(const std::string& name) {
  if (name.size() <= release_name_max) return name;
  return name.substr(0, release_name_kept) + "-" + base::sha256(name).hex().substr(0, 12);
}

Result<HelmReleaseSpec> decode_helm_release(const Value& object, const HelmDefaults& defaults) {
  const Value& spec = object["spec"];
  const std::string ns(object.path("metadata", "namespace").get_string());
  HelmReleaseSpec out;
  WEIR_CHECK(decode_chart(spec, ns, out));
  WEIR_TRY(out.interval, decode_duration(spec, "interval", 0s));
  WEIR_TRY(out.timeout, decode_duration(spec, "timeout", 5min));
  WEIR_TRY(out.install, decode_action(spec, "install", out.timeout, defaults));
  WEIR_TRY(out.upgrade, decode_action(spec, "upgrade", out.timeout, defaults));
  WEIR_TRY(out.rollback, decode_action(spec, "rollback", out.timeout, defaults));
  WEIR_TRY(out.uninstall, decode_action(spec, "uninstall", out.timeout, defaults));
  WEIR_TRY(out.test.timeout, duration_in(spec, "test", out.timeout));
  out.max_history = static_cast<int>(spec["maxHistory"].get_int(5));
  out.suspend = spec["suspend"].get_bool();
  decode_names(object, ns, out);
  decode_references(spec, ns, out);
  decode_test(spec["test"], out.test);
  decode_rendering(spec, defaults, out);
  out.service_account = spec["serviceAccountName"].get_string();
  out.reinstall_on_chart_change =
      spec.path("upgrade", "chartNameChangeStrategy").get_string() != "InPlaceUpdate";
  if (!spec["values"].is_null() && !spec["values"].is_object())
    return make_error(Code::invalid, "spec.values: must be an object");
  out.values = spec["values"];
  out.kube_config = decode_kube_config(spec);
  return out;
}

}  // namespace weir::model
