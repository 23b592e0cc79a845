#include "engine/apply/order.hh"

#include <algorithm>
#include <tuple>

namespace weir::apply {
namespace {

constexpr std::string_view first_kinds[] = {
    "CustomResourceDefinition",
    "Namespace",
    "ClusterRole",
    "ClusterClass",
    "RuntimeClass",
    "PriorityClass",
    "StorageClass",
    "VolumeSnapshotClass",
    "IngressClass",
    "GatewayClass",
    "ClusterRoleBinding",
    "ResourceQuota",
    "ServiceAccount",
    "Role",
    "RoleBinding",
    "ConfigMap",
    "Secret",
    "Service",
    "LimitRange",
    "Deployment",
    "StatefulSet",
    "CronJob",
    "PodDisruptionBudget",
};
constexpr std::string_view last_kinds[] = {
    "MutatingWebhookConfiguration",
    "ValidatingWebhookConfiguration",
};

int rank_of(std::string_view kind) {
  constexpr int others = 1000;
  for (std::size_t i = 0; i < std::size(first_kinds); ++i) {
    if (first_kinds[i] == kind) return static_cast<int>(i);
  }
  for (std::size_t i = 0; i < std::size(last_kinds); ++i) {
    if (last_kinds[i] == kind) return others + 1 + static_cast<int>(i);
  }
  return others;
}

}  // namespace

Result<std::vector<StageKind>> parse_stage_kinds(std::string_view text) {
  std::vector<StageKind> out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(','), text.size());
    const std::string_view entry = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const std::size_t slash = entry.find('/');
    StageKind kind;
    if (slash == std::string_view::npos) {
      kind.kind = entry;
    } else {
      kind.group = entry.substr(0, slash);
      kind.kind = entry.substr(slash + 1);
    }
    if (kind.kind.empty() || kind.kind.find('/') != std::string::npos) {
      return make_error(Code::invalid, "invalid apply stage kind \"" + std::string(entry) +
                                           "\", expected group/Kind");
    }
    out.push_back(std::move(kind));
  }
  return out;
}

Stage stage_of(const Gvk& gvk, const std::vector<StageKind>& custom) {
  for (std::string_view kind : {"CustomResourceDefinition", "Namespace", "ClusterRole"}) {
    if (gvk.kind == kind) return Stage::definitions;
  }
  if (gvk.kind.ends_with("Class")) return Stage::classes;
  for (const StageKind& entry : custom) {
    if (entry.group == gvk.group && entry.kind == gvk.kind) return Stage::custom;
  }
  return Stage::rest;
}

bool stage_is_awaited(Stage stage) {
  return stage == Stage::definitions || stage == Stage::classes;
}

bool applies_before(const ObjectId& a, const ObjectId& b) {
  const int rank_a = rank_of(a.gvk.kind);
  const int rank_b = rank_of(b.gvk.kind);
  return std::tie(rank_a, a.gvk.group, a.gvk.kind, a.ns, a.name) <
         std::tie(rank_b, b.gvk.group, b.gvk.kind, b.ns, b.name);
}

void sort_for_apply(std::vector<ObjectId>& ids, const std::vector<StageKind>& custom) {
  std::stable_sort(ids.begin(), ids.end(), [&](const ObjectId& a, const ObjectId& b) {
    const Stage stage_a = stage_of(a.gvk, custom);
    const Stage stage_b = stage_of(b.gvk, custom);
    return stage_a != stage_b ? stage_a < stage_b : applies_before(a, b);
  });
}

void sort_for_prune(std::vector<ObjectId>& ids) {
  std::stable_sort(ids.begin(), ids.end(),
                   [](const ObjectId& a, const ObjectId& b) { return applies_before(b, a); });
}

std::vector<std::vector<Value>> split_stages(std::vector<Value> objects,
                                             const std::vector<StageKind>& custom) {
  struct Keyed {
    ObjectId id;
    Value object;
  };
  std::vector<std::vector<Keyed>> keyed(stage_count);
  for (Value& object : objects) {
    ObjectId id = ObjectId::of(object);
    const auto stage = static_cast<std::size_t>(stage_of(id.gvk, custom));
    keyed[stage].push_back({std::move(id), std::move(object)});
  }
  std::vector<std::vector<Value>> stages;
  for (std::vector<Keyed>& stage : keyed) {
    if (stage.empty()) continue;
    std::stable_sort(stage.begin(), stage.end(), [](const Keyed& a, const Keyed& b) {
      return applies_before(a.id, b.id);
    });
    std::vector<Value>& out = stages.emplace_back();
    for (Keyed& item : stage) out.push_back(std::move(item.object));
  }
  return stages;
}

}  // namespace weir::apply
