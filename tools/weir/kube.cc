// `weir kube`: the embedded Kubernetes API alone.
#include <cstdio>
#include <filesystem>

#include "adapters/clock/system_clock.hh"
#include "api/kube/driver.hh"
#include "api/kube/http_front.hh"
#include "api/kube/kubeconfig.hh"
#include "api/kube/server.hh"
#include "tools/weir/args.hh"
#include "tools/weir/host.hh"
#include "tools/weir/verbs.hh"

namespace weir::cli {

namespace {

struct KubeFlags {
  std::string data_dir;
  std::string listen = "127.0.0.1:6443";
  std::string kubeconfig = "weir.kubeconfig";
  bool tls = true;
};

Result<std::string> token_for(const std::string& directory) {
  if (!directory.empty()) return load_or_create_token(directory);
  return api::kube::random_token();
}

Result<int> serve(const KubeFlags& flags) {
  WEIR_TRY(const Address address, parse_address(flags.listen));
  api::kube::ServerOptions options;
  std::unique_ptr<store::Kv> kv = store::make_memory_kv();
  if (!flags.data_dir.empty()) {
    std::error_code error;
    std::filesystem::create_directories(flags.data_dir, error);
    if (error)
      return make_error(Code::io, "cannot create " + flags.data_dir + ": " + error.message());
    std::filesystem::permissions(flags.data_dir, std::filesystem::perms::owner_all, error);
    WEIR_TRY(kv, store::open_rocks({.directory = flags.data_dir + "/kube"}));
    WEIR_TRY(options.sealing, store::SealingKey::load_or_create(flags.data_dir + "/sealing.key"));
  }
  WEIR_TRY(const std::string token, token_for(flags.data_dir));
  clock::SystemClock clock;
  options.kv = kv.get();
  options.clock = &clock;
  options.seed = static_cast<std::uint64_t>(clock.now());
  options.credentials = {{token, "admin", {"system:masters", "system:authenticated"}}};
  WEIR_TRY(const auto server, api::kube::KubeServer::open(options));
  const auto driver = api::kube::drive(*server);
  WEIR_TRY(const auto front,
           api::kube::listen(
               {.address = address.host, .port = address.port, .threads = 2, .tls = flags.tls}));
  front->route("/",
               [&server](const api::kube::Request& request) { return server->handle(request); });
  WEIR_CHECK(write_file(flags.kubeconfig,
                        api::kube::kubeconfig(front->url(), token, front->certificate()), 0600));
  std::printf("► Kubernetes API %s\n► export KUBECONFIG=%s\n", front->url().c_str(),
              flags.kubeconfig.c_str());
  std::fflush(stdout);
  while (!wait_for_signal(1000)) {
  }
  return 0;
}

}  // namespace

int run_kube(int argc, char** argv) {
  KubeFlags flags;
  Args args("kube",
            "Serves a Kubernetes API without a cluster: objects, server-side apply, simulated "
            "workloads.");
  args.option("--data-dir", flags.data_dir, "where objects are kept; in memory without it");
  args.option("--listen", flags.listen, "address and port");
  args.option("--write-kubeconfig", flags.kubeconfig, "where to write the kubeconfig for it");
  if (const auto code = args.parse(argc, argv)) return *code;
  const Result<int> done = serve(flags);
  return done.ok() ? *done : failed(done.error());
}

}  // namespace weir::cli
