#include "engine/reconcile/watch_log.hh"

#include <algorithm>

#include "engine/base/log.hh"

namespace weir::reconcile {

void WatchLog::see(const std::string& key, const WatchEvent& event) {
  if (event.type == WatchType::failed) return failed(key, event.error);
  if (any_) works(key);
}

void WatchLog::forget(const std::string& key) {
  const std::lock_guard lock(mutex_);
  causes_.erase(key);
  any_ = !causes_.empty();
}

void WatchLog::failed(const std::string& key, const Error& error) {
  const std::lock_guard lock(mutex_);
  any_ = true;
  const bool known = is_cause(error.message);
  causes_[key] = error.message;
  if (!known)
    log::error("a watch fails; it is tried again", {{"watch", key}, {"error", error.message}});
}

void WatchLog::works(const std::string& key) {
  const std::lock_guard lock(mutex_);
  const auto found = causes_.find(key);
  if (found == causes_.end()) return;
  const std::string cause = found->second;
  causes_.erase(found);
  any_ = !causes_.empty();
  if (!is_cause(cause)) log::info("the watch works again", {{"watch", key}, {"error", cause}});
}

bool WatchLog::is_cause(const std::string& message) const {
  return std::any_of(causes_.begin(), causes_.end(),
                     [&](const auto& known) { return known.second == message; });
}

}  // namespace weir::reconcile
