// What the engine asks of object stores: whether a bucket is there, what is in it, and the objects.
// Implementations: adapters/bucket; scripted ones in tests.
//
// All methods block. What a server says is told as it says it, without queries of URLs and never
// with a credential.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "engine/base/file_tree.hh"
#include "engine/reconcile/remote_port.hh"

namespace weir::reconcile {

// A token service that gives keys for a name and a password (AssumeRoleWithLDAPIdentity).
struct BucketTokenService {
  std::string url;
  RemoteAccess access;  // with the name and the password
};

// Which bucket, and how to reach it. Secret: never logged, never stored.
struct BucketRequest {
  std::string endpoint;  // host[:port]; Azure's is a URL
  std::string bucket;
  std::string region;  // "" = the server is asked
  std::string access_key, secret_key;  // both, or neither: anonymous
  std::optional<BucketTokenService> token_service;  // where there are no keys
  // The keys come from where the process runs, as Amazon's own clients find them; `token_url` is
  // the token service for those of a web identity ("" = Amazon's).
  bool ambient = false;
  std::string token_url;
  // Azure's protocol in the place of S3's: the endpoint is a URL, the bucket a container. One of
  // these, or neither: anonymous.
  bool azure = false;
  std::string account_key, access_signature;
  RemoteAccess access;  // certificates, proxy, plain HTTP; `timeout` is that of the keys
};

struct BucketEntry {
  std::string key;   // as the server has it: hostile
  std::string etag;  // without quotes
  std::uint64_t size = 0;
};

struct BucketContent {
  base::FileBytes bytes;
  std::string etag;  // of these bytes; "" when the server does not tell
};

// One bucket, for one pass. get() may be called from several threads at once.
class BucketReader {
 public:
  virtual ~BucketReader() = default;
  // What follows ends within `timeout`, all together.
  virtual void begin(base::Duration timeout) = 0;
  // False: there is no such bucket. Errors: forbidden, unauthorized, unavailable, timeout, invalid.
  virtual Result<bool> exists() = 0;
  // Calls `visitor` for each object whose key begins with `prefix`; its error ends the listing.
  // Errors: those of exists(), limit.
  virtual Result<void> list(const std::string& prefix,
                            const std::function<Result<void>(BucketEntry)>& visitor) = 0;
  // Errors: not_found (the object), limit (more than `bytes_max`), those of exists().
  virtual Result<BucketContent> get(const std::string& key, std::size_t bytes_max) = 0;
};

class BucketPort {
 public:
  virtual ~BucketPort() = default;
  // Errors: invalid (an endpoint or a certificate that cannot be used), and those of getting keys.
  virtual Result<std::unique_ptr<BucketReader>> open(const BucketRequest& request) = 0;
};

}  // namespace weir::reconcile
