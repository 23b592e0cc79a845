#include "api/kube/driver.hh"

#include <condition_variable>
#include <mutex>
#include <thread>

namespace weir::api::kube {

namespace {

// Shared with the wake-up callback, which may still be on its way when the driver ends.
struct Signal {
  std::mutex mutex;
  std::condition_variable changed;
  bool woken = false;
  bool stopping = false;

  void raise(bool Signal::* flag) {
    {
      const std::lock_guard lock(mutex);
      this->*flag = true;
    }
    changed.notify_all();
  }
};

class ThreadDriver final : public Driver {
 public:
  explicit ThreadDriver(KubeServer& server) : server_(server) {
    server_.set_wakeup([signal = signal_] { signal->raise(&Signal::woken); });
    thread_ = std::thread([this] { run(); });
  }
  ~ThreadDriver() override {
    server_.set_wakeup(nullptr);
    signal_->raise(&Signal::stopping);
    thread_.join();
  }

 private:
  void run() {
    for (;;) {
      server_.advance();
      const auto next = server_.until_next();
      std::unique_lock lock(signal_->mutex);
      const auto ready = [this] { return signal_->woken || signal_->stopping; };
      if (next.has_value()) {
        signal_->changed.wait_for(lock, *next, ready);
      } else {
        signal_->changed.wait(lock, ready);
      }
      signal_->woken = false;
      if (signal_->stopping) return;
    }
  }

  KubeServer& server_;
  std::shared_ptr<Signal> signal_ = std::make_shared<Signal>();
  std::thread thread_;
};

}  // namespace

std::unique_ptr<Driver> drive(KubeServer& server) { return std::make_unique<ThreadDriver>(server); }

}  // namespace weir::api::kube
