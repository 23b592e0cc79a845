// Where events go besides Kubernetes: a notification service that takes Flux's events.
#pragma once

#include "engine/value/value.hh"

namespace weir::reconcile {

using value::Value;

// Implementation: adapters/notify. Thread-safe.
class EventPort {
 public:
  virtual ~EventPort() = default;
  // Hands one event over: {involvedObject, severity, timestamp, message, reason, metadata,
  // reportingController, reportingInstance} (contract K14.1). Never waits and never fails for the
  // caller; what cannot be delivered is logged.
  virtual void post(Value event) = 0;
};

}  // namespace weir::reconcile
