#include "engine/reconcile/chart_build.hh"

#include <re2/re2.h>

#include <algorithm>

#include "engine/base/semver.hh"
#include "engine/helm/go_yaml.hh"
#include "engine/helm/archive.hh"
#include "engine/helm/load.hh"
#include "engine/reconcile/step_errors.hh"

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
bool is_authentication(const StepError& error) {
  if (error.code == Code::unauthorized) return true;
  static constexpr std::string_view words[] = {"401", "unauthorized", "authentication required",
                                               "tls"};
  return std::any_of(std::begin(words), std::end(words), [&](std::string_view word) {
    return error.message.find(word) != std::string::npos;
  });
}

StepError chart_error(std::string_view reason, const Error& error) {
  for (const ChartFailure& known : chart_failures) {
    if (known.reason != reason) continue;
    return {error.code, std::string(reason), std::string(known.summary) + ": " + error.message,
            known.terminal};
  }
  const bool terminal = reason == "URLInvalid" || reason == "Failed";
  return {error.code, std::string(reason), error.message, terminal};
}

// A repository that does not let us in is told as such, whatever we were about.
StepError of_repository(StepError error) {
  const bool build = std::any_of(
      std::begin(chart_failures), std::end(chart_failures),
      [&](const ChartFailure& known) { return known.reason == error.reason; });
  if (!build || !is_authentication(error)) return error;
  return {error.code, "AuthenticationFailed",
          "failed to authenticate with the Helm repository: " + error.message, false};
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

// Below the source's root, which no path leads out of: "../../a" -> "a"; "" is the root.
std::string path_in_source(std::string_view path) {
  const auto clean = base::clean_path("/" + std::string(path));
  return clean ? clean->substr(1) : std::string();
}

std::optional<base::EntryType> stat_in_source(const base::FileTree& tree, const std::string& path) {
  return path.empty() ? base::EntryType::directory : tree.stat(path);
}

// A folder's Chart.yaml, whatever .helmignore says of it.
Result<std::vector<helm::ChartFile>> read_chart_yaml(const base::FileTree& tree,
                                                     const std::string& path) {
  const std::string file = path.empty() ? "Chart.yaml" : path + "/Chart.yaml";
  if (tree.stat(file) != base::EntryType::file)
    return make_error(Code::not_found, "open " + file + ": no such file or directory");
  WEIR_TRY(base::FileBytes bytes, tree.read(file));
  return std::vector<helm::ChartFile>{{"Chart.yaml", std::move(bytes), 0}};
}

// Puts a chart below charts/ of its parent, under the name that its parent has for it.
Result<void> add_chart(const helm::Dependency& dependency, std::string name,
                       std::vector<helm::ChartFile> inner, std::vector<helm::ChartFile>& files) {
  if (!dependency.alias.empty()) {
    name = dependency.alias;
    WEIR_CHECK(helm::rename_chart(inner, name));
  }
  for (helm::ChartFile& file : inner)
    files.push_back({"charts/" + name + "/" + file.name, std::move(file.data), 0});
  return {};
}

// A package whose metadata cannot be read. Names are told bare there.
Error unpacking(Error error, std::string_view bytes) {
  constexpr std::string_view outside =
      "chart illegally contains content outside the base directory: \"";
  if (error.message.starts_with(outside) && error.message.ends_with('"')) {
    error.message.pop_back();
    error.message.erase(outside.size() - 1, 1);
  }
  return helm::gzip_error(std::move(error), bytes);
}

Error loading(const std::string& path, Error error) {
  return std::move(error).with_context("failed to load chart from " +
                                       (path.empty() ? "/" : "/" + path + "/"));
}

// What a package that is kept as it is says of itself.
Result<helm::Metadata> read_package_metadata(const std::vector<helm::ChartFile>& files) {
  if (helm::find_file(files, "Chart.yaml") == nullptr)
    return make_error(Code::not_found,
                      "failed to load chart metadata from written chart: no 'Chart.yaml' found");
  auto metadata = helm::read_metadata(files);
  if (metadata.ok()) return metadata;
  const bool unreadable = metadata.error().message.starts_with("cannot load");
  return std::move(metadata).error().with_context(
      unreadable ? "failed to load chart metadata from written chart"
                 : "failed to validate metadata of written chart");
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
  if (tree_ != nullptr) return build_local();
  Outcome outcome = build_remote();
  if (auto* error = std::get_if<StepError>(&outcome)) return of_repository(std::move(*error));
  return outcome;
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
  if (build_.packaged) {
    const auto loaded = files.ok() ? helm::load_chart_files(*files)
                                   : helm::load_chart_archive(*bytes, spec_.chart);
    if (!loaded.ok())
      return chart_error("ChartPackageError",
                         Error(loaded.error()).with_context("failed to load downloaded chart"));
  }
  if (!files.ok())
    return chart_error("ChartPullError",
                       unpacking(std::move(files).error(), *bytes)
                           .with_context("failed to load chart metadata from written chart"));
  auto metadata = read_package_metadata(*files);
  if (!metadata.ok())
    return chart_error("ChartPullError", std::move(metadata).error());
  build_.bytes = *std::move(bytes);
  if (!build_.packaged) return build_;
  if (auto failure = merge_values(*files)) return *failure;
  return finish(*std::move(files));
}

ChartBuilder::Outcome ChartBuilder::build_local() {
  if (spec_.chart.starts_with('/'))
    return chart_error("InvalidChartReference",
                       "local chart reference path is expected to be relative");
  const std::string path = path_in_source(spec_.chart);
  const auto type = stat_in_source(*tree_, path);
  if (!type)
    return chart_error("InvalidChartReference", "stat " + path + ": no such file or directory");
  const bool folder = *type == base::EntryType::directory;
  std::string packed;
  const auto list = [&]() -> Result<std::vector<helm::ChartFile>> {
    if (folder) return read_chart_yaml(*tree_, path);
    WEIR_TRY(const base::FileBytes bytes, tree_->read(path));
    packed = *bytes;
    auto members = helm::read_chart_archive(packed);
    if (!members.ok()) return unpacking(std::move(members).error(), packed);
    return members;
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
  if (!folder) return finish(*std::move(files));
  files = helm::list_chart_files(*tree_, path);
  if (!files.ok()) return chart_error("ChartPackageError", loading(path, files.error()));
  if (auto failure = add_dependencies(path, *files)) return *failure;
  return finish(*std::move(files));
}

// Files of a pulled chart stand in the chart, those of a source's tree below its root.
Result<std::optional<Value>> ChartBuilder::read_values(
    const std::string& file, const std::vector<helm::ChartFile>& chart) const {
  std::string text, reference = file;
  bool found = false, there = false;
  if (tree_ == nullptr) {
    const auto path = base::clean_path(file);
    const helm::ChartFile* member = path ? helm::find_file(chart, *path) : nullptr;
    found = there = member != nullptr;
    if (found) text = *member->data;
  } else {
    const std::string path = path_in_source(file);
    const auto type = stat_in_source(*tree_, path);
    there = type.has_value();
    found = type == base::EntryType::file;
    reference = "/" + path;
    if (found) {
      WEIR_TRY(const base::FileBytes bytes, tree_->read(path));
      text = *bytes;
    }
  }
  if (!there && spec_.ignore_missing_values_files) return std::optional<Value>();
  if (!found)
    return make_error(Code::not_found,
                      "no values file found at path '" + reference + "'" +
                          (tree_ == nullptr ? "" : " (reference '" + file + "')"));
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
    if (!values.ok() && tree_ != nullptr) return chart_error("ValuesFilesError", values.error());
    if (!values.ok())
      return chart_error("ValuesFilesError",
                         std::move(values).error().with_context("failed to merge chart values"));
    if (!*values) continue;
    helm::merge_values_files(merged, **values);
    used.push_back(file);
  }
  build_.values_files = std::move(used);
  values_ = std::move(merged);  // of nothing but files that are missing, and may: no defaults
  return std::nullopt;
}

ChartBuilder::Failure ChartBuilder::add_dependencies(const std::string& path,
                                                     std::vector<helm::ChartFile>& files) {
  auto loaded = helm::load_chart_directory(*tree_, path);
  if (!loaded.ok()) return chart_error("ChartPackageError", loading(path, loaded.error()));
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
  if (const auto range = base::VersionConstraint::parse(dependency.version); !range.ok())
    return Error(range.error())
        .with_context("invalid version/constraint format '" + dependency.version + "'");
  WEIR_TRY(const helm::LoadedChart chart,
           helm::load_chart(*tree_, at).with_context("failed to load chart from '" + *where +
                                                     "' (reference '" + dependency.repository +
                                                     "')"));
  const helm::Metadata& metadata = chart.charts.root().metadata;
  if (!helm::is_compatible_range(dependency.version, metadata.version))
    return make_error(Code::invalid,
                      "can't get a valid version for constraint '" + dependency.version + "'");
  if (*type != base::EntryType::directory) {
    WEIR_TRY(const base::FileBytes bytes, tree_->read(at));
    WEIR_TRY(std::vector<helm::ChartFile> inner, helm::read_chart_archive(*bytes));
    return add_chart(dependency, metadata.name, std::move(inner), files);
  }
  WEIR_TRY(std::vector<helm::ChartFile> inner, helm::list_chart_files(*tree_, at));
  return add_chart(dependency, metadata.name, std::move(inner), files);
}

Result<void> ChartBuilder::add_remote(const helm::Dependency& dependency,
                                      std::vector<helm::ChartFile>& files) {
  const std::string url = normalized_repository_url(dependency.repository);
  if (url.starts_with('@'))
    return make_error(Code::unsupported, "aliased repository dependency is not supported: " + url);
  if (!url.starts_with("oci") && !url.starts_with("http://") && !url.starts_with("https://"))
    return make_error(Code::unsupported, "invalid dependency repository URL: " + url);
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
  WEIR_TRY(ChartRepository repository,
           ChartRepository::open(ports_, ns_, spec, std::move(index))
               .with_context("failed to get chart repository for URL '" + url + "'"));
  WEIR_TRY(const helm::ChartVersion version,
           repository.choose(dependency.name, dependency.version)
               .with_context("failed to get chart '" + dependency.name + "' version '" +
                             dependency.version + "' from '" + dependency.repository + "'"));
  WEIR_TRY(const std::string bytes, repository.download(version).with_context(
                                  "chart download of version '" + version.version + "' failed"));
  WEIR_TRY(const auto checked, helm::load_chart_archive(bytes, dependency.name)
                                   .with_context("failed to load downloaded archive of version '" +
                                                 version.version + "'"));
  WEIR_TRY(std::vector<helm::ChartFile> inner, helm::read_chart_archive(bytes));
  return add_chart(dependency, checked.charts.root().metadata.name, std::move(inner), files);
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
