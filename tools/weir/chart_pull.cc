#include "tools/weir/chart_pull.hh"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>

#include "engine/base/limits.hh"
#include "engine/reconcile/chart_repository.hh"
#include "engine/reconcile/source_secrets.hh"
#include "engine/template/format.hh"
#include "engine/value/yaml.hh"
#include "tools/weir/remotes.hh"

namespace weir::cli {
namespace {

namespace fs = std::filesystem;

// A folder of its own for what is too large for memory; gone with it.
class Spool {
 public:
  static Result<std::unique_ptr<Spool>> open() {
    std::error_code error;
    std::string path = (fs::temp_directory_path(error) / "weir-chart-XXXXXX").string();
    if (::mkdtemp(path.data()) == nullptr) return make_error(Code::io, "cannot create " + path);
    std::unique_ptr<Spool> out(new Spool(path));
    WEIR_TRY(out->remotes_, Remotes::open(path));
    return out;
  }
  ~Spool() {
    remotes_.reset();
    std::error_code error;
    fs::remove_all(path_, error);
  }
  Spool(const Spool&) = delete;
  Spool& operator=(const Spool&) = delete;
  Remotes& remotes() { return *remotes_; }

 private:
  explicit Spool(std::string path) : path_(std::move(path)) {}
  const std::string path_;
  std::unique_ptr<Remotes> remotes_;
};

Result<std::string> read_small(const std::string& name) {
  return read_bounded(name, base::limits::yaml_bytes_max);
}

std::string environment(const char* variable) {
  const char* found = std::getenv(variable);
  return found == nullptr ? "" : found;
}

std::string helm_config_folder() {
  if (std::string home = environment("HELM_CONFIG_HOME"); !home.empty()) return home;
  const std::string xdg = environment("XDG_CONFIG_HOME");
  return (xdg.empty() ? environment("HOME") + "/.config" : xdg) + "/helm";
}

std::string config_file(const PullOptions& options) {
  if (!options.repository_config.empty()) return options.repository_config;
  if (std::string path = environment("HELM_REPOSITORY_CONFIG"); !path.empty()) return path;
  return helm_config_folder() + "/repositories.yaml";
}

// What `helm repo add` has noted down; null when it never ran.
Result<Value> known_repositories(const PullOptions& options) {
  const std::string file = config_file(options);
  std::error_code error;
  if (!fs::exists(file, error)) return Value();
  WEIR_TRY(const std::string text, read_small(file));
  value::YamlOptions yaml;
  yaml.file = file;
  WEIR_TRY(const Value config, value::parse_yaml(text, yaml));
  return config["repositories"];
}

// A noted repository, laid over `options`.
PullOptions with_repository(const Value& entry, const PullOptions& options) {
  PullOptions out = options;
  const auto fill = [&entry](std::string& target, std::string_view member) {
    if (target.empty()) target = entry[member].get_string();
  };
  fill(out.repo, "url");
  fill(out.username, "username");
  fill(out.password, "password");
  fill(out.ca_file, "caFile");
  fill(out.cert_file, "certFile");
  fill(out.key_file, "keyFile");
  const auto flag = [&entry](std::string_view member) {
    const Value& found = entry[member];
    return found.is_bool() && found.as_bool();
  };
  out.insecure_skip_tls_verify |= flag("insecure_skip_tls_verify");
  out.pass_credentials |= flag("pass_credentials_all");
  return out;
}

Result<PullOptions> known_repository(const std::string& name, const PullOptions& options) {
  WEIR_TRY(const Value known, known_repositories(options));
  for (const Value& entry : known.items())
    if (entry["name"].get_string() == name) return with_repository(entry, options);
  return make_error(Code::not_found, "repo " + name + " not found");
}

Result<reconcile::RemoteAccess> access_of(const PullOptions& options) {
  reconcile::RemoteAccess access;
  access.username = options.username;
  access.password = options.password;
  access.skip_verification = options.insecure_skip_tls_verify;
  access.plain_http = options.plain_http;
  if (!options.ca_file.empty()) {
    WEIR_TRY(access.ca_pem, read_small(options.ca_file));
  }
  if (!options.cert_file.empty()) {
    WEIR_TRY(access.cert_pem, read_small(options.cert_file));
  }
  if (!options.key_file.empty()) {
    WEIR_TRY(access.key_pem, read_small(options.key_file));
  }
  return access;
}

// Where `helm registry login` and `docker login` note down what they were told.
std::vector<std::string> login_files(const PullOptions& options) {
  std::vector<std::string> files;
  if (!options.registry_config.empty()) {
    files.push_back(options.registry_config);
  } else if (std::string path = environment("HELM_REGISTRY_CONFIG"); !path.empty()) {
    files.push_back(std::move(path));
  } else {
    files.push_back(helm_config_folder() + "/registry/config.json");
  }
  const std::string docker = environment("DOCKER_CONFIG");
  files.push_back((docker.empty() ? environment("HOME") + "/.docker" : docker) + "/config.json");
  return files;
}

// The logins of those files; of two for one registry the first file's counts.
Result<void> add_logins(const PullOptions& options, reconcile::RemoteAccess& access) {
  for (const std::string& file : login_files(options)) {
    std::error_code error;
    if (!fs::is_regular_file(file, error)) continue;
    WEIR_TRY(std::string text, read_small(file));
    WEIR_CHECK(
        reconcile::add_logins({{".dockerconfigjson", std::move(text)}}, access).with_context(file));
  }
  return {};
}

// What the sources' words are in Helm's, for a repository that --repo names.
Error in_helms_words(Error error, const std::string& chart, const std::string& version,
                     const PullOptions& options) {
  static constexpr std::string_view context = "failed to get chart version for remote reference: ";
  static constexpr std::string_view no_index =
      "failed to cache index: failed to cache index to temporary file: ";
  std::string_view message = error.message;
  if (message.starts_with(context)) message.remove_prefix(context.size());
  if (message.starts_with(no_index)) {
    error.message = "looks like " + tmpl::quoted(options.repo) +
                    " is not a valid chart repository or cannot be reached: " +
                    std::string(message.substr(no_index.size()));
  } else if (error.code == Code::not_found) {
    error.message = "chart " + tmpl::quoted(chart) +
                    (version.empty() ? "" : " version " + tmpl::quoted(version)) +
                    " not found in " + options.repo + " repository";
  }
  return error;
}

// The repository at options.repo.
Result<reconcile::ChartRepository> repository_of(Remotes& remotes, const PullOptions& options) {
  reconcile::ChartPorts ports;
  ports.download = &remotes.downloads();
  ports.registry = &remotes.registry();
  model::HelmRepositorySpec repository;
  repository.url = options.repo;
  repository.oci = options.repo.starts_with("oci://");
  repository.pass_credentials = options.pass_credentials;
  WEIR_TRY(reconcile::RemoteAccess access, access_of(options));
  if (repository.oci && access.username.empty()) WEIR_CHECK(add_logins(options, access));
  return reconcile::ChartRepository::reached_by(ports, repository, std::move(access));
}

// The last part of a URL's path.
std::string file_name_of(std::string_view url) {
  url = url.substr(0, url.find_first_of("?#"));
  return std::string(url.substr(url.rfind('/') + 1));
}

Result<PulledChart> pull_from(Remotes& remotes, const std::string& chart, std::string version,
                              const PullOptions& options) {
  WEIR_TRY(auto charts, repository_of(remotes, options));
  if (version.empty() && options.devel) version = ">0.0.0-0";
  const auto found = charts.find(chart, version);
  if (!found.ok() && !options.repo.starts_with("oci://"))
    return in_helms_words(found.error(), chart, version, options);
  if (!found.ok()) return found.error();
  PulledChart out;
  WEIR_TRY(out.package, charts.download(*found));
  if (!options.provenance) return out;
  out.file_name = options.repo.starts_with("oci://")
                      ? file_name_of(chart) + "-" + found->version + ".tgz"
                      : file_name_of(found->urls.front());
  WEIR_TRY(out.provenance, charts.download_provenance(*found));
  return out;
}

Result<PulledChart> pull_url(Remotes& remotes, const std::string& url, const PullOptions& options) {
  reconcile::DownloadRequest request;
  request.url = url;
  WEIR_TRY(request.access, access_of(options));
  request.bytes_max = base::limits::helm_package_bytes_max;
  PulledChart out;
  const auto read = [&](std::string& bytes) -> Result<void> {
    WEIR_TRY(const auto payload, remotes.downloads().download(request));
    WEIR_TRY(bytes, payload->bytes(base::limits::helm_package_bytes_max));
    return {};
  };
  WEIR_CHECK(read(out.package));
  if (!options.provenance) return out;
  out.file_name = file_name_of(url);
  request.url += ".prov";
  if (!read(out.provenance).ok())
    return make_error(Code::not_found, "failed to fetch provenance " + tmpl::quoted(request.url));
  return out;
}

// "oci://host/path/chart:1.2.3": the repository, the chart and, where it is named, the version.
Result<PulledChart> pull_oci(Remotes& remotes, std::string url, PullOptions options) {
  std::size_t slash = url.rfind('/');
  if (slash < std::string_view("oci://").size() || slash + 1 == url.size())
    return make_error(Code::invalid, "invalid reference: " + url + " names no chart in a registry");
  std::string version = options.version;
  if (const std::size_t colon = url.find(':', slash); colon != std::string::npos) {
    const std::string tag = url.substr(colon + 1);
    if (!version.empty() && version != tag)
      return make_error(Code::invalid,
                        "chart reference and version mismatch: " + version + " is not " + tag);
    version = tag;
    url.resize(colon);
  }
  options.repo = url.substr(0, slash);
  return pull_from(remotes, url.substr(slash + 1), version, options);
}

}  // namespace

Result<std::string> read_bounded(const std::string& name, std::size_t bytes_max) {
  std::ifstream in(name, std::ios::binary);
  std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  if (!in) return make_error(Code::not_found, "open " + name + ": no such file or directory");
  if (text.size() > bytes_max)
    return make_error(Code::limit,
                      name + " is longer than " + std::to_string(bytes_max) + " bytes");
  return text;
}

bool is_remote_chart(const std::string& chart, const PullOptions& options) {
  if (!options.repo.empty() || chart.find("://") != std::string::npos) return true;
  const std::size_t slash = chart.find('/');
  return slash != std::string::npos && slash > 0 && slash + 1 < chart.size() && chart[0] != '.';
}

Result<PulledChart> pull_chart(const std::string& chart, const PullOptions& options) {
  WEIR_TRY(const auto spool, Spool::open());
  Remotes& remotes = spool->remotes();
  if (!options.repo.empty()) return pull_from(remotes, chart, options.version, options);
  if (chart.starts_with("oci://")) return pull_oci(remotes, chart, options);
  if (chart.starts_with("http://") || chart.starts_with("https://"))
    return pull_url(remotes, chart, options);
  const std::size_t scheme = chart.find("://");
  if (scheme != std::string::npos)
    return make_error(Code::unsupported,
                      "scheme \"" + chart.substr(0, scheme) + "\" not supported");
  const std::size_t slash = chart.find('/');
  WEIR_TRY(const PullOptions known, known_repository(chart.substr(0, slash), options));
  return pull_from(remotes, chart.substr(slash + 1), known.version, known);
}

Result<std::string> known_repository_url(const std::string& name, const PullOptions& options) {
  WEIR_TRY(const PullOptions known, known_repository(name, options));
  return known.repo;
}

struct RepositoryCharts::World {
  std::unique_ptr<Spool> spool;
  Value known;  // of repositories.yaml
};

RepositoryCharts::RepositoryCharts(const PullOptions& options, std::unique_ptr<World> world)
    : options_(options), world_(std::move(world)) {}
RepositoryCharts::~RepositoryCharts() = default;

Result<std::unique_ptr<RepositoryCharts>> RepositoryCharts::open(const PullOptions& options) {
  auto world = std::make_unique<World>();
  WEIR_TRY(world->spool, Spool::open());
  WEIR_TRY(world->known, known_repositories(options));
  return std::unique_ptr<RepositoryCharts>(new RepositoryCharts(options, std::move(world)));
}

Result<reconcile::ChartRepository*> RepositoryCharts::opened(const std::string& url) {
  const std::string key = reconcile::normalized_repository_url(url);
  if (const auto found = repositories_.find(key); found != repositories_.end())
    return &found->second;
  PullOptions options = options_;
  options.repo = url;
  for (const Value& entry : world_->known.items())
    if (reconcile::normalized_repository_url(entry["url"].get_string()) == key)
      options = with_repository(entry, options);
  WEIR_TRY(auto repository, repository_of(world_->spool->remotes(), options));
  return &repositories_.emplace(key, std::move(repository)).first->second;
}

Result<helm::ChartVersion> RepositoryCharts::find(const std::string& url, const std::string& chart,
                                                  const std::string& range) {
  WEIR_TRY(reconcile::ChartRepository* const repository, opened(url));
  auto found = repository->find(chart, range);
  if (found.ok() || found.error().reason == "InvalidChartReference" || url.starts_with("oci://"))
    return found;
  PullOptions options = options_;
  options.repo = url;
  return in_helms_words(std::move(found).error(), chart, range, options);
}

Result<std::string> RepositoryCharts::download(const std::string& url,
                                               const helm::ChartVersion& version) {
  WEIR_TRY(reconcile::ChartRepository* const repository, opened(url));
  return repository->download(version);
}

}  // namespace weir::cli
