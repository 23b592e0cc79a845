// Requests to one API server: credentials, impersonation, bounded retries, counters.
//
// Thread-safe; call() blocks its caller. Retries, five at most: a 401 once after fresh credentials,
// 429 and 5xx answers with a Retry-After (at most 10 s each), "leader changed" of etcd. Everything
// else is returned as a typed error (api_error.hh) at once. Errors of the network as adapters/net
// has them.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "adapters/kube/credentials.hh"
#include "adapters/kube/kubeconfig.hh"
#include "adapters/net/http_client.hh"
#include "engine/base/result.hh"

namespace weir::kube {

enum class Verb : std::uint8_t {
  get,
  list,
  watch,
  create,
  update,
  apply,
  patch,
  remove,
  discovery,
  raw,
};
inline constexpr std::size_t verb_count = 10;
std::string_view verb_name(Verb verb);  // "get", ..., "delete" for remove

// Requests sent since the start, by verb; retries are counted in both places.
struct RequestCounts {
  std::array<std::uint64_t, verb_count> by_verb{};
  std::uint64_t retries = 0;
  std::uint64_t of(Verb verb) const { return by_verb[static_cast<std::size_t>(verb)]; }
  std::uint64_t total() const;
};

// "applies=3 gets=1 lists=4 watches=4 patches=0 creates=0 deletes=0", for a log line.
std::string describe(const RequestCounts& counts);

struct Call {
  Verb verb = Verb::get;
  std::string_view method = "GET";
  std::string target;  // "/api/v1/...?..."
  std::string body;
  std::string content_type;              // of the body; "" = application/json
  std::string accept;                    // "" = application/json
  std::string as;                        // user to impersonate; "" = the access's own identity
  std::string etag;                      // If-None-Match; a 304 is then an answer
  std::string what;                      // "deployments.apps web", for generic error texts
  std::chrono::milliseconds timeout{0};  // 0 = the transport's own
  bool repeatable = false;               // safe to send twice on a connection that died
  net::BodySink sink;                    // for bodies of 2xx answers that should not be held
};

class Transport {
 public:
  static Result<std::unique_ptr<Transport>> create(ClusterAccess access,
                                                   std::size_t connections_max,
                                                   std::chrono::milliseconds timeout);

  Result<net::HttpResponse> call(const Call& call);
  // A 200 answer left open for its body to be read as it comes.
  Result<std::unique_ptr<net::HttpStream>> open(const Call& call);
  // Makes running and later calls fail with `cancelled`. For good.
  void cancel();
  RequestCounts counts() const;
  const ClusterAccess& access() const { return access_; }

 private:
  Transport(ClusterAccess access, std::unique_ptr<Credentials> credentials,
            std::unique_ptr<net::HttpClient> http, std::chrono::milliseconds timeout);
  Result<net::HttpRequest> prepare(const Call& call);
  bool pause(std::chrono::milliseconds time);  // false when cancelled meanwhile

  const ClusterAccess access_;
  const std::unique_ptr<Credentials> credentials_;
  const std::unique_ptr<net::HttpClient> http_;
  const std::chrono::milliseconds timeout_;
  std::array<std::atomic<std::uint64_t>, verb_count> counts_{};
  std::atomic<std::uint64_t> retries_{0};
  std::mutex mutex_;
  std::condition_variable wake_;
  bool cancelled_ = false;
};

}  // namespace weir::kube
