// How well each owner delivers, told from the log's events alone: how many reconciles failed, how
// long from a commit to its success, how long from a failure to the next success. Folded with every
// append; the engine's snapshot (durable_state.hh) has what came before. Thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>

#include "engine/event/event.hh"
#include "engine/event/wire.hh"

namespace weir::reconcile {

class Delivery {
 public:
  // `now`: the time of events that the log has not stamped yet.
  void fold(const event::Event& event, base::TimeUs now);

  // All of it as bytes, and back; a reader that is not ok() afterwards says that they are
  // malformed.
  void encode(std::string& out) const;
  void decode(event::Reader& reader);
  void clear();

  // Prometheus text: weir_deliveries_total{...,result}, weir_lead_time_seconds{_sum,_count},
  // weir_time_to_restore_seconds{_sum,_count}, weir_failing{...}.
  std::string exposition() const;

 private:
  struct Sum {
    std::uint64_t count = 0;
    base::TimeUs total = 0;
  };
  struct Owner {
    std::uint64_t good = 0, bad = 0;
    base::TimeUs failing_since = 0;
    std::string applied;  // the source's last revision that succeeded
    model::ObjectId source;
    Sum lead, restore;
  };
  struct Source {
    std::string revision;
    base::TimeUs committed = 0;
  };
  void finished(const event::Event& event, base::TimeUs time);

  mutable std::mutex mutex_;
  std::map<model::ObjectId, Owner, model::GroupKindOrder> owners_;
  std::map<model::ObjectId, Source, model::GroupKindOrder> sources_;
};

}  // namespace weir::reconcile
