// The flags that every verb talking to a cluster has, the client they open, and waiting for
// objects.
//
// Which cluster: --kubeconfig, $KUBECONFIG, else a weir that runs on this machine (`weir up`), else
// ~/.kube/config, else the pod's account. Credential plugins run, as they do for kubectl.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "adapters/kube/client.hh"
#include "tools/weir/args.hh"

namespace weir::cli {

using SteadyTime = std::chrono::steady_clock::time_point;

class Connection {
 public:
  // Adds --namespace, --timeout and the flags of a kubeconfig. `args` must outlive this.
  void add_to(Args& args);
  // Reads the flags and makes the client; does not connect. Errors: invalid (a flag, a file that is
  // not there), those of find_access; when there is no cluster at all the text says what to do.
  Result<void> open();
  // Reads the flags only, for verbs that touch no cluster.
  Result<void> check();

  reconcile::KubeApi& kube() const { return *client_; }
  kube::KubeClient& client() const { return *client_; }  // for requests without a typed call
  const std::string& ns() const { return ns_; }
  SteadyTime deadline() const { return deadline_; }
  const std::string& timeout() const { return timeout_; }
  // The cluster is the one that a `weir up` on this machine embeds.
  bool is_local_weir() const { return local_weir_; }

 private:
  Result<kube::ClusterAccess> access();
  Result<void> apply_flags(kube::ClusterAccess& access) const;
  Result<void> apply_tls_flags(kube::ClusterAccess& access) const;

  const Args* args_ = nullptr;
  std::string ns_, timeout_ = "5m0s", kubeconfig_, context_, cluster_, user_, server_, token_;
  std::string as_, as_uid_, authority_, certificate_, key_, tls_name_, cache_dir_, qps_, burst_;
  std::vector<std::string> as_groups_, as_extras_;
  bool follow_context_ = false, insecure_ = false, no_compression_ = false, verbose_ = false;
  bool local_weir_ = false;
  SteadyTime deadline_;
  std::unique_ptr<kube::KubeClient> client_;
};

// Follows one object and blocks until `done` answers. It gets each state of the object (null when
// it does
// not exist) and returns nothing to go on waiting, ok, or the failure. Errors: that failure;
// timeout.
using WaitTest = std::function<std::optional<Result<void>>(const Value& object)>;
Result<Value> wait_for(const Connection& connection, const ObjectId& id, const WaitTest& done);

// Delivers a watch's events on the calling thread until the deadline passes, a signal ends the
// process or
// `take` returns false.
void follow(const Connection& connection, const reconcile::WatchOptions& options,
            const std::function<bool(const reconcile::WatchEvent&)>& take);

// Signals end the process again, as they do by default (the program blocks them for its servers).
void let_signals_end_it();

// Flags of a Connection may stand before the verb, as flux takes them: "weir -n apps get ks". Puts
// them behind the verb's words. What argv points to is left alone.
std::vector<char*> flags_behind_verb(int argc, char** argv);

}  // namespace weir::cli
