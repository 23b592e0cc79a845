#include "engine/apply/diff.hh"

#include <algorithm>
#include <map>
#include <set>

#include "engine/model/object_id.hh"
#include "engine/value/json.hh"

namespace weir::apply {
namespace {

using model::SchemaField;
using model::SchemaType;

std::string join_field(const std::string& path, std::string_view key) {
  std::string out = path;
  if (!out.empty()) out += '.';
  out += key;
  return out;
}

std::vector<std::string> sorted_keys(const Value& a, const Value& b) {
  std::set<std::string> keys;
  for (const Value* object : {&a, &b}) {
    for (const value::Member& member : object->members()) keys.emplace(member.name());
  }
  return {keys.begin(), keys.end()};
}

std::string scalar_key(const Value& value) {
  return value.is_string() ? std::string(value.as_string()) : value::write_json(value);
}

// The key of each item, all distinct; empty when the list has no such keys.
std::vector<std::string> item_keys(const Value& list, const std::vector<std::string>& names) {
  std::vector<std::string> keys;
  std::set<std::string> seen;
  for (const Value& item : list.items()) {
    std::string key;
    for (const std::string& name : names) {
      const Value& part = item[name];
      if (part.is_null()) continue;
      if (!key.empty()) key += '/';
      key += scalar_key(part);
    }
    if (key.empty() || !seen.insert(key).second) return {};
    keys.push_back(std::move(key));
  }
  return keys;
}

class Differ {
 public:
  std::vector<FieldChange> take() { return std::move(out_); }

  void objects(const Value& before, const Value& after, const std::string& path,
               const SchemaType* type, const SchemaField* values) {
    const std::vector<std::string> keys = sorted_keys(before, after);
    for (const std::string& key : keys) {
      const bool had = before.contains(key);
      if (had == after.contains(key)) continue;
      add(had ? ChangeKind::removed : ChangeKind::added, path, key, false, before[key], after[key]);
    }
    for (const std::string& key : keys) {
      if (!before.contains(key) || !after.contains(key)) continue;
      const SchemaField* field = type != nullptr ? type->find(key) : values;
      any(before[key], after[key], path, key, field);
    }
  }

 private:
  void any(const Value& before, const Value& after, const std::string& parent,
           const std::string& key, const SchemaField* field) {
    if (before == after) return;
    const std::string path = join_field(parent, key);
    if (before.is_object() && after.is_object()) {
      return objects(before, after, path, field == nullptr ? nullptr : field->type,
                     field == nullptr ? nullptr : field->element);
    }
    if (before.is_array() && after.is_array()) return lists(before, after, path, field);
    add(ChangeKind::value, parent, key, false, before, after);
  }

  void lists(const Value& before, const Value& after, const std::string& path,
             const SchemaField* field) {
    // "name" reads better than a port and its protocol, where every item has one.
    std::vector<std::string> keys;
    if (field != nullptr) keys = field->map_keys;
    if (keys.empty() && field != nullptr && !field->patch_merge_key.empty()) {
      keys = {field->patch_merge_key};
    }
    for (const std::vector<std::string>& candidate : {std::vector<std::string>{"name"}, keys}) {
      if (candidate.empty()) continue;
      const std::vector<std::string> keys_before = item_keys(before, candidate);
      const std::vector<std::string> keys_after = item_keys(after, candidate);
      if (keys_before.size() != before.size() || keys_after.size() != after.size()) continue;
      return keyed(before, after, keys_before, keys_after, path,
                   field == nullptr ? nullptr : field->element);
    }
    if (before.size() == 1 && after.size() == 1) {
      return any(before.at(0), after.at(0), path, "0", field == nullptr ? nullptr : field->element);
    }
    plain(before, after, path);
  }

  void keyed(const Value& before, const Value& after, const std::vector<std::string>& keys_before,
             const std::vector<std::string>& keys_after, const std::string& path,
             const SchemaField* element) {
    std::map<std::string, std::size_t> at_before, at_after;
    for (std::size_t i = 0; i < keys_before.size(); ++i) at_before[keys_before[i]] = i;
    for (std::size_t i = 0; i < keys_after.size(); ++i) at_after[keys_after[i]] = i;
    std::vector<std::string> common_before, common_after;
    for (std::size_t i = 0; i < keys_before.size(); ++i) {
      if (at_after.contains(keys_before[i])) {
        common_before.push_back(keys_before[i]);
      } else {
        add(ChangeKind::removed, path, keys_before[i], true, before.at(i), {});
      }
    }
    for (std::size_t i = 0; i < keys_after.size(); ++i) {
      if (at_before.contains(keys_after[i])) {
        common_after.push_back(keys_after[i]);
      } else {
        add(ChangeKind::added, path, keys_after[i], true, {}, after.at(i));
      }
    }
    if (common_before != common_after) order(path, common_before, common_after);
    for (const std::string& key : common_before) {
      any(before.at(at_before[key]), after.at(at_after[key]), path, key, element);
    }
  }

  // Items without keys: what is in one list only, however often.
  void plain(const Value& before, const Value& after, const std::string& path) {
    std::map<std::string, int> balance;
    for (const Value& item : before.items()) ++balance[value::write_json(item)];
    for (const Value& item : after.items()) --balance[value::write_json(item)];
    bool same_items = true;
    std::map<std::string, int> left = balance;
    for (const Value& item : before.items()) {
      if (left[value::write_json(item)]-- <= 0) continue;
      add(ChangeKind::removed, path, "", true, item, {});
      same_items = false;
    }
    left = balance;
    for (const Value& item : after.items()) {
      if (left[value::write_json(item)]++ >= 0) continue;
      add(ChangeKind::added, path, "", true, {}, item);
      same_items = false;
    }
    if (!same_items) return;
    std::vector<std::string> was, is;
    for (const Value& item : before.items()) was.push_back(scalar_key(item));
    for (const Value& item : after.items()) is.push_back(scalar_key(item));
    order(path, was, is);
  }

  void order(const std::string& path, const std::vector<std::string>& before,
             const std::vector<std::string>& after) {
    Value was = Value::array();
    Value is = Value::array();
    for (const std::string& key : before) was.push_back(key);
    for (const std::string& key : after) is.push_back(key);
    out_.push_back({ChangeKind::order, path, path, "", true, std::move(was), std::move(is)});
  }

  void add(ChangeKind kind, const std::string& parent, const std::string& key, bool list_item,
           const Value& before, const Value& after) {
    const std::string path = key.empty() ? parent : join_field(parent, key);
    out_.push_back({kind, path, parent, key, list_item, before, after});
  }

  std::vector<FieldChange> out_;
};

// The part of an object that is compared.
Value comparable(const Value& object, const DiffOptions& options) {
  Value out = Value::object();
  for (const value::Member& member : object.members()) {
    const std::string_view name = member.name();
    if (name == "metadata" || (name == "status" && !options.status)) continue;
    out.append_member(member.key, member.value);
  }
  if (!options.metadata) return out;
  Value metadata = Value::object();
  for (std::string_view name : {"labels", "annotations"}) {
    const Value& part = object["metadata"][name];
    if (!part.empty()) metadata.append_member(Value(name), part);
  }
  if (!metadata.empty()) out.append_member("metadata", std::move(metadata));
  return out;
}

}  // namespace

void mask_secrets(Value& before, Value& after) {
  for (std::string_view field : {"data", "stringData"}) {
    const Value was = before["kind"].get_string() == "Secret" ? before[field] : Value();
    const Value is = after["kind"].get_string() == "Secret" ? after[field] : Value();
    for (const value::Member& member : was.members()) {
      const Value* other = is.find(member.name());
      const bool differs = other != nullptr && !(*other == member.value);
      before.entry(field).set(member.name(), differs ? "*** (before)" : "***");
    }
    for (const value::Member& member : is.members()) {
      const Value* other = was.find(member.name());
      const bool differs = other != nullptr && !(*other == member.value);
      after.entry(field).set(member.name(), differs ? "*** (after)" : "***");
    }
  }
}

std::vector<FieldChange> diff_objects(const Value& before, const Value& after,
                                      const DiffOptions& options) {
  Value was = comparable(before, options);
  Value is = comparable(after, options);
  mask_secrets(was, is);
  const Value& named = after.is_null() ? before : after;
  Differ differ;
  differ.objects(was, is, "", model::find_type(Gvk::of(named)), nullptr);
  return differ.take();
}

std::string format_change_paths(const std::vector<FieldChange>& changes, std::size_t count_max) {
  std::vector<std::string> paths;
  for (const FieldChange& change : changes) {
    if (std::find(paths.begin(), paths.end(), change.path) == paths.end()) {
      paths.push_back(change.path);
    }
  }
  std::string out;
  for (std::size_t i = 0; i < paths.size() && i < count_max; ++i) {
    if (i > 0) out += ", ";
    out += '.';
    out += paths[i];
  }
  if (paths.size() > count_max) out += " and " + std::to_string(paths.size() - count_max) + " more";
  return out;
}

}  // namespace weir::apply
