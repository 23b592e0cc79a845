#include <algorithm>

#include "engine/base/limits.hh"
#include "engine/base/targz.hh"
#include "engine/helm/archive.hh"
#include "engine/reconcile/executor.hh"
#include "engine/reconcile/oci_tags.hh"
#include "engine/reconcile/source_secrets.hh"
#include "engine/reconcile/step_errors.hh"

namespace weir::reconcile {
namespace {

constexpr std::string_view chart_layer = "application/vnd.cncf.helm.chart.content.v1.tar+gzip";

// Registries know no '+' in tags, so charts are pushed with '_' in its place.
std::string to_registry_tag(std::string tag, bool chart) {
  if (chart) std::replace(tag.begin(), tag.end(), '+', '_');
  return tag;
}

Result<std::string> choose_tag(RegistryPort& registry, const model::OciRepositorySpec& spec,
                               const RemoteAccess& access) {
  const bool chart = spec.layer_media_type == chart_layer;
  if (spec.semver.empty()) return to_registry_tag(spec.tag.empty() ? "latest" : spec.tag, chart);
  WEIR_TRY(std::vector<std::string> tags, registry.tags(spec.url, access));
  WEIR_TRY(tags, filter_tags(std::move(tags), spec.semver_filter));
  return highest_tag(tags, spec.semver, chart);
}

Result<OciDescriptor> select_layer(const OciManifest& manifest, const std::string& media_type) {
  if (manifest.layers.empty()) return make_error(Code::not_found, "no layers found in artifact");
  if (media_type.empty()) return manifest.layers.front();
  for (const OciDescriptor& layer : manifest.layers)
    if (layer.media_type == media_type) return layer;
  return make_error(Code::not_found,
                    "failed to find layer with media type '" + media_type + "' in artifact");
}

std::string_view digest_of(std::string_view revision) {
  return revision.substr(revision.find('@') == std::string_view::npos ? 0 : revision.find('@') + 1);
}

std::string news_of(const Artifact& artifact, const model::OciRepositorySpec& spec) {
  std::string text =
      "stored artifact with revision '" + artifact.revision + "' from '" + spec.url + "'";
  const std::string_view source = artifact.metadata["org.opencontainers.image.source"].get_string();
  if (source.empty() || artifact.origin_revision.empty()) return text;
  text.append(", origin source '").append(source).append("', origin revision '");
  return text.append(artifact.origin_revision).append("'");
}

bool settings_changed(const FetchSource& fetch, const model::OciRepositorySpec& spec) {
  return spec.ignore.value_or("") != fetch.status["observedIgnore"].get_string() ||
         !(spec.layer_selector == fetch.status["observedLayerSelector"]);
}

// What is no archive, or half of one, in the words of Go's readers.
Error packed_error(Error error, std::string_view bytes) {
  const std::string before = error.message;
  error = helm::gzip_error(std::move(error), bytes);
  if (error.message != before)
    return std::move(error).with_context("requires gzip-compressed body");
  if (before == "gzip: unexpected end of data") error.message = "tar error: unexpected EOF";
  return error;
}

Result<StoredArtifact> store_layer(ArtifactPort& artifacts, const ObjectId& owner,
                                   const model::OciRepositorySpec& spec, std::string_view revision,
                                   const std::string& bytes) {
  const std::string file = std::string(digest_of(revision)) + ".tar.gz";
  if (spec.layer_operation == model::LayerOperation::copy)
    return artifacts.store_bytes("ocirepository", owner.ns, owner.name, file, bytes);
  auto tree = base::unpack_targz(bytes);
  if (!tree.ok()) {
    Error error = packed_error(std::move(tree).error(), bytes)
                      .with_context("failed to extract layer contents from artifact");
    error.reason = "OCIArtifactLayerOperationFailed";
    return error;
  }
  std::optional<std::string_view> ignore;
  if (spec.ignore) ignore = *spec.ignore;
  return artifacts.store("ocirepository", owner.ns, owner.name, file, **tree, ignore);
}

struct Found {
  std::string revision, digest;
};

Result<void> check_digest(const std::string& digest) {
  const auto bad = [](std::string text) {
    return make_error(Code::invalid, "failed to determine artifact digest: " + text,
                      "OCIArtifactPullFailed");
  };
  const std::size_t colon = digest.find(':');
  if (colon == std::string::npos || colon == 0 || colon + 1 == digest.size())
    return bad("cannot parse hash: \"" + digest + "\"");
  const std::string algorithm = digest.substr(0, colon), hex = digest.substr(colon + 1);
  const std::size_t odd = hex.find_first_not_of("0123456789abcdef");
  if (odd != std::string::npos)
    return bad("found non-hex character in hash: " + hex.substr(odd, 1));
  if (algorithm != "sha256") return bad("unsupported hash: \"" + algorithm + "\"");
  if (hex.size() != 64) return bad("wrong number of hex digits for sha256: " + hex);
  return {};
}

// What the reference stands for now, without pulling anything.
Result<Found> find_revision(RegistryPort& registry, const model::OciRepositorySpec& spec,
                            const RemoteAccess& access) {
  if (!spec.digest.empty()) {
    WEIR_CHECK(check_digest(spec.digest));
    return Found{spec.digest, spec.digest};
  }
  auto tag = choose_tag(registry, spec, access);
  if (!tag.ok())
    return with_reason(std::move(tag).error(), "ReadOperationFailed",
                       "failed to determine the artifact tag for '" + spec.url + "'");
  auto digest = registry.resolve(spec.url, *tag, access);
  if (!digest.ok())
    return with_reason(std::move(digest).error(), "OCIArtifactPullFailed",
                       "failed to determine artifact digest");
  return Found{*tag + "@" + *digest, *digest};
}

// A URL that cannot be used stays so until somebody edits it.
StepError from_registry(Error error, const std::string& url) {
  if (error.reason == "TLSConfig")
    return authentication_error("failed to generate transport for '" + url +
                                "': " + error.message);
  if (error.reason == "URLInvalid")
    return {Code::invalid, "URLInvalid",
            "URL validation failed for '" + url + "': " + error.message, true};
  return {error.code, error.reason, std::move(error.message), false};
}

}  // namespace

OutcomeBody Executor::fetch(const ObjectId& owner, const FetchSource& fetch,
                            const model::OciRepositorySpec& spec) {
  RemoteAccess access;
  access.timeout = spec.timeout;
  access.plain_http = spec.insecure;
  access.skip_verification = spec.insecure && spec.cert_secret_name.empty();
  const AccessSecrets names{owner.ns,             spec.url,
                            spec.secret_name,     spec.service_account,
                            spec.cert_secret_name, spec.proxy_secret_name};
  if (auto read = read_access(*ports_.kube, names, access); !read.ok())
    return authentication_error(read.error().message);
  RegistryPort& registry = *ports_.registry;
  auto found = find_revision(registry, spec, access);
  if (!found.ok()) return from_registry(std::move(found).error(), spec.url);
  SourceFetched out;
  out.message = "stored artifact for digest '" + found->revision + "'";
  out.observed = Value::object({{"observedIgnore", text_or_null(spec.ignore)},
                                {"observedLayerSelector", spec.layer_selector}});
  const bool stored =
      !fetch.current.empty() && ports_.artifacts->exists(fetch.current.path, fetch.current.digest);
  if (stored && fetch.current.revision == found->revision && !settings_changed(fetch, spec)) {
    out.unchanged = true;
    out.artifact = fetch.current;
    out.artifact.url = ports_.artifacts->url(out.artifact.path);
    return out;
  }
  auto manifest = registry.manifest(spec.url, found->digest, access);
  if (!manifest.ok())
    return from_registry(with_reason(std::move(manifest).error(), "OCIArtifactPullFailed",
                                     "failed to pull artifact from '" + spec.url + "'"),
                         spec.url);
  auto layer = select_layer(*manifest, spec.layer_media_type);
  if (!layer.ok())
    return StepError{layer.error().code, "OCIArtifactLayerOperationFailed", layer.error().message,
                     false};
  auto blob = registry.blob(spec.url, *layer, base::limits::oci_layer_bytes_max, access);
  Result<std::string> bytes =
      blob.ok() ? (*blob)->bytes(base::limits::oci_layer_bytes_max) : std::move(blob).error();
  if (!bytes.ok())
    return from_registry(with_reason(std::move(bytes).error(), "OCIArtifactLayerOperationFailed",
                                     "failed to extract the first layer from artifact"),
                         spec.url);
  auto artifact = store_layer(*ports_.artifacts, owner, spec, found->revision, *bytes);
  if (!artifact.ok()) return storage_error(artifact.error());
  out.stored = *artifact;
  out.artifact = {found->revision, artifact->digest, artifact->path,
                  ports_.artifacts->url(artifact->path), ""};
  out.artifact.metadata = manifest->annotations;
  out.artifact.origin_revision =
      manifest->annotations["org.opencontainers.image.revision"].get_string();
  out.observed.set("url", text_or_null(ports_.artifacts->publish(artifact->path, "latest.tar.gz")));
  out.news = news_of(out.artifact, spec);
  out.details =
      Value::object({{"manifest", Value::object({{"url", spec.url},
                                                 {"digest", found->digest},
                                                 {"annotations", manifest->annotations}})}});
  return out;
}

}  // namespace weir::reconcile
