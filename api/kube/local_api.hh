// The engine's Kubernetes port on the embedded API, in process.
//
// Owner: api/kube. Threads: as reconcile::KubeApi asks. Failure: API errors with their reason.
#pragma once

#include <memory>

#include "api/kube/core.hh"
#include "engine/reconcile/kube_port.hh"

namespace weir::api::kube {

std::unique_ptr<reconcile::KubeApi> make_local_api(std::shared_ptr<Core> core);

}  // namespace weir::api::kube
