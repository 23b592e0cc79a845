#include "engine/reconcile/chart_build.hh"
#include "engine/reconcile/executor.hh"
#include "engine/reconcile/step_errors.hh"

namespace weir::reconcile {
namespace {

Value text_list(const std::vector<std::string>& texts) {
  Value list = Value::array();
  for (const std::string& text : texts) list.push_back(text);
  return list;
}

std::vector<std::string> read_list(const Value& list) {
  std::vector<std::string> out;
  for (const Value& item : list.items()) out.emplace_back(item.get_string());
  return out;
}

StepError no_artifact(const ChartOrigin& origin) {
  return {Code::unavailable, "NoSourceArtifact",
          "no artifact available for " + origin.id.gvk.kind + " source '" + origin.id.name + "'",
          false};
}

// What the stored chart was made with.
std::vector<std::string> kept_values_files(const FetchSource& fetch,
                                           const model::HelmChartSpec& spec, bool packaged) {
  if (!packaged) return {};
  std::vector<std::string> observed = read_list(fetch.status["observedValuesFiles"]);
  return observed.empty() ? spec.values_files : observed;
}

}  // namespace

OutcomeBody Executor::fetch(const ObjectId& owner, const FetchSource& fetch,
                            const model::HelmChartSpec& spec) {
  const ChartOrigin& origin = *fetch.origin;
  const ChartPorts ports{ports_.kube, ports_.artifacts, ports_.download, ports_.registry,
                         &indexes_};
  FileTreePtr tree;
  if (origin.id.gvk.kind != model::helm_repository_gvk.kind) {
    auto opened = open_artifact(origin.artifact);
    if (!opened.ok()) return no_artifact(origin);
    tree = *std::move(opened);
  }
  const bool stored =
      !fetch.current.empty() && ports_.artifacts->exists(fetch.current.path, fetch.current.digest);
  ChartBuilder builder(ports, owner.ns, fetch, spec, tree.get(), stored);
  auto outcome = builder.build();
  if (auto* failure = std::get_if<StepError>(&outcome)) return *std::move(failure);
  ChartBuild& build = std::get<ChartBuild>(outcome);
  SourceFetched out;
  out.reason = build.packaged ? "ChartPackageSucceeded" : "ChartPullSucceeded";
  out.news_reason = out.reason;
  if (build.cached) {
    out.unchanged = true;
    out.artifact = fetch.current;
    out.artifact.url = ports_.artifacts->url(out.artifact.path);
    build.values_files = kept_values_files(fetch, spec, build.packaged);
  } else {
    auto artifact = ports_.artifacts->store_bytes(
        "helmchart", owner.ns, owner.name, build.name + "-" + build.version + ".tgz", build.bytes);
    if (!artifact.ok()) return storage_error(artifact.error());
    out.stored = *artifact;
    out.artifact = {build.version, artifact->digest, artifact->path,
                    ports_.artifacts->url(artifact->path), ""};
    out.observed = Value::object(
        {{"observedChartName", build.name},
         {"observedValuesFiles", spec.ignore_missing_values_files && !build.values_files.empty()
                                     ? text_list(build.values_files)
                                     : Value()},
         {"url", text_or_null(ports_.artifacts->publish(artifact->path, "latest.tar.gz"))}});
  }
  out.message = build.summary();
  out.news = out.message;
  out.details = Value::object(
      {{"chart",
        Value::object({{"name", build.name},
                       {"version", build.version},
                       {"dependencies", static_cast<std::int64_t>(build.dependencies)},
                       {"source", origin.id.subject()},
                       {"sourceRevision", origin.artifact.revision}})}});
  return out;
}

}  // namespace weir::reconcile
