#include "api/kube/schema.hh"

#include <mutex>

#include "engine/base/limits.hh"

namespace weir::api::kube {

namespace {

Schema::Type type_of(const Value& node) {
  if (node["x-kubernetes-int-or-string"].get_bool()) return Schema::Type::int_or_string;
  static const std::map<std::string_view, Schema::Type> names = {
      {"object", Schema::Type::object}, {"array", Schema::Type::array},
      {"string", Schema::Type::string}, {"integer", Schema::Type::integer},
      {"number", Schema::Type::number}, {"boolean", Schema::Type::boolean}};
  const auto found = names.find(node["type"].get_string());
  return found == names.end() ? Schema::Type::any : found->second;
}

const Schema* build(SchemaArena& arena, const Value& node, std::size_t depth) {
  arena.nodes.emplace_back();
  Schema& made = arena.nodes.back();
  made.source = &node;
  if (depth > base::limits::value_depth_max) return &made;
  made.type = type_of(node);
  made.preserve_unknown = node["x-kubernetes-preserve-unknown-fields"].get_bool();
  made.embedded = node["x-kubernetes-embedded-resource"].get_bool();
  made.nullable = node["nullable"].get_bool();
  made.atomic_map = node["x-kubernetes-map-type"].get_string() == "atomic";
  const std::string_view list = node["x-kubernetes-list-type"].get_string();
  made.list = list == "set"   ? Schema::List::set
              : list == "map" ? Schema::List::map
                              : Schema::List::atomic;
  for (const Value& key : node["x-kubernetes-list-map-keys"].items()) {
    made.keys.emplace_back(key.get_string());
  }
  for (const value::Member& member : node["properties"].members()) {
    made.properties.emplace(member.name(), build(arena, member.value, depth + 1));
  }
  if (const Value* items = node.find("items")) made.items = build(arena, *items, depth + 1);
  if (const Value* rest = node.find("additionalProperties")) {
    if (rest->is_object()) made.additional = build(arena, *rest, depth + 1);
    if (rest->get_bool()) made.preserve_unknown = true;
  }
  return &made;
}

using model::FieldKind;

Schema::Type type_of(FieldKind kind) {
  static const std::map<FieldKind, Schema::Type> names = {
      {FieldKind::string, Schema::Type::string},
      {FieldKind::bytes, Schema::Type::string},
      {FieldKind::time, Schema::Type::string},
      {FieldKind::micro_time, Schema::Type::string},
      {FieldKind::int32, Schema::Type::integer},
      {FieldKind::int64, Schema::Type::integer},
      {FieldKind::boolean, Schema::Type::boolean},
      {FieldKind::number, Schema::Type::number},
      {FieldKind::object, Schema::Type::object},
      {FieldKind::map, Schema::Type::object},
      {FieldKind::list, Schema::Type::array},
      {FieldKind::int_or_string, Schema::Type::int_or_string}};
  const auto found = names.find(kind);
  return found == names.end() ? Schema::Type::any : found->second;
}

std::string go_name_of(const model::SchemaField& field) {
  static const std::map<FieldKind, std::string> names = {
      {FieldKind::string, "string"}, {FieldKind::int32, "int32"},    {FieldKind::int64, "int64"},
      {FieldKind::boolean, "bool"},  {FieldKind::number, "float64"}, {FieldKind::bytes, "[]uint8"}};
  if (field.kind == FieldKind::object) {
    return field.type == nullptr ? ""
                                 : field.type->name.substr(field.type->name.find_first_of('.') + 1);
  }
  if (field.kind == FieldKind::list)
    return "[]" + (field.element ? go_name_of(*field.element) : "");
  if (field.kind == FieldKind::map)
    return "map[string]" + (field.element ? go_name_of(*field.element) : "");
  const auto found = names.find(field.kind);
  return found == names.end() ? "" : found->second;
}

// Schemas of the built-in types, each made once. Types refer to themselves (JSONSchemaProps).
class Builtins {
 public:
  const Schema* of(const model::SchemaType& type) {
    const auto found = made_.find(type.name);
    if (found != made_.end()) return found->second;
    Schema& node = fresh();
    made_.emplace(type.name, &node);
    node.type = Schema::Type::object;
    node.atomic_map = type.atomic;
    node.go_name = type.name.substr(type.name.rfind('.') + 1);
    for (const model::SchemaField& field : type.fields) {
      node.properties.emplace(field.name, of(field));
      if (field.always_written) node.always.push_back(field.name);
    }
    return &node;
  }

 private:
  Schema& fresh() { return nodes_.emplace_back(); }

  const Schema* of(const model::SchemaField& field) {
    if (field.kind == FieldKind::object && field.type != nullptr) {
      const Schema* shared = of(*field.type);
      if (!field.atomic || shared->atomic_map) return shared;
      Schema& node = fresh();
      node.type = Schema::Type::object;
      node.atomic_map = true;
      node.same_as = shared;
      return &node;
    }
    Schema& node = fresh();
    node.type = type_of(field.kind);
    node.go_name = go_name_of(field);
    node.bytes = field.kind == FieldKind::bytes;
    node.nullable = field.kind == FieldKind::time || field.kind == FieldKind::micro_time;
    if (node.nullable) node.type = Schema::Type::any;
    node.preserve_unknown = field.kind == FieldKind::any || field.kind == FieldKind::object;
    node.atomic_map = field.atomic;
    if (field.kind == FieldKind::map && field.element) node.additional = of(*field.element);
    if (field.kind == FieldKind::list) {
      node.list = static_cast<Schema::List>(field.list_type);
      node.keys = field.map_keys;
      node.merge_key = field.patch_merge ? field.patch_merge_key : "";
      node.merge_scalars = field.patch_merge && field.patch_merge_key.empty();
      if (field.element) node.items = of(*field.element);
    }
    if (field.has_default && field.kind == FieldKind::string)
      node.key_default = Value(field.default_text);
    return &node;
  }

  std::deque<Schema> nodes_;
  std::map<std::string, const Schema*, std::less<>> made_;
};

std::string join(std::string_view path, std::string_view name) {
  return path.empty() ? std::string(name) : std::string(path) + "." + std::string(name);
}

void prune_at(Value& value, const Schema& schema, const std::string& path,
              std::vector<std::string>& dropped) {
  if (value.is_array()) {
    if (schema.items == nullptr) return;
    for (std::size_t i = 0; i < value.size(); ++i) {
      prune_at(value.item_mut(i), *schema.items, path + "[" + std::to_string(i) + "]", dropped);
    }
    return;
  }
  if (!value.is_object()) return;
  std::vector<std::string> unknown;
  const std::size_t count = value.size();
  for (std::size_t i = 0; i < count; ++i) {
    const std::string name(value.members()[i].name());
    const bool envelope =
        schema.embedded && (name == "apiVersion" || name == "kind" || name == "metadata");
    const Schema* member = schema.member(name);
    if (member != nullptr) {
      if (!value.members()[i].value.is_scalar()) {
        prune_at(value.member_mut(i).value, *member, join(path, name), dropped);
      }
    } else if (!schema.preserve_unknown && !envelope) {
      unknown.push_back(name);
    }
  }
  for (const std::string& name : unknown) {
    dropped.push_back(join(path, name));
    value.erase(name);
  }
}

}  // namespace

const Schema* Schema::member(std::string_view name) const {
  if (same_as != nullptr) return same_as->member(name);
  const auto found = properties.find(name);
  return found == properties.end() ? additional : found->second;
}

bool Schema::declares(std::string_view name) const {
  return same_as != nullptr ? same_as->declares(name) : properties.find(name) != properties.end();
}

const Schema* schema_of_builtin(const model::SchemaType* type) {
  static std::mutex lock;
  static Builtins builtins;
  if (type == nullptr) return nullptr;
  const std::lock_guard guard(lock);
  return builtins.of(*type);
}

const Schema* metadata_schema() {
  static const Schema* schema = schema_of_builtin(&model::object_meta_type());
  return schema;
}

std::shared_ptr<const SchemaArena> schema_from_crd(const Value& open_api_v3_schema) {
  auto arena = std::make_shared<SchemaArena>();
  arena->source = open_api_v3_schema;
  arena->root = build(*arena, arena->source, 0);
  arena->nodes.emplace_back();
  Schema& text = arena->nodes.back();
  text.type = Schema::Type::string;
  Schema& root = arena->nodes.front();
  root.type = Schema::Type::object;
  root.properties["apiVersion"] = &text;
  root.properties["kind"] = &text;
  root.properties["metadata"] = metadata_schema();
  return arena;
}

void prune_unknown(Value& object, const Schema& schema, std::vector<std::string>& dropped) {
  prune_at(object, schema, "", dropped);
}

namespace {

// Null where the schema of a custom resource allows none.
bool is_stray_null(const Value& value, const Schema& schema) {
  return value.is_null() && schema.source != nullptr && !schema.nullable;
}

void remove_stray_nulls(Value& object, const Schema& schema) {
  for (std::size_t i = object.size(); i-- > 0;) {
    const value::Member& found = object.members()[i];
    const Schema* member = schema.member(found.name());
    if (member == nullptr || !is_stray_null(found.value, *member)) continue;
    const std::string name(found.name());
    object.erase(name);
  }
}

}  // namespace

void apply_defaults(Value& object, const Schema& schema) {
  if (object.is_array()) {
    if (schema.items == nullptr) return;
    for (std::size_t i = 0; i < object.size(); ++i) {
      if (!object.at(i).is_scalar()) apply_defaults(object.item_mut(i), *schema.items);
    }
    return;
  }
  if (!object.is_object()) return;
  for (const auto& [name, member] : schema.properties) {
    const Value* present = object.find(name);
    if (member->source != nullptr && (present == nullptr || is_stray_null(*present, *member))) {
      if (const Value* fallback = member->source->find("default")) object.set(name, *fallback);
    }
  }
  remove_stray_nulls(object, schema);
  const std::size_t count = object.size();
  for (std::size_t i = 0; i < count; ++i) {
    if (object.members()[i].value.is_scalar()) continue;
    const Schema* member = schema.member(object.members()[i].name());
    if (member != nullptr) apply_defaults(object.member_mut(i).value, *member);
  }
}

}  // namespace weir::api::kube
