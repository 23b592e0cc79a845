// What a render is told about the cluster and about Helm: Kubernetes' version, the API versions it
// serves, Helm's own version. Without a cluster these are the built-in sets of the Helm release
// asked for. Pure values.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.hh"
#include "engine/helm/coalesce.hh"

namespace weir::helm {

struct KubeVersion {
  std::string version;     // as given, with a 'v': "v1.33.4-gke.1245000"
  std::string normalized;  // what ranges are checked against: "v1.33.4"
  std::string major;
  std::string minor;

  // Error: invalid, worded as Kubernetes does.
  static Result<KubeVersion> parse(std::string_view text);
};

struct HelmVersion {
  std::string version;
  std::string git_commit;
  std::string git_tree_state;
  std::string go_version;
  std::string kube_client_version;
};

struct Capabilities {
  KubeVersion kube_version;
  std::vector<std::string> api_versions;  // "apps/v1"
  HelmVersion helm_version;

  // What Helm says without a cluster.
  static Capabilities defaults(Compat compat);
};

}  // namespace weir::helm
