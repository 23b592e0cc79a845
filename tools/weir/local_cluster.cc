#include "tools/weir/local_cluster.hh"

#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "api/artifact_files.hh"
#include "api/kube/kubeconfig.hh"

namespace weir::cli {
namespace {

constexpr const char* default_listen = "127.0.0.1:6480";

}  // namespace

Result<std::unique_ptr<api::kube::HttpFront>> listen_on(const std::string& address) {
  WEIR_TRY(const Address parsed, parse_address(address.empty() ? default_listen : address));
  api::kube::FrontOptions front;
  front.address = parsed.host;
  front.port = parsed.port;
  front.tls = true;  // kubectl sends its token over TLS only
  auto opened = api::kube::listen(front);
  if (opened.ok() || !address.empty()) return opened;
  front.port = 0;
  return api::kube::listen(front);
}

void LocalOptions::add_to(Args& args) {
  args.option("--data-dir", data_dir, "Where the event log and all state are kept.");
  args.option("--listen", listen,
              "ADDRESS:PORT of the API. Default: 127.0.0.1:6480, or a free port.");
  args.option("--write-kubeconfig", write_kubeconfig,
              "Writes a kubeconfig for the API to this file.");
  args.choice("--log-level", log, {"debug", "info", "error", "off"}, "Log lines on stderr.");
  args.option("--pod-start-delay", pod_start_ms, "Milliseconds until a simulated pod is ready.");
}

log::Level LocalOptions::log_level() const {
  if (log == "debug") return log::Level::debug;
  if (log == "info") return log::Level::info;
  return log == "error" ? log::Level::error : log::Level::off;
}

Result<std::unique_ptr<LocalCluster>> LocalCluster::open(const LocalOptions& options) {
  std::unique_ptr<LocalCluster> out(new LocalCluster);
  const std::string directory =
      options.data_dir.empty() ? default_data_directory() : options.data_dir;
  WEIR_TRY(out->front_, listen_on(options.listen));
  WEIR_TRY(out->stores_,
           open_stores(directory, out->front_->url(), out->clock_, options.care));
  WEIR_TRY(out->token_, load_or_create_token(directory));
  api::kube::ServerOptions server;
  server.kv = out->stores_.kv.get();
  server.clock = &out->clock_;
  server.seed = static_cast<std::uint64_t>(out->clock_.now());
  server.pod_start_delay = std::chrono::milliseconds(options.pod_start_ms);
  server.sealing = out->stores_.key;
  server.credentials = {{out->token_, "admin", {"system:masters"}}};
  WEIR_TRY(out->server_, api::kube::KubeServer::open(server));
  out->driver_ = api::kube::drive(*out->server_);
  out->kube_ = out->server_->local_api();
  out->git_ = std::make_unique<git::GitMirrors>(directory + "/git");
  WEIR_TRY(out->http_, net::HttpClient::create({}));
  out->bases_ = std::make_unique<remote::RemoteBases>(*out->git_, *out->http_);
  WEIR_TRY(out->remotes_, Remotes::open(directory + "/tmp"));
  reconcile::Ports ports{out->kube_.get(),
                         out->git_.get(),
                         out->stores_.artifacts.get(),
                         out->stores_.port.get(),
                         &out->clock_,
                         out->bases_.get(),
                         &out->remotes_->downloads(),
                         &out->remotes_->registry(),
                         nullptr,
                         &out->clusters_};
  out->schemas_ = std::make_unique<remote::SchemaDocuments>(*out->http_, out->clock_);
  ports.schemas = out->schemas_.get();
  ports.buckets = &out->remotes_->buckets();
  reconcile::EngineOptions engine = options.engine;
  WEIR_CHECK(prepare_recording(options.care, engine));
  out->engine_ = std::make_unique<reconcile::Engine>(ports, std::move(engine));
  out->stores_.caretaker->tell_engine(out->engine_.get());
  out->stores_.caretaker->also_export_to(*out->kube_, options.care.checkpoint_config_map);
  out->stores_.caretaker->begin();
  api::audit::AuditOptions audit = out->stores_.audit(out->clock_);
  audit.engine = out->engine_.get();
  audit.kube = out->kube_.get();
  audit.remote = out->bases_.get();
  audit.token = out->token_;
  out->audit_ = std::make_unique<api::audit::AuditApi>(audit);
  LocalCluster* self = out.get();
  for (const char* path : {"/weir/", "/metrics", "/readyz"})
    out->front_->route(path, [self](const auto& request) { return self->audit_->handle(request); });
  for (const char* path : {"/gitrepository/", "/ocirepository/", "/helmrepository/", "/helmchart/",
                           "/bucket/"})
    out->front_->route(path, [self](const auto& request) {
      return api::serve_artifact(*self->stores_.artifacts, request);
    });
  out->front_->route("/", [self](const auto& request) { return self->server_->handle(request); });
  WEIR_CHECK(out->write_kubeconfigs(options.write_kubeconfig));
  return out;
}

LocalCluster::~LocalCluster() {
  if (!stores_.directory.empty()) remove_serving(stores_.directory);
  if (engine_ != nullptr) {
    stores_.caretaker->tell_engine(nullptr);
    engine_->stop();
  }
  stores_.caretaker.reset();  // signs once more, and may write to the cluster
  front_.reset();
}

Result<void> LocalCluster::write_kubeconfigs(const std::string& copy) {
  const std::string text = api::kube::kubeconfig(front_->url(), token_, front_->certificate());
  kubeconfig_ = stores_.directory + "/kubeconfig";
  WEIR_CHECK(write_file(kubeconfig_, text, 0600));
  if (!copy.empty()) WEIR_CHECK(write_file(copy, text, 0600));
  return {};
}

Result<void> LocalCluster::start() {
  WEIR_CHECK(engine_->start());
  return write_serving(stores_.directory,
                       {front_->url(), token_, kubeconfig_, front_->certificate()});
}

std::unique_ptr<RepositoryWatch> LocalCluster::watch_repository(const std::string& url,
                                                                const std::string& name) {
  constexpr std::string_view scheme = "file://";
  if (!url.starts_with(scheme)) return nullptr;
  return std::make_unique<RepositoryWatch>(*kube_, clock_, url.substr(scheme.size()), name);
}

RepositoryWatch::RepositoryWatch(reconcile::KubeApi& kube, const base::Clock& clock,
                                 std::string directory, std::string name)
    : kube_(kube), clock_(clock), directory_(std::move(directory)), name_(std::move(name)) {
  inotify_ = ::inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
  if (inotify_ < 0 || ::pipe(stop_pipe_) != 0) return;  // the interval still finds the change
  for (const char* below : {"/.git", "/.git/refs/heads", "/refs/heads", ""})
    ::inotify_add_watch(inotify_, (directory_ + below).c_str(), IN_MOVED_TO | IN_CLOSE_WRITE);
  thread_ = std::thread([this] { watch(); });
}

RepositoryWatch::~RepositoryWatch() {
  if (thread_.joinable()) {
    const char stop = 's';
    if (::write(stop_pipe_[1], &stop, 1) == 1) thread_.join();
  }
  for (const int fd : {inotify_, stop_pipe_[0], stop_pipe_[1]})
    if (fd >= 0) ::close(fd);
}

void RepositoryWatch::watch() {
  while (true) {
    pollfd fds[2] = {{inotify_, POLLIN, 0}, {stop_pipe_[0], POLLIN, 0}};
    if (::poll(fds, 2, -1) < 0) return;
    if (fds[1].revents != 0) return;
    alignas(inotify_event) char buffer[4096];
    bool moved = false;
    ssize_t size;
    while ((size = ::read(inotify_, buffer, sizeof buffer)) > 0)
      for (const char* at = buffer; at < buffer + size;) {
        const auto* event = reinterpret_cast<const inotify_event*>(at);
        const std::string_view name = event->len > 0 ? event->name : "";
        // Git writes references as "<name>.lock" and renames them into place.
        moved = moved || (!name.ends_with(".lock") && name != "index" && name != "COMMIT_EDITMSG");
        at += sizeof(inotify_event) + event->len;
      }
    if (moved) request();
  }
}

void RepositoryWatch::request() {
  reconcile::WriteOptions write;
  write.field_manager = "weir-up";
  const Value annotations = Value::object(
      {{"reconcile.fluxcd.io/requestedAt", base::format_rfc3339_micro(clock_.now())}});
  const Value patch = Value::object({{"metadata", Value::object({{"annotations", annotations}})}});
  const ObjectId id{{"source.toolkit.fluxcd.io", "v1", "GitRepository"}, "flux-system", name_};
  static_cast<void>(kube_.patch(id, reconcile::PatchType::merge, patch, write));
}

}  // namespace weir::cli
