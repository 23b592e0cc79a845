#include <cmath>

#include "engine/expr/cel_functions.hh"
#include "engine/expr/cel_time.hh"
#include "engine/expr/text.hh"

namespace weir::expr {
namespace {

using Arguments = CelArguments;
using Kind = CelKind;

CelValue overflow(Kind kind) {
  if (kind == Kind::duration) return CelValue::error("duration overflow");
  return CelValue::error(kind == Kind::uinteger ? "unsigned integer overflow" : "integer overflow");
}

struct Add {
  static bool run(auto a, auto b, auto* out) { return __builtin_add_overflow(a, b, out); }
  static double run(double a, double b) { return a + b; }
};
struct Subtract {
  static bool run(auto a, auto b, auto* out) { return __builtin_sub_overflow(a, b, out); }
  static double run(double a, double b) { return a - b; }
};
struct Multiply {
  static bool run(auto a, auto b, auto* out) { return __builtin_mul_overflow(a, b, out); }
  static double run(double a, double b) { return a * b; }
};

// Both of one numeric kind; anything else has no overload.
template <typename Operation>
CelValue arithmetic(const CelValue& a, const CelValue& b) {
  if (a.kind() != b.kind()) return no_such_overload();
  if (a.is(Kind::floating)) {
    return CelValue::floating(Operation::run(a.as_double(), b.as_double()));
  }
  if (a.is(Kind::integer)) {
    std::int64_t out = 0;
    return Operation::run(a.as_int(), b.as_int(), &out) ? overflow(a.kind())
                                                        : CelValue::integer(out);
  }
  if (a.is(Kind::uinteger)) {
    std::uint64_t out = 0;
    return Operation::run(a.as_uint(), b.as_uint(), &out) ? overflow(a.kind())
                                                          : CelValue::uinteger(out);
  }
  return no_such_overload();
}

template <typename Operation>
CelValue duration_arithmetic(const CelValue& a, const CelValue& b) {
  std::int64_t out = 0;
  return Operation::run(a.as_int(), b.as_int(), &out) ? overflow(a.kind())
                                                      : CelValue::duration(out);
}

CelValue concatenate(CelBudget& budget, const CelValue& a, const CelValue& b) {
  if (a.is(Kind::list)) {
    budget.charge(a.size() + b.size());
    CelValue::Items items;
    if (budget.spent()) return no_such_overload();
    items.reserve(a.size() + b.size());
    for (std::size_t i = 0; i < a.size(); ++i) items.push_back(a.item(i));
    for (std::size_t i = 0; i < b.size(); ++i) items.push_back(b.item(i));
    return CelValue::list(std::move(items));
  }
  budget.charge_bytes(a.text().size() + b.text().size());
  const std::string joined = std::string(a.text()).append(b.text());
  return a.is(Kind::string) ? CelValue::string(joined) : CelValue::bytes(joined);
}

CelValue add(CelBudget& budget, Arguments arguments) {
  const CelValue& a = arguments[0];
  const CelValue& b = arguments[1];
  if (a.is(Kind::timestamp) && b.is(Kind::duration)) return shift_timestamp(a, b.as_int());
  if (a.is(Kind::duration) && b.is(Kind::timestamp)) return shift_timestamp(b, a.as_int());
  if (a.kind() != b.kind()) return no_such_overload();
  if (a.is(Kind::duration)) return duration_arithmetic<Add>(a, b);
  if (a.is(Kind::string) || a.is(Kind::bytes) || a.is(Kind::list)) return concatenate(budget, a, b);
  return arithmetic<Add>(a, b);
}

CelValue subtract(CelBudget&, Arguments arguments) {
  const CelValue& a = arguments[0];
  const CelValue& b = arguments[1];
  if (a.is(Kind::timestamp) && b.is(Kind::timestamp)) return timestamp_difference(a, b);
  if (a.is(Kind::timestamp) && b.is(Kind::duration)) {
    if (b.as_int() == INT64_MIN) return overflow(Kind::duration);
    return shift_timestamp(a, -b.as_int());
  }
  if (a.is(Kind::duration) && b.is(Kind::duration)) return duration_arithmetic<Subtract>(a, b);
  return arithmetic<Subtract>(a, b);
}

CelValue multiply(CelBudget&, Arguments arguments) {
  return arithmetic<Multiply>(arguments[0], arguments[1]);
}

// Quotient or remainder of two integers of one kind.
CelValue divide_integers(const CelValue& a, const CelValue& b, bool remainder) {
  if (a.kind() != b.kind()) return no_such_overload();
  if (!a.is(Kind::integer) && !a.is(Kind::uinteger)) return no_such_overload();
  if (b.as_int() == 0) return CelValue::error(remainder ? "modulus by zero" : "division by zero");
  if (a.is(Kind::uinteger)) {
    return CelValue::uinteger(remainder ? a.as_uint() % b.as_uint() : a.as_uint() / b.as_uint());
  }
  if (a.as_int() == INT64_MIN && b.as_int() == -1) return overflow(Kind::integer);
  return CelValue::integer(remainder ? a.as_int() % b.as_int() : a.as_int() / b.as_int());
}

CelValue divide(CelBudget&, Arguments arguments) {
  if (arguments[0].is(Kind::floating) && arguments[1].is(Kind::floating)) {
    return CelValue::floating(arguments[0].as_double() / arguments[1].as_double());
  }
  return divide_integers(arguments[0], arguments[1], false);
}

CelValue modulo(CelBudget&, Arguments arguments) {
  return divide_integers(arguments[0], arguments[1], true);
}

CelValue negate(CelBudget&, Arguments arguments) {
  const CelValue& a = arguments[0];
  if (a.is(Kind::floating)) return CelValue::floating(-a.as_double());
  if (a.is(Kind::integer) || a.is(Kind::duration)) {
    if (a.as_int() == INT64_MIN) return overflow(a.kind());
    return a.is(Kind::integer) ? CelValue::integer(-a.as_int()) : CelValue::duration(-a.as_int());
  }
  return a.is(Kind::uinteger) ? no_such_overload("-_") : no_such_overload();
}

CelValue logical_not(CelBudget&, Arguments arguments) {
  if (!arguments[0].is(Kind::boolean)) return no_such_overload();
  return CelValue::boolean(!arguments[0].as_bool());
}

CelValue equal(CelBudget&, Arguments arguments) {
  return CelValue::boolean(cel_equal(arguments[0], arguments[1]));
}

CelValue not_equal(CelBudget&, Arguments arguments) {
  return CelValue::boolean(!cel_equal(arguments[0], arguments[1]));
}

// `want`: the order that makes it true; `or_equal`: equality does too.
template <CelOrder want, bool or_equal>
CelValue ordered(CelBudget&, Arguments arguments) {
  const CelOrder order = cel_compare(arguments[0], arguments[1]);
  if (order == CelOrder::incomparable) return no_such_overload();
  if (order == CelOrder::unordered) return CelValue::error("NaN values cannot be ordered");
  return CelValue::boolean(order == want || (or_equal && order == CelOrder::equal));
}

CelValue contained(CelBudget& budget, Arguments arguments) {
  const CelValue& range = arguments[1];
  if (range.is(Kind::map)) return CelValue::boolean(range.find(arguments[0]).has_value());
  if (!range.is(Kind::list)) return no_such_overload();
  budget.charge(range.size());
  for (std::size_t i = 0; i < range.size() && !budget.spent(); ++i) {
    if (cel_equal(range.item(i), arguments[0])) return CelValue::boolean(true);
  }
  return CelValue::boolean(false);
}

CelValue size(CelBudget&, Arguments arguments) {
  const CelValue& a = arguments[0];
  std::size_t count = 0;
  if (a.is(Kind::string)) {
    count = count_runes(a.text());
  } else if (a.is(Kind::bytes)) {
    count = a.text().size();
  } else if (a.is(Kind::list) || a.is(Kind::map)) {
    count = a.size();
  } else {
    return no_such_overload("size");
  }
  return CelValue::integer(static_cast<std::int64_t>(count));
}

CelValue matches(CelBudget& budget, Arguments arguments) {
  if (!arguments[0].is(Kind::string) || !arguments[1].is(Kind::string)) return no_such_overload();
  budget.charge_bytes(arguments[0].text().size() + 64 * arguments[1].text().size());
  const auto pattern = compile_pattern(arguments[1].text());
  if (!pattern) return CelValue::error(pattern.error().message);
  return CelValue::boolean(pattern_matches(**pattern, arguments[0].text()));
}

template <TimeField field>
CelValue getter(CelBudget&, Arguments arguments) {
  const bool zone = arguments.size() > 1;
  if (zone && (!arguments[1].is(Kind::string) || !arguments[0].is(Kind::timestamp))) {
    return no_such_overload();
  }
  if (!arguments[0].is(Kind::timestamp) && !arguments[0].is(Kind::duration)) {
    return no_such_overload();
  }
  return time_field(arguments[0], field, zone ? arguments[1].text() : std::string_view());
}

constexpr auto global = CallStyle::global;
constexpr auto member = CallStyle::member;
constexpr auto both = CallStyle::both;

constexpr CelFunction table[] = {
    {"_+_", global, 2, 2, add},
    {"_-_", global, 2, 2, subtract},
    {"_*_", global, 2, 2, multiply},
    {"_/_", global, 2, 2, divide},
    {"_%_", global, 2, 2, modulo},
    {"-_", global, 1, 1, negate},
    {"!_", global, 1, 1, logical_not},
    {"_==_", global, 2, 2, equal},
    {"_!=_", global, 2, 2, not_equal},
    {"_<_", global, 2, 2, ordered<CelOrder::less, false>},
    {"_<=_", global, 2, 2, ordered<CelOrder::less, true>},
    {"_>_", global, 2, 2, ordered<CelOrder::greater, false>},
    {"_>=_", global, 2, 2, ordered<CelOrder::greater, true>},
    {"@in", global, 2, 2, contained},
    {"size", both, 1, 1, size},
    {"matches", both, 2, 2, matches},
    {"getFullYear", member, 1, 2, getter<TimeField::full_year>},
    {"getMonth", member, 1, 2, getter<TimeField::month>},
    {"getDate", member, 1, 2, getter<TimeField::date>},
    {"getDayOfMonth", member, 1, 2, getter<TimeField::day_of_month>},
    {"getDayOfWeek", member, 1, 2, getter<TimeField::day_of_week>},
    {"getDayOfYear", member, 1, 2, getter<TimeField::day_of_year>},
    {"getHours", member, 1, 2, getter<TimeField::hours>},
    {"getMinutes", member, 1, 2, getter<TimeField::minutes>},
    {"getSeconds", member, 1, 2, getter<TimeField::seconds>},
    {"getMilliseconds", member, 1, 2, getter<TimeField::milliseconds>},
};

}  // namespace

std::span<const CelFunction> standard_functions() { return table; }

}  // namespace weir::expr
