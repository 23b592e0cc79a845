// The charts of kustomizations that the command line builds: rendered by the engine's own Helm,
// pulled from repositories and registries without credentials, and never written to disk.
#pragma once

#include <memory>

#include "engine/kustomize/build.hh"
#include "tools/weir/remotes.hh"

namespace weir::cli {

class LocalCharts final : public kustomize::ChartInflator {
 public:
  LocalCharts();
  ~LocalCharts() override;
  Result<std::shared_ptr<const base::FileTree>> pull(
      const kustomize::ChartSource& source) override;
  Result<std::string> inflate(const base::FileTree& tree,
                              const kustomize::ChartRequest& request) override;

 private:
  struct Network;
  std::unique_ptr<Network> network_;  // once it was needed
};

}  // namespace weir::cli
