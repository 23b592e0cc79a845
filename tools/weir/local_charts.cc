#include "tools/weir/local_charts.hh"

#include <unistd.h>

#include <filesystem>

#include "adapters/clock/system_clock.hh"
#include "adapters/clock/system_random.hh"
#include "engine/base/targz.hh"
#include "engine/helm/load.hh"
#include "engine/helm/values.hh"
#include "engine/reconcile/chart_repository.hh"
#include "tools/weir/chart_text.hh"
#include "tools/weir/local_schemas.hh"

namespace weir::cli {
namespace {

namespace fs = std::filesystem;

Result<helm::RenderRequest> render_request(const kustomize::ChartRequest& asked) {
  helm::RenderRequest request;
  request.compat = helm::Compat::helm_4_1;  // nulls as in Helm 3, which kustomize 5.7 asks for
  request.release.name = asked.release_name;
  if (asked.release_name.empty()) request.release.name = generated_release_name(asked.directory);
  request.release.ns = asked.ns.empty() ? context_namespace("", "") : asked.ns;
  request.capabilities = helm::Capabilities::defaults(request.compat);
  if (!asked.kube_version.empty()) {
    WEIR_TRY(request.capabilities.kube_version,
             helm::KubeVersion::parse(asked.kube_version)
                 .with_context("invalid kube version '" + asked.kube_version + "'"));
  }
  for (const std::string& version : asked.api_versions)
    request.capabilities.api_versions.push_back(version);
  return request;
}

// The values texts, each over the one before.
Result<helm::TablePtr> merged_values(const std::vector<std::string>& texts) {
  helm::ValueSources sources;
  for (std::size_t i = 0; i < texts.size(); ++i) sources.files.push_back(std::to_string(i));
  return helm::merge_value_sources(sources, [&](const std::string& name) -> Result<std::string> {
    return texts[std::stoul(name)];
  });
}

}  // namespace

struct LocalCharts::Network {
  std::string spool;
  std::unique_ptr<Remotes> remotes;

  ~Network() {
    std::error_code error;
    remotes.reset();
    if (!spool.empty()) fs::remove_all(spool, error);
  }
};

LocalCharts::LocalCharts() = default;
LocalCharts::~LocalCharts() = default;

Result<std::shared_ptr<const base::FileTree>> LocalCharts::pull(
    const kustomize::ChartSource& source) {
  if (network_ == nullptr) {
    auto network = std::make_unique<Network>();
    std::error_code error;
    std::string spool = (fs::temp_directory_path(error) / "weir-charts-XXXXXX").string();
    if (::mkdtemp(spool.data()) == nullptr) return make_error(Code::io, "cannot create " + spool);
    network->spool = spool;
    WEIR_TRY(network->remotes, Remotes::open(spool));
    network_ = std::move(network);
  }
  reconcile::ChartPorts ports;
  ports.download = &network_->remotes->downloads();
  ports.registry = &network_->remotes->registry();
  model::HelmRepositorySpec repository;
  repository.url = source.repo;
  repository.oci = source.repo.starts_with("oci://");
  repository.timeout = std::chrono::seconds(60);
  WEIR_TRY(reconcile::ChartRepository charts,
           reconcile::ChartRepository::open(ports, "", repository, {}));
  const std::string range = source.version.empty() && source.devel ? ">0.0.0-0" : source.version;
  WEIR_TRY(const helm::ChartVersion version, charts.find(source.name, range));
  WEIR_TRY(const std::string bytes, charts.download(version));
  WEIR_TRY(std::shared_ptr<const base::FileTree> tree, base::unpack_targz(bytes));
  return tree;
}

Result<std::string> LocalCharts::inflate(const base::FileTree& tree,
                                         const kustomize::ChartRequest& asked) {
  WEIR_TRY(helm::RenderRequest request, render_request(asked));
  const clock::SystemClock clock;
  clock::SystemRandom random;
  LocalSchemas schemas(LocalSchemas::Files::read);
  request.schemas = &schemas;
  request.engine.clock = &clock;
  request.engine.random = &random;
  if (!asked.name_template.empty()) {
    if (!asked.release_name.empty())
      return make_error(Code::invalid, "cannot set --name-template and also specify a name");
    WEIR_TRY(request.release.name, templated_release_name(asked.name_template, request.engine));
  }
  WEIR_TRY(const helm::TablePtr values, merged_values(asked.values));
  WEIR_TRY(const helm::LoadedChart loaded, helm::load_chart(tree, asked.directory));
  const helm::Chart& root = loaded.charts.root();
  if (!root.metadata.type.empty() && root.metadata.type != "application")
    return make_error(Code::invalid, root.metadata.type + " charts are not installable");
  WEIR_CHECK(helm::check_dependencies(root, request.compat == helm::Compat::helm_4_1));
  WEIR_CHECK(helm::check_release_name(request.release.name));
  WEIR_TRY(const helm::RenderedChart rendered, helm::render_chart(loaded.charts, *values, request));
  return chart_text(rendered, {asked.include_crds, asked.skip_hooks, asked.skip_tests});
}

}  // namespace weir::cli
