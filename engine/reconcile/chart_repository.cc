#include "engine/reconcile/chart_repository.hh"

#include <algorithm>
#include <cctype>

#include "engine/base/limits.hh"
#include "engine/base/semver.hh"
#include "engine/reconcile/flows.hh"
#include "engine/reconcile/source_secrets.hh"
#include "engine/template/format.hh"
#include "engine/template/functions/url.hh"

namespace weir::reconcile {
namespace {

constexpr std::string_view chart_layer = "application/vnd.cncf.helm.chart.content.v1.tar+gzip";
constexpr std::string_view provenance_layer = "application/vnd.cncf.helm.chart.provenance.v1.prov";
constexpr std::string_view oci_scheme = "oci://";
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

bool is_version(const std::string& text) {
  return base::is_version_candidate(text) && base::Version::parse(text).ok();
}

// "oci://host/team/app" -> "team/app".
std::string path_of(const std::string& url) {
  const std::size_t slash = url.find('/', oci_scheme.size());
  return slash == std::string::npos ? std::string() : url.substr(slash + 1);
}

int status_of(Code code) {
  switch (code) {
    case Code::unauthorized: return 401;
    case Code::forbidden: return 403;
    case Code::not_found: return 404;
    case Code::rate_limited: return 429;
    default: return 500;
  }
}

// What a registry answers to a request for /v2/`target`, in the words of Helm's client.
Error told_by_helm(Error error, const RemoteAccess& access, const std::string& target) {
  std::string& text = error.message;
  constexpr std::string_view unreached = "Get \"", root = "/v2/\": ", asked = "GET ";
  const std::size_t begin = text.rfind(unreached), end = text.rfind(root);
  if (begin != std::string::npos && end != std::string::npos && end > begin) {
    text = text.substr(begin, end + 4 - begin) + target + text.substr(end + 4);
    return error;
  }
  const std::size_t words = text.find(": ");
  if (!text.starts_with(asked) || words == std::string::npos) return error;
  std::string url = text.substr(asked.size(), words - asked.size());
  url.resize(std::min(url.find('?'), url.size()));
  std::string said = "GET \"" + url + "\": ";
  if (error.code == Code::unauthorized && access.username.empty() && access.logins.empty()) {
    error.code = Code::unavailable;  // there was nothing that could have been refused
    text = said + "basic credential not found";
    return error;
  }
  // "NAME_UNKNOWN: repository name not known; map[name:x]"
  std::string rest = text.substr(words + 2);
  const std::size_t colon = std::min(rest.find(": "), rest.size());
  for (std::size_t i = 0; i < colon; ++i) {
    const auto byte = static_cast<unsigned char>(rest[i]);
    rest[i] = byte == '_' ? ' ' : static_cast<char>(std::tolower(byte));
  }
  if (const std::size_t detail = rest.find("; "); detail != std::string::npos)
    rest.replace(detail, 2, ": ");
  text = said + "response status code " + std::to_string(status_of(error.code)) + ": " + rest;
  return error;
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

// A docker config must name the repository's host; what is no docker config has a plain login or
// none.
Result<void> add_registry_login(const SecretData& data, const model::HelmRepositorySpec& spec,
                                RemoteAccess& access) {
  if (!data.contains(".dockerconfigjson")) return {};
  if (auto added = add_logins(data, access); !added.ok())
    return std::move(added).error().with_context("unable to load Docker config from Secret '" +
                                                 spec.secret_name + "'");
  std::string_view host = std::string_view(spec.url).substr(std::string_view("oci://").size());
  host = host.substr(0, host.find('/'));
  const auto of_host = [&](const RegistryLogin& login) {
    std::string_view name = login.registry;
    for (const std::string_view scheme : {"https://", "http://"})
      if (name.starts_with(scheme)) name.remove_prefix(scheme.size());
    return name.substr(0, name.find('/')) == host;
  };
  if (std::any_of(access.logins.begin(), access.logins.end(), of_host)) return {};
  return make_error(Code::unauthorized, "no auth config for '" + std::string(host) +
                                            "' in the docker-registry Secret '" + spec.secret_name +
                                            "'");
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
  const auto id = [&](const std::string& name) { return secret_id(ns, name); };
  if (!spec.cert_secret_name.empty()) {
    auto data = read_secret(kube, ns, spec.cert_secret_name);
    if (!data.ok())
      return unauthorized(std::move(data).error().with_context(
          "failed to get TLS authentication secret " + id(spec.cert_secret_name)));
    if (auto added = add_tls(*data, id(spec.cert_secret_name), access); !added.ok())
      return unauthorized(
          std::move(added).error().with_context("failed to construct Helm client's TLS config"));
  }
  if (spec.secret_name.empty()) return access;
  auto data = read_secret(kube, ns, spec.secret_name);
  if (!data.ok())
    return unauthorized(std::move(data).error().with_context(
        "failed to get authentication secret " + id(spec.secret_name)));
  if (auto added = add_basic(*data, id(spec.secret_name), access); !added.ok())
    return unauthorized(
        std::move(added).error().with_context("failed to detect authentication methods"));
  // Certificates beside the credentials are the old way, yield to spec.certSecretRef, and are left
  // alone when they are not whole.
  RemoteAccess beside;
  if (spec.cert_secret_name.empty() && add_tls(*data, id(spec.secret_name), beside).ok()) {
    access.cert_pem = std::move(beside.cert_pem);
    access.key_pem = std::move(beside.key_pem);
    access.ca_pem = std::move(beside.ca_pem);
  }
  if (!spec.oci) return access;
  if (auto added = add_registry_login(*data, spec, access); !added.ok())
    return unauthorized(
        std::move(added).error().with_context("failed to configure OCI registry authentication"));
  return access;
}

std::string tls_context(const model::HelmRepositorySpec& spec) {
  return spec.cert_secret_name.empty() ? "failed to detect authentication methods: "
                                       : "failed to construct Helm client's TLS config: ";
}

std::string mask_text(std::string text, const std::string& url) {
  const std::string shown = mask_url(url);
  for (std::size_t at = text.find(url); at != std::string::npos && shown != url;
       at = text.find(url, at + shown.size()))
    text.replace(at, url.size(), shown);
  return text;
}

Result<ChartRepository> ChartRepository::open(const ChartPorts& ports, const std::string& ns,
                                              const model::HelmRepositorySpec& spec,
                                              Artifact index) {
  ChartRepository out(ports, spec);
  if (const auto url = tmpl::Url::parse(spec.url); !url.ok())
    return make_error(Code::invalid,
                      "invalid Helm repository URL: " + mask_text(url.error().message, spec.url),
                      "URLInvalid");
  if (ports.kube != nullptr) {
    WEIR_TRY(out.access_, repository_access(*ports.kube, ns, spec));
  } else {
    out.access_.timeout = spec.timeout;
  }
  if (spec.oci && !spec.url.starts_with("oci://"))
    return make_error(Code::invalid,
                      "failed to construct Helm client: invalid OCI registry URL: " +
                          normalized_repository_url(mask_url(spec.url)),
                      "Failed");
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
      return with(std::move(fetched).error().with_context(
                      "failed to cache index: failed to cache index to temporary file"),
                  pull_error);
    fetched_ = *std::move(fetched);
  }
  return ChartIndexes::versions_in(*fetched_, chart);
}

Result<helm::ChartVersion> ChartRepository::find(const std::string& chart,
                                                 const std::string& range) {
  return choose(chart, range).with_context("failed to get chart version for remote reference");
}

Result<helm::ChartVersion> ChartRepository::choose(const std::string& chart,
                                                   const std::string& range) {
  if (spec_.oci) {
    auto found = find_tag(chart, range);
    if (found.ok()) return found;
    return with(std::move(found).error(), pull_error);
  }
  auto versions = listed(chart);
  auto chosen = versions.ok() ? helm::select_version(*versions, chart, range)
                              : Result<helm::ChartVersion>(std::move(versions).error());
  if (chosen.ok()) return chosen;
  Error error = std::move(chosen).error();
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
  if (is_version(range)) {
    out.version = range;
    return out;
  }
  const std::string& url = out.urls.front();
  const std::string context = "could not get tags for \"" + chart + "\"";
  auto tags = ports_.registry->tags(url, access_);
  if (!tags.ok())
    return told_by_helm(std::move(tags).error(), access_, path_of(url) + "/tags/list")
        .with_context("could not fetch tags for \"" + url + "\"")
        .with_context(context);
  std::erase_if(*tags, [](const std::string& tag) { return !is_version(from_tag(tag)); });
  if (tags->empty())
    return make_error(Code::not_found,
                      context + ": unable to locate any tags in provided repository: " + url);
  WEIR_TRY(out.version, highest_version(*tags, range));
  return out;
}

Result<std::string> ChartRepository::pull(const helm::ChartVersion& version) {
  const std::string& url = version.urls.front();
  const std::string tag = to_tag(version.version);
  auto found = ports_.registry->manifest(url, tag, access_);
  if (!found.ok()) {
    Error error = std::move(found).error();
    if (error.code == Code::not_found) {
      error.message = url.substr(oci_scheme.size()) + ":" + tag + ": not found";
    } else {
      error = told_by_helm(std::move(error), access_, path_of(url) + "/manifests/" + tag);
    }
    return std::move(error).with_context("failed to perform \"FetchReference\" on source");
  }
  auto package = pull_layer(url, *found, chart_layer);
  if (package.ok() || package.error().code != Code::not_found) return package;
  return make_error(Code::invalid,
                    "manifest does not contain minimum number of descriptors (2), descriptors "
                    "found: 1");
}

// Of the manifest's layers the one of this type. Error: not_found.
Result<std::string> ChartRepository::pull_layer(const std::string& url, const OciManifest& manifest,
                                                std::string_view media_type) {
  for (const OciDescriptor& layer : manifest.layers) {
    if (layer.media_type != media_type) continue;
    WEIR_TRY(const PayloadPtr blob,
             ports_.registry->blob(url, layer, base::limits::helm_package_bytes_max, access_));
    return blob->bytes(base::limits::helm_package_bytes_max);
  }
  return make_error(Code::not_found, "no layer of type " + std::string(media_type));
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
    Error error = std::move(bytes).error().with_context(
        "failed to get '" + version.urls.front() + ":" + version.version + "'");
    return with(std::move(error).with_context(context), pull_error);
  }
  auto payload = ports_.download->download(request_for(version.urls.front()));
  if (!payload.ok()) return with(std::move(payload).error().with_context(context), pull_error);
  return (*payload)->bytes(base::limits::helm_package_bytes_max);
}

Result<std::string> ChartRepository::download_provenance(const helm::ChartVersion& version) {
  const std::string& url = version.urls.front();
  const auto missing = [](const std::string& name) {
    return make_error(Code::not_found, "failed to fetch provenance " + tmpl::quoted(name));
  };
  if (spec_.oci) {
    const std::string tag = to_tag(version.version);
    WEIR_TRY(const OciManifest manifest, ports_.registry->manifest(url, tag, access_));
    auto layer = pull_layer(url, manifest, provenance_layer);
    return layer.ok() ? std::move(layer) : missing(url + ":" + tag + ".prov");
  }
  const DownloadRequest request = request_for(url + ".prov");
  const auto payload = ports_.download->download(request);
  if (!payload.ok()) return missing(request.url);
  return (*payload)->bytes(base::limits::helm_package_bytes_max);
}

// For a file of the repository, whose URL may be relative to it.
DownloadRequest ChartRepository::request_for(std::string url) const {
  DownloadRequest request;
  request.url = std::move(url);
  request.base_url = spec_.url;
  request.access = access_;
  request.bytes_max = base::limits::helm_package_bytes_max;
  request.pass_credentials = spec_.pass_credentials;
  return request;
}

}  // namespace weir::reconcile
