#include "engine/reconcile/chart_repository.hh"

#include <algorithm>

#include "engine/base/limits.hh"
#include "engine/base/semver.hh"
#include "engine/reconcile/source_secrets.hh"

namespace weir::reconcile {
namespace {

constexpr std::string_view chart_layer = "application/vnd.cncf.helm.chart.content.v1.tar+gzip";
constexpr std::string_view pull_error = "ChartPullError";

Error with(Error error, std::string_view reason) {
  error.reason = reason;
  return error;
}

Error unauthorized(Error error) {
  error.code = Code::unauthorized;
  return with(std::move(error), "AuthenticationFailed");
}

// Registries know no '+' in tags.
std::string to_tag(std::string version) {
  std::replace(version.begin(), version.end(), '+', '_');
  return version;
}

std::string from_tag(std::string tag) {
  std::replace(tag.begin(), tag.end(), '_', '+');
  return tag;
}

std::string chart_url(const std::string& repository, const std::string& chart) {
  std::string url = repository;
  while (url.ends_with('/')) url.pop_back();
  return url + "/" + chart;
}

Result<std::string> highest_version(const std::vector<std::string>& tags,
                                    const std::string& range) {
  WEIR_TRY(const auto constraint, base::VersionConstraint::parse(range.empty() ? "*" : range));
  std::optional<base::Version> best;
  for (const std::string& tag : tags) {
    const std::string text = from_tag(tag);
    if (text == range) return text;
    if (!base::is_version_candidate(text)) continue;
    auto version = base::Version::parse(text);
    if (!version.ok() || !constraint.matches(*version)) continue;
    if (!best || base::compare(*version, *best) > 0) best = *std::move(version);
  }
  if (!best)
    return make_error(Code::not_found,
                      "could not locate a version matching provided version string " + range);
  return best->original;
}

}  // namespace

std::string normalized_repository_url(std::string_view url) {
  while (url.ends_with('/')) url.remove_suffix(1);
  std::string out(url);
  if (!out.starts_with("oci://")) out.push_back('/');
  return out;
}

Result<RemoteAccess> repository_access(KubeApi& kube, const std::string& ns,
                                       const model::HelmRepositorySpec& spec) {
  RemoteAccess access;
  access.timeout = spec.timeout;
  access.plain_http = spec.oci && spec.insecure;
  if (!spec.cert_secret_name.empty()) {
    auto data = read_secret(kube, ns, spec.cert_secret_name);
    if (!data.ok())
      return unauthorized(std::move(data).error().with_context("failed to get TLS authentication"));
    if (auto added = add_tls(*data, true, access); !added.ok())
      return unauthorized(
          std::move(added).error().with_context("failed to construct Helm client's TLS config"));
  }
  if (spec.secret_name.empty()) return access;
  auto data = read_secret(kube, ns, spec.secret_name);
  if (!data.ok())
    return unauthorized(std::move(data).error().with_context("failed to get authentication"));
  const auto detect = [&]() -> Result<void> {
    WEIR_CHECK(add_basic(*data, access));
    if (spec.oci) WEIR_CHECK(add_logins(*data, access));
    // Certificates beside the credentials are the old way, and yield to spec.certSecretRef.
    return spec.cert_secret_name.empty() ? add_tls(*data, false, access) : Result<void>();
  };
  if (auto detected = detect(); !detected.ok())
    return unauthorized(
        std::move(detected).error().with_context("failed to detect authentication methods"));
  if (spec.oci && access.username.empty() && access.logins.empty())
    return unauthorized(make_error(Code::unauthorized,
                                   "failed to configure login options: secret '" + ns + "/" +
                                       spec.secret_name + "' has no credentials for a registry"));
  return access;
}

Result<ChartRepository> ChartRepository::open(const ChartPorts& ports, const std::string& ns,
                                              const model::HelmRepositorySpec& spec,
                                              Artifact index) {
  ChartRepository out(ports, spec);
  if (spec.oci && !spec.url.starts_with("oci://"))
    return make_error(Code::invalid,
                      "invalid Helm repository URL: invalid OCI registry URL: " + spec.url,
                      "URLInvalid");
  if (ports.kube != nullptr) {
    WEIR_TRY(out.access_, repository_access(*ports.kube, ns, spec));
  } else {
    out.access_.timeout = spec.timeout;
  }
  out.index_ = std::move(index);
  return out;
}

ChartRepository ChartRepository::reached_by(const ChartPorts& ports,
                                            const model::HelmRepositorySpec& spec,
                                            RemoteAccess access) {
  ChartRepository out(ports, spec);
  out.access_ = std::move(access);
  return out;
}

Result<std::vector<helm::ChartVersion>> ChartRepository::listed(const std::string& chart) {
  if (!index_.empty())
    return ports_.indexes->versions(*ports_.artifacts, ports_.download, index_, chart);
  if (fetched_ == nullptr) {
    DownloadRequest request;
    request.url = "index.yaml";
    request.base_url = spec_.url;
    request.access = access_;
    request.bytes_max = base::limits::helm_index_bytes_max;
    auto fetched = ports_.download->download(request);
    if (!fetched.ok())
      return with(std::move(fetched).error().with_context("failed to load index"), pull_error);
    fetched_ = *std::move(fetched);
  }
  return ChartIndexes::versions_in(*fetched_, chart);
}

Result<helm::ChartVersion> ChartRepository::find(const std::string& chart,
                                                 const std::string& range) {
  constexpr std::string_view context = "failed to get chart version for remote reference";
  if (spec_.oci) {
    auto found = find_tag(chart, range);
    if (found.ok()) return found;
    return with(std::move(found).error().with_context(context), pull_error);
  }
  auto versions = listed(chart);
  auto chosen = versions.ok() ? helm::select_version(*versions, chart, range)
                              : Result<helm::ChartVersion>(std::move(versions).error());
  if (chosen.ok()) return chosen;
  Error error = std::move(chosen).error().with_context(context);
  // What the index says is final until it changes; what kept us from reading it is not.
  const bool final = error.code == Code::not_found || error.code == Code::invalid;
  return with(std::move(error),
              final && error.reason.empty() ? "InvalidChartReference" : pull_error);
}

Result<helm::ChartVersion> ChartRepository::find_tag(const std::string& chart,
                                                     const std::string& range) {
  helm::ChartVersion out;
  out.name = chart.substr(chart.rfind('/') == std::string::npos ? 0 : chart.rfind('/') + 1);
  out.urls = {chart_url(spec_.url, chart)};
  if (base::is_version_candidate(range) && base::Version::parse(range).ok()) {
    out.version = range;
    return out;
  }
  auto tags = ports_.registry->tags(out.urls.front(), access_);
  if (!tags.ok())
    return std::move(tags).error().with_context("could not get tags for \"" + chart + "\"");
  if (tags->empty())
    return make_error(Code::not_found,
                      "unable to locate any tags in provided repository: " + chart);
  WEIR_TRY(out.version, highest_version(*tags, range));
  return out;
}

Result<std::string> ChartRepository::pull(const helm::ChartVersion& version) {
  const std::string& url = version.urls.front();
  WEIR_TRY(const OciManifest manifest,
           ports_.registry->manifest(url, to_tag(version.version), access_));
  for (const OciDescriptor& layer : manifest.layers) {
    if (layer.media_type != chart_layer) continue;
    WEIR_TRY(const PayloadPtr blob,
             ports_.registry->blob(url, layer, base::limits::helm_package_bytes_max, access_));
    return blob->bytes(base::limits::helm_package_bytes_max);
  }
  return make_error(Code::invalid,
                    "manifest does not contain a layer with mediatype " + std::string(chart_layer));
}

Result<std::string> ChartRepository::download(const helm::ChartVersion& version) {
  constexpr std::string_view context = "failed to download chart for remote reference";
  if (version.urls.empty())
    return make_error(
        Code::invalid,
        std::string(context) + ": chart '" + version.name + "' has no downloadable URLs",
        std::string(pull_error));
  if (spec_.oci) {
    auto bytes = pull(version);
    if (bytes.ok()) return bytes;
    return with(std::move(bytes).error().with_context(context), pull_error);
  }
  DownloadRequest request;
  request.url = version.urls.front();
  request.base_url = spec_.url;
  request.access = access_;
  request.bytes_max = base::limits::helm_package_bytes_max;
  request.pass_credentials = spec_.pass_credentials;
  auto payload = ports_.download->download(request);
  if (!payload.ok()) return with(std::move(payload).error().with_context(context), pull_error);
  return (*payload)->bytes(base::limits::helm_package_bytes_max);
}

}  // namespace weir::reconcile
