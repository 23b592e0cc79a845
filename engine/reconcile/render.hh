// How a Kustomization becomes objects: the steps that the controller's build, `weir build ks` and
// `weir diff ks` share. Pure but for the reads of the API that read_variables() makes; any thread.
//
// Errors carry the reference's words and are meant to be shown under "BuildFailed".
#pragma once

#include <string>
#include <vector>

#include "engine/base/file_tree.hh"
#include "engine/expr/envsubst.hh"
#include "engine/kustomize/build.hh"
#include "engine/model/kinds/kustomization.hh"
#include "engine/reconcile/kube_port.hh"

namespace weir::reconcile {

// Whose words errors of substitution have: the controller's, or those of builds on the command
// line, which find out about a variable's name when they substitute and name a resource shortly.
enum class SubstitutionWords : unsigned char { controller, command_line };

// postBuild's variables (contract K5.3, K5.4): references in order, then the inline ones over
// them. Without
// an API the references are left out. Errors: invalid (a name), those of the reads.
Result<expr::Variables> read_variables(KubeApi* kube, const std::string& ns,
                                       const model::KustomizationSpec& spec,
                                       SubstitutionWords words = SubstitutionWords::controller);

struct BuildInputs {
  bool confine = true;  // nothing outside of the tree's root may be read
  bool allow_remote = true;
  kustomize::RemoteLoader* remote = nullptr;  // not owned
  std::string display_root;                   // how directories print in errors
};

// The kustomization that `spec` (the object's spec) implies in `directory`, built.
Result<std::vector<Value>> build_resources(const base::FileTree& tree, const std::string& directory,
                                           const Value& spec, const BuildInputs& inputs);

// Post-build substitution of every resource, in place; then lists are taken apart and objects of
// kustomize's own left out (contract K4.7).
Result<void> substitute_all(std::vector<Value>& resources, const expr::Variables& variables,
                            const model::KustomizationSpec& spec, bool strict,
                            SubstitutionWords words = SubstitutionWords::controller);

}  // namespace weir::reconcile
