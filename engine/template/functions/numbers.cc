#include <algorithm>
#include <cmath>
#include <limits>

#include "engine/template/functions/cast.hh"
#include "engine/template/functions/decimal.hh"
#include "engine/template/functions/support.hh"
#include "engine/template/functions/tables.hh"

namespace weir::tmpl {

namespace {

using Arguments = std::span<Datum>;

Datum int64_of(std::int64_t number) { return Datum::integer(number, types::int64); }

// Go's integers wrap around.
std::int64_t wrap_add(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
}
std::int64_t wrap_sub(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b));
}
std::int64_t wrap_mul(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) * static_cast<std::uint64_t>(b));
}

Datum to_int(CallContext&, Arguments a) { return Datum::integer(cast_int(a[0])); }
Datum to_int64(CallContext&, Arguments a) { return int64_of(cast_int(a[0])); }
Datum to_float64(CallContext&, Arguments a) { return Datum::floating(cast_float(a[0])); }

Datum atoi(CallContext&, Arguments a) {
  return Datum::integer(parse_int(a[0].as_string(), 10).number);
}

Datum to_decimal(CallContext&, Arguments a) {
  const ParsedInt parsed = parse_int(text_of(a[0]), 8);
  return int64_of(parsed.outcome == ParsedInt::Outcome::ok ? parsed.number : 0);
}

Datum add(CallContext&, Arguments a) {
  std::int64_t sum = 0;
  for (const Datum& item : a) sum = wrap_add(sum, cast_int(item));
  return int64_of(sum);
}

Datum add1(CallContext&, Arguments a) { return int64_of(wrap_add(cast_int(a[0]), 1)); }

Datum sub(CallContext&, Arguments a) { return int64_of(wrap_sub(cast_int(a[0]), cast_int(a[1]))); }

Datum mul(CallContext&, Arguments a) {
  std::int64_t product = cast_int(a[0]);
  for (const Datum& item : a.subspan(1)) product = wrap_mul(product, cast_int(item));
  return int64_of(product);
}

std::int64_t divisor_of(const Datum& datum) {
  const std::int64_t divisor = cast_int(datum);
  if (divisor == 0) fail("runtime error: integer divide by zero");
  return divisor;
}

Datum div(CallContext&, Arguments a) {
  const std::int64_t dividend = cast_int(a[0]), divisor = divisor_of(a[1]);
  return int64_of(divisor == -1 ? wrap_sub(0, dividend) : dividend / divisor);
}

Datum mod(CallContext&, Arguments a) {
  const std::int64_t dividend = cast_int(a[0]), divisor = divisor_of(a[1]);
  return int64_of(divisor == -1 ? 0 : dividend % divisor);
}

Datum largest(CallContext&, Arguments a) {
  std::int64_t best = cast_int(a[0]);
  for (const Datum& item : a.subspan(1)) best = std::max(best, cast_int(item));
  return int64_of(best);
}

Datum smallest(CallContext&, Arguments a) {
  std::int64_t best = cast_int(a[0]);
  for (const Datum& item : a.subspan(1)) best = std::min(best, cast_int(item));
  return int64_of(best);
}

// Go's math.Max and Min: infinities win, then NaN, and -0 is below 0.
double float_of_two(double a, double b, bool larger) {
  const double winner =
      larger ? std::numeric_limits<double>::infinity() : -std::numeric_limits<double>::infinity();
  if (a == winner || b == winner) return winner;
  if (std::isnan(a) || std::isnan(b)) return std::numeric_limits<double>::quiet_NaN();
  if (a == 0 && b == 0) return std::signbit(a) == larger ? b : a;
  return (a > b) == larger ? a : b;
}

Datum float_best(Arguments a, bool larger) {
  double best = cast_float(a[0]);
  for (const Datum& item : a.subspan(1)) best = float_of_two(best, cast_float(item), larger);
  return Datum::floating(best);
}

Datum maxf(CallContext&, Arguments a) { return float_best(a, true); }
Datum minf(CallContext&, Arguments a) { return float_best(a, false); }

Datum floor_of(CallContext&, Arguments a) { return Datum::floating(std::floor(cast_float(a[0]))); }
Datum ceil_of(CallContext&, Arguments a) { return Datum::floating(std::ceil(cast_float(a[0]))); }

// math.Pow(10, exponent) by squaring mantissa and exponent apart, as Go computes it.
double power_of_ten(double exponent) {
  if (exponent == 0) return 1;
  if (std::fabs(exponent) >= 9.223372036854775808e18)
    return exponent > 0 ? std::numeric_limits<double>::infinity() : 0;
  int square_exponent = 0;
  double square = std::frexp(10.0, &square_exponent);
  double mantissa = 1;
  std::int64_t binary = 0, wide = square_exponent;
  for (auto left = static_cast<std::int64_t>(std::fabs(exponent)); left != 0; left >>= 1) {
    if (wide < -(1 << 12) || wide > (1 << 12)) {
      binary += wide;
      break;
    }
    if ((left & 1) == 1) {
      mantissa *= square;
      binary += wide;
    }
    square *= square;
    wide <<= 1;
    if (square < .5) {
      square += square;
      --wide;
    }
  }
  if (exponent < 0) {
    mantissa = 1 / mantissa;
    binary = -binary;
  }
  return std::ldexp(mantissa, static_cast<int>(std::clamp<std::int64_t>(binary, -99999, 99999)));
}

Datum round_to(CallContext&, Arguments a) {
  const double up_from = a.size() > 2 ? a[2].as_float() : 0.5;
  const double scale = power_of_ten(static_cast<double>(a[1].as_int()));
  const double scaled = scale * cast_float(a[0]);
  double whole = 0;
  const double fraction =
      std::isinf(scaled) ? std::numeric_limits<double>::quiet_NaN() : std::modf(scaled, &whole);
  return Datum::floating((fraction >= up_from ? std::ceil(scaled) : std::floor(scaled)) / scale);
}

// Calls `visit` for each number of Go's loop; each is a step and costs memory.
template <typename Visit>
void count_steps(CallContext& context, std::int64_t start, std::int64_t stop, std::int64_t step,
                 Visit visit) {
  const bool down = stop < start;
  if (down ? step >= 0 : step <= 0) return;
  for (std::int64_t i = start; down ? i > stop : i < stop; i = wrap_add(i, step)) {
    context.budget().use_steps(1);
    context.budget().use_bytes(sizeof(Datum));
    visit(i);
  }
}

Datum counted(CallContext& context, std::int64_t start, std::int64_t stop, std::int64_t step) {
  std::vector<Datum> numbers;
  count_steps(context, start, stop, step,
              [&](std::int64_t i) { numbers.push_back(Datum::integer(i)); });
  return Datum::slice(std::move(numbers), types::int_slice);
}

Datum until(CallContext& context, Arguments a) {
  const std::int64_t count = a[0].as_int();
  return counted(context, 0, count, count < 0 ? -1 : 1);
}

Datum until_step(CallContext& context, Arguments a) {
  return counted(context, a[0].as_int(), a[1].as_int(), a[2].as_int());
}

Datum seq(CallContext& context, Arguments a) {
  if (a.empty() || a.size() > 3) return Datum::string("");
  const std::int64_t start = a.size() == 1 ? 1 : a[0].as_int();
  const std::int64_t end = a.back().as_int();
  const std::int64_t direction = end < start ? -1 : 1;
  const std::int64_t step = a.size() == 3 ? a[1].as_int() : direction;
  if (a.size() == 3 && direction < 0 && step > 0) return Datum::string("");
  std::string out;
  count_steps(context, start, wrap_add(end, direction), step, [&](std::int64_t i) {
    if (!out.empty()) out += ' ';
    out += std::to_string(i);
  });
  return give(context, std::move(out));
}

Decimal decimal_of(const Datum& datum) {
  const double number = cast_float(datum);
  if (!std::isfinite(number)) {
    std::string message = "Cannot create a Decimal from ";
    append_float(message, number, 'g', -1);
    fail(std::move(message));
  }
  return Decimal::from_double(number);
}

template <typename Operation>
Datum fold_decimals(CallContext& context, Decimal result, Arguments rest, Operation operation) {
  for (const Datum& item : rest) {
    context.budget().use_steps(1 + result.digits() / 16);
    result = operation(result, decimal_of(item));
  }
  return Datum::floating(result.to_double());
}

Datum add1f(CallContext&, Arguments a) {
  return Datum::floating(decimal_of(a[0]).plus(Decimal::from_double(1)).to_double());
}

Datum addf(CallContext& context, Arguments a) {
  return fold_decimals(context, Decimal::from_double(0), a,
                       [](const Decimal& x, const Decimal& y) { return x.plus(y); });
}

Datum subf(CallContext& context, Arguments a) {
  return fold_decimals(context, decimal_of(a[0]), a.subspan(1),
                       [](const Decimal& x, const Decimal& y) { return x.minus(y); });
}

Datum mulf(CallContext& context, Arguments a) {
  return fold_decimals(context, decimal_of(a[0]), a.subspan(1),
                       [](const Decimal& x, const Decimal& y) { return x.times(y); });
}

Datum divf(CallContext& context, Arguments a) {
  return fold_decimals(context, decimal_of(a[0]), a.subspan(1),
                       [](const Decimal& x, const Decimal& y) {
                         if (y.is_zero()) fail("decimal division by 0");
                         return x.divided_by(y);
                       });
}

constexpr Function table[] = {
    {"int", to_int, {&types::any}},
    {"int64", to_int64, {&types::any}},
    {"float64", to_float64, {&types::any}},
    {"atoi", atoi, {&types::string}},
    {"toDecimal", to_decimal, {&types::any}},
    {"add", add, {&types::any}, Arity::variadic},
    {"add1", add1, {&types::any}},
    {"sub", sub, {&types::any, &types::any}},
    {"mul", mul, {&types::any, &types::any}, Arity::variadic},
    {"div", div, {&types::any, &types::any}},
    {"mod", mod, {&types::any, &types::any}},
    {"max", largest, {&types::any, &types::any}, Arity::variadic},
    {"biggest", largest, {&types::any, &types::any}, Arity::variadic},
    {"min", smallest, {&types::any, &types::any}, Arity::variadic},
    {"maxf", maxf, {&types::any, &types::any}, Arity::variadic},
    {"minf", minf, {&types::any, &types::any}, Arity::variadic},
    {"floor", floor_of, {&types::any}},
    {"ceil", ceil_of, {&types::any}},
    {"round", round_to, {&types::any, &types::int_, &types::float64}, Arity::variadic},
    {"until", until, {&types::int_}},
    {"untilStep", until_step, {&types::int_, &types::int_, &types::int_}},
    {"seq", seq, {&types::int_}, Arity::variadic},
    {"add1f", add1f, {&types::any}},
    {"addf", addf, {&types::any}, Arity::variadic},
    {"subf", subf, {&types::any, &types::any}, Arity::variadic},
    {"mulf", mulf, {&types::any, &types::any}, Arity::variadic},
    {"divf", divf, {&types::any, &types::any}, Arity::variadic},
};

}  // namespace

std::span<const Function> number_functions() { return table; }

}  // namespace weir::tmpl
