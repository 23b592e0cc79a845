#include "tools/weir/artifact.hh"

#include <cstdlib>

#include "engine/base/duration.hh"
#include "engine/base/limits.hh"
#include "engine/base/targz.hh"
#include "engine/reconcile/source_secrets.hh"
#include "tools/weir/host.hh"

namespace weir::cli {
namespace {

std::string docker_config() {
  const char* folder = std::getenv("DOCKER_CONFIG");
  if (folder != nullptr && *folder != '\0') return std::string(folder) + "/config.json";
  const char* home = std::getenv("HOME");
  return home == nullptr ? "" : std::string(home) + "/.docker/config.json";
}

}  // namespace

void RegistryFlags::add_to(Args& args, bool with_insecure) {
  args.option(
      "--creds", credentials_,
      "Credentials for the registry, <username>[:<password>]; the docker config's without.");
  args.choice("--provider", provider_, {"generic", "aws", "azure", "gcp"}, "The OCI provider.");
  args.option("--timeout", timeout_, "Longest time for the whole operation.");
  if (with_insecure) args.flag("--insecure-registry", insecure_, "Allows registries without TLS.");
}

Result<void> RegistryFlags::open() {
  if (provider_ != "generic")
    return make_error(Code::unsupported,
                      "provider '" + provider_ + "' is not supported by this version of weir");
  WEIR_TRY(access_.timeout, base::parse_duration(timeout_).with_context("--timeout"));
  access_.plain_http = insecure_;
  access_.skip_verification = insecure_;
  if (!credentials_.empty()) {
    const std::size_t colon = credentials_.find(':');
    access_.username = credentials_.substr(0, colon);
    if (colon != std::string::npos) access_.password = credentials_.substr(colon + 1);
  } else if (auto config = read_file(docker_config()); config.ok()) {
    WEIR_CHECK(reconcile::add_logins({{".dockerconfigjson", *std::move(config)}}, access_));
  }
  const char* temporary = std::getenv("TMPDIR");
  clients_ = std::make_unique<download::HttpClients>();
  registry_ = std::make_unique<oci::RegistryClient>(
      *clients_, temporary == nullptr || *temporary == '\0' ? "/tmp" : temporary);
  return {};
}

Result<oci::Reference> parse_artifact_url(const std::string& url) {
  if (!url.starts_with("oci://"))
    return make_error(Code::invalid, "URL must be in format 'oci://<domain>/<org>/<repo>'");
  return oci::parse_reference(url);
}

Result<PulledArtifact> pull_artifact_files(const RegistryFlags& flags,
                                           const oci::Reference& reference) {
  PulledArtifact out;
  const std::string repository = "oci://" + repository_text(reference.repository);
  WEIR_TRY(out.manifest, flags.registry().manifest(
                             repository,
                             reference.digest.empty() ? reference.tag : reference.digest,
                             flags.access()));
  if (out.manifest.layers.empty())
    return make_error(Code::not_found, "no layers found in artifact");
  WEIR_TRY(const auto blob,
           flags.registry().blob(repository, out.manifest.layers.front(),
                                 base::limits::oci_layer_bytes_max, flags.access()));
  WEIR_TRY(const std::string bytes, blob->bytes(base::limits::oci_layer_bytes_max));
  WEIR_TRY(out.files, base::unpack_targz(bytes));
  return out;
}

std::string repository_text(const oci::Repository& repository) {
  return repository.host + "/" + repository.path;
}

std::string reference_text(const oci::Reference& reference) {
  const std::string name = repository_text(reference.repository);
  return reference.digest.empty() ? name + ":" + reference.tag : name + "@" + reference.digest;
}

}  // namespace weir::cli
