// Idle keep-alive connections by host, and the bound on how many a host may have at once.
//
// Thread-safe. take() hands out a live idle connection or the right to dial one; each take() is
// paired with one give(). Errors of take(): timeout (all connections of the host stay busy),
// cancelled.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "adapters/net/connection.hh"
#include "engine/base/result.hh"

namespace weir::net {

class ConnectionPool {
 public:
  ConnectionPool(std::size_t per_host_max, std::chrono::milliseconds idle_timeout)
      : per_host_max_(per_host_max), idle_timeout_(idle_timeout) {}

  // A live connection, or null: the caller dials.
  Result<std::unique_ptr<Connection>> take(const std::string& key, Deadline deadline);
  // Returns the slot; the connection is kept for the next call unless null.
  void give(const std::string& key, std::unique_ptr<Connection> connection);
  void cancel();
  void close_idle();

 private:
  struct Idle {
    std::unique_ptr<Connection> connection;
    Deadline since;
  };
  struct Host {
    std::vector<Idle> idle;  // the most recently used last
    std::size_t busy = 0;
  };
  void sweep(Deadline now, std::vector<Idle>& dead);

  const std::size_t per_host_max_;
  const std::chrono::milliseconds idle_timeout_;
  std::mutex mutex_;
  std::condition_variable freed_;
  std::map<std::string, Host> hosts_;
  Deadline swept_{};
  bool cancelled_ = false;
};

}  // namespace weir::net
