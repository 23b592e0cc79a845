#include "engine/base/digest.hh"
#include "engine/expr/cel_functions.hh"

namespace weir::expr {
namespace {

using Arguments = CelArguments;
using Kind = CelKind;

bool list_holds(const CelValue& list, const CelValue& wanted) {
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (cel_equal(list.item(i), wanted)) return true;
  }
  return false;
}

bool charge_pairs(CelBudget& budget, const CelValue& a, const CelValue& b) {
  return budget.charge((a.size() + 1) * (b.size() + 1));
}

bool contains_all(const CelValue& list, const CelValue& wanted) {
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (!list_holds(list, wanted.item(i))) return false;
  }
  return true;
}

CelValue no_set_overload(std::string_view function, Arguments a) {
  return CelValue::error("no such overload: " + std::string(function) + "(" +
                         std::string(a[0].type_name()) + ", " +
                         std::string(a[1].type_name()) + ")");
}

bool are_lists(Arguments a) { return a[0].is(Kind::list) && a[1].is(Kind::list); }

CelValue sets_contains(CelBudget& budget, Arguments a) {
  if (!are_lists(a)) return no_set_overload("sets.contains", a);
  return CelValue::boolean(charge_pairs(budget, a[0], a[1]) && contains_all(a[0], a[1]));
}

CelValue sets_equivalent(CelBudget& budget, Arguments a) {
  if (!are_lists(a)) return no_set_overload("sets.equivalent", a);
  return CelValue::boolean(charge_pairs(budget, a[0], a[1]) && contains_all(a[0], a[1]) &&
                           contains_all(a[1], a[0]));
}

CelValue sets_intersects(CelBudget& budget, Arguments a) {
  if (!are_lists(a)) return no_set_overload("sets.intersects", a);
  if (!charge_pairs(budget, a[0], a[1])) return no_such_overload();
  for (std::size_t i = 0; i < a[1].size(); ++i) {
    if (list_holds(a[0], a[1].item(i))) return CelValue::boolean(true);
  }
  return CelValue::boolean(false);
}

CelValue base64_encode(CelBudget& budget, Arguments a) {
  if (!a[0].is(Kind::bytes)) return no_such_overload("base64.encode");
  budget.charge_bytes(a[0].text().size());
  return CelValue::string(base::base64_encode(a[0].text()));
}

CelValue base64_decode(CelBudget& budget, Arguments a) {
  if (!a[0].is(Kind::string)) return no_such_overload("base64.decode");
  budget.charge_bytes(a[0].text().size());
  auto bytes = base::base64_decode(a[0].text());
  if (!bytes) return CelValue::error(bytes.error().message);
  return CelValue::bytes(*bytes);
}

CelValue optional_none(CelBudget&, Arguments) { return CelValue::none(); }
CelValue optional_of(CelBudget&, Arguments a) { return CelValue::some(a[0]); }

bool is_zero(const CelValue& a) {
  switch (a.kind()) {
    case Kind::null: return true;
    case Kind::boolean:
    case Kind::integer:
    case Kind::uinteger:
    case Kind::duration: return a.as_int() == 0;
    case Kind::floating: return a.as_double() == 0;
    case Kind::string:
    case Kind::bytes: return a.text().empty();
    case Kind::timestamp: return a.as_int() == -62135596800 && a.nanos() == 0;  // Go's zero time
    case Kind::list:
    case Kind::map: return a.size() == 0;
    default: return false;
  }
}

CelValue optional_of_non_zero(CelBudget&, Arguments a) {
  return is_zero(a[0]) ? CelValue::none() : CelValue::some(a[0]);
}

CelValue has_value(CelBudget&, Arguments a) {
  if (!a[0].is(Kind::optional)) return no_such_overload("hasValue");
  return CelValue::boolean(a[0].optional_value() != nullptr);
}

CelValue value_of(CelBudget&, Arguments a) {
  if (!a[0].is(Kind::optional)) return no_such_overload("value");
  if (a[0].optional_value() == nullptr) return CelValue::error("optional.none() dereference");
  return *a[0].optional_value();
}

CelValue unwrap(CelBudget& budget, Arguments a) {
  if (!a[0].is(Kind::list)) return no_such_overload();
  budget.charge(a[0].size());
  CelValue::Items items;
  for (std::size_t i = 0; i < a[0].size(); ++i) {
    const CelValue item = a[0].item(i);
    if (!item.is(Kind::optional)) {
      return CelValue::error("value at index " + std::to_string(i) + " is not optional");
    }
    if (const CelValue* held = item.optional_value()) items.push_back(*held);
  }
  return CelValue::list(std::move(items));
}

template <bool last>
CelValue end_of_list(CelBudget&, Arguments a) {
  if (!a[0].is(Kind::list)) return no_such_overload();
  if (a[0].size() == 0) return CelValue::none();
  return CelValue::some(a[0].item(last ? a[0].size() - 1 : 0));
}

constexpr auto global = CallStyle::global;
constexpr auto member = CallStyle::member;

constexpr CelFunction table[] = {
    {"sets.contains", global, 2, 2, sets_contains},
    {"sets.equivalent", global, 2, 2, sets_equivalent},
    {"sets.intersects", global, 2, 2, sets_intersects},
    {"base64.encode", global, 1, 1, base64_encode},
    {"base64.decode", global, 1, 1, base64_decode},
    {"optional.none", global, 0, 0, optional_none},
    {"optional.of", global, 1, 1, optional_of},
    {"optional.ofNonZeroValue", global, 1, 1, optional_of_non_zero},
    {"optional.unwrap", global, 1, 1, unwrap},
    {"unwrapOpt", member, 1, 1, unwrap},
    {"hasValue", member, 1, 1, has_value},
    {"value", member, 1, 1, value_of},
    {"first", member, 1, 1, end_of_list<false>},
    {"last", member, 1, 1, end_of_list<true>},
};

}  // namespace

std::span<const CelFunction> collection_functions() { return table; }

}  // namespace weir::expr
