#include "tools/weir/connection.hh"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <mutex>

#include "engine/base/duration.hh"
#include "engine/model/condition.hh"
#include "tools/weir/host.hh"

namespace weir::cli {
namespace {

std::string environment(const char* name, std::string fallback = {}) {
  const char* text = std::getenv(name);
  return text == nullptr || *text == '\0' ? fallback : std::string(text);
}

bool is_dns_label(std::string_view text) {
  const auto alphanumeric = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  if (text.empty() || text.size() > 63) return false;
  if (!alphanumeric(text.front()) || !alphanumeric(text.back())) return false;
  for (const char c : text)
    if (!alphanumeric(c) && c != '-') return false;
  return true;
}

// Events from the watch's thread to the waiting one.
class Mailbox {
 public:
  void post(reconcile::WatchEvent event) {
    const std::lock_guard lock(mutex_);
    events_.push_back(std::move(event));
    arrived_.notify_one();
  }
  std::optional<reconcile::WatchEvent> take(SteadyTime deadline) {
    std::unique_lock lock(mutex_);
    if (!arrived_.wait_until(lock, deadline, [&] { return !events_.empty(); })) return std::nullopt;
    reconcile::WatchEvent event = std::move(events_.front());
    events_.pop_front();
    return event;
  }

 private:
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<reconcile::WatchEvent> events_;
};

}  // namespace

void let_signals_end_it() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

void Connection::add_to(Args& args) {
  args_ = &args;
  ns_ = environment("FLUX_SYSTEM_NAMESPACE", "flux-system");
  follow_context_ = !environment("FLUX_NS_FOLLOWS_KUBE_CONTEXT").empty();
  const std::pair<const char*, std::pair<std::string*, const char*>> options[] = {
      {"-n,--namespace", {&ns_, "Namespace of the objects."}},
      {"--timeout", {&timeout_, "How long to wait."}},
      {"--kubeconfig", {&kubeconfig_, "A kubeconfig. Default: $KUBECONFIG, then a local weir."}},
      {"--context", {&context_, "Context of the kubeconfig."}},
      {"--cluster", {&cluster_, "Cluster of the kubeconfig."}},
      {"--user", {&user_, "User of the kubeconfig."}},
      {"--server", {&server_, "Address of the API server."}},
      {"--token", {&token_, "Bearer token for the API server."}},
      {"--as", {&as_, "User to impersonate."}},
      {"--as-uid", {&as_uid_, "UID to impersonate."}},
      {"--certificate-authority", {&authority_, "PEM file of whom to trust."}},
      {"--client-certificate", {&certificate_, "PEM file of a client certificate."}},
      {"--client-key", {&key_, "PEM file of its key."}},
      {"--tls-server-name", {&tls_name_, "Name to verify in the server's certificate."}},
      {"--cache-dir", {&cache_dir_, "Taken as flux takes it; nothing is cached on disk."}},
      {"--kube-api-qps", {&qps_, "Taken as flux takes it; requests are not throttled."}},
      {"--kube-api-burst", {&burst_, "The same."}},
  };
  for (const auto& [names, option] : options) args.option(names, *option.first, option.second);
  args.option("--as-group", as_groups_, "Group to impersonate; may be repeated.");
  args.option("--as-user-extra", as_extras_, "KEY=VALUE to impersonate; may be repeated.");
  args.flag("--insecure-skip-tls-verify", insecure_, "Takes any certificate of the server.");
  args.flag("--disable-compression", no_compression_, "Asks for no compressed answers.");
  args.flag("--verbose", verbose_, "Taken as flux takes it.");
  args.flag("--ns-follows-kube-context", follow_context_,
            "The namespace is that of the kubeconfig's context, unless --namespace is given.");
}

Result<void> Connection::check() {
  let_signals_end_it();
  if (!is_dns_label(ns_))
    return make_error(Code::invalid, "namespace must be a valid DNS label: \"" + ns_ + "\"");
  auto limit = base::parse_duration(timeout_);
  if (!limit.ok()) return std::move(limit).error().with_context("--timeout");
  deadline_ = std::chrono::steady_clock::now() + *limit;
  if (!kubeconfig_.empty() && ::access(kubeconfig_.c_str(), R_OK) != 0)
    return make_error(Code::invalid, "--kubeconfig: " + kubeconfig_ + ": " + std::strerror(errno));
  return {};
}

Result<kube::ClusterAccess> Connection::access() {
  kube::KubeconfigOptions options;
  options.context = context_;
  options.cluster = cluster_;
  options.user = user_;
  options.allow_exec = true;
  std::string file = kubeconfig_;
  if (file.empty() && environment("KUBECONFIG").empty()) {
    const auto serving = read_serving(default_data_directory());
    if (serving.ok()) file = serving->kubeconfig;
    local_weir_ = !file.empty();
  }
  auto found = kube::find_access(file, options);
  if (!found.ok() && found.error().code == Code::not_found && file.empty())
    return make_error(
        Code::not_found,
        "no cluster is configured: give --kubeconfig FILE, set KUBECONFIG, or start one "
        "with 'weir up'");
  return found;
}

Result<void> Connection::apply_tls_flags(kube::ClusterAccess& access) const {
  const auto read = [](const char* flag, const std::string& path,
                       std::string& out) -> Result<void> {
    if (path.empty()) return {};
    auto text = read_file(path);
    if (!text.ok())
      return make_error(Code::invalid, std::string(flag) + ": " + text.error().message);
    out = std::move(*text);
    return {};
  };
  WEIR_CHECK(read("--certificate-authority", authority_, access.tls.ca_pem));
  WEIR_CHECK(read("--client-certificate", certificate_, access.tls.cert_pem));
  WEIR_CHECK(read("--client-key", key_, access.tls.key_pem));
  if (!tls_name_.empty()) access.tls.server_name = tls_name_;
  access.tls.insecure = access.tls.insecure || insecure_;
  access.disable_compression = access.disable_compression || no_compression_;
  return {};
}

Result<void> Connection::apply_flags(kube::ClusterAccess& access) const {
  if (!server_.empty()) access.server = server_;
  if (!token_.empty()) {
    access.token = token_;
    access.token_file.clear();
    access.exec.reset();
  }
  WEIR_CHECK(apply_tls_flags(access));
  if (as_.empty()) {
    if (as_uid_.empty() && as_groups_.empty() && as_extras_.empty()) return {};
    return make_error(Code::invalid, "--as-uid, --as-group and --as-user-extra need --as");
  }
  access.impersonate = {{"Impersonate-User", as_}};
  if (!as_uid_.empty()) access.impersonate.push_back({"Impersonate-Uid", as_uid_});
  for (const std::string& group : as_groups_)
    access.impersonate.push_back({"Impersonate-Group", group});
  for (const std::string& extra : as_extras_) {
    const std::size_t at = extra.find('=');
    if (at == 0 || at == std::string::npos)
      return make_error(Code::invalid, "--as-user-extra: \"" + extra + "\" is not KEY=VALUE");
    access.impersonate.push_back(
        {"Impersonate-Extra-" + extra.substr(0, at), extra.substr(at + 1)});
  }
  return {};
}

Result<void> Connection::open() {
  WEIR_CHECK(check());
  WEIR_TRY(kube::ClusterAccess found, access());
  if (follow_context_ && !args_->given("--namespace") && !found.ns.empty()) ns_ = found.ns;
  WEIR_CHECK(apply_flags(found));
  WEIR_TRY(client_, kube::KubeClient::create(std::move(found)));
  return {};
}

std::vector<char*> flags_behind_verb(int argc, char** argv) {
  // With a value, but for those that end in '!'.
  constexpr std::string_view known[] = {"-n",
                                        "--namespace",
                                        "--timeout",
                                        "--kubeconfig",
                                        "--context",
                                        "--cluster",
                                        "--user",
                                        "--server",
                                        "--token",
                                        "--as",
                                        "--as-uid",
                                        "--as-group",
                                        "--as-user-extra",
                                        "--certificate-authority",
                                        "--client-certificate",
                                        "--client-key",
                                        "--tls-server-name",
                                        "--cache-dir",
                                        "--kube-api-qps",
                                        "--kube-api-burst",
                                        "--insecure-skip-tls-verify!",
                                        "--disable-compression!",
                                        "--verbose!",
                                        "--ns-follows-kube-context!"};
  std::vector<char*> words, flags;
  int at = 0;
  while (at < argc) {
    const std::string_view text = argv[at];
    if (!text.starts_with('-')) {
      words.push_back(argv[at++]);
      continue;
    }
    const std::string_view name = text.substr(0, text.find('='));
    const auto is_it = [&](std::string_view flag) {
      return flag == name || (flag.ends_with('!') && flag.substr(0, flag.size() - 1) == name);
    };
    const auto* found = std::find_if(std::begin(known), std::end(known), is_it);
    if (found == std::end(known)) break;
    static char short_namespace[] = "-n";
    if (text.starts_with("-n=")) {
      flags.insert(flags.end(), {short_namespace, argv[at++] + 3});
      continue;
    }
    flags.push_back(argv[at++]);
    if (!found->ends_with('!') && name.size() == text.size() && at < argc)
      flags.push_back(argv[at++]);
  }
  words.insert(words.end(), flags.begin(), flags.end());
  words.insert(words.end(), argv + at, argv + argc);
  return words;
}

void follow(const Connection& connection, const reconcile::WatchOptions& options,
            const std::function<bool(const reconcile::WatchEvent&)>& take) {
  Mailbox mailbox;
  const auto watch = connection.kube().watch(
      options, [&mailbox](reconcile::WatchEvent event) { mailbox.post(std::move(event)); });
  while (auto event = mailbox.take(connection.deadline()))
    if (!take(*event)) return;
}

Result<Value> wait_for(const Connection& connection, const ObjectId& id, const WaitTest& done) {
  reconcile::WatchOptions options;
  options.gvk = id.gvk;
  options.ns = id.ns;
  options.field_selector = "metadata.name=" + id.name;
  Value latest;
  std::optional<Result<void>> answer;
  follow(connection, options, [&](const reconcile::WatchEvent& event) {
    if (event.type == reconcile::WatchType::failed) {
      answer = event.error;
      return false;
    }
    if (event.type == reconcile::WatchType::deleted) latest = Value();
    if (event.type == reconcile::WatchType::added || event.type == reconcile::WatchType::modified)
      latest = event.object;
    answer = done(latest);
    return !answer.has_value();
  });
  if (!answer) {
    const auto state = model::condition_message(latest.path("status", "conditions"), "Ready");
    return make_error(Code::timeout, "timed out after " + connection.timeout() + " waiting for " +
                                         id.subject() + (state.empty() ? "" : ": ") +
                                         std::string(state));
  }
  if (!answer->ok()) return std::move(*answer).error();
  return latest;
}

}  // namespace weir::cli
