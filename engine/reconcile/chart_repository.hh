// A Helm repository that charts come from, over HTTP or in a registry: which version a range stands
// for, and the package of a version. Made for one build of one chart; one thread.
//
// Holds credentials: never logged, never stored. Errors carry the contract's reason:
// "AuthenticationFailed", "URLInvalid", "InvalidChartReference", "ChartPullError".
#pragma once

#include <string>

#include "engine/helm/stored_index.hh"
#include "engine/reconcile/chart_indexes.hh"
#include "engine/reconcile/command.hh"
#include "engine/reconcile/kube_port.hh"
#include "engine/reconcile/remote_port.hh"

namespace weir::reconcile {

// What a repository is reached through.
struct ChartPorts {
  KubeApi* kube = nullptr;  // null: no Secrets, so no credentials
  ArtifactPort* artifacts = nullptr;
  DownloadPort* download = nullptr;
  RegistryPort* registry = nullptr;
  ChartIndexes* indexes = nullptr;
};

// How the Secrets of a HelmRepository let it be reached. Errors: unauthorized, reason
// "AuthenticationFailed".
Result<RemoteAccess> repository_access(KubeApi& kube, const std::string& ns,
                                       const model::HelmRepositorySpec& spec);

// What a fault of the certificates of a HelmRepository's Secrets is told with.
std::string tls_context(const model::HelmRepositorySpec& spec);

// `text` with the repository's URL, where it stands, as it may be shown.
std::string mask_text(std::string text, const std::string& url);

class ChartRepository {
 public:
  // One that a HelmRepository declares; without an `index` (and not of type oci) its index is
  // downloaded.
  static Result<ChartRepository> open(const ChartPorts& ports, const std::string& ns,
                                      const model::HelmRepositorySpec& spec, Artifact index);

  // One that is reached as the caller says; its index, where it has one, is downloaded.
  static ChartRepository reached_by(const ChartPorts& ports, const model::HelmRepositorySpec& spec,
                                    RemoteAccess access);

  // Errors: reason "InvalidChartReference" (an index has no such chart or version),
  // "ChartPullError". find() is choose() with context.
  Result<helm::ChartVersion> choose(const std::string& chart, const std::string& range);
  Result<helm::ChartVersion> find(const std::string& chart, const std::string& range);
  // The package of what find() returned. Errors: reason "ChartPullError".
  Result<std::string> download(const helm::ChartVersion& version);
  // Its provenance file. Errors: not_found, those of the ports.
  Result<std::string> download_provenance(const helm::ChartVersion& version);

 private:
  ChartRepository(const ChartPorts& ports, const model::HelmRepositorySpec& spec)
      : ports_(ports), spec_(spec) {}
  Result<std::vector<helm::ChartVersion>> listed(const std::string& chart);
  Result<helm::ChartVersion> find_tag(const std::string& chart, const std::string& range);
  Result<std::string> pull(const helm::ChartVersion& version);
  Result<std::string> pull_layer(const std::string& url, const OciManifest& manifest,
                                 std::string_view media_type);
  DownloadRequest request_for(std::string url) const;

  ChartPorts ports_;
  model::HelmRepositorySpec spec_;
  RemoteAccess access_;
  Artifact index_;
  PayloadPtr fetched_;  // the index, where none is kept
};

// "https://host/charts" -> "https://host/charts/"; OCI URLs lose the slash instead. For telling
// whether two URLs are the same repository.
std::string normalized_repository_url(std::string_view url);

}  // namespace weir::reconcile
