// All watches of one client: one thread that waits on every connection and calls every sink, and a
// few helpers that make the blocking requests (list pages, opening a connection).
//
// add() from any thread. Sinks run on the reactor's thread, one at a time. A handle may be
// destroyed on any thread, inside any sink too; elsewhere it waits while its own sink runs. The
// destructor ends the thread and must not run inside a sink; the transport must have been cancelled
// before, or helpers finish slowly.
#pragma once

#include <memory>

#include "adapters/kube/lister.hh"
#include "engine/reconcile/kube_port.hh"

namespace weir::kube {

class WatchReactor {
 public:
  explicit WatchReactor(Lister lister);
  ~WatchReactor();
  WatchReactor(const WatchReactor&) = delete;
  WatchReactor& operator=(const WatchReactor&) = delete;

  std::unique_ptr<reconcile::Watch> add(reconcile::WatchOptions options, reconcile::WatchSink sink);

 private:
  class Core;
  std::shared_ptr<Core> core_;
};

}  // namespace weir::kube
