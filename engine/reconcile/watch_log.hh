// The log lines about watches that fail, and that work again.
#pragma once

#include <atomic>
#include <map>
#include <mutex>
#include <string>

#include "engine/reconcile/kube_port.hh"

namespace weir::reconcile {

// Thread-safe. One line a cause: an API that cannot be reached fails every watch alike.
class WatchLog {
 public:
  // Called with each event of the watch `key` (watch_key).
  void see(const std::string& key, const WatchEvent& event);
  // The watch is closed.
  void forget(const std::string& key);

 private:
  void failed(const std::string& key, const Error& error);
  void works(const std::string& key);
  bool is_cause(const std::string& message) const;

  std::mutex mutex_;
  std::atomic<bool> any_{false};             // most events find no trouble, and take no lock
  std::map<std::string, std::string> causes_;  // of the watches that fail now, by key
};

}  // namespace weir::reconcile
