// Several pieces of work side by side, for steps that wait for the API most of the time.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <thread>
#include <vector>

namespace weir::reconcile {

// Runs body(0..count-1) on up to `threads` threads, the calling one among them. Each index is
// handled once; returns when all are.
template <typename Body>
void parallel_for(std::size_t count, std::size_t threads, const Body& body) {
  threads = std::min(threads, count);
  if (threads <= 1) {
    for (std::size_t i = 0; i < count; ++i) body(i);
    return;
  }
  std::atomic<std::size_t> next{0};
  const auto work = [&] {
    for (std::size_t i = next++; i < count; i = next++) body(i);
  };
  std::vector<std::thread> pool;
  for (std::size_t i = 1; i < threads; ++i) pool.emplace_back(work);
  work();
  for (std::thread& thread : pool) thread.join();
}

}  // namespace weir::reconcile
