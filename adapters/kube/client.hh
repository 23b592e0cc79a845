// A real API server as the engine's KubeApi: typed calls over HTTP, discovery, server-side apply,
// watches.
//
// Thread-safe: calls block the caller; the sinks of all watches run on one thread of the client, so
// a slow sink delays the others. Handles of watches may outlive the client (they are then inert).
// Errors as kube_port.hh says; those of the network have no reason, or "TLS".
#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/kube/discovery.hh"
#include "adapters/kube/kubeconfig.hh"
#include "adapters/kube/transport.hh"
#include "engine/reconcile/kube_port.hh"

namespace weir::kube {

class WatchReactor;

struct ClientOptions {
  std::chrono::milliseconds timeout{60'000};  // of one request, retries apart
  std::size_t connections_max = 64;           // watches have one each beside
};

// A request that the typed calls do not cover: logs, reviews, token requests, health endpoints.
struct RawRequest {
  std::string method = "GET";
  std::string target;  // path and query
  std::string body;
  std::string content_type;  // "" = application/json
  std::string accept;        // "" = application/json
  reconcile::Identity as;
  std::chrono::milliseconds timeout{0};  // 0 = the client's
  net::BodySink sink;                    // takes the body as it comes (logs that are followed)
};

struct RawResponse {
  int status = 0;
  std::string content_type;
  std::string body;
};

class KubeClient final : public reconcile::KubeApi {
 public:
  // Does not connect yet. Errors: invalid (PEM, proxy URL), those of a credential plugin.
  static Result<std::unique_ptr<KubeClient>> create(ClusterAccess access,
                                                    ClientOptions options = {});
  // Ends running calls (`cancelled`) and watches. Not to be called from within a sink.
  ~KubeClient() override;

  Result<reconcile::ApiResource> resolve(const model::Gvk& gvk) override;
  Result<std::vector<reconcile::ApiResource>> resources() override;
  Result<std::string> server_version() override;
  Result<Value> get(const model::ObjectId& id, const reconcile::Identity& as) override;
  Result<reconcile::ListResult> list(const model::Gvk& gvk,
                                     const reconcile::ListOptions& options) override;
  Result<Value> create(const Value& object, const reconcile::WriteOptions& options) override;
  Result<Value> update(const Value& object, const reconcile::WriteOptions& options) override;
  Result<Value> apply(const Value& object, const reconcile::WriteOptions& options) override;
  Result<Value> patch(const model::ObjectId& id, reconcile::PatchType type, const Value& body,
                      const reconcile::WriteOptions& options) override;
  Result<void> remove(const model::ObjectId& id, const reconcile::DeleteOptions& options) override;
  std::unique_ptr<reconcile::Watch> watch(const reconcile::WatchOptions& options,
                                          reconcile::WatchSink sink) override;

  // Any 2xx answer; others as typed errors.
  Result<RawResponse> raw(const RawRequest& request);
  RequestCounts counts() const { return transport_->counts(); }
  const ClusterAccess& access() const { return transport_->access(); }

 private:
  explicit KubeClient(std::unique_ptr<Transport> transport);
  Result<Value> write(Verb verb, std::string_view method, const model::ObjectId& id,
                      const Value& body, std::string content_type,
                      const reconcile::WriteOptions& options);
  Result<net::HttpResponse> send(Call call);
  void note_missing(const Error& error);

  std::unique_ptr<Transport> transport_;
  Discovery discovery_;
  std::mutex mutex_;  // reactor_
  std::unique_ptr<WatchReactor> reactor_;
};

}  // namespace weir::kube
