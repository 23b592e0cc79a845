#include "tools/weir/connection.hh"

#include <pthread.h>
#include <signal.h>

#include <condition_variable>
#include <cstdlib>
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
  ns_ = environment("FLUX_SYSTEM_NAMESPACE", "flux-system");
  follow_context_ = environment("FLUX_NS_FOLLOWS_KUBE_CONTEXT") == "true";
  args.option("-n,--namespace", ns_, "Namespace of the objects.");
  args.option("--timeout", timeout_, "How long to wait.");
  args.option("--kubeconfig", kubeconfig_,
              "Path of a kubeconfig. Default: $KUBECONFIG, then a local weir.");
  args.option("--context", context_, "Context of the kubeconfig.");
  args.option("--cluster", cluster_, "Cluster of the kubeconfig.");
  args.option("--user", user_, "User of the kubeconfig.");
  args.option("--server", server_, "Address of the API server.");
  args.option("--token", token_, "Bearer token for the API server.");
  args.option("--as", as_, "User to impersonate.");
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
  return {};
}

Result<kube::ClusterAccess> Connection::access() const {
  kube::KubeconfigOptions options;
  options.context = context_;
  options.cluster = cluster_;
  options.user = user_;
  options.allow_exec = true;
  std::string file = kubeconfig_;
  if (file.empty() && environment("KUBECONFIG").empty()) {
    const auto serving = read_serving(default_data_directory());
    if (serving.ok()) file = serving->kubeconfig;
  }
  auto found = kube::find_access(file, options);
  if (!found.ok() && found.error().code == Code::not_found && file.empty())
    return make_error(
        Code::not_found,
        "no cluster is configured: give --kubeconfig FILE, set KUBECONFIG, or start one "
        "with 'weir up'");
  return found;
}

Result<void> Connection::open() {
  WEIR_CHECK(check());
  WEIR_TRY(kube::ClusterAccess found, access());
  const bool asked = ns_ != environment("FLUX_SYSTEM_NAMESPACE", "flux-system");
  if (follow_context_ && !asked && !found.ns.empty()) ns_ = found.ns;
  if (!server_.empty()) found.server = server_;
  if (!token_.empty()) {
    found.token = token_;
    found.token_file.clear();
    found.exec.reset();
  }
  if (!as_.empty()) found.impersonate = {{"Impersonate-User", as_}};
  WEIR_TRY(client_, kube::KubeClient::create(std::move(found)));
  return {};
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
