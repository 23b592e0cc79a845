#include "adapters/notify/event_poster.hh"

#include "engine/base/limits.hh"
#include "engine/base/log.hh"
#include "engine/value/json.hh"

namespace weir::notify {
namespace {

constexpr int tries_max = 4;
constexpr std::chrono::milliseconds timeout{5'000};

}  // namespace

EventPoster::EventPoster(net::HttpClient& http, std::string url, std::chrono::milliseconds pause)
    : http_(http), url_(std::move(url)), pause_(pause), thread_([this] { loop(); }) {}

EventPoster::~EventPoster() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    waiting_.clear();
  }
  wake_.notify_all();
  thread_.join();
}

void EventPoster::post(reconcile::Value event) {
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return;
    if (waiting_.size() >= base::limits::event_batch_max) {
      waiting_.pop_front();
      ++dropped_;
    }
    waiting_.push_back(value::write_json(event));
  }
  wake_.notify_one();
}

void EventPoster::flush() {
  std::unique_lock lock(mutex_);
  idle_.wait(lock, [&] { return waiting_.empty() && !busy_; });
}

void EventPoster::loop() {
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait(lock, [&] { return stopping_ || !waiting_.empty(); });
    if (stopping_) break;
    const std::string body = std::move(waiting_.front());
    waiting_.pop_front();
    const std::uint64_t dropped = std::exchange(dropped_, 0);
    busy_ = true;
    lock.unlock();
    if (dropped > 0)
      log::error("the notification service lags behind: events were dropped",
                 {{"events", std::to_string(dropped)}});
    deliver(body);
    lock.lock();
    busy_ = false;
    if (waiting_.empty()) idle_.notify_all();
  }
  idle_.notify_all();
}

bool EventPoster::deliver(const std::string& body) {
  std::string trouble;
  std::chrono::milliseconds pause = pause_;
  for (int i = 0; i < tries_max; ++i) {
    net::HttpRequest request;
    request.method = "POST";
    request.url = url_;
    request.headers = {{"Content-Type", "application/json"}};
    request.body = body;
    request.timeout = timeout;
    request.idempotent = true;
    const auto answer = http_.send(request);
    if (answer.ok() && answer->status < 300) return true;
    trouble = answer.ok() ? "HTTP " + std::to_string(answer->status) : answer.error().message;
    if (answer.ok() && answer->status >= 400 && answer->status < 500) break;
    std::unique_lock lock(mutex_);
    if (wake_.wait_for(lock, pause, [&] { return stopping_; })) return false;
    pause *= 2;
  }
  log::error("an event could not be posted", {{"error", trouble}});
  return false;
}

}  // namespace weir::notify
