// The engine under threads: one loop thread that owns the core, a pool of workers for commands, and
// the ports' own threads for watches. Inputs queue (bounded); the loop takes them in batches: step,
// append the events in one write, then carry out the commands.
//
// When the log cannot be written (disk full) nothing more is decided or applied until it can; reads
// go on and trouble() says why.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "engine/reconcile/core.hh"
#include "engine/reconcile/delivery.hh"
#include "engine/reconcile/executor.hh"
#include "engine/reconcile/metrics.hh"
#include "engine/reconcile/watch_log.hh"
#include "engine/reconcile/worker_pool.hh"

namespace weir::reconcile {

// One owner as it stands, for progress displays.
struct OwnerSummary {
  ObjectId id;
  std::string ready;  // "True", "False", "Unknown", ""
  std::string reason, message, revision;
  bool running = false;
  bool suspended = false;
};

class Engine {
 public:
  Engine(const Ports& ports, EngineOptions options);
  ~Engine();  // stops

  // Folds the log, opens the watches, starts the threads. Errors: corrupt, io.
  Result<void> start();
  // Graceful: running commands end, their outcomes are logged; idempotent.
  void stop();

  // Durable when it returns: the seq of the event that says so. Errors: not_found, invalid,
  // cancelled (stopping).
  Result<std::uint64_t> act(OperatorAction action);
  // Logs what befell the stores; returns before it is written.
  void record(StoreFact fact) { post(std::move(fact)); }

  // All owners as they stand.
  std::vector<OwnerSummary> summary() const;
  // Why the log cannot be written, "" when it can.
  std::string trouble() const;
  Metrics& metrics() { return metrics_; }
  const Delivery& delivery() const { return delivery_; }

 private:
  // The handle goes before the client that it was made by.
  struct OpenWatch {
    KubeApiPtr client;  // of another cluster; null: ports_.kube
    std::unique_ptr<Watch> handle;
  };
  struct Pending {
    OperatorAction action;
    Result<std::uint64_t> result = std::uint64_t{0};
    bool done = false;
  };
  using QueuedInput = std::pair<Input, std::shared_ptr<Pending>>;

  void post(Input input, std::shared_ptr<Pending> pending = nullptr);
  void loop();
  std::vector<QueuedInput> take_batch();
  void handle(std::vector<QueuedInput> batch);
  bool append(std::vector<event::Event>& events, std::string record);
  void open_watch(const WatchOptions& options);
  void change_watch(const RemoteWatch& change);
  // Destroys it on a thread of its own: it waits for a sink that may itself wait for the loop.
  void retire(OpenWatch watch);
  base::TimeUs next_time() const;

  Ports ports_;
  EngineOptions options_;
  Metrics metrics_;
  Delivery delivery_;
  Core core_;
  Executor executor_;
  std::unique_ptr<WorkerPool> pool_;
  WatchLog watch_log_;
  std::map<std::string, OpenWatch> watches_;
  std::vector<std::future<void>> retired_;
  std::string record_;  // of steps that are not in the log yet; the loop's

  mutable std::mutex core_mutex_;  // core_, held by the loop while it steps
  mutable std::mutex mutex_;       // queue_, stopping_, trouble_
  std::condition_variable wake_;   // the loop waits on it
  std::condition_variable room_;   // producers wait on it while the queue is full
  std::condition_variable acted_;
  std::deque<QueuedInput> queue_;
  bool stopping_ = false;
  std::string trouble_;
  std::thread thread_;
};

}  // namespace weir::reconcile
