#include "engine/template/functions/instant_object.hh"

#include <algorithm>
#include <array>
#include <limits>

#include "engine/base/duration.hh"
#include "engine/template/functions/support.hh"

namespace weir::tmpl {

namespace {

using Arguments = std::span<Datum>;

constexpr std::int64_t second = 1'000'000'000;

class InstantObject final : public Object {
 public:
  explicit InstantObject(Instant instant) : instant_(std::move(instant)) {}
  const Type& type() const override { return instant_type; }
  Result<value::Value> json() const override {
    return value::Value(format_instant(instant_, rfc3339_nano));
  }
  const Instant& instant() const { return instant_; }

 private:
  const Instant instant_;
};

std::string duration_text(const Datum& datum) {
  return base::format_duration(base::Duration(datum.as_int()));
}

std::string instant_text(const Datum& datum) { return text_of_instant(instant_in(datum)); }

std::string month_text(const Datum& datum) {
  return std::string(month_name(static_cast<int>(datum.as_int())));
}

std::string weekday_text(const Datum& datum) {
  return std::string(weekday_name(static_cast<int>(datum.as_int())));
}

template <std::string (*text)(const Datum&)>
Datum string_method(CallContext& context, Arguments a) {
  return give(context, text(a[0]));
}

constexpr Function month_string{"String", string_method<month_text>, {}};
constexpr Function weekday_string{"String", string_method<weekday_text>, {}};
constexpr Method month_methods[] = {{"String", &month_string}};
constexpr Method weekday_methods[] = {{"String", &weekday_string}};
constexpr Type month_type{Kind::int_,   "time.Month",  nullptr,
                          &types::int_, month_methods, month_text};
constexpr Type weekday_type{Kind::int_,   "time.Weekday",  nullptr,
                            &types::int_, weekday_methods, weekday_text};

Datum int_of(std::int64_t number) { return Datum::integer(number); }
Datum int64_of(std::int64_t number) { return Datum::integer(number, types::int64); }
Datum duration_of(std::int64_t number) { return Datum::integer(number, duration_type); }

std::int64_t clamped(__int128 number) {
  constexpr auto low = std::numeric_limits<std::int64_t>::min();
  constexpr auto high = std::numeric_limits<std::int64_t>::max();
  return static_cast<std::int64_t>(std::clamp<__int128>(number, low, high));
}

// Nanoseconds since Go's zero time.
__int128 age_of(const Instant& instant) {
  return (static_cast<__int128>(instant.seconds) - zero_time_seconds) * second +
         instant.nanoseconds;
}

std::int64_t rest_of(const Instant& instant, std::int64_t unit) {
  const auto rest = static_cast<std::int64_t>(age_of(instant) % unit);
  return rest < 0 ? rest + unit : rest;
}

ClockReading clock_of(const Arguments& a) { return read_clock(instant_in(a[0])); }

Datum year(CallContext&, Arguments a) { return int_of(clock_of(a).date.year); }
Datum month(CallContext&, Arguments a) {
  return Datum::integer(clock_of(a).date.month, month_type);
}
Datum day(CallContext&, Arguments a) { return int_of(clock_of(a).date.day); }
Datum hour(CallContext&, Arguments a) { return int_of(clock_of(a).hour); }
Datum minute(CallContext&, Arguments a) { return int_of(clock_of(a).minute); }
Datum second_of(CallContext&, Arguments a) { return int_of(clock_of(a).second); }
Datum nanosecond(CallContext&, Arguments a) { return int_of(instant_in(a[0]).nanoseconds); }
Datum year_day(CallContext&, Arguments a) { return int_of(clock_of(a).year_day); }
Datum weekday(CallContext&, Arguments a) {
  return Datum::integer(clock_of(a).weekday, weekday_type);
}

Datum unix_seconds(CallContext&, Arguments a) { return int64_of(instant_in(a[0]).seconds); }

template <std::int64_t unit>
Datum unix_in(CallContext&, Arguments a) {
  const Instant& instant = instant_in(a[0]);
  const __int128 total = static_cast<__int128>(instant.seconds) * second + instant.nanoseconds;
  return int64_of(static_cast<std::int64_t>(total / unit - (total % unit < 0 ? 1 : 0)));
}

Datum is_zero(CallContext&, Arguments a) { return Datum::boolean(instant_in(a[0]).is_zero()); }
Datum is_daylight(CallContext&, Arguments a) { return Datum::boolean(clock_of(a).offset.daylight); }
Datum to_utc(CallContext&, Arguments a) { return instant_datum(instant_in(a[0]).in(Zone::utc())); }
Datum to_local(CallContext&, Arguments a) {
  return instant_datum(instant_in(a[0]).in(Zone::local()));
}

Datum format(CallContext& context, Arguments a) {
  return give(context, format_instant(instant_in(a[0]), a[1].as_string()));
}

Datum add(CallContext&, Arguments a) { return instant_datum(instant_in(a[0]).plus(a[1].as_int())); }

Datum sub(CallContext&, Arguments a) {
  return duration_of(instant_in(a[0]).since(instant_in(a[1])));
}

Datum add_date(CallContext&, Arguments a) {
  const Instant& from = instant_in(a[0]);
  const ClockReading clock = read_clock(from);
  constexpr std::int64_t most = 1'000'000'000;  // keeps the sums below within an int64
  const auto part = [&](std::size_t i) { return std::clamp(a[i].as_int(), -most, most); };
  const std::int64_t days =
      days_of(clock.date.year + part(1), clock.date.month + part(2), clock.date.day + part(3));
  return instant_datum(instant_of(date_of(days),
                                  clock.hour * 3600 + clock.minute * 60 + clock.second,
                                  from.nanoseconds, from.zone));
}

std::int64_t order_of(const Arguments& a) {
  const __int128 one = age_of(instant_in(a[0])), other = age_of(instant_in(a[1]));
  return one < other ? -1 : one > other ? 1 : 0;
}
Datum equal(CallContext&, Arguments a) { return Datum::boolean(order_of(a) == 0); }
Datum before(CallContext&, Arguments a) { return Datum::boolean(order_of(a) < 0); }
Datum after(CallContext&, Arguments a) { return Datum::boolean(order_of(a) > 0); }
Datum compare(CallContext&, Arguments a) { return int_of(order_of(a)); }

Datum truncate(CallContext&, Arguments a) {
  const Instant& instant = instant_in(a[0]);
  const std::int64_t unit = a[1].as_int();
  return instant_datum(unit <= 0 ? instant : instant.plus(-rest_of(instant, unit)));
}

Datum round(CallContext&, Arguments a) {
  const Instant& instant = instant_in(a[0]);
  const std::int64_t unit = a[1].as_int();
  if (unit <= 0) return instant_datum(instant);
  const std::int64_t rest = rest_of(instant, unit);
  return instant_datum(instant.plus(rest < unit - rest ? -rest : unit - rest));
}

constexpr Function instant_functions[] = {
    {"Year", year, {}},
    {"Month", month, {}},
    {"Day", day, {}},
    {"Hour", hour, {}},
    {"Minute", minute, {}},
    {"Second", second_of, {}},
    {"Nanosecond", nanosecond, {}},
    {"YearDay", year_day, {}},
    {"Weekday", weekday, {}},
    {"Unix", unix_seconds, {}},
    {"UnixMilli", unix_in<1'000'000>, {}},
    {"UnixMicro", unix_in<1'000>, {}},
    {"UnixNano", unix_in<1>, {}},
    {"IsZero", is_zero, {}},
    {"IsDST", is_daylight, {}},
    {"UTC", to_utc, {}},
    {"Local", to_local, {}},
    {"String", string_method<instant_text>, {}},
    {"Format", format, {&types::string}},
    {"Add", add, {&duration_type}},
    {"Sub", sub, {&instant_type}},
    {"AddDate", add_date, {&types::int_, &types::int_, &types::int_}},
    {"Equal", equal, {&instant_type}},
    {"Before", before, {&instant_type}},
    {"After", after, {&instant_type}},
    {"Compare", compare, {&instant_type}},
    {"Truncate", truncate, {&duration_type}},
    {"Round", round, {&duration_type}},
};

template <std::int64_t unit>
Datum whole(CallContext&, Arguments a) {
  return int64_of(a[0].as_int() / unit);
}

// Go divides the whole units and the rest apart.
template <std::int64_t unit>
Datum fractional(CallContext&, Arguments a) {
  const std::int64_t number = a[0].as_int();
  return Datum::floating(static_cast<double>(number / unit) +
                         static_cast<double>(number % unit) / static_cast<double>(unit));
}

Datum round_to(CallContext&, Arguments a) {
  return duration_of(round_duration(a[0].as_int(), a[1].as_int()));
}

Datum truncate_to(CallContext&, Arguments a) {
  const std::int64_t number = a[0].as_int(), unit = a[1].as_int();
  return duration_of(unit <= 0 ? number : number - number % unit);
}

Datum absolute(CallContext&, Arguments a) {
  const __int128 number = a[0].as_int();
  return duration_of(clamped(number < 0 ? -number : number));
}

constexpr Function duration_functions[] = {
    {"String", string_method<duration_text>, {}},
    {"Hours", fractional<3600 * second>, {}},
    {"Minutes", fractional<60 * second>, {}},
    {"Seconds", fractional<second>, {}},
    {"Milliseconds", whole<1'000'000>, {}},
    {"Microseconds", whole<1'000>, {}},
    {"Nanoseconds", whole<1>, {}},
    {"Round", round_to, {&duration_type}},
    {"Truncate", truncate_to, {&duration_type}},
    {"Abs", absolute, {}},
};

template <std::size_t count>
constexpr std::array<Method, count> methods_of(const Function (&functions)[count]) {
  std::array<Method, count> methods{};
  for (std::size_t i = 0; i < count; ++i) methods[i] = {functions[i].name, &functions[i]};
  return methods;
}

constexpr auto instant_methods = methods_of(instant_functions);
constexpr auto duration_methods = methods_of(duration_functions);

}  // namespace

constinit const Type instant_type{Kind::struct_, "time.Time",     nullptr,
                                  nullptr,       instant_methods, instant_text};
constinit const Type duration_type{Kind::int64,   "time.Duration",  nullptr,
                                   &types::int64, duration_methods, duration_text};

Datum instant_datum(Instant instant) { return make_object<InstantObject>(std::move(instant)); }

const Instant& instant_in(const Datum& datum) {
  return static_cast<const InstantObject&>(datum.as_object()).instant();
}

std::int64_t round_duration(std::int64_t duration, std::int64_t unit) {
  if (unit <= 0) return duration;
  const __int128 wide = duration;
  const __int128 rest = wide % unit, distance = rest < 0 ? -rest : rest;
  const __int128 down = wide - rest;
  if (distance + distance < unit) return static_cast<std::int64_t>(down);
  return clamped(wide < 0 ? down - unit : down + unit);
}

}  // namespace weir::tmpl
