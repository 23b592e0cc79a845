// The list of conditions in a status (metav1.Condition), edited the way Flux's controllers do it.
// The functions work on the array Value itself, so nothing else in the status is touched. Pure;
// contract K13.1 and "1.4 Conditions".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/base/clock.hh"
#include "engine/value/value.hh"

namespace weir::model {

// Who moves lastTransitionTime: sources, Kustomizations and HelmReleases when status, reason or
// message change; Kubernetes' own helper only when the status does.
enum class TransitionRule : std::uint8_t { any_change, status_change };

struct Condition {
  std::string_view type;
  std::string_view status;   // "True", "False", "Unknown"
  std::string_view reason;
  std::string_view message;  // cut to limits::condition_message_max characters, ending in "..."
};

// Cuts to the cap on conditions' messages; never inside a UTF-8 sequence.
std::string trim_condition_message(std::string_view message);

// The condition of that type; nullptr when absent.
const Value* find_condition(const Value& conditions, std::string_view type);
// "" when absent.
std::string_view condition_status(const Value& conditions, std::string_view type);
std::string_view condition_reason(const Value& conditions, std::string_view type);
std::string_view condition_message(const Value& conditions, std::string_view type);
bool condition_is(const Value& conditions, std::string_view type, std::string_view status);

// Adds or changes a condition and restores the list's order. observedGeneration is always written;
// lastTransitionTime follows the rule. True when anything of the condition changed.
bool set_condition(Value& conditions, const Condition& condition, std::int64_t generation,
                   base::TimeUs now, TransitionRule rule = TransitionRule::any_change);
// True when there was one.
bool remove_condition(Value& conditions, std::string_view type);

// Stalled, Reconciling, Ready, then the others by observedGeneration descending, then by type.
void sort_conditions(Value& conditions);

}  // namespace weir::model
