#include "engine/template/functions/merge.hh"

#include "engine/base/limits.hh"
#include "engine/template/functions/support.hh"

namespace weir::tmpl {

namespace {

namespace limits = base::limits;

[[noreturn]] void fail_depth(std::string_view what) {
  std::string message(what);
  message += " nested deeper than " + std::to_string(limits::value_depth_max) +
             " (value_depth_max)";
  throw FunctionError{std::move(message), Code::limit};
}

bool holds_nothing(const Datum& value) { return !value.valid() || value.kind() == Kind::interface; }

void set_element(const Datum& target, const Datum& key, const Datum& value) {
  const Type& element = *target.type()->element;
  if (&element != &types::any && (holds_nothing(value) || !assignable(*value.type(), element)))
    fail(joined({"reflect.Value.SetMapIndex: value of type interface {} is not assignable to type ",
                 element.name}));
  target.set(key, value);
}

void merge_at(const Datum& target, const Datum& source, bool overwrite, std::size_t depth) {
  if (depth > limits::value_depth_max) fail_depth("maps to merge are");
  const auto view = source.entries();
  // A copy, for the source may be the target, or within it.
  const std::vector<MapEntry> entries(view.begin(), view.end());
  for (const MapEntry& entry : entries) {
    if (entry.value.is_nil() && (holds_nothing(entry.value) || !source.type()->element ||
                                 source.type()->element->kind != Kind::interface)) {
      if (overwrite) set_element(target, entry.key, entry.value);
      continue;
    }
    const Datum* found = target.find(entry.name());
    const bool present = found != nullptr;
    const Datum before = present ? *found : Datum();
    if (entry.value.is_map() && before.kind() == Kind::pointer && !before.is_nil() && !overwrite)
      fail("src and dst must be of same type");
    const bool both_maps = entry.value.is_map() && before.is_map();
    if (both_maps && !before.is_nil()) merge_at(before, entry.value, overwrite, depth + 1);
    // Read after the merge: it may have filled what was empty.
    if (present && truth(before)) {
      if (both_maps) continue;
      if (entry.value.is_slice()) {
        if (overwrite) set_element(target, entry.key, entry.value);
        continue;
      }
      if (!overwrite) continue;
    }
    set_element(target, entry.key, entry.value);
  }
}

Datum copy_at(CallContext& context, const Datum& value, std::size_t depth) {
  context.budget().use_steps(1);
  context.budget().use_bytes(sizeof(MapEntry));
  if (depth > limits::value_depth_max) fail_depth("a value to copy is");
  if (value.is_map()) {
    if (value.is_nil()) return value;
    Datum copy = Datum::map(*value.type());
    copy.reserve(value.size());
    for (const MapEntry& entry : value.entries())
      copy.set(entry.key, copy_at(context, entry.value, depth + 1));
    return copy;
  }
  if (!value.is_slice() || value.is_bytes() || value.is_nil()) return value;
  std::vector<Datum> items;
  items.reserve(value.size());
  for (const Datum& item : value.items()) items.push_back(copy_at(context, item, depth + 1));
  return Datum::slice(std::move(items), *value.type());
}

}  // namespace

void merge_maps(const Datum& target, const Datum& source, bool overwrite) {
  merge_at(target, source, overwrite, 0);
}

Datum deep_copy(CallContext& context, const Datum& value) {
  if (holds_nothing(value)) fail("reflect: call of reflect.Value.Type on zero Value");
  return copy_at(context, value, 0);
}

}  // namespace weir::tmpl
