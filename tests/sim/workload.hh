// What users do in a simulated run: a repository of applications that is edited commit by commit,
// hands that edit the cluster, and the plain model of what must be there in the end.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/file_tree.hh"
#include "engine/reconcile/kube_port.hh"
#include "tests/sim/world.hh"

namespace weir::sim {

// One application: a folder apps/<name> with ConfigMaps and maybe a Deployment; one Kustomization
// each.
struct App {
  std::map<std::string, std::string> config;  // ConfigMap name -> its one value
  int replicas = 0;                           // 0 = no Deployment
  bool broken = false;                        // its kustomization does not build
  bool space = false;                         // a Namespace of its own with a ConfigMap in it
};

class Workload {
 public:
  explicit Workload(Random& random);

  std::shared_ptr<base::MemoryFileTree> tree() const;
  void edit();    // one random change of the repository
  void repair();  // nothing is broken any more
  // Moves one ConfigMap of an application to another one; its name, "" when there is none to move.
  std::string move_config();
  // A hand in the cluster: changes, deletes or labels something that weir owns.
  void meddle(reconcile::KubeApi& kube);
  // The Kustomization objects (flux-system), one an application; some wait, some depend on the one
  // before.
  std::vector<Value> kustomizations() const;
  // Suspends or resumes one of them.
  void toggle_suspend(reconcile::KubeApi& kube);
  static void resume_all(reconcile::KubeApi& kube);
  const std::map<std::string, App>& apps() const { return apps_; }

 private:
  Random& random_;
  std::map<std::string, App> apps_;
  int names_ = 0;
};

// The differences between the cluster and the model; "" when there are none.
std::string compare(const Workload& workload, reconcile::KubeApi& kube);

}  // namespace weir::sim
