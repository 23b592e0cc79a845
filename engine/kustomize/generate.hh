// The kustomization file that a Flux Kustomization implies: what its spec asks for is written over
// the kustomization.yaml of spec.path, or over a new one that lists the manifests found there.
//
// The source tree is never changed: the result is an overlay tree whose one new file hides the old
// one. Pure; any thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "engine/base/file_tree.hh"
#include "engine/base/result.hh"
#include "engine/value/value.hh"

namespace weir::kustomize {

struct GeneratedKustomization {
  std::unique_ptr<base::FileTree> tree;  // overlay; refers to the tree given, which must outlive it
  std::string file;                      // path of the kustomization file in it
  Value kustomization;                   // its content
};

// `spec` is the Kustomization object's spec; read are targetNamespace, namePrefix, nameSuffix,
// patches, components, ignoreMissingComponents, images and buildMetadata. `directory` is spec.path,
// inside `tree`; `display_root` stands before the paths of files in error texts. Errors: not_found
// (no such directory), invalid ("component path 'P' must be local and relative", "failed to decode
// Kubernetes YAML from F: ...", a kustomization file that does not decode).
Result<GeneratedKustomization> generate_kustomization(const base::FileTree& tree,
                                                      std::string_view directory,
                                                      const Value& spec,
                                                      std::string_view display_root = {});

}  // namespace weir::kustomize
