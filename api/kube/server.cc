#include "api/kube/server.hh"

#include "api/kube/http.hh"
#include "api/kube/local_api.hh"

namespace weir::api::kube {

KubeServer::KubeServer(std::shared_ptr<Core> core) : core_(std::move(core)) {}
KubeServer::~KubeServer() = default;

Result<std::unique_ptr<KubeServer>> KubeServer::open(const ServerOptions& options) {
  WEIR_ASSERT(options.kv != nullptr && options.clock != nullptr);
  auto core = std::make_shared<Core>(options);
  {
    const std::lock_guard lock(core->mutex);
    WEIR_CHECK(core->start());
  }
  return std::unique_ptr<KubeServer>(new KubeServer(std::move(core)));
}

Response KubeServer::handle(const Request& request) { return respond(core_, request); }

Result<std::string> KubeServer::authenticate(const Request& request) const {
  const std::lock_guard lock(core_->mutex);
  WEIR_TRY(const User user, core_->user_of(request));
  return user.name;
}

std::unique_ptr<reconcile::KubeApi> KubeServer::local_api() { return make_local_api(core_); }

std::optional<std::chrono::microseconds> KubeServer::next_deadline() const {
  const std::lock_guard lock(core_->mutex);
  return core_->next_deadline();
}

std::optional<std::chrono::microseconds> KubeServer::until_next() const {
  const std::lock_guard lock(core_->mutex);
  const auto next = core_->next_deadline();
  if (!next.has_value()) return std::nullopt;
  return std::max(*next - core_->options.clock->monotonic(), std::chrono::microseconds(0));
}

std::size_t KubeServer::advance() {
  std::size_t total = 0;
  for (;;) {
    std::size_t steps = 0;
    {
      const std::lock_guard lock(core_->mutex);
      steps = core_->run_due();
    }
    core_->deliver();
    if (steps == 0) return total;
    total += steps;
    // Controllers that answer each other without end would be a defect; the next call goes on.
    if (total >= 1'000'000) return total;
  }
}

void KubeServer::set_wakeup(std::function<void()> wakeup) {
  const std::lock_guard lock(core_->mutex);
  core_->wakeup = std::move(wakeup);
}

}  // namespace weir::api::kube
