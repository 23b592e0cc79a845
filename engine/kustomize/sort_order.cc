#include "engine/kustomize/sort_order.hh"

#include <algorithm>
#include <array>
#include <unordered_map>

namespace weir::kustomize {

namespace {

using base::Code;
using base::make_error;

constexpr std::array order_first = {
    "Namespace",
    "ResourceQuota",
    "StorageClass",
    "CustomResourceDefinition",
    "ServiceAccount",
    "PodSecurityPolicy",
    "Role",
    "ClusterRole",
    "RoleBinding",
    "ClusterRoleBinding",
    "ConfigMap",
    "Secret",
    "Endpoints",
    "Service",
    "LimitRange",
    "PriorityClass",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "Deployment",
    "StatefulSet",
    "CronJob",
    "PodDisruptionBudget",
};
constexpr std::array order_last = {"MutatingWebhookConfiguration",
                                   "ValidatingWebhookConfiguration"};

// By kind; the names are those of the tables above or of the sort options.
using Ranks = std::unordered_map<std::string_view, int>;

template <typename First, typename Last>
Ranks make_ranks(const First& first, const Last& last) {
  Ranks ranks;
  for (std::size_t i = 0; i < first.size(); ++i) {
    ranks[first[i]] = static_cast<int>(i) - static_cast<int>(first.size());
  }
  for (std::size_t i = 0; i < last.size(); ++i)
    ranks[last[i]] = static_cast<int>(i) + 1;
  return ranks;
}

const Ranks& default_ranks() {
  static const Ranks ranks = make_ranks(order_first, order_last);
  return ranks;
}

int rank_of(const Ranks& ranks, std::string_view kind) {
  const auto found = ranks.find(kind);
  return found == ranks.end() ? 0 : found->second;
}

struct SortKey {
  int rank;
  std::string gvk;
  bool core_namespace;  // Namespaces of the core group come after those of other groups
  const Gvk* type;
  std::string id;
};

SortKey sort_key(const Ranks& ranks, const ResId& id) {
  return {rank_of(ranks, id.gvk.kind), legacy_gvk_text(id.gvk),
          id.gvk.kind == "Namespace" && id.gvk.group.empty(), &id.gvk,
          gvk_string(id.gvk) + "|" + (id.ns.empty() ? "~X" : id.ns) + "|" +
              (id.name.empty() ? "~N" : id.name)};
}

bool key_less(const SortKey& a, const SortKey& b) {
  if (*a.type == *b.type) return a.id < b.id;
  if (a.rank != b.rank) return a.rank < b.rank;
  const bool reversed = a.type->kind == "Namespace" && b.type->kind == "Namespace" &&
                        (a.core_namespace || b.core_namespace);
  return reversed ? a.gvk > b.gvk : a.gvk < b.gvk;
}

std::vector<std::string_view> strings(const Value& list) {
  std::vector<std::string_view> result;
  for (const Value& item : list.items()) result.push_back(item.get_string());
  return result;
}

}  // namespace

int legacy_rank(std::string_view kind) { return rank_of(default_ranks(), kind); }

bool legacy_text_less(const Gvk& a, const Gvk& b) {
  const auto pieces = [](const Gvk& gvk) {
    std::array<std::string_view, 3> parts = {gvk.group, gvk.version, gvk.kind};
    constexpr std::array<std::string_view, 3> absent = {"~G", "~V", "~K"};
    for (std::size_t i = 0; i < parts.size(); ++i) {
      if (parts[i].empty()) parts[i] = absent[i];
    }
    return parts;
  };
  const auto left = pieces(a);
  const auto right = pieces(b);
  for (std::size_t i = 0; i < left.size(); ++i) {
    if (left[i] == right[i]) continue;
    // Where one goes on, what comes behind the other counts too.
    if (left[i].starts_with(right[i]) || right[i].starts_with(left[i]))
      return legacy_gvk_text(a) < legacy_gvk_text(b);
    return left[i] < right[i];
  }
  return false;
}

std::string legacy_gvk_text(const Gvk& gvk) {
  return (gvk.group.empty() ? "~G" : gvk.group) + "_" + (gvk.version.empty() ? "~V" : gvk.version) +
         "_" + (gvk.kind.empty() ? "~K" : gvk.kind);
}

Result<void> sort_resources(ResMap& resources, const Value& sort_options) {
  if (sort_options.is_null()) return {};
  const std::string_view order = sort_options["order"].get_string();
  const Value& legacy = sort_options["legacySortOptions"];
  if (order != "fifo" && order != "legacy") {
    return make_error(Code::invalid, "the field 'sortOptions.order' must be one of [fifo, legacy]");
  }
  if (order == "fifo") {
    if (legacy.is_null()) return {};
    return make_error(
        Code::invalid,
        "the field 'sortOptions.legacySortOptions' is set but the selected sort order is "
        "'fifo', not 'legacy'");
  }
  const Ranks own = make_ranks(strings(legacy["orderFirst"]), strings(legacy["orderLast"]));
  const Ranks& ranks = legacy.is_null() ? default_ranks() : own;
  std::vector<std::pair<SortKey, std::size_t>> keys;
  for (std::size_t i = 0; i < resources.size(); ++i) {
    keys.emplace_back(sort_key(ranks, resources[i].id()), i);
  }
  std::stable_sort(keys.begin(), keys.end(),
                   [](const auto& a, const auto& b) { return key_less(a.first, b.first); });
  std::vector<std::size_t> order_of;
  for (const auto& [key, index] : keys) order_of.push_back(index);
  resources.reorder(order_of);
  return {};
}

}  // namespace weir::kustomize
