#include "engine/reconcile/metrics.hh"

#include <cmath>
#include <cstdio>

namespace weir::reconcile {
namespace {

// Ten exponential buckets from 10 ms to 30 minutes, as the reference's.
const std::array<double, 10>& bounds() {
  static const std::array<double, 10> values = [] {
    std::array<double, 10> made{};
    const double factor = std::pow(1800.0 / 0.01, 1.0 / 9.0);
    for (std::size_t i = 0; i < made.size(); ++i)
      made[i] = 0.01 * std::pow(factor, static_cast<double>(i));
    return made;
  }();
  return values;
}

std::string number(double value) {
  char text[64];
  std::snprintf(text, sizeof text, "%.17g", value);
  double back = 0;
  for (int digits = 1; digits < 17; ++digits) {
    char shorter[64];
    std::snprintf(shorter, sizeof shorter, "%.*g", digits, value);
    if (std::sscanf(shorter, "%lf", &back) == 1 && back == value) return shorter;
  }
  return text;
}

std::string labels_of(const ObjectId& owner) {
  return "kind=\"" + owner.gvk.kind + "\",name=\"" + owner.name + "\",namespace=\"" + owner.ns +
         "\"";
}

// The label under which each counter is split.
constexpr std::string_view counter_label = "type";

}  // namespace

void Metrics::reconciled(const ObjectId& owner, base::Duration took) {
  const double seconds = static_cast<double>(took.count()) / 1e9;
  const std::lock_guard lock(mutex_);
  Histogram& histogram = durations_[owner];
  for (std::size_t i = 0; i < bounds().size(); ++i)
    if (seconds <= bounds()[i]) ++histogram.buckets[i];
  ++histogram.count;
  histogram.sum += seconds;
}

void Metrics::forget(const ObjectId& owner) {
  const std::lock_guard lock(mutex_);
  durations_.erase(owner);
}

void Metrics::count(std::string_view name, std::string_view label_value, std::uint64_t by) {
  const std::lock_guard lock(mutex_);
  counters_[{std::string(name), std::string(label_value)}] += by;
}

void Metrics::gauge(std::string_view name, double value) {
  const std::lock_guard lock(mutex_);
  gauges_[std::string(name)] = value;
}

std::string Metrics::exposition() const {
  const std::lock_guard lock(mutex_);
  std::string out =
      "# HELP gotk_reconcile_duration_seconds The duration in seconds of a GitOps Toolkit resource "
      "reconciliation.\n# TYPE gotk_reconcile_duration_seconds histogram\n";
  for (const auto& [owner, histogram] : durations_) {
    const std::string labels = labels_of(owner);
    const std::string name = "gotk_reconcile_duration_seconds";
    for (std::size_t i = 0; i < bounds().size(); ++i)
      out += name + "_bucket{" + labels + ",le=\"" + number(bounds()[i]) + "\"} " +
             std::to_string(histogram.buckets[i]) + "\n";
    out += name + "_bucket{" + labels + ",le=\"+Inf\"} " + std::to_string(histogram.count) + "\n";
    out += name + "_sum{" + labels + "} " + number(histogram.sum) + "\n";
    out += name + "_count{" + labels + "} " + std::to_string(histogram.count) + "\n";
  }
  std::string_view last;
  for (const auto& [key, value] : counters_) {
    if (key.first != last) out += "# TYPE weir_" + key.first + "_total counter\n";
    last = key.first;
    out += "weir_" + key.first + "_total";
    if (!key.second.empty()) out += "{" + std::string(counter_label) + "=\"" + key.second + "\"}";
    out += " " + std::to_string(value) + "\n";
  }
  for (const auto& [name, value] : gauges_)
    out += "# TYPE weir_" + name + " gauge\nweir_" + name + " " + number(value) + "\n";
  return out;
}

}  // namespace weir::reconcile
