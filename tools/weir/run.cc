// weir run: the engine against a cluster, in a pod or from outside with a kubeconfig.
#include <cstdio>

#include "adapters/kube/client.hh"
#include "adapters/kube/remote_clusters.hh"
#include "adapters/net/system_hosts.hh"
#include "adapters/notify/event_poster.hh"
#include "adapters/remote/remote_bases.hh"
#include "adapters/remote/schema_documents.hh"
#include "engine/base/log.hh"
#include "tools/weir/args.hh"
#include "tools/weir/cluster_server.hh"
#include "tools/weir/feature_gates.hh"
#include "tools/weir/host.hh"
#include "tools/weir/remotes.hh"
#include "tools/weir/verbs.hh"

namespace weir::cli {
namespace {

struct RunOptions {
  std::string kubeconfig, context, data_dir, listen = "127.0.0.1:9790", advertise, log = "info";
  std::string retry_min = "750ms", retry_max = "15m", requeue = "30s", full_check = "1h";
  std::string stage_kinds, events_addr, gates;
  int concurrent = 16, jitter = 5, concurrent_ssa = 4;
  bool text_log = false, insecure_kubeconfig_tls = false;
  reconcile::EngineOptions engine;
  FeatureGates features;
  CareOptions care;
};

std::optional<int> parse(RunOptions& o, int argc, char** argv) {
  Args args(
      "run",
      "Reconciles the Flux objects of a cluster: in a pod as its service account, outside with "
      "a kubeconfig.");
  args.option("--kubeconfig", o.kubeconfig,
              "Path of a kubeconfig. Default: $KUBECONFIG, then in-cluster.");
  args.option("--context", o.context, "Context of the kubeconfig.");
  args.option("--data-dir", o.data_dir, "Where the event log, artifacts and Git mirrors are kept.");
  args.option("--listen", o.listen, "ADDRESS:PORT of the audit API, artifacts and metrics.");
  args.option("--storage-adv-addr", o.advertise,
              "Host and port that artifact URLs name. Default: --listen.");
  args.option("--concurrent", o.concurrent, "Workers.");
  args.option("--concurrent-ssa", o.concurrent_ssa,
              "Server-side applies side by side in one stage.");
  args.option("--watch-namespace", o.engine.watch_namespace, "Only this namespace. Default: all.");
  args.flag("--no-cross-namespace-refs", o.engine.no_cross_namespace_refs,
            "Refuses sources of other namespaces.");
  args.flag("--no-remote-bases", o.engine.no_remote_bases,
            "Refuses remote bases in kustomizations.");
  args.option("--default-service-account", o.engine.default_service_account,
              "ServiceAccount to impersonate where none is named.");
  args.option("--min-retry-delay", o.retry_min, "First delay after a failed fetch.");
  args.option("--max-retry-delay", o.retry_max, "Longest delay after failed fetches.");
  args.option("--requeue-dependency", o.requeue, "Delay while a dependency is not ready.");
  args.option("--full-check-interval", o.full_check,
              "How often everything is compared by dry-run.");
  args.option("--prune-hold", o.engine.prune_hold_percent,
              "Holds a prune of more than this percentage of an inventory of 10 or more objects; "
              "100: never.");
  args.option("--events-addr", o.events_addr,
              "URL that events are posted to as well, as notification-controller takes them.");
  args.option("--custom-apply-stage-kinds", o.stage_kinds,
              "GROUP/KIND list, by commas: applied before the rest, after classes.");
  args.option("--external-sources", o.engine.external_sources,
              "Kind of sources that another controller still serves (OCIRepository, ...): read, "
              "never written; may be given several times.");
  args.option("--override-manager", o.engine.override_managers,
              "Field managers whose fields are taken over; may be given several times.");
  args.flag("--insecure-kubeconfig-tls", o.insecure_kubeconfig_tls,
            "Lets kubeconfigs of spec.kubeConfig turn the verification of certificates off.");
  args.option("--interval-jitter-percentage", o.jitter, "Jitter of intervals.");
  args.option("--feature-gates", o.gates,
              "NAME=true or NAME=false, by commas, of the gates of Flux's controllers: "
              "AllowDNSLookups, DefaultToRetryOnFailure, DisableChartDigestTracking, "
              "StrictPostBuildSubstitutions (on by default), UseHelm3Defaults.");
  args.option("--git-author-name", o.engine.git_author_name,
              "Who commits when 'weir rollback --git-revert' writes to a source's branch.");
  args.option("--git-author-email", o.engine.git_author_email, "The address of that author.");
  o.care.add_to(args);
  args.choice("--log-level", o.log, {"debug", "info", "error"}, "Least level of log lines.");
  args.flag("--log-text", o.text_log, "Text instead of JSON log lines.");
  return args.parse(argc, argv);
}

Result<void> read_options(RunOptions& o) {
  const auto read = [](const char* flag, const std::string& text,
                       base::Duration& out) -> Result<void> {
    auto parsed = base::parse_duration(text);
    if (!parsed.ok()) return std::move(parsed).error().with_context(flag);
    out = *parsed;
    return {};
  };
  WEIR_CHECK(parse_address(o.listen));
  WEIR_CHECK(read("--min-retry-delay", o.retry_min, o.engine.retry_delay_min));
  WEIR_CHECK(read("--max-retry-delay", o.retry_max, o.engine.retry_delay_max));
  WEIR_CHECK(read("--requeue-dependency", o.requeue, o.engine.requeue_dependency));
  WEIR_CHECK(read("--full-check-interval", o.full_check, o.engine.full_check_interval));
  auto features = read_feature_gates(o.gates, o.engine);
  if (!features.ok()) return std::move(features).error().with_context("--feature-gates");
  o.features = *features;
  o.engine.concurrent = static_cast<std::size_t>(std::max(1, o.concurrent));
  o.engine.concurrent_ssa = static_cast<std::size_t>(std::max(1, o.concurrent_ssa));
  o.engine.interval_jitter_percent = o.jitter;
  if (!o.stage_kinds.empty()) {
    WEIR_TRY(o.engine.stage_kinds, apply::parse_stage_kinds(o.stage_kinds));
  }
  return {};
}

Result<void> serve(RunOptions& o) {
  WEIR_CHECK(read_options(o));
  kube::KubeconfigOptions access_options;
  access_options.context = o.context;
  auto found = kube::find_access(o.kubeconfig, access_options);
  if (!found.ok() && found.error().code == Code::not_found && !o.kubeconfig.empty())
    return make_error(Code::invalid, "--kubeconfig: " + found.error().message);
  WEIR_TRY(kube::ClusterAccess access, std::move(found));
  const std::string server = access.server;
  WEIR_TRY(const auto client, kube::KubeClient::create(std::move(access)));
  const std::string directory = o.data_dir.empty() ? default_data_directory() : o.data_dir;
  clock::SystemClock clock;
  WEIR_TRY(Stores stores,
           open_stores(directory, o.advertise.empty() ? o.listen : o.advertise, clock, o.care));
  git::GitMirrors git(directory + "/git");
  WEIR_TRY(const auto http, net::HttpClient::create({}));
  remote::RemoteBases bases(git, *http);
  WEIR_TRY(const auto remotes, Remotes::open(directory + "/tmp"));
  reconcile::Ports ports{client.get(), &git,   stores.artifacts.get(), stores.port.get(),
                         &clock,       &bases, &remotes->downloads(),  &remotes->registry(),
                         nullptr};
  kube::RemoteClusters clusters(client.get(), o.insecure_kubeconfig_tls);
  ports.clusters = &clusters;
  ports.buckets = &remotes->buckets();
  net::SystemHosts hosts;
  if (o.features.dns_lookups) ports.hosts = &hosts;
  remote::SchemaDocuments schemas(*http, clock);
  ports.schemas = &schemas;
  std::unique_ptr<notify::EventPoster> events;
  if (!o.events_addr.empty()) {
    events = std::make_unique<notify::EventPoster>(*http, o.events_addr);
    ports.events = events.get();
  }
  WEIR_CHECK(prepare_recording(o.care, o.engine));
  reconcile::Engine engine(ports, o.engine);
  WEIR_TRY(const auto api, ClusterServer::open(o.listen, stores, engine, *client, &bases));
  stores.caretaker->also_export_to(*client, o.care.checkpoint_config_map);
  stores.caretaker->begin();
  WEIR_CHECK(engine.start());
  stores.caretaker->tell_engine(&engine);
  WEIR_CHECK(write_serving(directory, {api->url(), api->token(), "", ""}));
  log::info("weir runs", {{"cluster", server}, {"listen", o.listen}, {"dataDir", directory}});
  while (!wait_for_signal(60'000)) {
  }
  log::info("stopping");
  remove_serving(directory);
  stores.caretaker->tell_engine(nullptr);
  engine.stop();
  const kube::RequestCounts counts = client->counts();
  log::info("stopped", {{"requests", kube::describe(counts)}});
  return {};
}

}  // namespace

int run_run(int argc, char** argv) {
  RunOptions options;
  if (const auto code = parse(options, argc, argv)) return *code;
  log::configure(options.log == "debug"   ? log::Level::debug
                 : options.log == "error" ? log::Level::error
                                          : log::Level::info,
                 !options.text_log);
  const auto served = serve(options);
  return served.ok() ? 0 : failed(served.error());
}

}  // namespace weir::cli
