#include <cstdio>

#include "engine/base/limits.hh"
#include "engine/reconcile/chart_repository.hh"
#include "engine/reconcile/executor.hh"
#include "engine/reconcile/flows.hh"
#include "engine/reconcile/step_errors.hh"
#include "engine/template/functions/url.hh"

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

StepError invalid_url(const std::string& text) {
  return {Code::invalid, "URLInvalid", "invalid Helm repository URL: " + text, true};
}

constexpr std::string_view fetching =
    "failed to fetch Helm repository index: failed to cache index to temporary file: ";

std::optional<StepError> check_url(const model::HelmRepositorySpec& spec) {
  if (spec.url.starts_with("oci://"))
    return invalid_url("'oci' URL scheme cannot be used with 'default' HelmRepository type");
  const auto url = tmpl::Url::parse(spec.url);
  if (!url.ok()) return invalid_url(mask_text(url.error().message, spec.url));
  return std::nullopt;
}

StepError fetch_error(const Error& error, const model::HelmRepositorySpec& spec) {
  if (error.reason == "URLInvalid") return invalid_url(error.message);
  if (error.reason == "TLSConfig") return authentication_error(tls_context(spec) + error.message);
  return {error.code, "Failed", std::string(fetching) + error.message, false};
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
  if (!index.ok()) return fetch_error(index.error(), spec);
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
    // What cannot be read in pieces is read whole, if only to say what is wrong with it.
    const std::uint64_t size = (*index)->size();
    const bool small = size > 0 && size <= base::limits::helm_index_whole_bytes_max;
    const bool unreadable = !kept.ok() && kept.error().code == Code::invalid;
    if (unreadable && (small || must_be_whole(kept.error())))
      kept = store_index(*ports_.artifacts, owner, **index, true);
    if (!kept.ok() && kept.error().code != Code::io)
      return StepError{kept.error().code, "IndexationFailed",
                       "failed to load Helm repository from index YAML: failed to load index: " +
                           kept.error().message,
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
