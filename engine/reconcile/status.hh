// Edits of an owner's status: conditions in the contract's words and order, and the artifact,
// inventory and history blocks. Everything works on the status Value that is later written whole.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/base/clock.hh"
#include "engine/reconcile/command.hh"
#include "engine/reconcile/state.hh"

namespace weir::reconcile {

// A condition's "status", "reason" or "message" in a status block; "" when the condition is absent.
std::string_view condition_text(const Value& status, std::string_view type, std::string_view field);
inline bool is_ready(const Value& status) {
  return condition_text(status, "Ready", "status") == "True";
}

class StatusEditor {
 public:
  StatusEditor(OwnerState& owner, base::TimeUs now) : owner_(owner), now_(now) {}

  // Sets the condition at the object's generation; lastTransitionTime moves when status, reason or
  // message do.
  void set(std::string_view type, std::string_view status, std::string_view reason,
           std::string_view message);
  void remove(std::string_view type);

  void observe_generation();                      // status.observedGeneration := generation
  void handle_request(std::string_view request);  // status.lastHandledReconcileAt; "" is left out
  void set_field(std::string_view name, std::string_view text);  // erased when ""
  void set_artifact(const Artifact& artifact, std::int64_t size);
  void set_inventory(const std::vector<ObjectId>& ids);
  // Contract K13.3: same digest and status => counters of that entry move, else a new one in front;
  // at most 5.
  void record_history(const base::Digest& digest, std::string_view result,
                      std::string_view revision, std::string_view origin_revision,
                      base::Duration took);

 private:
  OwnerState& owner_;
  base::TimeUs now_;
};

Artifact read_artifact(const Value& status);
std::vector<ObjectId> read_inventory(const Value& status);

}  // namespace weir::reconcile
