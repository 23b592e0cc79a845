// The manifests of deploy/, which the program carries along, built for a namespace and an image.
//
// The files themselves are embedded, so that `weir install` cannot differ from `kubectl apply -k
// deploy`; the CustomResourceDefinitions come from the declared kinds. Thread-safe.
#pragma once

#include <string>
#include <vector>

#include "engine/base/result.hh"
#include "engine/value/value.hh"

namespace weir::cli {

struct InstallOptions {
  std::string ns = "flux-system";
  std::string image;  // "registry/weir:tag"; "" = as deploy/kustomization.yaml says
  bool network_policy = true;
};

// In the order in which they are to be applied. Errors: invalid (an image that is none).
Result<std::vector<Value>> install_objects(const InstallOptions& options);

}  // namespace weir::cli
