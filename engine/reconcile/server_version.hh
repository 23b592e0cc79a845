// The version of the API server, asked for now and then: every render of a chart is told it.
// Thread-safe; asking blocks.
#pragma once

#include <mutex>
#include <string>

#include "engine/base/clock.hh"
#include "engine/reconcile/kube_port.hh"

namespace weir::reconcile {

class ServerVersion {
 public:
  // Errors: those of the API.
  Result<std::string> get(KubeApi& kube, base::TimeUs now) {
    {
      const std::lock_guard lock(mutex_);
      if (!version_.empty() && now < believed_until_) return version_;
    }
    WEIR_TRY(std::string version, kube.server_version());
    const std::lock_guard lock(mutex_);
    version_ = version;
    believed_until_ = now + lifetime;
    return version;
  }

 private:
  static constexpr base::TimeUs lifetime = 300'000'000;  // servers are replaced one by one
  std::mutex mutex_;
  std::string version_;
  base::TimeUs believed_until_ = 0;
};

}  // namespace weir::reconcile
