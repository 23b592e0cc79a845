// What a render asks of the cluster and of the machine: versions served, objects for `lookup`,
// random bytes. Any thread; calls block.
#pragma once

#include "engine/helm/capabilities.hh"
#include "engine/helm/engine.hh"
#include "engine/reconcile/kube_port.hh"

namespace weir::reconcile {

// `version`: of the server. Errors: those of the API; invalid.
Result<helm::Capabilities> cluster_capabilities(KubeApi& kube, const std::string& version);

class KubeLookup final : public helm::Lookup {
 public:
  KubeLookup(KubeApi& kube, Identity as) : kube_(kube), as_(std::move(as)) {}
  Result<Value> lookup(std::string_view api_version, std::string_view kind, std::string_view ns,
                       std::string_view name) override;

 private:
  KubeApi& kube_;
  Identity as_;
};

// The operating system's.
class SystemRandom final : public tmpl::RandomSource {
 public:
  void fill(std::span<std::uint8_t> bytes) override;
};

}  // namespace weir::reconcile
