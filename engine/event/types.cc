#include <array>
#include <cstddef>

#include "engine/event/event.hh"

namespace weir::event {
namespace {

struct TypeRow {
  std::string_view name;
  bool synced = false;
};

// Indexed by the stored number; 0 is no type.
constexpr std::array<TypeRow, 27> types{{
    {"", false},
    {"EngineStarted", true},
    {"EngineStopped", true},
    {"SpecObserved", false},
    {"SpecDeleted", false},
    {"SourceFetched", false},
    {"SourceUnchanged", false},
    {"ReconcileStarted", false},
    {"ManifestsRendered", false},
    {"ChangesPlanned", true},
    {"ObjectApplied", true},
    {"ObjectSkipped", false},
    {"ObjectPruned", true},
    {"HealthObserved", false},
    {"DriftDetected", false},
    {"StepFailed", false},
    {"ReconcileFinished", true},
    {"StatusWritten", false},
    {"OperatorActed", true},
    {"RollbackPinned", true},
    {"RollbackReleased", true},
    {"Heartbeat", false},
    {"CheckpointSigned", true},
    {"ObjectObserved", false},
    {"GarbageCollected", true},
    {"CommitPushed", true},
    {"LogCut", true},
}};
static_assert(types.size() == static_cast<std::size_t>(Type::log_cut) + 1);

const TypeRow& row(Type type) {
  const auto index = static_cast<std::size_t>(type);
  return index < types.size() ? types[index] : types[0];
}

}  // namespace

std::string_view type_name(Type type) { return row(type).name; }

Result<Type> parse_type(std::string_view name) {
  for (std::size_t i = 1; i < types.size(); ++i) {
    if (types[i].name == name) return static_cast<Type>(i);
  }
  return make_error(Code::invalid, "unknown event type \"" + std::string(name) + "\"");
}

bool must_sync(Type type) { return row(type).synced; }

}  // namespace weir::event
