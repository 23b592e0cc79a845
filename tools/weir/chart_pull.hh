// Fetches packaged charts for the verbs that take a chart where `helm template` does: by a
// repository's URL and a chart's name (--repo), from a registry (oci://host/path/chart), by the URL
// of a package, or by NAME/CHART of a repository that `helm repo add` knows. One thread; the
// package is handed over in memory, an index is read in pieces and never held whole.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "engine/base/result.hh"
#include "engine/helm/stored_index.hh"
#include "engine/reconcile/chart_repository.hh"

namespace weir::cli {

struct PullOptions {
  std::string repo, version;  // "" = none; the latest that is no prerelease
  std::string username, password;
  std::string ca_file, cert_file, key_file;
  std::string repository_config;  // "" = HELM_REPOSITORY_CONFIG, or Helm's place for it
  std::string registry_config;  // logins; "" = HELM_REGISTRY_CONFIG or Helm's place; then docker's
  bool insecure_skip_tls_verify = false, plain_http = false, pass_credentials = false;
  bool devel = false;       // prereleases too
  bool provenance = false;  // the package's provenance file too
};

struct PulledChart {
  std::string package;
  std::string file_name;   // as a provenance file names it
  std::string provenance;  // where asked for
};

// A file of the user's, whole. Errors: not_found in Go's words, limit.
Result<std::string> read_bounded(const std::string& name, std::size_t bytes_max);

// Whether `chart` is to be fetched: it is no path, or --repo was given.
bool is_remote_chart(const std::string& chart, const PullOptions& options);

// Errors: not_found, invalid, unauthorized, unreachable, limit (helm_index_bytes_max,
// helm_package_bytes_max); credentials in none of them.
Result<PulledChart> pull_chart(const std::string& chart, const PullOptions& options);

// The URL of a repository that `helm repo add` noted down under `name`. Errors: not_found, invalid.
Result<std::string> known_repository_url(const std::string& name, const PullOptions& options);

// Charts of several repositories, by URL, each of whose indexes is read once. A repository that
// `helm repo add` knows is reached as noted there.
class RepositoryCharts {
 public:
  static Result<std::unique_ptr<RepositoryCharts>> open(const PullOptions& options);
  ~RepositoryCharts();
  RepositoryCharts(const RepositoryCharts&) = delete;
  RepositoryCharts& operator=(const RepositoryCharts&) = delete;

  // Errors: as of pull_chart(); not_found with reason "InvalidChartReference" when the index was
  // read and has no such chart or version.
  Result<helm::ChartVersion> find(const std::string& url, const std::string& chart,
                                  const std::string& range);
  // The package of what find() returned for that URL.
  Result<std::string> download(const std::string& url, const helm::ChartVersion& version);

 private:
  struct World;
  RepositoryCharts(const PullOptions& options, std::unique_ptr<World> world);
  Result<reconcile::ChartRepository*> opened(const std::string& url);

  const PullOptions options_;
  std::unique_ptr<World> world_;
  std::map<std::string, reconcile::ChartRepository> repositories_;
};

}  // namespace weir::cli
