// Builds the package that a HelmChart asks for: pulled from a repository, or made from a path of a
// source's tree, with values files and version metadata put in. One build, one thread; reaches the
// world through ChartPorts only.
//
// Failures are StepErrors in the contract's words (part 8): "InvalidChartReference",
// "ChartPullError", "MetadataPatchError", "ValuesFilesError", "DependencyBuildError",
// "ChartPackageError", "AuthenticationFailed", "URLInvalid".
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "engine/base/file_tree.hh"
#include "engine/helm/chart.hh"
#include "engine/helm/package.hh"
#include "engine/reconcile/chart_repository.hh"
#include "engine/reconcile/command.hh"

namespace weir::reconcile {

struct ChartBuild {
  std::string name, version;
  std::vector<std::string> values_files;  // merged into the defaults
  bool packaged = false;                  // not the very bytes that were found
  bool cached = false;                    // what is stored is what would be built; no `bytes`
  int dependencies = 0;                   // fetched for it
  std::string bytes;

  // "pulled 'podinfo' chart with version '6.1.0'".
  std::string summary() const;
};

class ChartBuilder {
 public:
  using Outcome = std::variant<StepError, ChartBuild>;
  // `tree`: the files of the origin's artifact; null when the origin is a HelmRepository.
  // `stored`: whether the current artifact is in the store.
  ChartBuilder(const ChartPorts& ports, std::string ns, const FetchSource& fetch,
               const model::HelmChartSpec& spec, const base::FileTree* tree, bool stored)
      : ports_(ports),
        ns_(std::move(ns)),
        fetch_(fetch),
        spec_(spec),
        tree_(tree),
        stored_(stored) {}
  Outcome build();

 private:
  using Failure = std::optional<StepError>;
  Outcome build_remote();
  Outcome build_local();
  Failure set_version(const std::string& version, bool with_revision);
  bool is_current() const;
  Failure merge_values(const std::vector<helm::ChartFile>& chart);
  Result<std::optional<Value>> read_values(const std::string& file,
                                           const std::vector<helm::ChartFile>& chart) const;
  Failure add_dependencies(const std::string& path, std::vector<helm::ChartFile>& files);
  Result<void> add_dependency(const helm::Dependency& dependency, const std::string& path,
                              std::vector<helm::ChartFile>& files);
  Result<void> add_local(const helm::Dependency& dependency, const std::string& path,
                         std::vector<helm::ChartFile>& files);
  Result<void> add_remote(const helm::Dependency& dependency, std::vector<helm::ChartFile>& files);
  Outcome finish(std::vector<helm::ChartFile> files);

  ChartPorts ports_;
  std::string ns_;
  const FetchSource& fetch_;
  const model::HelmChartSpec& spec_;
  const base::FileTree* tree_;
  bool stored_;
  ChartBuild build_;
  std::optional<Value> values_;  // merged
};

}  // namespace weir::reconcile
