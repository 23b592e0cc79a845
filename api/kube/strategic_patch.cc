#include "api/kube/strategic_patch.hh"

#include <algorithm>

#include "api/kube/call.hh"
#include "engine/base/limits.hh"
#include "engine/value/json.hh"

namespace weir::api::kube {

namespace {

constexpr std::string_view order_prefix = "$setElementOrder/";
constexpr std::string_view delete_prefix = "$deleteFromPrimitiveList/";

Result<void> merge(Value& target, const Value& patch, const Schema* schema, std::size_t depth);

std::size_t find_item(const Value& list, std::string_view key, const Value& wanted) {
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (list.at(i)[key] == wanted) return i;
  }
  return list.size();
}

std::size_t find_scalar(const Value& list, const Value& wanted) {
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (list.at(i) == wanted) return i;
  }
  return list.size();
}

// A patch's own list without its directives, for a list that was not there.
Value plain_items(const Value& patch) {
  Value out = Value::array();
  for (const Value& item : patch.items()) {
    if (item.contains("$patch")) continue;
    out.push_back(item);
  }
  return out;
}

Result<void> merge_keyed(Value& list, const Value& patch, const Schema& schema, std::size_t depth) {
  for (const Value& item : patch.items()) {
    if (item["$patch"].get_string() == "replace") {
      list = plain_items(patch);
      return {};
    }
  }
  for (const Value& item : patch.items()) {
    const Value* key = item.find(schema.merge_key);
    if (key == nullptr) {
      return bad_request("map: " + value::write_json(item) +
                         " does not contain declared merge key: " + schema.merge_key);
    }
    const std::size_t at = find_item(list, schema.merge_key, *key);
    if (item["$patch"].get_string() == "delete") {
      if (at < list.size()) list.erase_at(at);
    } else if (at < list.size()) {
      WEIR_CHECK(merge(list.item_mut(at), item, schema.items, depth + 1));
    } else {
      Value fresh = Value::object();
      WEIR_CHECK(merge(fresh, item, schema.items, depth + 1));
      list.push_back(std::move(fresh));
    }
  }
  return {};
}

// Puts the items into the order the patch states; items it does not name keep their place after the
// one they followed.
void reorder(Value& list, const Value& order, const Schema& schema) {
  const auto rank = [&](const Value& item) -> std::size_t {
    for (std::size_t i = 0; i < order.size(); ++i) {
      const bool same = schema.merge_scalars
                            ? order.at(i) == item
                            : order.at(i)[schema.merge_key] == item[schema.merge_key];
      if (same) return i + 1;
    }
    return 0;
  };
  struct Ranked {
    std::size_t rank;
    Value item;
  };
  std::vector<Ranked> ranked;
  std::size_t last = 0;
  for (const Value& item : list.items()) {
    const std::size_t own = rank(item);
    if (own != 0) last = own;
    ranked.push_back({own != 0 ? own : last, item});
  }
  std::stable_sort(ranked.begin(), ranked.end(),
                   [](const Ranked& a, const Ranked& b) { return a.rank < b.rank; });
  Value sorted = Value::array();
  for (Ranked& entry : ranked) sorted.push_back(std::move(entry.item));
  list = std::move(sorted);
}

Result<void> merge_list(Value& target, const Value& patch, const Schema* schema,
                        std::size_t depth) {
  if (schema == nullptr || (schema->merge_key.empty() && !schema->merge_scalars)) {
    target = patch;
    return {};
  }
  if (!target.is_array()) target = Value::array();
  if (!schema->merge_key.empty()) return merge_keyed(target, patch, *schema, depth);
  for (const Value& item : patch.items()) {
    if (find_scalar(target, item) == target.size()) target.push_back(item);
  }
  return {};
}

Result<void> directive(Value& target, std::string_view name, const Value& value,
                       const Schema* schema) {
  if (name.starts_with(delete_prefix)) {
    Value* list = target.find_mut(name.substr(delete_prefix.size()));
    if (list == nullptr) return {};
    for (const Value& item : value.items()) {
      const std::size_t at = find_scalar(*list, item);
      if (at < list->size()) list->erase_at(at);
    }
    return {};
  }
  if (name == "$retainKeys") {
    std::vector<std::string> gone;
    for (const value::Member& member : target.members()) {
      if (find_scalar(value, member.key) == value.size()) gone.emplace_back(member.name());
    }
    for (const std::string& key : gone) target.erase(key);
    return {};
  }
  (void)schema;
  return bad_request("Unrecognized patch directive: " + std::string(name));
}

Result<void> merge_members(Value& target, const Value& patch, const Schema* schema,
                           std::size_t depth) {
  for (const value::Member& member : patch.members()) {
    const std::string_view name = member.name();
    if (name == "$patch" || name.starts_with(order_prefix)) continue;
    if (name.starts_with("$") && (name == "$retainKeys" || name.starts_with(delete_prefix))) {
      WEIR_CHECK(directive(target, name, member.value, schema));
      continue;
    }
    if (member.value.is_null()) {
      target.erase(name);
      continue;
    }
    const Schema* below = schema == nullptr ? nullptr : schema->member(name);
    WEIR_CHECK(merge(target.entry(name), member.value, below, depth + 1));
  }
  for (const value::Member& member : patch.members()) {
    if (!member.name().starts_with(order_prefix)) continue;
    const std::string_view name = member.name().substr(order_prefix.size());
    const Schema* below = schema == nullptr ? nullptr : schema->member(name);
    if (Value* list = target.find_mut(name);
        list != nullptr && list->is_array() && below != nullptr) {
      reorder(*list, member.value, *below);
    }
  }
  return {};
}

Result<void> merge(Value& target, const Value& patch, const Schema* schema, std::size_t depth) {
  if (depth > base::limits::value_depth_max) return bad_request("the patch nests too deeply");
  if (patch.is_array()) return merge_list(target, patch, schema, depth);
  if (!patch.is_object()) {
    target = patch;
    return {};
  }
  const std::string_view how = patch["$patch"].get_string();
  if (how == "delete") {
    target = Value::object();
    return {};
  }
  if (how == "replace") {
    target = patch;
    target.erase("$patch");
    return {};
  }
  if (!how.empty() && how != "merge") {
    return bad_request("Unknown patch type: " + std::string(how));
  }
  if (!target.is_object()) target = Value::object();
  return merge_members(target, patch, schema, depth);
}

}  // namespace

Result<void> apply_strategic_patch(Value& target, const Value& patch, const Schema* schema) {
  Value result = target;
  WEIR_CHECK(merge(result, patch, schema, 0));
  target = std::move(result);
  return {};
}

}  // namespace weir::api::kube
