#include "engine/reconcile/chart_build.hh"

#include <re2/re2.h>

#include <algorithm>

#include "engine/helm/go_yaml.hh"
#include "engine/helm/archive.hh"
#include "engine/helm/load.hh"

namespace weir::reconcile {
namespace {

struct ChartFailure {
  std::string_view reason, summary;
  bool terminal;  // stays until somebody edits the object or its source
};

constexpr ChartFailure chart_failures[] = {
    {"InvalidChartReference", "invalid chart reference", true},
    {"ChartPullError", "chart pull error", false},
    {"MetadataPatchError", "chart metadata patch error", true},
    {"ValuesFilesError", "values files merge error", true},
    {"DependencyBuildError", "dependency build error", false},
    {"ChartPackageError", "chart package error", false},
};

// Servers say it in many ways that the credentials are not good.
bool is_authentication(const Error& error) {
  if (error.code == Code::unauthorized || error.reason == "TLS") return true;
  static constexpr std::string_view words[] = {"401", "unauthorized", "authentication required",
                                               "tls"};
  return std::any_of(std::begin(words), std::end(words), [&](std::string_view word) {
    return error.message.find(word) != std::string::npos;
  });
}

StepError chart_error(std::string_view reason, const Error& error) {
  for (const ChartFailure& known : chart_failures) {
    if (known.reason != reason) continue;
    StepError out{error.code, std::string(reason),
                  std::string(known.summary) + ": " + error.message, known.terminal};
    if (reason == "ChartPullError" && is_authentication(error)) out.reason = "AuthenticationFailed";
    return out;
  }
  return {error.code, std::string(reason), error.message, reason == "URLInvalid"};
}

StepError chart_error(std::string_view reason, std::string text) {
  return chart_error(reason, make_error(Code::invalid, std::move(text)));
}

// The only file that a chart would be repackaged for anyway is its own.
std::vector<std::string> effective_values_files(const model::HelmChartSpec& spec) {
  if (spec.values_files.size() == 1 && base::clean_path(spec.values_files.front()) == "values.yaml")
    return {};
  return spec.values_files;
}

// The first twelve digits of a commit, or of a bucket's digest.
std::string short_revision(const ChartOrigin& origin) {
  std::string text = origin.artifact.revision;
  if (const std::size_t at = text.rfind(':'); at != std::string::npos) text = text.substr(at + 1);
  return text.substr(0, 12);
}

bool is_local(const helm::Dependency& dependency) {
  return dependency.repository.empty() || dependency.repository.starts_with("file://");
}

std::vector<helm::Dependency> wanted_dependencies(const helm::Chart& chart) {
  const Value& lock = chart.contents->lock;
  if (lock.is_null()) return chart.metadata.dependencies;
  std::vector<helm::Dependency> out;
  for (const Value& item : lock["dependencies"].items()) {
    helm::Dependency dependency;
    dependency.name = item["name"].get_string();
    dependency.version = item["version"].get_string();
    dependency.repository = item["repository"].get_string();
    dependency.alias = item["alias"].get_string();
    out.push_back(std::move(dependency));
  }
  return out;
}

}  // namespace

std::string ChartBuild::summary() const {
  std::string text = packaged ? "packaged '" : "pulled '";
  text.append(name).append("' chart with version '").append(version).append("'");
  if (values_files.empty()) return text;
  text.append(" and merged values files [");
  for (std::size_t i = 0; i < values_files.size(); ++i)
    text.append(i == 0 ? "" : " ").append(values_files[i]);
  return text.append("]");
}

ChartBuilder::Outcome ChartBuilder::build() {
  return tree_ == nullptr ? build_remote() : build_local();
}

ChartBuilder::Failure ChartBuilder::set_version(const std::string& version, bool with_revision) {
  build_.version = version;
  std::string metadata;
  if (with_revision) metadata = short_revision(*fetch_.origin);
  if (!effective_values_files(spec_).empty()) {
    if (!metadata.empty()) metadata.push_back('.');
    metadata.append(std::to_string(fetch_.generation));
  }
  if (metadata.empty()) return std::nullopt;
  build_.packaged = true;
  auto patched = helm::with_version_metadata(version, metadata);
  if (!patched.ok()) return chart_error("MetadataPatchError", patched.error());
  build_.version = *std::move(patched);
  return std::nullopt;
}

bool ChartBuilder::is_current() const {
  return stored_ && fetch_.status["observedGeneration"].get_int(-1) == fetch_.generation &&
         fetch_.status["observedChartName"].get_string() == build_.name &&
         fetch_.current.revision == build_.version;
}

ChartBuilder::Outcome ChartBuilder::build_remote() {
  static const re2::RE2 chart_name("([-a-z0-9]+/?\\.?)+");
  if (!re2::RE2::FullMatch(spec_.chart, chart_name))
    return chart_error("InvalidChartReference",
                       "invalid chart name '" + spec_.chart +
                           "': a valid name must be lower case letters and numbers and MAY be "
                           "separated with dashes (-), slashes (/) or periods (.)");
  const auto* declared = std::get_if<model::HelmRepositorySpec>(&fetch_.origin->spec);
  if (declared == nullptr)
    return StepError{Code::internal, "Failed", "the source is no HelmRepository", true};
  auto repository = ChartRepository::open(ports_, ns_, *declared, fetch_.origin->artifact);
  if (!repository.ok()) return chart_error(repository.error().reason, repository.error());
  auto version = repository->find(spec_.chart, spec_.version);
  if (!version.ok()) return chart_error(version.error().reason, version.error());
  build_.name = version->name;
  if (auto failure = set_version(version->version, false)) return *failure;
  if (is_current()) {
    build_.cached = true;
    return build_;
  }
  auto bytes = repository->download(*version);
  if (!bytes.ok()) return chart_error("ChartPullError", bytes.error());
  auto files = helm::read_chart_archive(*bytes);
  if (!files.ok())
    return chart_error(build_.packaged ? "ChartPackageError" : "ChartPullError",
                       std::move(files).error().with_context("failed to load downloaded chart"));
  auto metadata = helm::read_metadata(*files);
  if (!metadata.ok())
    return chart_error("ChartPullError", std::move(metadata).error().with_context(
                                             "failed to validate metadata of written chart"));
  build_.bytes = *std::move(bytes);
  if (!build_.packaged) return build_;
  if (auto failure = merge_values(*files)) return *failure;
  return finish(*std::move(files));
}

ChartBuilder::Outcome ChartBuilder::build_local() {
  if (spec_.chart.starts_with('/'))
    return chart_error("InvalidChartReference",
                       "local chart reference path is expected to be relative");
  const auto path = base::clean_path(spec_.chart);
  const auto type = path ? tree_->stat(*path) : std::nullopt;
  if (!type)
    return chart_error("InvalidChartReference",
                       "no chart found at '" + spec_.chart + "' in the source");
  const bool folder = *type == base::EntryType::directory;
  std::string packed;
  const auto list = [&]() -> Result<std::vector<helm::ChartFile>> {
    if (folder) return helm::list_chart_files(*tree_, *path);
    WEIR_TRY(const base::FileBytes bytes, tree_->read(*path));
    packed = *bytes;
    return helm::read_chart_archive(packed);
  };
  auto files = list();
  if (!files.ok()) return chart_error("InvalidChartReference", files.error());
  auto metadata = helm::read_metadata(*files);
  if (!metadata.ok()) return chart_error("InvalidChartReference", metadata.error());
  build_.name = metadata->name;
  if (auto failure = set_version(metadata->version, spec_.on_revision)) return *failure;
  build_.packaged = build_.packaged || folder;
  if (is_current()) {
    build_.cached = true;
    return build_;
  }
  build_.bytes = std::move(packed);
  if (!build_.packaged) return build_;
  if (auto failure = merge_values(*files)) return *failure;
  if (folder)
    if (auto failure = add_dependencies(*path, *files)) return *failure;
  return finish(*std::move(files));
}

// Files of a pulled chart stand in the chart, those of a source's tree below its root.
Result<std::optional<Value>> ChartBuilder::read_values(
    const std::string& file, const std::vector<helm::ChartFile>& chart) const {
  const auto path = base::clean_path(file);
  std::string text;
  bool found = false;
  if (tree_ == nullptr) {
    const helm::ChartFile* member = path ? helm::find_file(chart, *path) : nullptr;
    found = member != nullptr;
    if (found) text = *member->data;
  } else if (path && tree_->stat(*path) == base::EntryType::file) {
    WEIR_TRY(const base::FileBytes bytes, tree_->read(*path));
    text = *bytes;
    found = true;
  }
  if (!found && spec_.ignore_missing_values_files) return std::optional<Value>();
  if (!found) return make_error(Code::not_found, "no values file found at path '" + file + "'");
  WEIR_TRY(Value values, helm::parse_values_file(text, file));
  return std::optional<Value>(std::move(values));
}

ChartBuilder::Failure ChartBuilder::merge_values(const std::vector<helm::ChartFile>& chart) {
  const std::vector<std::string> files = effective_values_files(spec_);
  if (files.empty()) return std::nullopt;
  Value merged = Value::object();
  std::vector<std::string> used;
  for (const std::string& file : files) {
    auto values = read_values(file, chart);
    if (!values.ok())
      return chart_error("ValuesFilesError",
                         std::move(values).error().with_context("failed to merge chart values"));
    if (!*values) continue;
    helm::merge_values_files(merged, **values);
    used.push_back(file);
  }
  build_.values_files = std::move(used);
  if (!build_.values_files.empty()) values_ = std::move(merged);
  return std::nullopt;
}

ChartBuilder::Failure ChartBuilder::add_dependencies(const std::string& path,
                                                     std::vector<helm::ChartFile>& files) {
  auto loaded = helm::load_chart_directory(*tree_, path);
  if (!loaded.ok()) return chart_error("ChartPackageError", loaded.error());
  const helm::Chart& root = loaded->charts.root();
  const std::vector<helm::Dependency> wanted = wanted_dependencies(root);
  if (wanted.size() == root.dependencies.size()) return std::nullopt;
  for (const helm::Dependency& dependency : wanted) {
    const std::string& name = dependency.alias.empty() ? dependency.name : dependency.alias;
    const bool there = std::any_of(root.dependencies.begin(), root.dependencies.end(),
                                   [&](const helm::Chart* chart) { return chart->name() == name; });
    if (there) continue;
    auto added = add_dependency(dependency, path, files);
    if (!added.ok()) {
      std::string context = is_local(dependency) ? "failed to add local dependency '"
                                                 : "failed to add remote dependency '";
      context.append(name).append("'");
      return chart_error("DependencyBuildError", std::move(added).error().with_context(context));
    }
    ++build_.dependencies;
  }
  return std::nullopt;
}

Result<void> ChartBuilder::add_dependency(const helm::Dependency& dependency,
                                          const std::string& path,
                                          std::vector<helm::ChartFile>& files) {
  return is_local(dependency) ? add_local(dependency, path, files) : add_remote(dependency, files);
}

Result<void> ChartBuilder::add_local(const helm::Dependency& dependency, const std::string& path,
                                     std::vector<helm::ChartFile>& files) {
  const std::string below =
      dependency.repository.empty() ? "charts/" + dependency.name : dependency.repository.substr(7);
  const auto where = base::clean_path("/" + path + "/" + below);
  const auto type = where ? tree_->stat(where->substr(1)) : std::nullopt;
  if (!type)
    return make_error(Code::not_found, "no chart found at '" + where.value_or(below) +
                                           "' (reference '" + dependency.repository + "')");
  const std::string at = where->substr(1);
  WEIR_TRY(const helm::LoadedChart chart, helm::load_chart(*tree_, at));
  const helm::Metadata& metadata = chart.charts.root().metadata;
  if (!helm::is_compatible_range(dependency.version, metadata.version))
    return make_error(Code::invalid,
                      "can't get a valid version for constraint '" + dependency.version + "'");
  if (*type != base::EntryType::directory) {
    WEIR_TRY(base::FileBytes bytes, tree_->read(at));
    files.push_back(
        {"charts/" + metadata.name + "-" + metadata.version + ".tgz", std::move(bytes), 0});
    return {};
  }
  WEIR_TRY(std::vector<helm::ChartFile> inner, helm::list_chart_files(*tree_, at));
  for (helm::ChartFile& file : inner)
    files.push_back({"charts/" + metadata.name + "/" + file.name, std::move(file.data), 0});
  return {};
}

Result<void> ChartBuilder::add_remote(const helm::Dependency& dependency,
                                      std::vector<helm::ChartFile>& files) {
  if (dependency.repository.starts_with('@') || dependency.repository.starts_with("alias:"))
    return make_error(Code::unsupported,
                      "aliased repository dependency is not supported: " + dependency.repository);
  const std::string url = normalized_repository_url(dependency.repository);
  model::HelmRepositorySpec spec;
  spec.url = dependency.repository;
  spec.oci = url.starts_with("oci://");
  spec.timeout = std::chrono::seconds(60);
  Artifact index;
  for (const ChartOrigin& known : fetch_.repositories) {
    const auto* declared = std::get_if<model::HelmRepositorySpec>(&known.spec);
    if (declared == nullptr || normalized_repository_url(declared->url) != url) continue;
    spec = *declared;
    index = known.artifact;
    break;
  }
  WEIR_TRY(ChartRepository repository, ChartRepository::open(ports_, ns_, spec, std::move(index)));
  WEIR_TRY(const helm::ChartVersion version,
           repository.find(dependency.name, dependency.version)
               .with_context("failed to get chart '" + dependency.name + "' version '" +
                             dependency.version + "' from '" + dependency.repository + "'"));
  WEIR_TRY(std::string bytes, repository.download(version).with_context(
                                  "chart download of version '" + version.version + "' failed"));
  WEIR_TRY(const auto checked, helm::load_chart_archive(bytes, dependency.name)
                                   .with_context("failed to load downloaded archive of version '" +
                                                 version.version + "'"));
  const helm::Metadata& metadata = checked.charts.root().metadata;
  files.push_back({"charts/" + metadata.name + "-" + metadata.version + ".tgz",
                   std::make_shared<const std::string>(std::move(bytes)), 0});
  return {};
}

ChartBuilder::Outcome ChartBuilder::finish(std::vector<helm::ChartFile> files) {
  helm::PackageEdits edits;
  edits.version = build_.version;
  edits.values = std::move(values_);
  auto bytes = helm::package_chart(build_.name, std::move(files), edits);
  if (!bytes.ok()) return chart_error("ChartPackageError", bytes.error());
  build_.bytes = *std::move(bytes);
  return build_;
}

}  // namespace weir::reconcile
