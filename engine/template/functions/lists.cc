#include <cmath>

#include "engine/template/functions/cast.hh"
#include "engine/template/functions/support.hh"
#include "engine/template/functions/tables.hh"

namespace weir::tmpl {

namespace {

using Arguments = std::span<Datum>;

// Anything but a list ends in the peer's own words, `what` and the kind.
void expect_list(const Datum& value, std::string_view what) {
  if (value.is_slice()) return;
  if (!value.valid() || value.kind() == Kind::interface) fail_nil_pointer();
  fail(joined({what, kind_name(value.kind())}));
}

// The items as interface {}, with room for `more`.
std::vector<Datum> items_of(CallContext& context, const Datum& list, std::size_t more = 0) {
  std::vector<Datum> items;
  context.budget().use_bytes((list.size() + more) * sizeof(Datum));
  items.reserve(list.size() + more);
  for_each_item(list, [&items](const Datum& item) { items.push_back(item); });
  return items;
}

Datum list_of(CallContext& context, Arguments a) {
  context.budget().use_bytes(a.size() * sizeof(Datum));
  return Datum::slice({std::make_move_iterator(a.begin()), std::make_move_iterator(a.end())});
}

Datum append(CallContext& context, Arguments a) {
  expect_list(a[0], "Cannot push on type ");
  auto items = items_of(context, a[0], 1);
  items.push_back(std::move(a[1]));
  return Datum::slice(std::move(items));
}

Datum prepend(CallContext& context, Arguments a) {
  expect_list(a[0], "Cannot prepend on type ");
  std::vector<Datum> items;
  context.budget().use_bytes((a[0].size() + 1) * sizeof(Datum));
  items.reserve(a[0].size() + 1);
  items.push_back(std::move(a[1]));
  for_each_item(a[0], [&items](const Datum& item) { items.push_back(item); });
  return Datum::slice(std::move(items));
}

Datum concat(CallContext& context, Arguments a) {
  std::vector<Datum> items;
  for (const Datum& list : a) {
    if (!list.is_slice()) {
      if (list.kind() == Kind::interface) fail_nil_pointer();
      fail(joined({"Cannot concat type ", kind_name(list.kind()), " as list"}));
    }
    context.budget().use_bytes(list.size() * sizeof(Datum));
    for_each_item(list, [&items](const Datum& item) { items.push_back(item); });
  }
  if (items.empty()) return Datum::zero(types::any_slice);
  return Datum::slice(std::move(items));
}

Datum first(CallContext&, Arguments a) {
  expect_list(a[0], "Cannot find first on type ");
  return a[0].size() == 0 ? Datum::nil() : a[0].at(0);
}

Datum last(CallContext&, Arguments a) {
  expect_list(a[0], "Cannot find last on type ");
  return a[0].size() == 0 ? Datum::nil() : a[0].at(a[0].size() - 1);
}

Datum rest(CallContext& context, Arguments a) {
  expect_list(a[0], "Cannot find rest on type ");
  if (a[0].size() == 0) return Datum::zero(types::any_slice);
  auto items = items_of(context, a[0]);
  items.erase(items.begin());
  return Datum::slice(std::move(items));
}

Datum initial(CallContext& context, Arguments a) {
  expect_list(a[0], "Cannot find initial on type ");
  if (a[0].size() == 0) return Datum::zero(types::any_slice);
  auto items = items_of(context, a[0]);
  items.pop_back();
  return Datum::slice(std::move(items));
}

Datum reverse(CallContext& context, Arguments a) {
  expect_list(a[0], "Cannot find reverse on type ");
  const auto items = items_of(context, a[0]);
  return Datum::slice({items.rbegin(), items.rend()});
}

Datum compact(CallContext& context, Arguments a) {
  expect_list(a[0], "Cannot compact on type ");
  auto items = items_of(context, a[0]);
  std::erase_if(items, is_empty);
  return Datum::slice(std::move(items));
}

bool is_among(CallContext& context, std::span<const Datum> items, const Datum& wanted) {
  context.budget().use_steps(items.size());
  for (const Datum& item : items)
    if (deep_equal(wanted, item)) return true;
  return false;
}

Datum uniq(CallContext& context, Arguments a) {
  expect_list(a[0], "Cannot find uniq on type ");
  std::vector<Datum> kept;
  for_each_item(a[0], [&](const Datum& item) {
    if (!is_among(context, kept, item)) kept.push_back(item);
  });
  return Datum::slice(std::move(kept));
}

Datum without(CallContext& context, Arguments a) {
  expect_list(a[0], "Cannot find without on type ");
  std::vector<Datum> kept;
  for_each_item(a[0], [&](const Datum& item) {
    if (!is_among(context, a.subspan(1), item)) kept.push_back(item);
  });
  return Datum::slice(std::move(kept));
}

Datum has(CallContext& context, Arguments a) {
  if (a[1].kind() == Kind::interface) return Datum::boolean(false);
  expect_list(a[1], "Cannot find has on type ");
  bool found = false;
  context.budget().use_steps(a[1].size());
  for_each_item(a[1], [&](const Datum& item) { found = found || deep_equal(a[0], item); });
  return Datum::boolean(found);
}

Datum slice(CallContext&, Arguments a) {
  expect_list(a[0], "list should be type of slice or array but ");
  if (a[0].size() == 0) return Datum::nil();
  const auto size = static_cast<std::int64_t>(a[0].size());
  const std::int64_t start = a.size() > 1 ? cast_int(a[1]) : 0;
  const std::int64_t end = a.size() > 2 ? cast_int(a[2]) : size;
  if (start < 0 || end < start || end > size)
    fail("reflect.Value.Slice: slice index out of bounds");
  return a[0].subslice(static_cast<std::size_t>(start), static_cast<std::size_t>(end));
}

Datum chunk(CallContext& context, Arguments a) {
  expect_list(a[1], "Cannot chunk type ");
  const auto items = items_of(context, a[1]);
  const auto size = static_cast<double>(a[0].as_int());
  const auto length = static_cast<double>(items.size());
  constexpr std::string_view out_of_range = "runtime error: makeslice: len out of range";
  const std::int64_t count = float_to_int(std::floor((length - 1) / size) + 1);
  if (count < 0) fail(std::string(out_of_range));
  std::vector<Datum> chunks;
  for (std::int64_t i = 0; i < count; ++i) {
    std::int64_t width = a[0].as_int();
    if (i == count - 1) {
      const std::int64_t left = float_to_int(std::fmod(length, size));
      width = left == 0 ? width : left;
    }
    if (width < 0) fail(std::string(out_of_range));
    const auto from = items.begin() + i * a[0].as_int();
    chunks.push_back(Datum::slice({from, from + width}));
  }
  return Datum::slice(std::move(chunks), types::any_slice_slice);
}

constexpr Function table[] = {
    {"list", list_of, {&types::any}, Arity::variadic},
    {"tuple", list_of, {&types::any}, Arity::variadic},
    {"append", append, {&types::any, &types::any}},
    {"mustAppend", append, {&types::any, &types::any}},
    {"push", append, {&types::any, &types::any}},
    {"mustPush", append, {&types::any, &types::any}},
    {"prepend", prepend, {&types::any, &types::any}},
    {"mustPrepend", prepend, {&types::any, &types::any}},
    {"concat", concat, {&types::any}, Arity::variadic},
    {"first", first, {&types::any}},
    {"mustFirst", first, {&types::any}},
    {"last", last, {&types::any}},
    {"mustLast", last, {&types::any}},
    {"rest", rest, {&types::any}},
    {"mustRest", rest, {&types::any}},
    {"initial", initial, {&types::any}},
    {"mustInitial", initial, {&types::any}},
    {"reverse", reverse, {&types::any}},
    {"mustReverse", reverse, {&types::any}},
    {"compact", compact, {&types::any}},
    {"mustCompact", compact, {&types::any}},
    {"uniq", uniq, {&types::any}},
    {"mustUniq", uniq, {&types::any}},
    {"without", without, {&types::any, &types::any}, Arity::variadic},
    {"mustWithout", without, {&types::any, &types::any}, Arity::variadic},
    {"has", has, {&types::any, &types::any}},
    {"mustHas", has, {&types::any, &types::any}},
    {"slice", slice, {&types::any, &types::any}, Arity::variadic},
    {"mustSlice", slice, {&types::any, &types::any}, Arity::variadic},
    {"chunk", chunk, {&types::int_, &types::any}},
    {"mustChunk", chunk, {&types::int_, &types::any}},
};

}  // namespace

std::span<const Function> list_functions() { return table; }

}  // namespace weir::tmpl
