// Backups in an S3 bucket: objects by path-style URLs and signed requests. Blocking; thread-safe.
//
// Errors: not_found (no such object or bucket), forbidden, unavailable (after some tries), limit,
// invalid (the endpoint), cancelled. Texts name bucket and key, never a credential.
#pragma once

#include <cstdint>
#include <string>

#include "adapters/s3/client.hh"

namespace weir::s3 {

struct BucketOptions {
  std::string endpoint;  // "" = https://s3.<region>.amazonaws.com
  std::string region = "us-east-1";
  std::string bucket;
  Credentials credentials;
};

class Bucket {
 public:
  Bucket(net::HttpClient& http, const base::Clock& clock, BucketOptions options);

  Result<void> put(const std::string& key, std::string body);
  Result<std::string> get(const std::string& key, std::size_t bytes_max);

 private:
  Result<net::HttpResponse> send(Client::Call call);

  Client client_;
};

// A bucket and a prefix from "s3://bucket/prefix". Error: invalid.
struct Place {
  std::string bucket;
  std::string prefix;  // without slashes at its ends; may be empty
  std::string key(std::string_view name) const {
    return prefix.empty() ? std::string(name) : prefix + "/" + std::string(name);
  }
};
Result<Place> parse_place(std::string_view url);

}  // namespace weir::s3
