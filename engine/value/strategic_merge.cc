#include "engine/value/strategic_merge.hh"

#include <algorithm>
#include <optional>
#include <set>

#include "engine/base/limits.hh"
#include "engine/value/json.hh"
#include "engine/value/yaml.hh"

namespace weir::value {

namespace {

using base::Code;
using base::Error;
using base::make_error;

using Keys = std::vector<std::string>;
constexpr std::string_view directive_key = "$patch";

enum class Directive : std::uint8_t { merge, replace, remove };

// What became of a node: gone, the target's own node edited, or the patch's node in its place.
enum class Outcome : std::uint8_t { gone, kept, adopted };

bool missing(const Value* value) { return value == nullptr || value->is_null(); }
bool empty_map(const Value& value) { return value.is_object() && value.empty(); }

std::string_view node_kind(const Value& value) {
  if (value.is_object()) return "MappingNode";
  return value.is_array() ? "SequenceNode" : "ScalarNode";
}

Error wrong_kind(std::string_view expected, const Value& node) {
  return make_error(Code::invalid, "wrong node kind: expected " + std::string(expected) +
                                       " but got " + std::string(node_kind(node)) +
                                       ": node contents:\n" + write_yaml(node, YamlStyle::ordered));
}

Result<Directive> directive_named(std::string_view name) {
  if (name == "delete") return Directive::remove;
  if (name == "replace") return Directive::replace;
  if (name == "merge") return Directive::merge;
  return make_error(Code::invalid, "unknown patch strategy '" + std::string(name) + "'");
}

// Reads a map's directive and takes it out.
Result<Directive> take_map_directive(Value& patch) {
  const Value* found = patch.find(directive_key);
  if (found == nullptr) return Directive::merge;
  WEIR_TRY(Directive directive, directive_named(scalar_text(*found)));
  patch.erase(directive_key);
  return directive;
}

// Reads the directive of a list (an item that holds nothing else) and takes it out.
Result<Directive> take_list_directive(Value& patch) {
  for (const Value& item : patch.items()) {
    const Value* found = item.find(directive_key);
    if (found == nullptr) continue;
    if (item.size() > 1) return Directive::merge;
    WEIR_TRY(Directive directive, directive_named(scalar_text(*found)));
    const std::string text = scalar_text(*found);
    Value rest = Value::array();
    for (const Value& other : patch.items()) {
      if (other.is_null() || empty_map(other)) continue;
      const Value* same = other.find(directive_key);
      if (same != nullptr && scalar_text(*same) == text) continue;
      rest.push_back(other);
    }
    patch = std::move(rest);
    return directive;
  }
  return Directive::merge;
}

// Does an item match the values under these keys? With `presence`, an empty value asks only that
// the key is there.
bool matches(const Value& item, const Keys& keys, const Keys& values, bool presence) {
  if (values.empty()) return false;
  for (std::size_t i = 0; i < keys.size() && i < values.size(); ++i) {
    if (keys[i].empty()) {
      if (scalar_text(item) != values[i]) return false;
      continue;
    }
    const Value* found = item.find(keys[i]);
    if (found == nullptr) return false;
    if (presence && values[i].empty()) continue;
    if (scalar_text(*found) != values[i]) return false;
  }
  return true;
}

// Replaces what matches by `element` (removes it when there is none), or appends; drops empty
// items.
void set_element(std::vector<Value>& items, const Value* element, const Keys& keys,
                 const Keys& values) {
  const bool by_field = !keys.empty() && !keys[0].empty() && !values.empty() && !values[0].empty();
  std::vector<Value> result;
  result.reserve(items.size() + 1);
  bool found = false;
  for (Value& item : items) {
    if (item.is_null() || empty_map(item)) continue;
    if (!item.is_object() && by_field) {
      result.push_back(std::move(item));
      continue;
    }
    if (!matches(item, keys, values, true)) {
      if (!values.empty()) result.push_back(std::move(item));
      continue;
    }
    found = true;
    if (element != nullptr) result.push_back(*element);
  }
  if (element != nullptr && !found) result.push_back(*element);
  items = std::move(result);
}

// Two key tuples agree when they share a value and differ only where one of them is blank.
std::optional<Keys> unify(const Keys& a, const Keys& b) {
  if (a.size() != b.size()) return std::nullopt;
  bool common = false;
  Keys result;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i] == b[i]) {
      common = true;
    } else if (!a[i].empty() && !b[i].empty()) {
      return std::nullopt;
    }
    result.push_back(a[i].empty() ? b[i] : a[i]);
  }
  if (!common) return std::nullopt;
  return result;
}

// Keys that some tuple has a value for; with the values of `values` under them.
std::pair<Keys, Keys> valid_keys(const std::vector<Keys>& tuples, const Keys& values,
                                 const Keys& keys) {
  std::vector<bool> used(keys.size(), false);
  bool any = false;
  for (const Keys& tuple : tuples) {
    for (std::size_t i = 0; i < tuple.size(); ++i) {
      if (tuple[i].empty()) continue;
      used[i] = true;
      any = true;
    }
  }
  if (!any) return {keys, values};
  std::pair<Keys, Keys> result;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (used[i]) result.first.push_back(keys[i]);
    if (i < values.size() && (!values[i].empty() || used[i])) result.second.push_back(values[i]);
  }
  return result;
}

class Merger {
 public:
  explicit Merger(const MergeSchemaSource& schemas) : schemas_(schemas) {}

  // Merges `patch` (nullptr: nothing) into `target`, which is present. `self`: both are the same
  // node.
  Result<Outcome> walk(Value& target, const Value* patch, const MergeSchema* schema, bool self);

 private:
  const MergeSchema* schema_of(const MergeSchema* known, const Value* target,
                               const Value* patch) const;
  Result<Outcome> walk_map(Value& target, const Value* patch, const MergeSchema* schema, bool self);
  Result<Outcome> walk_list(Value& target, const Value* patch, const MergeSchema* schema,
                            bool self);
  Result<void> walk_members(Value& target, const Value* patch, const MergeSchema* schema,
                            bool self);
  Result<Outcome> merge_items(Value& target, const Value* patch, const MergeSchema& schema,
                              bool self);
  Result<Outcome> merge_item(std::vector<Value>& target, std::span<const Value> patch,
                             const Keys& keys, const Keys& values, const MergeSchema* schema,
                             bool self, Value& merged);
  Result<void> append_items(std::vector<Value>& result, const std::vector<Value>& items,
                            const Keys& keys);
  bool settled(const Value& target, const MergeSchema* schema) const;
  bool settled_items(const Value& target, const MergeSchema& schema) const;

  const MergeSchemaSource& schemas_;
  std::size_t depth_ = 0;
};

const MergeSchema* Merger::schema_of(const MergeSchema* known, const Value* target,
                                     const Value* patch) const {
  if (known != nullptr) return known;
  for (const Value* value : {target, patch}) {
    if (value == nullptr || !value->is_object()) continue;
    const Value& kind = (*value)["kind"];
    const Value& api_version = (*value)["apiVersion"];
    if (!kind.is_string() || !api_version.is_string()) continue;
    const MergeSchema* found = schemas_.find(api_version.as_string(), kind.as_string());
    if (found != nullptr) return found;
  }
  return nullptr;
}

// True when walking `target` without a patch would change nothing: the common case, found without
// copying.
bool Merger::settled(const Value& target, const MergeSchema* known) const {
  if (target.is_null()) return !target.is_empty_null();
  if (target.is_object()) {
    const MergeSchema* schema = schema_of(known, &target, nullptr);
    for (const Member& member : target.members()) {
      if (!settled(member.value, schema == nullptr ? nullptr : schema->field(member.name())))
        return false;
    }
    return true;
  }
  if (target.is_array() && known != nullptr && known->merges) return settled_items(target, *known);
  return true;
}

bool Merger::settled_items(const Value& target, const MergeSchema& schema) const {
  std::set<std::string> seen;
  for (const Value& item : target.items()) {
    if (schema.keys.empty()) {
      if (!item.is_scalar() || item.is_null() || !seen.insert(scalar_text(item)).second)
        return false;
      continue;
    }
    if (!item.is_object() || item.empty()) return false;
    std::string id;
    for (const std::string& key : schema.keys) {
      const Value* found = item.find(key);
      // A partial key is settled only when the first key alone tells the items apart.
      if (found == nullptr && schema.keys.size() == 1) return false;
      if (found == nullptr) return false;
      id += scalar_text(*found) + '\n';
    }
    if (!seen.insert(id).second || !settled(item, schema.element)) return false;
  }
  return true;
}

Result<Outcome> Merger::walk(Value& target, const Value* patch, const MergeSchema* known,
                             bool self) {
  if (++depth_ > base::limits::value_depth_max) {
    return make_error(Code::limit, "patch nests deeper than " +
                                       std::to_string(base::limits::value_depth_max) + " levels");
  }
  struct Leave {
    std::size_t& depth;
    ~Leave() { --depth; }
  } leave{depth_};
  if (patch == nullptr && settled(target, known)) return Outcome::kept;
  const MergeSchema* schema = schema_of(known, &target, patch);
  const Value* first = target.is_null() ? patch : &target;
  if (missing(first) || first->is_object()) {
    if (!missing(patch) && !patch->is_object()) return wrong_kind("MappingNode", *patch);
    return walk_map(target, patch, schema, self);
  }
  if (first->is_array()) {
    if (!missing(patch) && !patch->is_array()) return wrong_kind("SequenceNode", *patch);
    return walk_list(target, patch, schema, self);
  }
  if (patch == nullptr) return Outcome::kept;
  if (!patch->is_null() && !patch->is_scalar()) return wrong_kind("ScalarNode", *patch);
  target = in_manner_of(target, *patch);
  return target.is_null() ? Outcome::gone : Outcome::adopted;
}

Result<Outcome> Merger::walk_map(Value& target, const Value* patch, const MergeSchema* schema,
                                 bool self) {
  if (target.is_null()) {
    if (patch == nullptr) return target.is_empty_null() ? Outcome::gone : Outcome::kept;
    if (patch->is_null()) return Outcome::gone;
    Value adopted = *patch;
    Result<Directive> directive = take_map_directive(adopted);
    if (directive.ok() && *directive == Directive::remove) return Outcome::gone;
    target = std::move(adopted);
    WEIR_CHECK(walk_members(target, nullptr, schema, true));
    return Outcome::adopted;
  }
  if (patch == nullptr) {
    WEIR_CHECK(walk_members(target, nullptr, schema, self));
    return Outcome::kept;
  }
  if (patch->is_null()) return Outcome::gone;
  Value rest = *patch;
  WEIR_TRY(Directive directive, take_map_directive(rest));
  if (directive == Directive::remove) return Outcome::gone;
  if (self || directive == Directive::replace) {
    target = std::move(rest);
    WEIR_CHECK(walk_members(target, nullptr, schema, true));
    return directive == Directive::replace ? Outcome::adopted : Outcome::kept;
  }
  WEIR_CHECK(walk_members(target, &rest, schema, false));
  return Outcome::kept;
}

Result<void> Merger::walk_members(Value& target, const Value* patch, const MergeSchema* schema,
                                  bool self) {
  std::vector<std::string> gone;
  for (std::size_t i = 0; i < target.size(); ++i) {
    const Member& known = target.members()[i];
    const MergeSchema* below = schema == nullptr ? nullptr : schema->field(known.name());
    const Value* change = patch == nullptr ? nullptr : patch->find(known.name());
    if (!self && change == nullptr && settled(known.value, below)) continue;
    Member& member = target.member_mut(i);
    const Value copy = self ? member.value : Value();
    if (self) change = &copy;
    WEIR_TRY(Outcome outcome, walk(member.value, change, below, self));
    if (outcome == Outcome::gone) gone.emplace_back(member.name());
  }
  for (const std::string& name : gone) target.erase(name);
  if (patch == nullptr) return {};
  for (const Member& added : patch->members()) {
    if (target.contains(added.name()) ||
        std::find(gone.begin(), gone.end(), added.name()) != gone.end()) {
      continue;
    }
    const MergeSchema* below = schema == nullptr ? nullptr : schema->field(added.name());
    Value value;
    WEIR_TRY(Outcome outcome, walk(value, &added.value, below, false));
    if (outcome != Outcome::gone) target.append_member(added.key, std::move(value));
  }
  return {};
}

Result<Outcome> Merger::walk_list(Value& target, const Value* patch, const MergeSchema* schema,
                                  bool self) {
  if (schema == nullptr || !schema->merges) {
    if (patch == nullptr) return Outcome::kept;
    target = *patch;
    return target.is_null() ? Outcome::gone : Outcome::adopted;
  }
  if (patch == nullptr) return merge_items(target, nullptr, *schema, false);
  if (target.is_null()) {
    target = *patch;
    return merge_items(target, &target, *schema, true);
  }
  if (patch->is_null()) return Outcome::gone;
  Value rest = *patch;
  WEIR_TRY(Directive directive, take_list_directive(rest));
  if (directive == Directive::remove) return Outcome::gone;
  if (self || directive == Directive::replace) {
    target = std::move(rest);
    return merge_items(target, &target, *schema, true);
  }
  return merge_items(target, &rest, *schema, false);
}

std::vector<Keys> item_tuples(std::span<const Value> first, std::span<const Value> second,
                              const Keys& keys) {
  std::vector<Keys> result;
  std::set<Keys> seen;
  for (std::span<const Value> items : {first, second}) {
    for (const Value& item : items) {
      Keys tuple;
      for (const std::string& key : keys) {
        if (key.empty()) {
          tuple.push_back(scalar_text(item));
          continue;
        }
        const Value* found = item.find(key);
        tuple.push_back(found == nullptr || found->is_null() ? std::string() : scalar_text(*found));
      }
      if (seen.insert(tuple).second) result.push_back(std::move(tuple));
    }
  }
  return result;
}

Result<Outcome> Merger::merge_items(Value& target, const Value* patch, const MergeSchema& schema,
                                    bool self) {
  const Keys keys = schema.keys.empty() ? Keys{""} : schema.keys;
  std::vector<Value> items(target.items().begin(), target.items().end());
  const Value changes = patch == nullptr ? Value::array() : *patch;
  std::vector<Keys> tuples = item_tuples(
      changes.items(), self ? std::span<const Value>() : std::span<const Value>(items), keys);
  if (tuples.empty()) return Outcome::kept;
  if (keys.size() > 1) {
    for (std::size_t i = 0; i < tuples.size(); ++i) {
      for (std::size_t j = 0; j < tuples.size(); ++j) {
        std::optional<Keys> both = unify(tuples[i], tuples[j]);
        if (both) tuples[i] = tuples[j] = *both;
      }
    }
  }
  std::vector<Value> result;
  Keys used;
  for (std::size_t i = 0; i < tuples.size(); ++i) {
    auto [names, values] = valid_keys(tuples, tuples[i], keys);
    used = names;
    Value merged;
    WEIR_TRY(Outcome outcome,
             merge_item(items, changes.items(), names, values, schema.element, self, merged));
    if (outcome == Outcome::gone || merged.is_null() || empty_map(merged)) {
      set_element(items, nullptr, names, values);
      continue;
    }
    for (std::size_t k = 0; k < names.size() && k < values.size(); ++k) {
      if (names[k].empty() || values[k].empty() || !merged.is_object()) continue;
      if (!merged.contains(names[k])) merged.set(names[k], Value(values[k]));
    }
    set_element(result, &merged, names, values);
  }
  WEIR_CHECK(append_items(result, items, used));
  target = Value::array();
  for (Value& item : result) target.push_back(std::move(item));
  return Outcome::kept;
}

// Merges the first matching item of each side; an edited item of the target changes in place.
Result<Outcome> Merger::merge_item(std::vector<Value>& target, std::span<const Value> patch,
                                   const Keys& keys, const Keys& values, const MergeSchema* schema,
                                   bool self, Value& merged) {
  const auto [names, wanted] = valid_keys({values}, values, keys);
  const auto match = [&, &names = names, &wanted = wanted](const Value& item) {
    return (names[0].empty() || item.is_object()) && matches(item, names, wanted, false);
  };
  const auto mine = std::find_if(target.begin(), target.end(), match);
  const auto theirs = std::find_if(patch.begin(), patch.end(), match);
  const Value* change = theirs == patch.end() ? nullptr : &*theirs;
  if (mine == target.end()) {
    if (change == nullptr) return Outcome::gone;
    return walk(merged, change, schema, false);
  }
  merged = *mine;
  WEIR_TRY(Outcome outcome, walk(merged, change, schema, self && change != nullptr));
  if (outcome == Outcome::kept || self) *mine = merged;
  return outcome;
}

// Puts the target's own items behind the merged ones, each in the place of the one with its keys.
Result<void> Merger::append_items(std::vector<Value>& result, const std::vector<Value>& items,
                                  const Keys& keys) {
  for (const Value& item : items) {
    if (keys[0].empty()) {
      set_element(result, &item, {""}, {scalar_text(item)});
      continue;
    }
    if (!item.is_null() && !item.is_object()) return wrong_kind("MappingNode", item);
    Keys values;
    for (const std::string& key : keys) {
      const Value* found = item.find(key);
      if (found == nullptr) {
        result.push_back(item);
      } else {
        values.push_back(scalar_text(*found));
      }
    }
    if (keys.size() > 1) set_element(result, nullptr, keys, values);
    set_element(result, &item, keys, values);
  }
  return {};
}

}  // namespace

const MergeSchema* MergeSchema::field(std::string_view name) const {
  static const MergeSchema inert{.closed = true, .keys = {}, .fields = {}};
  const auto found =
      std::lower_bound(fields.begin(), fields.end(), name,
                       [](const auto& entry, std::string_view n) { return entry.first < n; });
  if (found != fields.end() && found->first == name) return found->second;
  if (any_field != nullptr) return any_field;
  return closed ? &inert : nullptr;
}

Value in_manner_of(const Value& old, const Value& value) {
  if (value.is_null()) return value;
  const bool quoted = old.is_quoted();
  Value result = quoted && !value.is_string() ? Value(scalar_text(value)) : value;
  result.set_quoted(quoted);
  return result;
}

std::string scalar_text(const Value& value) {
  if (value.is_string()) return std::string(value.as_string());
  if (value.is_null() || !value.is_scalar()) return {};
  if (!value.spelling().empty()) return std::string(value.spelling());
  return write_json(value);
}

Result<bool> apply_strategic_merge(Value& target, const Value& patch,
                                   const MergeSchemaSource& schemas) {
  WEIR_TRY(Outcome outcome, Merger(schemas).walk(target, &patch, nullptr, false));
  return outcome != Outcome::gone;
}

}  // namespace weir::value
