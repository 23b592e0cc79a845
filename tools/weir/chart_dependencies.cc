#include "tools/weir/chart_dependencies.hh"

#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "adapters/archive/disk_file_tree.hh"
#include "adapters/clock/system_clock.hh"
#include "engine/base/digest.hh"
#include "engine/base/semver.hh"
#include "engine/helm/load.hh"
#include "engine/helm/package.hh"
#include "engine/template/format.hh"
#include "engine/value/json.hh"
#include "engine/value/yaml.hh"
#include "tools/weir/host.hh"

namespace weir::cli {
namespace {

namespace fs = std::filesystem;

// What one entry of Chart.yaml has come to.
struct Resolved {
  helm::Dependency dependency;  // with the version taken
  helm::ChartVersion remote;    // where it has a repository's URL
  std::string file, bytes;      // the package; no name: the chart stands in charts/ already
};

bool is_folder(const helm::Dependency& dependency) {
  return dependency.repository.empty() || dependency.repository.starts_with("file://");
}

std::string named(const helm::Dependency& dependency) {
  return tmpl::quoted(dependency.name) + " (repository " + tmpl::quoted(dependency.repository) +
         ", version " + tmpl::quoted(dependency.version) + ")";
}

class DependencyUpdate {
 public:
  DependencyUpdate(const std::string& folder, const helm::Chart& chart, const PullOptions& options)
      : folder_(folder), chart_(chart), options_(options) {}

  Result<void> run() {
    WEIR_CHECK(name_repositories());
    WEIR_TRY(remotes_, RepositoryCharts::open(options_));
    WEIR_TRY(disk_, archive::DiskFileTree::open_unconfined("."));
    WEIR_CHECK(resolve());
    std::fprintf(stderr, "Saving %zu charts\n", resolved_.size());
    for (Resolved& item : resolved_) WEIR_CHECK(fetch(item));
    WEIR_CHECK(save());
    return lock();
  }

 private:
  // "@name" and "alias:name" become the URL that `helm repo add` noted down.
  Result<void> name_repositories() {
    std::string missing;
    for (helm::Dependency dependency : chart_.metadata.dependencies) {
      const std::string reference = dependency.repository;
      const std::size_t prefix = reference.starts_with('@')        ? 1
                                 : reference.starts_with("alias:") ? 6
                                                                   : 0;
      if (prefix != 0) {
        auto url = known_repository_url(reference.substr(prefix), options_);
        if (!url.ok() && url.error().code != Code::not_found) return std::move(url).error();
        if (!url.ok()) missing.append(missing.empty() ? "" : ", ").append(reference);
        if (url.ok()) dependency.repository = *std::move(url);
      }
      wanted_.push_back(std::move(dependency));
    }
    if (missing.empty()) return {};
    return make_error(Code::not_found, "no repository definition for " + missing +
                                           ". Please add them via 'helm repo add'");
  }

  Result<void> resolve() {
    std::vector<std::string> missing;
    for (const helm::Dependency& dependency : wanted_) {
      auto range = base::VersionConstraint::parse(dependency.version);
      if (!range.ok())
        return std::move(range)
            .with_context("dependency " + tmpl::quoted(dependency.name) +
                          " has an invalid version/constraint format")
            .error();
      auto found = is_folder(dependency) ? resolve_folder(dependency) : resolve_remote(dependency);
      if (!found.ok()) return std::move(found).error();
      if (found->dependency.version.empty()) missing.push_back(named(dependency));
      resolved_.push_back(*std::move(found));
    }
    if (missing.empty()) return {};
    std::string list;
    for (const std::string& text : missing) list.append(list.empty() ? "" : ", ").append(text);
    return make_error(Code::not_found,
                      "can't get a valid version for " + std::to_string(missing.size()) +
                          " subchart(s): " + list +
                          ". Make sure a matching chart version exists in the repo, or change the "
                          "version constraint in Chart.yaml");
  }

  // No version: the folder's chart has another.
  Result<Resolved> resolve_folder(const helm::Dependency& dependency) {
    const fs::path path = fs::absolute(path_of(dependency)).lexically_normal();
    std::error_code error;
    if (!fs::is_directory(path, error))
      return make_error(Code::not_found, "directory " + path.string() + " not found");
    WEIR_TRY(const helm::LoadedChart loaded, helm::load_chart_directory(*disk_, path.string()));
    Resolved out;
    out.dependency = dependency;
    const std::string& version = loaded.charts.root().metadata.version;
    out.dependency.version = helm::is_compatible_range(dependency.version, version) ? version : "";
    return out;
  }

  Result<Resolved> resolve_remote(const helm::Dependency& dependency) {
    const std::string& url = dependency.repository;
    const std::size_t scheme = url.find("://");
    const std::string protocol = scheme == std::string::npos ? "" : url.substr(0, scheme);
    if (protocol != "http" && protocol != "https" && protocol != "oci")
      return make_error(Code::unsupported, "could not find protocol handler for: " + protocol);
    Resolved out;
    out.dependency = dependency;
    auto found = remotes_->find(url, dependency.name, dependency.version);
    if (found.ok()) {
      out.remote = *std::move(found);
      out.dependency.version = out.remote.version;
      return out;
    }
    if (found.error().reason != "InvalidChartReference") return std::move(found).error();
    if (found.error().message.find("no chart name found") != std::string::npos)
      return make_error(Code::not_found, dependency.name + " chart not found in repo " + url);
    out.dependency.version.clear();
    return out;
  }

  Result<void> fetch(Resolved& item) {
    const helm::Dependency& dependency = item.dependency;
    if (dependency.repository.empty()) {
      std::fprintf(stderr,
                   "Dependency %s did not declare a repository. Assuming it exists in the charts "
                   "directory\n",
                   dependency.name.c_str());
      return {};
    }
    helm::Metadata metadata;
    if (is_folder(dependency)) {
      WEIR_TRY(auto files, helm::list_chart_files(*disk_, path_of(dependency)));
      WEIR_TRY(metadata, helm::read_metadata(files));
      WEIR_TRY(item.bytes, helm::package_chart(metadata.name, std::move(files), {}));
    } else {
      std::fprintf(stderr, "Downloading %s from repo %s\n", dependency.name.c_str(),
                   dependency.repository.c_str());
      WEIR_TRY(item.bytes, remotes_->download(dependency.repository, item.remote));
      WEIR_TRY(const helm::LoadedChart loaded,
               helm::load_chart_archive(item.bytes, dependency.name));
      metadata = loaded.charts.root().metadata;
    }
    item.file = metadata.name + "-" + metadata.version + ".tgz";
    return {};
  }

  Result<void> save() {
    const fs::path charts = fs::path(folder_) / "charts";
    std::error_code error;
    fs::create_directories(charts, error);
    if (error) return make_error(Code::io, "cannot create " + charts.string());
    for (const Resolved& item : resolved_)
      if (!item.file.empty()) WEIR_CHECK(write_file((charts / item.file).string(), item.bytes));
    std::fputs("Deleting outdated charts\n", stderr);
    for (const auto& entry : fs::directory_iterator(charts, error)) {
      const std::string name = entry.path().filename().string();
      if (!entry.is_regular_file(error) || entry.path().extension() != ".tgz") continue;
      const bool wanted = std::any_of(resolved_.begin(), resolved_.end(),
                                      [&](const Resolved& item) { return item.file == name; });
      if (!wanted && is_chart(entry.path().string())) fs::remove(entry.path(), error);
    }
    return {};
  }

  bool is_chart(const std::string& path) const {
    return helm::load_chart(*disk_, path).ok();
  }

  Result<void> lock() const {
    Value asked = Value::array(), taken = Value::array(), rows = Value::array();
    for (std::size_t i = 0; i < resolved_.size(); ++i) {
      const helm::Dependency& found = resolved_[i].dependency;
      helm::Dependency row;
      row.name = found.name;
      row.version = found.version;
      row.repository = found.repository;
      asked.push_back(helm::dependency_json(wanted_[i]));
      taken.push_back(helm::dependency_json(row));
      rows.push_back(helm::dependency_json(row));
    }
    Value both = Value::array();
    both.push_back(std::move(asked));
    both.push_back(std::move(taken));
    const std::string digest =
        base::sha256(value::write_json(both, {.sort_keys = false})).to_string();
    if (chart_.contents->lock["digest"].get_string() == digest) return {};
    const clock::SystemClock clock;
    const std::string now = base::format_rfc3339_micro(clock.now());
    const Value text = Value::object({{"dependencies", std::move(rows)},
                                      {"digest", Value(digest)},
                                      {"generated", Value(now)}});
    const bool old = chart_.metadata.api_version == "v1";
    const char* const name = old ? "requirements.lock" : "Chart.lock";
    return write_file(folder_ + "/" + name, value::write_yaml(text, value::YamlStyle::helm));
  }

  std::string path_of(const helm::Dependency& dependency) const {
    if (dependency.repository.empty()) return folder_ + "/charts/" + dependency.name;
    const std::string path = dependency.repository.substr(std::string("file://").size());
    return path.starts_with('/') ? path : folder_ + "/" + path;
  }

  const std::string& folder_;
  const helm::Chart& chart_;
  const PullOptions& options_;
  std::vector<helm::Dependency> wanted_;  // repositories named
  std::vector<Resolved> resolved_;        // one for each
  std::unique_ptr<RepositoryCharts> remotes_;
  std::shared_ptr<const archive::DiskFileTree> disk_;
};

}  // namespace

Result<void> update_dependencies(const std::string& folder, const helm::Chart& chart,
                                 const PullOptions& options) {
  return DependencyUpdate(folder, chart, options).run();
}

}  // namespace weir::cli
