// Charts unpacked and parsed, by the digest of their archive: what one release has loaded, the next
// ones of the same chart need not. Bounded by entries and by bytes of archives. Thread-safe.
#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <mutex>
#include <string>

#include "engine/helm/chart.hh"

namespace weir::reconcile {

class HelmChartCache {
 public:
  using ChartsPtr = std::shared_ptr<const helm::ChartSet>;

  ChartsPtr find(const std::string& digest);
  void put(const std::string& digest, ChartsPtr charts, std::size_t bytes);

 private:
  static constexpr std::size_t entries_max = 128;
  static constexpr std::size_t bytes_max = 64u << 20;
  struct Entry {
    std::string digest;
    ChartsPtr charts;
    std::size_t bytes = 0;
  };
  std::mutex mutex_;
  std::list<Entry> recent_;  // newest first
  std::size_t bytes_ = 0;
};

}  // namespace weir::reconcile
