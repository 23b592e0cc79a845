#include "engine/apply/drift.hh"

#include <algorithm>
#include <set>

#include "engine/apply/field_set.hh"
#include "engine/model/object_id.hh"
#include "engine/value/pointer.hh"

namespace weir::apply {
namespace {

constexpr std::string_view stale_annotations[] = {
    "kubectl.kubernetes.io/last-applied-configuration",
    "kustomize.toolkit.fluxcd.io/checksum",
    "fluxcd.io/sync-checksum",
};
constexpr std::string_view stale_labels[] = {"fluxcd.io/sync-gc-mark"};

bool is_compared(std::string_view field) { return field != "metadata" && field != "status"; }

bool same_metrics(const Value& a, const Value& b) {
  const auto covers = [](const Value& all, const Value& some) {
    return std::all_of(some.items().begin(), some.items().end(), [&](const Value& item) {
      return std::find(all.items().begin(), all.items().end(), item) != all.items().end();
    });
  };
  return covers(a, b) && covers(b, a);
}

// The API server may repeat metrics of an autoscaler; they count once.
bool same_field(const Value& a, const Value& b, bool autoscaler_spec) {
  if (a == b) return true;
  if (!autoscaler_spec || !same_metrics(a["metrics"], b["metrics"])) return false;
  Value rest_a = a;
  Value rest_b = b;
  rest_a.erase("metrics");
  rest_b.erase("metrics");
  return rest_a == rest_b;
}

bool same_map(const Value& a, const Value& b) { return (a.empty() && b.empty()) || a == b; }

struct FoldedManager {
  std::string prefix;
  bool applies;  // entries of operation Apply too
};

std::vector<FoldedManager> folded_managers(const CleanupOptions& options) {
  std::vector<FoldedManager> out;
  if (!options.only_overridden)
    out = {{"kubectl", true},
           {"before-first-apply", false},
           {std::string(options.field_manager), false}};
  for (const std::string& manager : options.override_managers) out.push_back({manager, true});
  return out;
}

bool is_ours(const Value& entry, const CleanupOptions& options) {
  return entry["manager"].get_string() == options.field_manager &&
         entry["operation"].get_string() == "Apply" && !entry.contains("subresource");
}

bool is_folded(const Value& entry, const std::vector<FoldedManager>& managers,
               const CleanupOptions& options) {
  if (entry.contains("subresource") || is_ours(entry, options)) return false;
  const std::string_view name = entry["manager"].get_string();
  const bool applied = entry["operation"].get_string() == "Apply";
  return std::any_of(managers.begin(), managers.end(), [&](const FoldedManager& manager) {
    return name.starts_with(manager.prefix) && (manager.applies || !applied);
  });
}

// managedFields with the folded entries merged into ours; null when there are none, or one does
// not parse.
Value fold_managers(const Value& entries, const CleanupOptions& options) {
  const std::vector<FoldedManager> managers = folded_managers(options);
  FieldSet folded;
  Value ours;
  Value out = Value::array();
  bool any = false;
  for (const Value& entry : entries.items()) {
    const bool own = is_ours(entry, options);
    if (!own && !is_folded(entry, managers, options)) {
      out.push_back(entry);
      continue;
    }
    const Result<FieldSet> fields = parse_fields(entry["fieldsV1"]);
    if (!fields.ok()) return {};
    folded.unite(*fields);
    if (own || ours.is_null()) ours = entry;
    any = any || !own;
  }
  if (!any) return {};
  ours.set("manager", options.field_manager);
  ours.set("operation", "Apply");
  ours.set("fieldsV1", format_fields(folded));
  out.push_back(std::move(ours));
  return out;
}

void remove_keys(Value& patch, const Value& map, std::string_view path,
                 std::span<const std::string_view> keys) {
  for (std::string_view key : keys) {
    if (!map.contains(key)) continue;
    std::string pointer(path);
    pointer += '/';
    pointer += value::escape_pointer_token(key);
    patch.push_back(Value::object({{"op", "remove"}, {"path", pointer}}));
  }
}

void set_pointer(Value& root, const std::vector<std::string>& tokens, const Value& wanted) {
  Value* at = &root;
  for (const std::string& token : tokens) {
    if (!at->is_array()) {
      if (!at->is_object() && !at->is_null()) return;
      at = &at->entry(token);
      continue;
    }
    std::size_t index = 0;
    for (char c : token) {
      if (c < '0' || c > '9' || index > at->size()) return;
      index = index * 10 + static_cast<std::size_t>(c - '0');
    }
    if (index >= at->size()) return;
    at = &at->item_mut(index);
  }
  *at = wanted;
}

// Whether an Apply of somebody else owns the path or something below it. List positions match any
// item.
bool owns_path(const FieldSet& set, const std::vector<std::string>& tokens, std::size_t at) {
  if (at == tokens.size()) return !set.empty();
  if (set.children.empty()) return set.self && at > 0;  // a leaf or an atomic value covers it all
  const auto member = set.children.find("f:" + tokens[at]);
  if (member != set.children.end()) return owns_path(member->second, tokens, at + 1);
  const bool position = !tokens[at].empty() && tokens[at][0] >= '0' && tokens[at][0] <= '9';
  return position && std::any_of(set.children.begin(), set.children.end(), [&](const auto& child) {
           return child.first[0] != 'f' && owns_path(child.second, tokens, at + 1);
         });
}

bool applied_by_another(const Value& live, const std::vector<std::string>& tokens,
                        std::string_view field_manager) {
  for (const Value& entry : live["metadata"]["managedFields"].items()) {
    if (entry["operation"].get_string() != "Apply" || entry.contains("subresource")) continue;
    if (entry["manager"].get_string() == field_manager) continue;
    const Result<FieldSet> fields = parse_fields(entry["fieldsV1"]);
    if (fields.ok() && owns_path(*fields, tokens, 0)) return true;
  }
  return false;
}

}  // namespace

bool has_drifted(const Value& live, const Value& dry_run) {
  for (std::string_view field : {"labels", "annotations"}) {
    if (!same_map(live["metadata"][field], dry_run["metadata"][field])) return true;
  }
  std::set<std::string_view> names;
  for (const Value* object : {&live, &dry_run}) {
    for (const value::Member& member : object->members()) names.insert(member.name());
  }
  const bool autoscaler = live["kind"].get_string() == "HorizontalPodAutoscaler";
  return std::any_of(names.begin(), names.end(), [&](std::string_view name) {
    return is_compared(name) &&
           (live.contains(name) != dry_run.contains(name) ||
            !same_field(live[name], dry_run[name], autoscaler && name == "spec"));
  });
}

Value make_cleanup_patch(const Value& live, const CleanupOptions& options) {
  Value patch = Value::array();
  const Value& metadata = live["metadata"];
  if (!options.only_overridden) {
    remove_keys(patch, metadata["annotations"], "/metadata/annotations", stale_annotations);
    remove_keys(patch, metadata["labels"], "/metadata/labels", stale_labels);
  }
  Value managers = fold_managers(metadata["managedFields"], options);
  if (!managers.is_null()) {
    patch.push_back(Value::object(
        {{"op", "replace"}, {"path", "/metadata/managedFields"}, {"value", std::move(managers)}}));
  }
  if (!patch.empty()) {
    // The API server answers 409 when this is no longer the object's version.
    patch.push_back(Value::object({{"op", "replace"},
                                   {"path", "/metadata/resourceVersion"},
                                   {"value", metadata["resourceVersion"]}}));
  }
  return patch;
}

bool has_foreign_manager(const Value& live, const CleanupOptions& options) {
  const std::vector<FoldedManager> managers = folded_managers(options);
  const auto entries = live["metadata"]["managedFields"].items();
  return std::any_of(entries.begin(), entries.end(), [&](const Value& entry) {
    return is_folded(entry, managers, options);
  });
}

Result<std::vector<IgnoreRule>> compile_ignore_rules(const Value& ignore) {
  std::vector<IgnoreRule> out;
  std::size_t index = 0;
  for (const Value& entry : ignore.items()) {
    const std::string where = "spec.ignore[" + std::to_string(index++) + "]";
    IgnoreRule rule;
    for (const Value& path : entry["paths"].items()) {
      WEIR_TRY(std::vector<std::string> tokens,
               value::parse_pointer(path.get_string()).with_context(where));
      rule.pointers.push_back(std::move(tokens));
    }
    WEIR_TRY(rule.target, Target::compile(entry["target"]).with_context(where));
    out.push_back(std::move(rule));
  }
  return out;
}

std::vector<std::vector<std::string>> ignored_pointers(const std::vector<IgnoreRule>& rules,
                                                       const Value& object) {
  std::vector<std::vector<std::string>> out;
  for (const IgnoreRule& rule : rules) {
    if (rule.target.matches(object)) {
      out.insert(out.end(), rule.pointers.begin(), rule.pointers.end());
    }
  }
  return out;
}

void strip_ignored(Value& live, Value& dry_run,
                   const std::vector<std::vector<std::string>>& pointers) {
  for (const std::vector<std::string>& pointer : pointers) {
    for (Value* side : {&live, &dry_run}) {
      if (pointer.empty()) {
        *side = Value::object();
      } else {
        value::remove_pointer(*side, pointer);
      }
    }
  }
}

void adopt_ignored(Value& manifest, const Value& live, const Value& dry_run,
                   const std::vector<std::vector<std::string>>& pointers,
                   std::string_view field_manager) {
  for (const std::vector<std::string>& pointer : pointers) {
    if (pointer.empty()) continue;
    const Value* was = value::find_pointer(live, pointer);
    const Value* would_be = value::find_pointer(dry_run, pointer);
    const bool same = was == nullptr ? would_be == nullptr
                                     : would_be != nullptr && *was == *would_be;
    if (same) continue;
    if (was == nullptr || applied_by_another(live, pointer, field_manager)) {
      value::remove_pointer(manifest, pointer);
    } else {
      set_pointer(manifest, pointer, *was);
    }
  }
}

}  // namespace weir::apply
