// In what order objects are applied and pruned: the stages of an apply, and the order of kinds
// inside a stage. Pure tables; contract K7.4, K7.5, K9.4.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.hh"
#include "engine/model/object_id.hh"

namespace weir::apply {

// Stages run one after another; all dry-runs of a stage come before its first write.
enum class Stage : std::uint8_t {
  definitions,  // CustomResourceDefinition, Namespace, ClusterRole; awaited
  classes,      // kinds ending in "Class"; awaited
  custom,       // the operator's own list of kinds
  rest,
};
inline constexpr std::size_t stage_count = 4;

// An entry of --custom-apply-stage-kinds.
struct StageKind {
  std::string group;
  std::string kind;
};

// "apps/Deployment,example.com/Foo"; a core kind has an empty group ("/ConfigMap" or "ConfigMap").
// Error: invalid, naming the entry.
Result<std::vector<StageKind>> parse_stage_kinds(std::string_view text);

Stage stage_of(const Gvk& gvk, const std::vector<StageKind>& custom = {});
// True when the objects of the stage must be ready before the next one begins.
bool stage_is_awaited(Stage stage);

// The order inside a stage, and of prune reversed: kinds of the table first, then by group and
// kind, admission webhooks last; then namespace, name. The kind alone finds the table's row. A
// strict weak order.
bool applies_before(const ObjectId& a, const ObjectId& b);

// Sorts by stage, then by applies_before; the order of inventories.
void sort_for_apply(std::vector<ObjectId>& ids, const std::vector<StageKind>& custom = {});
// Reverse of applies_before: what is deleted first.
void sort_for_prune(std::vector<ObjectId>& ids);

// `objects` split into the stages that are not empty, each sorted.
std::vector<std::vector<Value>> split_stages(std::vector<Value> objects,
                                             const std::vector<StageKind>& custom = {});

}  // namespace weir::apply
