#include "adapters/net/connection_pool.hh"

#include <iterator>

namespace weir::net {

Result<std::unique_ptr<Connection>> ConnectionPool::take(const std::string& key,
                                                         Deadline deadline) {
  std::unique_lock lock(mutex_);
  bool free = freed_.wait_until(lock, deadline,
                                [&] { return cancelled_ || hosts_[key].busy < per_host_max_; });
  if (cancelled_) return make_error(Code::cancelled, "the client is shutting down");
  if (!free) return make_error(Code::timeout, "timed out waiting for a free connection");
  Host& host = hosts_[key];  // stays: a busy host is never swept
  ++host.busy;
  while (!host.idle.empty()) {
    Idle idle = std::move(host.idle.back());
    host.idle.pop_back();
    lock.unlock();
    bool usable = std::chrono::steady_clock::now() - idle.since < idle_timeout_ &&
                  idle.connection->idle_alive();
    if (usable) return std::move(idle.connection);
    idle.connection.reset();
    lock.lock();
  }
  return std::unique_ptr<Connection>();
}

void ConnectionPool::give(const std::string& key, std::unique_ptr<Connection> connection) {
  std::vector<Idle> dead;  // closed after the lock
  auto now = std::chrono::steady_clock::now();
  {
    std::lock_guard lock(mutex_);
    Host& host = hosts_[key];
    WEIR_ASSERT(host.busy > 0);
    --host.busy;
    if (connection && !cancelled_) host.idle.push_back({std::move(connection), now});
    sweep(now, dead);
  }
  freed_.notify_one();
}

void ConnectionPool::sweep(Deadline now, std::vector<Idle>& dead) {
  if (now - swept_ < std::chrono::seconds(1)) return;
  swept_ = now;
  for (auto entry = hosts_.begin(); entry != hosts_.end();) {
    auto& idle = entry->second.idle;
    auto fresh = idle.begin();
    while (fresh != idle.end() && now - fresh->since >= idle_timeout_) ++fresh;
    std::move(idle.begin(), fresh, std::back_inserter(dead));
    idle.erase(idle.begin(), fresh);
    bool unused = idle.empty() && entry->second.busy == 0;
    entry = unused ? hosts_.erase(entry) : std::next(entry);
  }
}

void ConnectionPool::cancel() {
  {
    std::lock_guard lock(mutex_);
    cancelled_ = true;
  }
  freed_.notify_all();
  close_idle();
}

void ConnectionPool::close_idle() {
  std::vector<Idle> dead;
  std::lock_guard lock(mutex_);
  for (auto& [key, host] : hosts_) {
    std::move(host.idle.begin(), host.idle.end(), std::back_inserter(dead));
    host.idle.clear();
  }
}

}  // namespace weir::net
