// The embedded Kubernetes API: enough of kube-apiserver, its controllers and a kubelet, in process,
// that kubectl, flux and weir itself work without a cluster. Also the virtual cluster of the
// simulator.
//
// Owner: api/kube. State lives in Family::kube of the given store (memory or RocksDB).
// Threads: every public call may come from any thread; one lock inside, no threads of its own.
// Simulated workloads (pods that start, roll-outs, garbage collection) move only inside advance():
// the host calls it when next_deadline() has come - a small thread in production
// (api/kube/driver.hh), the virtual clock in the simulator - so a run is a function of its calls,
// the clock and the seed. Failure: plain requests answer with a Kubernetes Status; open() fails on
// an unreadable store.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "api/kube/message.hh"
#include "engine/base/clock.hh"
#include "engine/base/result.hh"
#include "engine/reconcile/kube_port.hh"
#include "store/blobs.hh"
#include "store/kv.hh"

namespace weir::api::kube {

class Core;

// Who a bearer token stands for.
struct Credential {
  std::string token;
  std::string user;                 // "admin"
  std::vector<std::string> groups;  // "system:masters" may do everything
};

struct ServerOptions {
  store::Kv* kv = nullptr;       // outlives the server
  base::Clock* clock = nullptr;  // outlives the server
  std::uint64_t seed = 1;        // for uids and generated names
  // Secrets are stored under it, encrypted; without it as they are.
  std::optional<store::SealingKey> sealing{};
  bool synced_writes = false;    // each write reaches stable storage before it is answered
  // Requests without or with another token answer 401. Empty = everyone is admin (in-process use,
  // tests).
  std::vector<Credential> credentials;

  bool simulate_workloads = true;  // Deployments get ReplicaSets, ReplicaSets Pods, ...
  std::chrono::milliseconds pod_start_delay{150};  // scheduling to Ready
  std::chrono::milliseconds step_delay{5};  // between a change and a controller's answer to it
  std::size_t watch_window = 10'000;        // past events kept for watches that resume
};

class KubeServer {
 public:
  // Loads what the store holds, or sets up a fresh cluster (namespaces default, kube-system,
  // kube-public, kube-node-lease; node weir-node; the kubernetes Service; default roles). Errors:
  // io, corrupt.
  static Result<std::unique_ptr<KubeServer>> open(const ServerOptions& options);
  ~KubeServer();
  KubeServer(const KubeServer&) = delete;
  KubeServer& operator=(const KubeServer&) = delete;

  // Answers one request under /api, /apis, /version, /healthz, /livez, /readyz, /openapi; anything
  // else is a 404 Status. A watch comes back as Response::stream.
  Response handle(const Request& request);
  // The user of the request's bearer token; error unauthorized. For neighbours on the same port.
  Result<std::string> authenticate(const Request& request) const;

  // The engine's port on this server: in process, no serialisation. Watches deliver on the thread
  // that made the change (or called advance()), outside the server's lock. The server outlives it.
  std::unique_ptr<reconcile::KubeApi> local_api();

  // When advance() has work next, in Clock::monotonic() time; nothing when all is at rest.
  std::optional<std::chrono::microseconds> next_deadline() const;
  // How long until then from now; zero when it is due.
  std::optional<std::chrono::microseconds> until_next() const;
  // Does all simulated work that is due now. Returns how many steps it made.
  std::size_t advance();
  // Called (from any thread, outside the lock) when next_deadline() may have moved earlier. Null =
  // none.
  void set_wakeup(std::function<void()> wakeup);

 private:
  explicit KubeServer(std::shared_ptr<Core> core);
  std::shared_ptr<Core> core_;
};

}  // namespace weir::api::kube
