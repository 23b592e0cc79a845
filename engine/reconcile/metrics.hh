// Counters and histograms of the engine, in Prometheus' text form. Written by the loop, read by the
// API; thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "engine/base/duration.hh"
#include "engine/model/object_id.hh"

namespace weir::reconcile {

class Metrics {
 public:
  // gotk_reconcile_duration_seconds{kind,name,namespace}.
  void reconciled(const ObjectId& owner, base::Duration took);
  // Drops the owner's series.
  void forget(const ObjectId& owner);
  // weir_<name>_total{label="value"}; `label_value` "" = no label.
  void count(std::string_view name, std::string_view label_value, std::uint64_t by = 1);
  void gauge(std::string_view name, double value);

  // The exposition text, series in a fixed order.
  std::string exposition() const;

 private:
  struct Histogram {
    std::array<std::uint64_t, 10> buckets{};
    std::uint64_t count = 0;
    double sum = 0;
  };
  mutable std::mutex mutex_;
  std::map<ObjectId, Histogram> durations_;
  std::map<std::pair<std::string, std::string>, std::uint64_t> counters_;
  std::map<std::string, double, std::less<>> gauges_;
};

}  // namespace weir::reconcile
