#include "api/kube/field_set.hh"

#include <algorithm>

#include "engine/base/limits.hh"
#include "engine/value/json.hh"

namespace weir::api::kube {

namespace {

constexpr std::size_t depth_max = base::limits::value_depth_max;

std::string compact(const Value& value) {
  return value::write_json(value, {.sort_keys = true, .escape_html = false, .indent = 0});
}

// Lists without a schema are owned as a whole, maps field by field.
bool granular_list(const Schema* schema) {
  return schema != nullptr && schema->list != Schema::List::atomic;
}
bool granular_map(const Schema* schema) { return schema == nullptr || !schema->atomic_map; }

const Schema* member_of(const Schema* schema, std::string_view name) {
  return schema == nullptr ? nullptr : schema->member(name);
}
const Schema* items_of(const Schema* schema) { return schema == nullptr ? nullptr : schema->items; }

std::string show_element(const std::string& element) {
  const std::string rest = element.substr(2);
  if (element[0] == 'f') return "." + rest;
  if (element[0] == 'v') return "[=" + rest + "]";
  if (element[0] != 'k') return "[" + rest + "]";
  const Result<Value> keys = value::parse_json(rest);
  if (!keys.ok()) return "[" + rest + "]";
  std::string out = "[";
  for (const value::Member& member : keys->members()) {
    if (out.size() > 1) out += ",";
    out += std::string(member.name()) + "=" + compact(member.value);
  }
  return out + "]";
}

void collect_paths(const FieldSet& set, const std::string& prefix, std::vector<std::string>& out) {
  if (set.member) out.push_back(prefix);
  for (const auto& [element, child] : set.children) {
    collect_paths(child, prefix + show_element(element), out);
  }
}

Value encode_children(const FieldSet& set, bool top) {
  Value out = Value::object();
  if (set.member && !set.children.empty() && !top) out.set(".", Value::object());
  for (const auto& [element, child] : set.children) {
    out.append_member(element, encode_children(child, false));
  }
  return out;
}

FieldSet decode_at(const Value& node, std::size_t depth) {
  FieldSet set;
  if (depth > depth_max) return set;
  for (const value::Member& member : node.members()) {
    if (member.name() == ".") {
      set.member = true;
    } else if (member.name().size() >= 2) {
      set.children.emplace(member.name(), decode_at(member.value, depth + 1));
    }
  }
  if (node.empty()) set.member = true;
  return set;
}

void fields_at(const Value& value, const Schema* schema, FieldSet& out) {
  if (value.is_object() && granular_map(schema) && !value.empty()) {
    for (const value::Member& member : value.members()) {
      FieldSet& child = out.children["f:" + std::string(member.name())];
      fields_at(member.value, member_of(schema, member.name()), child);
      const bool declared = schema != nullptr && schema->declares(member.name());
      if (!declared) child.member = true;
    }
    return;
  }
  if (value.is_array() && granular_list(schema) && !value.empty()) {
    for (std::size_t i = 0; i < value.size(); ++i) {
      FieldSet& child = out.children[item_element(value.at(i), schema, i)];
      child.member = true;
      if (schema->list == Schema::List::map) fields_at(value.at(i), items_of(schema), child);
    }
    return;
  }
  out.member = true;
}

struct Comparer {
  Comparison out;
  std::vector<std::string> path;

  static bool always_written(const Schema* schema, std::string_view name) {
    return schema != nullptr &&
           std::any_of(schema->always.begin(), schema->always.end(),
                       [&](const std::string& always) { return always == name; });
  }

  void step(std::string element, const Value* from, const Value* to, const Schema* schema) {
    path.push_back(std::move(element));
    compare(from, to, schema);
    path.pop_back();
  }

  void leaf(const Value* from, const Value* to) {
    if (from == nullptr) {
      out.added.insert(path);
    } else if (to == nullptr) {
      out.removed.insert(path);
    } else if (!(*from == *to)) {
      out.modified.insert(path);
    }
  }

  void ends(const Value* from, const Value* to) {
    if (path.empty()) return;
    if (from == nullptr) out.added.insert(path);
    if (to == nullptr) out.removed.insert(path);
  }

  void compare_members(const Value* from, const Value* to, const Schema* schema) {
    static const Value absent;
    const Value& a = from == nullptr ? absent : *from;
    const Value& b = to == nullptr ? absent : *to;
    const auto visit = [&](std::string_view name, const Value* x, const Value* y) {
      if (always_written(schema, name)) {
        if (x == nullptr && from != nullptr) x = &absent;
        if (y == nullptr && to != nullptr) y = &absent;
      }
      step("f:" + std::string(name), x, y, member_of(schema, name));
    };
    for (const value::Member& member : a.members()) {
      visit(member.name(), &member.value, b.find(member.name()));
    }
    for (const value::Member& member : b.members()) {
      if (!a.contains(member.name())) visit(member.name(), nullptr, &member.value);
    }
    ends(from, to);
  }

  void compare_items(const Value* from, const Value* to, const Schema* schema) {
    std::map<std::string, std::pair<const Value*, const Value*>> items;
    for (std::size_t i = 0; from != nullptr && i < from->size(); ++i) {
      items[item_element(from->at(i), schema, i)].first = &from->at(i);
    }
    for (std::size_t i = 0; to != nullptr && i < to->size(); ++i) {
      items[item_element(to->at(i), schema, i)].second = &to->at(i);
    }
    for (const auto& [element, sides] : items) {
      step(element, sides.first, sides.second, items_of(schema));
    }
    ends(from, to);
  }

  void compare(const Value* from, const Value* to, const Schema* schema) {
    if (from == nullptr && to == nullptr) return;
    if (path.size() > depth_max) return leaf(from, to);
    if (from != nullptr && to != nullptr && from->same_storage(*to)) return;
    const Value& shape = to != nullptr && !to->is_null() ? *to : from != nullptr ? *from : *to;
    const auto fits = [&shape](const Value* side) {
      return side == nullptr || side->is_null() || side->kind() == shape.kind();
    };
    const auto bare = [](const Value* side) { return side == nullptr || side->empty(); };
    if (!fits(from) || !fits(to) || (bare(from) && bare(to))) return leaf(from, to);
    if (shape.is_object() && granular_map(schema)) return compare_members(from, to, schema);
    if (shape.is_array() && granular_list(schema)) return compare_items(from, to, schema);
    leaf(from, to);
  }
};

Value merge_items(const Value& live, const Value& config, const Schema* schema) {
  std::map<std::string, std::size_t> in_live;
  std::map<std::string, std::size_t> in_config;
  std::vector<std::string> live_elements;
  for (std::size_t i = 0; i < live.size(); ++i) {
    live_elements.push_back(item_element(live.at(i), schema, i));
    in_live.emplace(live_elements.back(), i);
  }
  for (std::size_t i = 0; i < config.size(); ++i) {
    in_config.emplace(item_element(config.at(i), schema, i), i);
  }
  Value out = Value::array();
  std::size_t next = 0;
  const auto keep_until = [&](std::size_t end) {
    for (; next < end; ++next) {
      if (!in_config.contains(live_elements[next])) out.push_back(live.at(next));
    }
  };
  for (std::size_t i = 0; i < config.size(); ++i) {
    const auto found = in_live.find(item_element(config.at(i), schema, i));
    if (found == in_live.end()) {
      out.push_back(config.at(i));
      continue;
    }
    if (found->second >= next) {
      keep_until(found->second);
      next = found->second + 1;
    }
    out.push_back(merge_applied(live.at(found->second), config.at(i), items_of(schema)));
  }
  keep_until(live.size());
  return out;
}

}  // namespace

const FieldSet* FieldSet::child(std::string_view element) const {
  const auto found = children.find(element);
  return found == children.end() ? nullptr : &found->second;
}

void FieldSet::insert(const std::vector<std::string>& path) {
  FieldSet* node = this;
  for (const std::string& element : path) node = &node->children[element];
  node->member = true;
}

void FieldSet::remove(const std::vector<std::string>& path) {
  std::vector<FieldSet*> nodes = {this};
  for (const std::string& element : path) {
    const auto found = nodes.back()->children.find(element);
    if (found == nodes.back()->children.end()) return;
    nodes.push_back(&found->second);
  }
  for (std::size_t i = path.size(); i-- > 0;) {
    nodes[i]->children.erase(path[i]);
    if (!nodes[i]->empty()) break;
  }
}

void FieldSet::unite(const FieldSet& other) {
  member = member || other.member;
  for (const auto& [element, theirs] : other.children) children[element].unite(theirs);
}

void FieldSet::subtract(const FieldSet& other) {
  if (other.member) member = false;
  for (const auto& [element, theirs] : other.children) {
    const auto found = children.find(element);
    if (found == children.end()) continue;
    found->second.subtract(theirs);
    if (found->second.empty()) children.erase(found);
  }
}

FieldSet FieldSet::intersect(const FieldSet& other) const {
  FieldSet out;
  out.member = member && other.member;
  for (const auto& [element, theirs] : other.children) {
    const FieldSet* ours = child(element);
    if (ours == nullptr) continue;
    FieldSet both = ours->intersect(theirs);
    if (!both.empty()) out.children.emplace(element, std::move(both));
  }
  return out;
}

std::vector<std::string> FieldSet::paths() const {
  std::vector<std::string> out;
  collect_paths(*this, "", out);
  return out;
}

Value encode_fields(const FieldSet& set) { return encode_children(set, true); }

FieldSet decode_fields(const Value& fields_v1) {
  FieldSet set = decode_at(fields_v1, 0);
  set.member = false;
  return set;
}

std::string item_element(const Value& item, const Schema* list, std::size_t index) {
  if (list != nullptr && list->list == Schema::List::set) return "v:" + compact(item);
  if (list == nullptr || list->list != Schema::List::map) return "i:" + std::to_string(index);
  Value keys = Value::object();
  for (const std::string& key : list->keys) {
    const Value* present = item.find(key);
    if (present != nullptr) {
      keys.set(key, *present);
    } else if (const Schema* member = member_of(list->items, key); member != nullptr) {
      if (member->source != nullptr && member->source->contains("default")) {
        keys.set(key, (*member->source)["default"]);
      } else if (!member->key_default.is_null()) {
        keys.set(key, member->key_default);
      }
    }
  }
  return "k:" + compact(keys);
}

FieldSet fields_of(const Value& object, const Schema* schema) {
  FieldSet set;
  fields_at(object, schema, set);
  set.member = false;
  return set;
}

Comparison compare_objects(const Value& from, const Value& to, const Schema* schema) {
  Comparer comparer;
  comparer.compare(&from, &to, schema);
  return std::move(comparer.out);
}

Value merge_applied(const Value& live, const Value& config, const Schema* schema) {
  if (config.is_object() && live.is_object() && granular_map(schema)) {
    Value out = live;
    for (const value::Member& member : config.members()) {
      const Value* present = out.find(member.name());
      out.set(member.name(), present == nullptr ? member.value
                                                : merge_applied(Value(*present), member.value,
                                                                member_of(schema, member.name())));
    }
    return out;
  }
  if (config.is_array() && live.is_array() && granular_list(schema)) {
    return merge_items(live, config, schema);
  }
  return config;
}

void prune_unowned(Value& object, const FieldSet& last, const FieldSet& owned,
                   const Schema* schema) {
  static const FieldSet nothing;
  if (object.is_object() && granular_map(schema)) {
    for (const auto& [element, then] : last.children) {
      if (!element.starts_with("f:")) continue;
      const std::string name = element.substr(2);
      Value* member = object.find_mut(name);
      if (member == nullptr) continue;
      const FieldSet* now = owned.child(element);
      const bool envelope = name == "metadata" && schema != nullptr &&
                            schema->member("metadata") == metadata_schema();
      if (now == nullptr && !envelope) {
        object.erase(name);
      } else {
        prune_unowned(*member, then, now == nullptr ? nothing : *now, member_of(schema, name));
      }
    }
    return;
  }
  if (!object.is_array() || !granular_list(schema)) return;
  for (std::size_t i = object.size(); i-- > 0;) {
    const std::string element = item_element(object.at(i), schema, i);
    const FieldSet* then = last.child(element);
    if (then == nullptr) continue;
    const FieldSet* now = owned.child(element);
    if (now == nullptr) {
      object.erase_at(i);
    } else if (!object.at(i).is_scalar()) {
      prune_unowned(object.item_mut(i), *then, *now, items_of(schema));
    }
  }
}

}  // namespace weir::api::kube
