// Posts events as JSON to a notification service (Flux's notification-controller, or anything that
// takes its events), one after another on a thread of its own. A delivery is tried four times, with
// growing pauses; 429 and other 4xx answers end it at once. When the service lags, the oldest of
// the waiting events are dropped, and the log says how many.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "adapters/net/http_client.hh"
#include "engine/reconcile/event_port.hh"

namespace weir::notify {

class EventPoster final : public reconcile::EventPort {
 public:
  // `url`: where to post to. `pause`: before the first retry; it doubles.
  EventPoster(net::HttpClient& http, std::string url,
              std::chrono::milliseconds pause = std::chrono::milliseconds(1000));
  // What waits is given up.
  ~EventPoster() override;

  void post(reconcile::Value event) override;
  // Waits until everything handed over so far is delivered or given up.
  void flush();

 private:
  void loop();
  bool deliver(const std::string& body);  // false when it is given up

  net::HttpClient& http_;
  std::string url_;
  std::chrono::milliseconds pause_;
  std::mutex mutex_;
  std::condition_variable wake_, idle_;
  std::deque<std::string> waiting_;
  bool busy_ = false;
  bool stopping_ = false;
  std::uint64_t dropped_ = 0;
  std::thread thread_;
};

}  // namespace weir::notify
