#include <algorithm>

#include "engine/template/functions/support.hh"
#include "engine/template/functions/tables.hh"

namespace weir::tmpl {

namespace {

using Arguments = std::span<Datum>;

Datum default_of(CallContext&, Arguments a) {
  return a.size() < 2 || is_empty(a[1]) ? std::move(a[0]) : std::move(a[1]);
}

Datum empty(CallContext&, Arguments a) { return Datum::boolean(is_empty(a[0])); }

Datum coalesce(CallContext&, Arguments a) {
  for (Datum& item : a)
    if (!is_empty(item)) return std::move(item);
  return Datum::nil();
}

Datum all(CallContext&, Arguments a) {
  return Datum::boolean(std::none_of(a.begin(), a.end(), is_empty));
}

Datum any(CallContext&, Arguments a) {
  return Datum::boolean(!std::all_of(a.begin(), a.end(), is_empty));
}

Datum ternary(CallContext&, Arguments a) {
  return a[2].as_bool() ? std::move(a[0]) : std::move(a[1]);
}

Datum type_of(CallContext&, Arguments a) { return Datum::string(a[0].type_name()); }

Datum type_is(CallContext&, Arguments a) {
  return Datum::boolean(a[0].as_string() == a[1].type_name());
}

Datum type_is_like(CallContext&, Arguments a) {
  const std::string_view wanted = a[0].as_string(), name = a[1].type_name();
  return Datum::boolean(wanted == name || (name.starts_with('*') && name.substr(1) == wanted));
}

// reflect.ValueOf(value).Kind(): nil has none.
std::string_view kind_text(const Datum& value) {
  return kind_name(value.kind() == Kind::interface ? Kind::invalid : value.kind());
}

Datum kind_of(CallContext&, Arguments a) { return Datum::string(kind_text(a[0])); }

Datum kind_is(CallContext&, Arguments a) {
  return Datum::boolean(a[0].as_string() == kind_text(a[1]));
}

Datum deep_equals(CallContext&, Arguments a) { return Datum::boolean(deep_equal(a[0], a[1])); }

constexpr Function table[] = {
    {"default", default_of, {&types::any, &types::any}, Arity::variadic},
    {"empty", empty, {&types::any}},
    {"coalesce", coalesce, {&types::any}, Arity::variadic},
    {"all", all, {&types::any}, Arity::variadic},
    {"any", any, {&types::any}, Arity::variadic},
    {"ternary", ternary, {&types::any, &types::any, &types::boolean}},
    {"typeOf", type_of, {&types::any}},
    {"typeIs", type_is, {&types::string, &types::any}},
    {"typeIsLike", type_is_like, {&types::string, &types::any}},
    {"kindOf", kind_of, {&types::any}},
    {"kindIs", kind_is, {&types::string, &types::any}},
    {"deepEqual", deep_equals, {&types::any, &types::any}},
};

}  // namespace

std::span<const Function> default_functions() { return table; }

}  // namespace weir::tmpl
