#include "engine/apply/three_way.hh"

#include <algorithm>

namespace weir::apply {
namespace {

using model::FieldKind;
using model::SchemaField;
using model::SchemaType;

// What is known of one node.
struct Known {
  const SchemaType* type = nullptr;    // an object
  const SchemaField* field = nullptr;  // a list or a map
};

Known below(const Known& known, std::string_view name) {
  const SchemaField* field = nullptr;
  if (known.type != nullptr) field = known.type->find(name);
  if (known.field != nullptr && known.field->kind == FieldKind::map) field = known.field->element;
  if (field == nullptr) return {};
  return {field->kind == FieldKind::object ? field->type : nullptr, field};
}

Known element_of(const Known& known) {
  if (known.field == nullptr || known.field->element == nullptr) return {};
  const SchemaField* element = known.field->element;
  return {element->kind == FieldKind::object ? element->type : nullptr, element};
}

Value merge(const Value& original, const Value& modified, const Value& current, const Known& known);

Value merge_objects(const Value& original, const Value& modified, const Value& current,
                    const Known& known) {
  Value out = Value::object();
  for (const auto& member : current.members()) {
    const Value* wanted = modified.find(member.name());
    const bool dropped = wanted == nullptr && original.contains(member.name());
    if (dropped || (wanted != nullptr && wanted->is_null())) continue;
    out.append_member(member.key, wanted == nullptr
                                      ? member.value
                                      : merge(original[member.name()], *wanted, member.value,
                                              below(known, member.name())));
  }
  for (const auto& member : modified.members())
    if (!current.contains(member.name()) && !member.value.is_null())
      out.append_member(member.key, member.value);
  return out;
}

const Value* find_item(const Value& list, std::string_view key, const Value& wanted) {
  for (const Value& item : list.items())
    if (item[key] == wanted) return &item;
  return nullptr;
}

bool holds(const Value& list, const Value& wanted) {
  return std::find(list.items().begin(), list.items().end(), wanted) != list.items().end();
}

// Items of the manifest in its order, then what others have added.
Value merge_keyed(const Value& original, const Value& modified, const Value& current,
                  const Known& known) {
  const std::string& key = known.field->patch_merge_key;
  const Known element = element_of(known);
  static const Value nothing;
  Value out = Value::array();
  for (const Value& item : modified.items()) {
    const Value* before = find_item(original, key, item[key]);
    const Value* live = find_item(current, key, item[key]);
    out.push_back(live == nullptr
                      ? item
                      : merge(before == nullptr ? nothing : *before, item, *live, element));
  }
  for (const Value& item : current.items())
    if (find_item(modified, key, item[key]) == nullptr &&
        find_item(original, key, item[key]) == nullptr)
      out.push_back(item);
  return out;
}

Value merge_set(const Value& original, const Value& modified, const Value& current) {
  Value out = modified;
  for (const Value& item : current.items())
    if (!holds(modified, item) && !holds(original, item)) out.push_back(item);
  return out;
}

Value merge(const Value& original, const Value& modified, const Value& current,
            const Known& known) {
  const bool whole = known.field != nullptr && known.field->patch_replace;
  if (modified.is_object() && current.is_object() && !whole)
    return merge_objects(original, modified, current, known);
  if (!modified.is_array() || !current.is_array() || known.field == nullptr ||
      !known.field->patch_merge)
    return modified;
  if (known.field->patch_merge_key.empty()) return merge_set(original, modified, current);
  return merge_keyed(original, modified, current, known);
}

}  // namespace

Value three_way_merge(const Value& original, const Value& modified, const Value& current,
                      const model::SchemaType* type) {
  return merge(original, modified, current, Known{type, nullptr});
}

}  // namespace weir::apply
