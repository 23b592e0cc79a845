#include <cstdio>

#include "engine/base/limits.hh"
#include "engine/reconcile/chart_repository.hh"
#include "engine/reconcile/executor.hh"
#include "engine/reconcile/flows.hh"
#include "engine/reconcile/step_errors.hh"

namespace weir::reconcile {
namespace {

// "12.3kB", as people read sizes: four digits, powers of a thousand.
std::string human_size(std::int64_t size) {
  static constexpr const char* units[] = {"B", "kB", "MB", "GB"};
  double number = static_cast<double>(size);
  std::size_t unit = 0;
  for (; number >= 1000.0 && unit + 1 < std::size(units); ++unit) number /= 1000.0;
  char text[32];
  std::snprintf(text, sizeof text, "%.4g%s", number, units[unit]);
  return text;
}

std::optional<StepError> check_url(const model::HelmRepositorySpec& spec) {
  if (!spec.url.starts_with("oci://")) return std::nullopt;
  return StepError{Code::invalid, "URLInvalid",
                   "invalid Helm repository URL: 'oci' URL scheme cannot be used with 'default' "
                   "HelmRepository type",
                   true};
}

StepError fetch_error(const Error& error) {
  if (error.reason == "URLInvalid")
    return {Code::invalid, "URLInvalid", "invalid Helm repository URL: " + error.message, true};
  return {error.code, "Failed", "failed to fetch Helm repository index: " + error.message, false};
}

// Puts the index into the store entry by entry.
Result<StoredArtifact> store_index(ArtifactPort& artifacts, const ObjectId& owner,
                                   const Payload& index, bool whole) {
  const std::string file = "index-" + index.digest().hex() + ".yaml";
  const auto write = [&](const ByteSink& sink) -> Result<void> {
    helm::IndexWriter writer(sink);
    const auto add = [&](std::string_view chart, const Value& entry) {
      return writer.add(chart, entry);
    };
    WEIR_TRY(const helm::IndexHead head, read_index(index, whole, add));
    if (head.api_version.empty()) return make_error(Code::invalid, "no API version specified");
    return writer.finish(head);
  };
  return artifacts.store_stream("helmrepository", owner.ns, owner.name, file, write);
}

}  // namespace

OutcomeBody Executor::fetch(const ObjectId& owner, const FetchSource& fetch,
                            const model::HelmRepositorySpec& spec) {
  if (const auto error = check_url(spec)) return *error;
  auto access = repository_access(*ports_.kube, owner.ns, spec);
  if (!access.ok()) return authentication_error(access.error().message);
  DownloadRequest request;
  request.url = "index.yaml";
  request.base_url = spec.url;
  request.access = *std::move(access);
  request.bytes_max = base::limits::helm_index_bytes_max;
  auto index = ports_.download->download(request);
  if (!index.ok()) return fetch_error(index.error());
  SourceFetched out;
  out.artifact.revision = (*index)->digest().to_string();
  const bool stored =
      !fetch.current.empty() && ports_.artifacts->exists(fetch.current.path, fetch.current.digest);
  if (stored && fetch.current.revision == out.artifact.revision) {
    out.unchanged = true;
    out.artifact = fetch.current;
    out.artifact.url = ports_.artifacts->url(out.artifact.path);
  } else {
    auto kept = store_index(*ports_.artifacts, owner, **index, false);
    if (!kept.ok() && must_be_whole(kept.error()))
      kept = store_index(*ports_.artifacts, owner, **index, true);
    if (!kept.ok() && kept.error().code != Code::io)
      return StepError{kept.error().code, "IndexationFailed",
                       "failed to load Helm repository from index YAML: " + kept.error().message,
                       false};
    if (!kept.ok()) return storage_error(kept.error());
    out.stored = *kept;
    out.artifact.digest = kept->digest;
    out.artifact.path = kept->path;
    out.artifact.url = ports_.artifacts->url(kept->path);
    const std::string alias = ports_.artifacts->publish(kept->path, "index.yaml");
    if (!alias.empty()) out.observed = Value::object({{"url", alias}});
  }
  out.message = "stored artifact: revision '" + out.artifact.revision + "'";
  out.news = "stored fetched index of size " + human_size(out.stored.size) + " from '" +
             mask_url(spec.url) + "'";
  out.details = Value::object(
      {{"index", Value::object({{"url", mask_url(spec.url)},
                                {"bytes", static_cast<std::int64_t>((*index)->size())}})}});
  return out;
}

}  // namespace weir::reconcile
