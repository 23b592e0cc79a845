// HelmReleases in a simulated run: one chart in the repository, a few releases of it whose values
// and chart change and break, and the plain model of what must be there in the end.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "engine/base/file_tree.hh"
#include "engine/reconcile/kube_port.hh"
#include "tests/sim/world.hh"

namespace weir::sim {

class Releases {
 public:
  // None at all unless `on`; draws on a stream of its own, so that runs without them stay as they
  // are.
  Releases(std::uint64_t seed, bool on);

  bool any() const { return !values_.empty(); }
  // The chart's files.
  void add_to(base::MemoryFileTree& tree) const;
  // The HelmRelease objects (flux-system), each of the release of its own name in default.
  std::vector<Value> objects() const;
  // One random change: values of a release, the chart's text, something that the API refuses.
  // True when the chart has changed and must be committed.
  bool edit(reconcile::KubeApi& kube);
  // A hand in the cluster, on an object of a release.
  void meddle(reconcile::KubeApi& kube);
  // Nothing is broken any more, and drift that nobody was told of is gone over.
  void repair(reconcile::KubeApi& kube);

  // "" when every release is ready and in sync, stands as it should, and Helm's storage holds one
  // deployed record of it and none that is pending.
  std::string compare(reconcile::KubeApi& kube) const;

 private:
  void write_values(reconcile::KubeApi& kube, const std::string& name) const;
  std::string compare_one(reconcile::KubeApi& kube, const std::string& name) const;

  struct Wanted {
    std::string message;
    bool broken = false;
  };
  Random random_;
  std::map<std::string, Wanted> values_;
  int chart_ = 0;  // how often the chart was changed
};

}  // namespace weir::sim
