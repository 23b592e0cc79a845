// A bounded pool of threads that carries out commands. Two lanes: work (fetch, build, apply, prune)
// and notes (status, events, collection); every worker takes work first but for one in four, which
// takes notes first, so that neither starves the other.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "engine/reconcile/command.hh"

namespace weir::reconcile {

class WorkerPool {
 public:
  // `run` is called on the pool's threads, several at once.
  WorkerPool(std::size_t threads, std::function<void(const Command&)> run);
  ~WorkerPool();  // stops
  void submit(Command command);
  // Lets running commands end; what is queued is dropped (it is issued again after a restart).
  void stop();
  // True when nothing is queued or running.
  bool idle() const;

 private:
  void work(std::size_t index);

  std::function<void(const Command&)> run_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Command> lanes_[2];  // 0 work, 1 notes
  std::size_t running_ = 0;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace weir::reconcile
