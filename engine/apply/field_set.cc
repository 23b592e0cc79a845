#include "engine/apply/field_set.hh"

#include <algorithm>
#include <charconv>

#include "engine/base/limits.hh"
#include "engine/value/json.hh"

namespace weir::apply {
namespace {

using model::FieldKind;
using model::ListType;
using model::SchemaField;
using model::SchemaType;

constexpr value::JsonStyle plain_json{.sort_keys = true, .escape_html = false, .indent = 0};

Result<FieldSet> parse_level(const Value& fields, std::size_t depth) {
  if (depth > base::limits::value_depth_max) {
    return make_error(Code::limit, "field set is nested deeper than value_depth_max");
  }
  if (!fields.is_object()) return make_error(Code::invalid, "field set is not an object");
  FieldSet out;
  if (fields.empty() && depth > 0) out.self = true;
  for (const value::Member& member : fields.members()) {
    const std::string_view name = member.name();
    if (name == ".") {
      out.self = true;
      continue;
    }
    const bool known = name.size() >= 2 && name[1] == ':' &&
                       std::string_view("fkvi").find(name[0]) != std::string_view::npos;
    if (!known) {
      return make_error(Code::invalid, "unknown field path element \"" + std::string(name) + "\"");
    }
    WEIR_TRY(FieldSet child, parse_level(member.value, depth + 1));
    out.children.emplace(std::string(name), std::move(child));
  }
  return out;
}

// The default of a schema's scalar field, by its kind.
Value default_value(const SchemaField& field) {
  if (!field.has_default) return {};
  if (field.kind == FieldKind::int32 || field.kind == FieldKind::int64) {
    std::int64_t number = 0;
    const char* end = field.default_text.data() + field.default_text.size();
    std::from_chars(field.default_text.data(), end, number);
    return number;
  }
  return field.default_text;
}

void collect(const Value& value, const SchemaField* field, FieldSet& out);

void collect_members(const Value& object, const SchemaType* type, const SchemaField* values,
                     FieldSet& out) {
  for (const value::Member& member : object.members()) {
    const SchemaField* field = type != nullptr ? type->find(member.name()) : values;
    FieldSet& child = out.children["f:" + std::string(member.name())];
    collect(member.value, field, child);
    // Values of a map are owned besides what is in them; without a schema members count as fields.
    const bool is_map_value = type != nullptr ? field == nullptr : values != nullptr;
    const bool hollow = member.value.is_null() ||
                        (member.value.is_object() && member.value.empty());
    if (hollow || is_map_value) child.self = true;
    // An empty list whose items are owned one by one is owned by nobody.
    if (child.empty()) out.children.erase("f:" + std::string(member.name()));
  }
}

void collect(const Value& value, const SchemaField* field, FieldSet& out) {
  const bool free_form = field != nullptr && field->kind == FieldKind::any;
  if (value.is_scalar() || free_form) {
    out.self = true;
    return;
  }
  if (value.is_object()) {
    const SchemaType* type = field == nullptr ? nullptr : field->type;
    const bool atomic = field != nullptr && (field->atomic || (type != nullptr && type->atomic));
    if (atomic) {
      out.self = true;
      return;
    }
    collect_members(value, type, field == nullptr ? nullptr : field->element, out);
    return;
  }
  if (field == nullptr || field->list_type == ListType::atomic) {
    out.self = true;
    return;
  }
  std::size_t index = 0;
  for (const Value& item : value.items()) {
    FieldSet& child = out.children[item_element(item, *field, index++)];
    collect(item, field->element, child);
    child.self = true;
  }
}

// apiVersion, kind and the identity in the metadata belong to nobody.
void drop_identity(FieldSet& set) {
  set.children.erase("f:apiVersion");
  set.children.erase("f:kind");
  const auto metadata = set.children.find("f:metadata");
  if (metadata == set.children.end()) return;
  for (std::string_view name : {"f:name", "f:namespace", "f:creationTimestamp", "f:selfLink",
                                "f:uid", "f:generation", "f:managedFields", "f:resourceVersion"}) {
    metadata->second.children.erase(std::string(name));
  }
  metadata->second.self = false;
  if (metadata->second.empty()) set.children.erase(metadata);
}

// The item that a path element names; nullptr when there is none.
const Value* find_item(const Value& list, std::string_view element) {
  if (element.starts_with("i:")) {
    std::size_t index = 0;
    std::from_chars(element.data() + 2, element.data() + element.size(), index);
    return index < list.size() ? &list.at(index) : nullptr;
  }
  const Result<Value> wanted = value::parse_json(element.substr(2));
  if (!wanted.ok()) return nullptr;
  for (const Value& item : list.items()) {
    if (element.starts_with("v:")) {
      if (item == *wanted) return &item;
      continue;
    }
    const auto keys = wanted->members();
    if (std::all_of(keys.begin(), keys.end(), [&](const value::Member& key) {
          return item[key.name()].is_null() || item[key.name()] == key.value;
        }) &&
        std::any_of(keys.begin(), keys.end(), [&](const value::Member& key) {
          return item[key.name()] == key.value;
        })) {
      return &item;
    }
  }
  return nullptr;
}

Value project_value(const Value& live, const FieldSet& set, const SchemaField* field);

Value project_object(const Value& live, const FieldSet& set, const SchemaType* type,
                     const SchemaField* values) {
  Value out = Value::object();
  for (const auto& [element, child] : set.children) {
    if (!element.starts_with("f:")) continue;
    const std::string_view name = std::string_view(element).substr(2);
    const Value* member = live.find(name);
    if (member == nullptr) continue;
    out.append_member(Value(name),
                      project_value(*member, child, type != nullptr ? type->find(name) : values));
  }
  return out;
}

Value project_value(const Value& live, const FieldSet& set, const SchemaField* field) {
  if (live.is_scalar()) return live;
  const SchemaType* type = field == nullptr ? nullptr : field->type;
  if (set.children.empty()) {
    // A leaf. What stands below a struct that was applied empty belongs to others.
    const bool open = live.is_object() && type != nullptr && !type->atomic && !field->atomic;
    return open ? Value::object() : live;
  }
  if (live.is_object()) {
    return project_object(live, set, type, field == nullptr ? nullptr : field->element);
  }
  std::vector<std::pair<const Value*, const FieldSet*>> owned;
  for (const auto& [element, child] : set.children) {
    if (const Value* item = find_item(live, element)) owned.emplace_back(item, &child);
  }
  // By position in the list: the pointers point into one array.
  std::sort(owned.begin(), owned.end(),
            [](const auto& a, const auto& b) { return a.first < b.first; });
  Value out = Value::array();
  for (const auto& [item, child] : owned) {
    out.push_back(project_value(*item, *child, field == nullptr ? nullptr : field->element));
  }
  return out;
}

void list_paths(const FieldSet& set, const std::string& prefix, std::vector<std::string>& out) {
  if (set.self) out.push_back(prefix);
  for (const auto& [element, child] : set.children) {
    std::string path = prefix;
    const std::string_view rest = std::string_view(element).substr(2);
    if (element[0] == 'f') {
      path += '.';
      path += rest;
    } else if (element[0] == 'k') {
      path += '[';
      const Result<Value> keys = value::parse_json(rest);
      bool first = true;
      if (keys.ok()) {
        for (const value::Member& key : keys->members()) {
          if (!first) path += ',';
          first = false;
          path += key.name();
          path += '=';
          path += value::write_json(key.value, plain_json);
        }
      }
      path += ']';
    } else {
      path += '[';
      if (element[0] == 'v') path += '=';
      path += rest;
      path += ']';
    }
    list_paths(child, path, out);
  }
}

}  // namespace

void FieldSet::unite(const FieldSet& other) {
  self = self || other.self;
  for (const auto& [element, child] : other.children) children[element].unite(child);
}

bool FieldSet::contains(const FieldSet& other) const {
  if (other.self && !self) return false;
  return std::all_of(other.children.begin(), other.children.end(), [this](const auto& entry) {
    const auto it = children.find(entry.first);
    return it != children.end() && it->second.contains(entry.second);
  });
}

std::vector<std::string> FieldSet::paths() const {
  std::vector<std::string> out;
  list_paths(*this, "", out);
  return out;
}

Result<FieldSet> parse_fields(const Value& fields_v1) { return parse_level(fields_v1, 0); }

Value format_fields(const FieldSet& set) {
  Value out = Value::object();
  if (set.self && !set.children.empty()) out.append_member(".", Value::object());
  for (const auto& [element, child] : set.children) {
    out.append_member(Value(element), format_fields(child));
  }
  return out;
}

FieldSet applied_fields(const Value& manifest, const SchemaType* type) {
  FieldSet out;
  if (type != nullptr) {
    collect_members(manifest, type, nullptr, out);
  } else {
    collect_members(manifest, nullptr, nullptr, out);
    FieldSet metadata;
    collect_members(manifest["metadata"], &model::object_meta_type(), nullptr, metadata);
    out.children["f:metadata"] = std::move(metadata);
  }
  drop_identity(out);
  return out;
}

FieldSet owned_fields(const Value& live, std::string_view manager) {
  FieldSet out;
  for (const Value& entry : live["metadata"]["managedFields"].items()) {
    if (entry["manager"].get_string() != manager || entry.contains("subresource")) continue;
    const Result<FieldSet> fields = parse_fields(entry["fieldsV1"]);
    if (fields.ok()) out.unite(*fields);
  }
  return out;
}

Value project(const Value& live, const FieldSet& set, const SchemaType* type) {
  return project_object(live, set, type, nullptr);
}

base::Digest owned_digest(const Value& live, const FieldSet& set, const SchemaType* type) {
  return base::sha256(value::write_json(project(live, set, type)));
}

std::string item_element(const Value& item, const SchemaField& list, std::size_t index) {
  if (list.list_type == ListType::map && item.is_object()) {
    Value keys = Value::object();
    for (const std::string& name : list.map_keys) {
      Value key = item[name];
      const SchemaType* type = list.element == nullptr ? nullptr : list.element->type;
      const SchemaField* field = type == nullptr ? nullptr : type->find(name);
      if (key.is_null() && field != nullptr) key = default_value(*field);
      if (!key.is_null()) keys.append_member(Value(name), std::move(key));
    }
    return "k:" + value::write_json(keys, plain_json);
  }
  if (list.list_type == ListType::set) return "v:" + value::write_json(item, plain_json);
  return "i:" + std::to_string(index);
}

}  // namespace weir::apply
