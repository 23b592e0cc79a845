#include <algorithm>

#include "engine/template/functions/merge.hh"
#include "engine/template/functions/support.hh"
#include "engine/template/functions/tables.hh"

namespace weir::tmpl {

namespace {

using Arguments = std::span<Datum>;

// What an entry costs beside its contents.
constexpr std::size_t entry_bytes = sizeof(MapEntry);

Datum dict(CallContext& context, Arguments a) {
  Datum map = Datum::map();
  map.reserve((a.size() + 1) / 2);
  context.budget().use_bytes(a.size() * entry_bytes / 2);
  for (std::size_t i = 0; i < a.size(); i += 2) {
    Datum key = a[i].type() == &types::string ? std::move(a[i]) : Datum::string(string_value(a[i]));
    map.set(std::move(key), i + 1 < a.size() ? std::move(a[i + 1]) : Datum::string(""));
  }
  return map;
}

Datum get(CallContext&, Arguments a) {
  const Datum* found = a[0].find(a[1].as_string());
  return found == nullptr ? Datum::string("") : *found;
}

Datum set(CallContext& context, Arguments a) {
  if (a[0].is_nil()) fail("assignment to entry in nil map");
  context.budget().use_bytes(entry_bytes);
  a[0].set(std::move(a[1]), std::move(a[2]));
  return std::move(a[0]);
}

Datum unset(CallContext&, Arguments a) {
  if (!a[0].is_nil()) a[0].erase(a[1].as_string());
  return std::move(a[0]);
}

Datum has_key(CallContext&, Arguments a) {
  return Datum::boolean(a[0].find(a[1].as_string()) != nullptr);
}

Datum pluck(CallContext&, Arguments a) {
  std::vector<Datum> found;
  for (const Datum& map : a.subspan(1))
    if (const Datum* value = map.find(a[0].as_string())) found.push_back(*value);
  return Datum::slice(std::move(found));
}

Datum keys(CallContext& context, Arguments a) {
  std::vector<Datum> names;
  for (const Datum& map : a) {
    context.budget().use_bytes(map.size() * sizeof(Datum));
    for (const MapEntry& entry : map.entries()) names.push_back(entry.key);
  }
  return Datum::slice(std::move(names), types::string_slice);
}

Datum values(CallContext& context, Arguments a) {
  std::vector<Datum> found;
  context.budget().use_bytes(a[0].size() * sizeof(Datum));
  for (const MapEntry& entry : a[0].entries()) found.push_back(entry.value);
  return Datum::slice(std::move(found));
}

Datum pick(CallContext& context, Arguments a) {
  Datum picked = Datum::map();
  context.budget().use_bytes(a.size() * entry_bytes);
  for (const Datum& key : a.subspan(1))
    if (const Datum* value = a[0].find(key.as_string())) picked.set(key, *value);
  return picked;
}

Datum omit(CallContext& context, Arguments a) {
  Datum kept = Datum::map();
  const auto left_out = a.subspan(1);
  context.budget().use_bytes(a[0].size() * entry_bytes);
  context.budget().use_steps(a[0].size() * left_out.size());
  kept.reserve(a[0].size());
  for (const MapEntry& entry : a[0].entries()) {
    const bool out = std::any_of(left_out.begin(), left_out.end(),
                                 [&](const Datum& key) { return key.as_string() == entry.name(); });
    if (!out) kept.set(entry.key, entry.value);
  }
  return kept;
}

Datum merge_all(CallContext& context, Arguments a, bool overwrite) {
  Datum target = std::move(a[0]);
  for (const Datum& source : a.subspan(1)) {
    context.budget().use_bytes(source.size() * entry_bytes);
    if (target.is_nil()) {
      if (source.is_nil()) continue;
      target = Datum::map();
    }
    merge_maps(target, source, overwrite);
  }
  return target;
}

Datum must_merge(CallContext& context, Arguments a) { return merge_all(context, a, false); }
Datum merge_overwrite(CallContext& context, Arguments a) { return merge_all(context, a, true); }

// What cannot be merged gives an empty text.
Datum merge(CallContext& context, Arguments a) {
  try {
    return merge_all(context, a, false);
  } catch (const FunctionError& error) {
    if (error.code == Code::limit) throw;
    return Datum::string("");
  }
}

Datum deep_copy_of(CallContext& context, Arguments a) { return deep_copy(context, a[0]); }

// The map a type assertion to map[string]interface {} lets through.
const Datum& as_plain_map(const Datum& value) {
  if (value.type() != &types::any_map) fail_conversion(value, types::any_map.name);
  return value;
}

Datum dig(CallContext&, Arguments a) {
  if (a.size() < 3) fail("dig needs at least three arguments");
  Datum map = as_plain_map(a.back());
  const auto path = a.first(a.size() - 2);
  for (const Datum& key : path)
    if (key.type() != &types::string) fail_conversion(key, types::string.name);
  for (std::size_t i = 0;; ++i) {
    const Datum* found = map.find(path[i].as_string());
    if (found == nullptr) return a[a.size() - 2];
    if (i + 1 == path.size()) return *found;
    map = Datum(as_plain_map(*found));
  }
}

constexpr Function table[] = {
    {"dict", dict, {&types::any}, Arity::variadic},
    {"get", get, {&types::any_map, &types::string}},
    {"set", set, {&types::any_map, &types::string, &types::any}},
    {"unset", unset, {&types::any_map, &types::string}},
    {"hasKey", has_key, {&types::any_map, &types::string}},
    {"pluck", pluck, {&types::string, &types::any_map}, Arity::variadic},
    {"keys", keys, {&types::any_map}, Arity::variadic},
    {"values", values, {&types::any_map}},
    {"pick", pick, {&types::any_map, &types::string}, Arity::variadic},
    {"omit", omit, {&types::any_map, &types::string}, Arity::variadic},
    {"merge", merge, {&types::any_map, &types::any_map}, Arity::variadic},
    {"mustMerge", must_merge, {&types::any_map, &types::any_map}, Arity::variadic},
    {"mergeOverwrite", merge_overwrite, {&types::any_map, &types::any_map}, Arity::variadic},
    {"mustMergeOverwrite", merge_overwrite, {&types::any_map, &types::any_map}, Arity::variadic},
    {"deepCopy", deep_copy_of, {&types::any}},
    {"mustDeepCopy", deep_copy_of, {&types::any}},
    {"dig", dig, {&types::any}, Arity::variadic},
};

}  // namespace

std::span<const Function> map_functions() { return table; }

}  // namespace weir::tmpl
