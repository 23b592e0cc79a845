// Fetches packaged charts for the verbs that take a chart where `helm template` does: by a
// repository's URL and a chart's name (--repo), from a registry (oci://host/path/chart), by the URL
// of a package, or by NAME/CHART of a repository that `helm repo add` knows. One thread; the
// package is handed over in memory, an index is read in pieces and never held whole.
#pragma once

#include <string>

#include "engine/base/result.hh"

namespace weir::cli {

struct PullOptions {
  std::string repo, version;  // "" = none; the latest that is no prerelease
  std::string username, password;
  std::string ca_file, cert_file, key_file;
  std::string repository_config;  // "" = HELM_REPOSITORY_CONFIG, or Helm's place for it
  std::string registry_config;  // logins; "" = HELM_REGISTRY_CONFIG or Helm's place; then docker's
  bool insecure_skip_tls_verify = false, plain_http = false, pass_credentials = false;
  bool devel = false;  // prereleases too
};

// Whether `chart` is to be fetched: it is no path, or --repo was given.
bool is_remote_chart(const std::string& chart, const PullOptions& options);

// The bytes of the package. Errors: not_found, invalid, unauthorized, unreachable, limit
// (helm_index_bytes_max, helm_package_bytes_max); credentials in none of them.
Result<std::string> pull_chart(const std::string& chart, const PullOptions& options);

}  // namespace weir::cli
