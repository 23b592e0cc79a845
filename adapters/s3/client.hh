// Requests to one bucket of an S3 server: where they go, their signature, what is tried again.
//
// Thread-safe; blocks. Credentials stay with the server that they are for: redirects are not
// followed. Errors: those of net::HttpClient, and timeout when the deadline is over; any status is
// an answer.
#pragma once

#include <chrono>
#include <mutex>
#include <optional>
#include <string>

#include "adapters/net/http_client.hh"
#include "adapters/s3/signature.hh"
#include "engine/base/clock.hh"

namespace weir::s3 {

struct Target {
  std::string url;  // "https://host[:port]"
  std::string bucket;
  std::string region;                      // "" = not known yet
  bool virtual_host = false;               // the bucket is in the host's name
  std::optional<Credentials> credentials;  // none: anonymous
};

// The server of an endpoint ("host[:port]") in the ways that it wants to be spoken to: buckets in
// names of hosts at Amazon, Google and Aliyun, and in paths elsewhere; the region where the host's
// name tells it. Error: invalid, in the words that minio's client has for it.
Result<Target> target_of(const std::string& endpoint, const std::string& bucket,
                         const std::string& region, bool plain_http);
// Whether a bucket may have that name. Error: invalid.
Result<void> check_bucket_name(const std::string& name);

class Client {
 public:
  using Deadline = std::chrono::steady_clock::time_point;

  Client(net::HttpClient& http, const base::Clock& clock, Target target)
      : http_(http), clock_(clock), target_(std::move(target)) {}

  struct Call {
    std::string method = "GET";
    std::string key;    // "" = the bucket itself
    std::string query;  // escaped
    std::string body;
    std::size_t body_bytes_max = 1u << 20;
    Deadline deadline;
    int tries = 4;
  };
  // Failures of the server and of the network are tried again, a few times, until the deadline. A
  // bucket of another region is asked there, when no region was given.
  Result<net::HttpResponse> send(const Call& call);

  const Target& target() const { return target_; }
  std::string region() const;
  // From here on, in place of none.
  void set_region(std::string region);

 private:
  Result<net::HttpResponse> send_once(const Call& call);
  Result<net::HttpResponse> send_there(const Call& call);
  std::string url_of(const Call& call, const std::string& region) const;

  net::HttpClient& http_;
  const base::Clock& clock_;
  const Target target_;
  mutable std::mutex mutex_;
  std::string found_region_;
};

}  // namespace weir::s3
