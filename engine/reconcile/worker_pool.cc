#include "engine/reconcile/worker_pool.hh"

namespace weir::reconcile {
namespace {

std::size_t lane_of(const Command& command) {
  const bool note = std::holds_alternative<WriteStatus>(command.body) ||
                    std::holds_alternative<EmitEvent>(command.body) ||
                    std::holds_alternative<CollectArtifacts>(command.body);
  return note ? 1 : 0;
}

}  // namespace

WorkerPool::WorkerPool(std::size_t threads, std::function<void(const Command&)> run)
    : run_(std::move(run)) {
  for (std::size_t i = 0; i < threads; ++i) threads_.emplace_back([this, i] { work(i); });
}

WorkerPool::~WorkerPool() { stop(); }

void WorkerPool::submit(Command command) {
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return;
    lanes_[lane_of(command)].push_back(std::move(command));
  }
  wake_.notify_one();
}

void WorkerPool::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    lanes_[0].clear();
    lanes_[1].clear();
  }
  wake_.notify_all();
  for (std::thread& thread : threads_)
    if (thread.joinable()) thread.join();
}

bool WorkerPool::idle() const {
  const std::lock_guard lock(mutex_);
  return running_ == 0 && lanes_[0].empty() && lanes_[1].empty();
}

void WorkerPool::work(std::size_t index) {
  const std::size_t first = index % 4 == 3 ? 1 : 0;
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait(lock, [&] { return stopping_ || !lanes_[0].empty() || !lanes_[1].empty(); });
    if (stopping_) return;
    auto& lane = lanes_[first].empty() ? lanes_[1 - first] : lanes_[first];
    const Command command = std::move(lane.front());
    lane.pop_front();
    ++running_;
    lock.unlock();
    run_(command);
    lock.lock();
    --running_;
  }
}

}  // namespace weir::reconcile
