// What the verbs about OCI artifacts share: how to reach the registry, Flux's media types, and the
// manifest of an artifact. One thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/download/http_clients.hh"
#include "adapters/oci/registry_client.hh"
#include "engine/base/file_tree.hh"
#include "tools/weir/args.hh"

namespace weir::cli {

inline constexpr std::string_view artifact_config_type = "application/vnd.cncf.flux.config.v1+json";
inline constexpr std::string_view artifact_layer_type =
    "application/vnd.cncf.flux.content.v1.tar+gzip";
inline constexpr std::string_view artifact_manifest_type =
    "application/vnd.oci.image.manifest.v1+json";
inline constexpr std::string_view revision_annotation = "org.opencontainers.image.revision";
inline constexpr std::string_view source_annotation = "org.opencontainers.image.source";
inline constexpr std::string_view created_annotation = "org.opencontainers.image.created";

class RegistryFlags {
 public:
  // --creds, --provider, --timeout, and --insecure-registry where `with_insecure`.
  void add_to(Args& args, bool with_insecure = true);
  // Credentials: --creds, else $DOCKER_CONFIG/config.json or ~/.docker/config.json. Errors:
  // invalid, unsupported (a cloud provider).
  Result<void> open();

  oci::RegistryClient& registry() const { return *registry_; }
  const reconcile::RemoteAccess& access() const { return access_; }

 private:
  std::string credentials_, provider_ = "generic", timeout_ = "5m0s";
  bool insecure_ = false;
  reconcile::RemoteAccess access_;
  std::unique_ptr<download::HttpClients> clients_;
  std::unique_ptr<oci::RegistryClient> registry_;
};

// "oci://host/repo[:tag|@digest]"; other schemes, and none, are an error in Flux's words.
Result<oci::Reference> parse_artifact_url(const std::string& url);
// The manifest of the artifact and the files of its first layer. Errors: those of the registry.
struct PulledArtifact {
  reconcile::OciManifest manifest;
  std::shared_ptr<const base::MemoryFileTree> files;
};
Result<PulledArtifact> pull_artifact_files(const RegistryFlags& flags,
                                           const oci::Reference& reference);
// "host/repo", and with ":tag" or "@digest".
std::string repository_text(const oci::Repository& repository);
std::string reference_text(const oci::Reference& reference);

}  // namespace weir::cli
