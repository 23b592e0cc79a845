// The audit API: what the event log knows, over HTTP below /weir/v1, and the orders an operator may
// give (rollback, unpin). One table of routes (routes.hh); the same handlers serve `weir up` (a
// route of the embedded API's port), `weir run` (api/http_server) and the command line without a
// server (call() in process).
//
// Thread-safe; handlers run on the server's threads and block them for reads of the log. What is
// referred to must outlive it, and it must outlive every stream it has handed out. Failures are
// answers: {code, message, field}. Values of Secrets never leave it.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "api/kube/message.hh"
#include "engine/base/clock.hh"
#include "engine/reconcile/engine.hh"
#include "engine/reconcile/git_history_port.hh"
#include "engine/reconcile/kube_port.hh"
#include "store/blobs.hh"
#include "store/event_log.hh"
#include "store/ledger.hh"

namespace weir::api::audit {

struct AuditOptions {
  store::EventLog* log = nullptr;
  const store::BlobStore* blobs = nullptr;
  const base::Clock* clock = nullptr;
  store::Ledger* ledger = nullptr;         // null: the last stored checkpoint is shown
  reconcile::Engine* engine = nullptr;     // null: reads only
  reconcile::KubeApi* reviews = nullptr;   // TokenReview, SubjectAccessReview; null: none
  const reconcile::GitHistoryPort* git = nullptr;  // null: no blame by commits, no reverts
  reconcile::ArtifactPort* artifacts = nullptr;    // null: only what the mirrors have
  reconcile::KubeApi* kube = nullptr;              // null: live objects are not asked for
  kustomize::RemoteLoader* remote = nullptr;       // of builds that are traced
  std::string token;                       // a bearer token that may do everything; "" = none
  std::string token_user = "admin";        // the actor of those who have it
  bool token_on_loopback_only = false;     // and not from elsewhere, even with the right one
  // The database's folder: `verify` then checks a view of its own, while the log goes on. "" = the
  // log's own store.
  std::string database;
};

class AuditApi {
 public:
  explicit AuditApi(AuditOptions options);

  // One exchange, with authentication. Paths: /weir/..., /metrics, /healthz, /readyz.
  kube::Response handle(const kube::Request& request);
  // The same for a caller who is known already: no authentication.
  kube::Response call(const kube::Request& request, const std::string& actor);

  // The Prometheus text: engine, log, process.
  std::string metrics() const;
  const AuditOptions& options() const { return options_; }
  // Open event streams, bounded by stream_count_max.
  std::atomic<int>& stream_count() { return stream_count_; }

 private:
  AuditOptions options_;
  std::atomic<int> stream_count_{0};
};

inline constexpr int stream_count_max = 64;

// The document served at /weir/v1/openapi.yaml.
std::string_view openapi_document();

}  // namespace weir::api::audit
