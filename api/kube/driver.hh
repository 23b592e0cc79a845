// Calls KubeServer::advance() when it is due: the one thread a production host needs beside its
// port.
//
// Owner: api/kube. Threads: one of its own, joined on destruction. No failure.
#pragma once

#include <memory>

#include "api/kube/server.hh"

namespace weir::api::kube {

class Driver {
 public:
  virtual ~Driver() = default;
};

// Takes the server's wake-up for itself; the server outlives the driver.
std::unique_ptr<Driver> drive(KubeServer& server);

}  // namespace weir::api::kube
