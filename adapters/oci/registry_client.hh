// The client of OCI registries (distribution specification v1.1): tags, manifests, blobs, pushes;
// anonymous, basic and token authentication.
//
// Thread-safe and blocking. Tokens are kept in memory until they expire, per repository and
// credentials. Registries without TLS are spoken to in plain HTTP only when the access allows it or
// they are local. Credentials go to the registry and the token server it names, never further.
// Errors as reconcile::RegistryPort says; texts read "GET <url>: <CODE>: <message>".
#pragma once

#include <chrono>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/download/http_clients.hh"
#include "adapters/net/http_client.hh"
#include "adapters/oci/logins.hh"
#include "adapters/oci/reference.hh"
#include "engine/reconcile/remote_port.hh"

namespace weir::oci {

// A manifest as it stands in the registry.
struct RawManifest {
  std::string media_type;
  std::string bytes;
  std::string digest;
};

class RegistryClient final : public reconcile::RegistryPort {
 public:
  // `spool_directory` must exist; large blobs are kept there while they are read.
  RegistryClient(download::HttpClients& clients, std::string spool_directory);

  Result<std::vector<std::string>> tags(const std::string& url,
                                        const reconcile::RemoteAccess& access) override;
  Result<std::string> resolve(const std::string& url, const std::string& tag,
                              const reconcile::RemoteAccess& access) override;
  Result<reconcile::OciManifest> manifest(const std::string& url, const std::string& reference,
                                          const reconcile::RemoteAccess& access) override;
  Result<reconcile::PayloadPtr> blob(const std::string& url, const reconcile::OciDescriptor& blob,
                                     std::size_t bytes_max,
                                     const reconcile::RemoteAccess& access) override;

  // What the command line does. A manifest is not interpreted.
  Result<RawManifest> raw_manifest(const Repository& repository, const std::string& reference,
                                   const reconcile::RemoteAccess& access);
  Result<void> push_blob(const Repository& repository, std::string_view bytes,
                         const reconcile::RemoteAccess& access);
  // Under a tag; returns the manifest's digest.
  Result<std::string> push_manifest(const Repository& repository, const std::string& tag,
                                    const RawManifest& manifest,
                                    const reconcile::RemoteAccess& access);

 private:
  // One request, before it is known how the registry wants to be spoken to.
  struct Call {
    std::string method = "GET";
    std::string target;  // "/v2/...", or a whole URL that the registry named
    std::string accept, content_type;
    std::string_view body{};
    std::size_t body_bytes_max = 1u << 20;
    net::BodySink sink{};
    bool push = false;  // the scope to ask a token for
  };
  struct Token {
    std::string header;
    std::chrono::steady_clock::time_point expires;
  };

  Result<net::HttpResponse> send(const Repository& repository,
                                 const reconcile::RemoteAccess& access, const Call& call);
  Result<net::HttpResponse> send_to(const std::string& scheme, const Repository& repository,
                                    const reconcile::RemoteAccess& access, const Call& call);
  Result<std::string> authorize(const std::string& scheme, const Repository& repository,
                                const reconcile::RemoteAccess& access, const Challenge& challenge,
                                bool push, const std::string& key);
  Result<net::HttpResponse> ask_token(const Challenge& challenge, const std::string& scope,
                                      const std::optional<reconcile::RegistryLogin>& login,
                                      const reconcile::RemoteAccess& access);
  std::string kept_token(const std::string& key);

  download::HttpClients& clients_;
  std::string spool_directory_;
  std::mutex mutex_;
  std::map<std::string, Token> tokens_;         // by repository, scope and credentials
  std::map<std::string, std::string> schemes_;  // of hosts that may be spoken to without TLS
};

}  // namespace weir::oci
