// A Kustomization's build once more, to tell what set each field of one of its objects, and which
// files it read. The same passes as the controller's build (render.hh), with provenance on. Pure
// but for the remote loader; any thread.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>

#include "engine/base/file_tree.hh"
#include "engine/expr/envsubst.hh"
#include "engine/kustomize/build.hh"
#include "engine/model/object_id.hh"
#include "engine/value/value.hh"

namespace weir::reconcile {

struct TraceInput {
  std::shared_ptr<const base::FileTree> tree;
  Value object;               // the Kustomization; read is its spec
  expr::Variables variables;  // of postBuild
  // "ConfigMap/flux-system/vars", by variable.
  std::map<std::string, std::string, std::less<>> variable_origins;
  kustomize::RemoteLoader* remote = nullptr;
};

struct Traced {
  Value object;  // as it is applied, but for what only the server knows
  kustomize::FieldCauses causes;
};

// Error: not_found (the build makes no such object), those of the build.
Result<Traced> trace_object(const TraceInput& input, const ObjectId& id);

// The files that the build of `spec` reads, as paths in the tree. A build that fails counts up to
// where it failed.
std::set<std::string> files_of_build(const std::shared_ptr<const base::FileTree>& tree,
                                     const Value& spec, kustomize::RemoteLoader* remote);

}  // namespace weir::reconcile
