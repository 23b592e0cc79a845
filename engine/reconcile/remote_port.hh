// What the engine asks of HTTP servers and OCI registries: files, tags, manifests, blobs.
// Implementations: adapters/download and adapters/oci; scripted ones in tests.
//
// All methods block and may be called from several threads. Texts of errors name the URL without
// userinfo and query, never a credential.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/digest.hh"
#include "engine/base/duration.hh"
#include "engine/base/result.hh"
#include "engine/reconcile/source_port.hh"
#include "engine/value/value.hh"

namespace weir::reconcile {

// One entry of a docker config's `auths`.
struct RegistryLogin {
  std::string registry;  // as written there: "ghcr.io", "https://index.docker.io/v1/", "*.io/team"
  std::string username, password;
  std::string identity_token;  // a refresh token; wins over the password
  std::string registry_token;  // a bearer token for the registry itself; wins over all
};

// How to reach a remote. Secret: never logged, never stored.
struct RemoteAccess {
  std::string username, password;     // basic; "" = anonymous
  std::vector<RegistryLogin> logins;  // registries only; used where `username` is empty
  std::string ca_pem;                 // trusted beside the system's authorities
  std::string cert_pem, key_pem;      // client certificate
  bool skip_verification = false;     // of the server's certificate
  bool plain_http = false;            // registries: http when https does not answer
  std::string proxy_url;              // with userinfo where it has one; "" = the environment's
  base::Duration timeout = std::chrono::seconds(60);
};

// Bytes that were fetched: in memory while they are few, else in a file without a name.
class Payload {
 public:
  virtual ~Payload() = default;
  virtual std::uint64_t size() const = 0;
  virtual const base::Digest& digest() const = 0;
  // All bytes from the first on, in pieces of at most 256 KiB. Errors: io, and the sink's.
  virtual Result<void> read(const ByteSink& sink) const = 0;
  // All of them at once. Errors: io; limit when there are more than `bytes_max`.
  Result<std::string> bytes(std::size_t bytes_max) const;
};
using PayloadPtr = std::shared_ptr<const Payload>;

struct DownloadRequest {
  std::string url;       // absolute, or relative to `base_url`
  std::string base_url;  // "" = `url` is absolute; its query is kept for relative ones
  RemoteAccess access;
  std::size_t bytes_max = 0;
  // Credentials go to the host of `base_url` only, unless this is set.
  bool pass_credentials = false;
};

class DownloadPort {
 public:
  virtual ~DownloadPort() = default;
  // GET. Errors: not_found, gone, unauthorized, forbidden, rate_limited, unavailable, timeout,
  // limit; invalid with reason "URLInvalid". Texts: "failed to fetch <url> : 404 Not Found".
  virtual Result<PayloadPtr> download(const DownloadRequest& request) = 0;
};

struct OciDescriptor {
  std::string media_type;
  std::string digest;  // "sha256:<hex>"
  std::uint64_t size = 0;
};

struct OciManifest {
  std::string digest;  // of what the reference named: an index's when that is one
  OciDescriptor config;
  std::vector<OciDescriptor> layers;
  Value annotations;  // an object of strings, or null
};

// `url` is "oci://host[:port]/repository" in all of them; one that is malformed, or names a tag, is
// an Error with reason "URLInvalid".
class RegistryPort {
 public:
  virtual ~RegistryPort() = default;
  // Every tag, all pages. Errors as below.
  virtual Result<std::vector<std::string>> tags(const std::string& url,
                                                const RemoteAccess& access) = 0;
  // The digest that a tag stands for now.
  virtual Result<std::string> resolve(const std::string& url, const std::string& tag,
                                      const RemoteAccess& access) = 0;
  // The manifest of a tag or digest ("sha256:..."); of an index the image for linux/amd64. Digests
  // are checked. Errors: not_found, unauthorized, forbidden, rate_limited, unavailable, timeout,
  // invalid (no manifest), corrupt, limit.
  virtual Result<OciManifest> manifest(const std::string& url, const std::string& reference,
                                       const RemoteAccess& access) = 0;
  // A blob, its digest checked. Errors as manifest().
  virtual Result<PayloadPtr> blob(const std::string& url, const OciDescriptor& blob,
                                  std::size_t bytes_max, const RemoteAccess& access) = 0;
};

inline Result<std::string> Payload::bytes(std::size_t bytes_max) const {
  if (size() > bytes_max)
    return make_error(Code::limit, "larger than " + std::to_string(bytes_max) + " bytes");
  std::string out;
  out.reserve(size());
  WEIR_CHECK(read([&](std::string_view piece) -> Result<void> {
    out.append(piece);
    return {};
  }));
  return out;
}

}  // namespace weir::reconcile
