#include "engine/base/duration.hh"
#include "engine/template/functions/cast.hh"
#include "engine/template/functions/instant_object.hh"
#include "engine/template/functions/support.hh"
#include "engine/template/functions/tables.hh"

namespace weir::tmpl {

namespace {

using Arguments = std::span<Datum>;

constexpr std::int64_t nanoseconds_per_second = 1'000'000'000;
constexpr std::string_view html_layout = "2006-01-02";

Instant current(CallContext& context) {
  if (context.ports().clock == nullptr) fail("the time is not known here");
  const base::TimeUs now = context.ports().clock->now();
  const std::int64_t seconds = floor_div(now, 1'000'000);
  return Instant::unix(seconds, (now - seconds * 1'000'000) * 1'000, Zone::local());
}

// A time.Time, or an int or int64 (and int32, where the peer takes one) of Unix seconds; for
// everything else it is now.
Instant instant_from(CallContext& context, const Datum& value, bool with_int32) {
  if (value.type() == &instant_type) return instant_in(value);
  const bool seconds = value.type() == &types::int64 || value.type() == &types::int_ ||
                       (with_int32 && value.type() == &types::int32);
  return seconds ? Instant::unix(value.as_int(), 0, Zone::local()) : current(context);
}

Datum format_in(CallContext& context, std::string_view layout, const Datum& value,
                std::string_view zone_name) {
  auto zone = Zone::load(zone_name);
  const Instant instant = instant_from(context, value, true);
  return give(context, format_instant(instant.in(zone.ok() ? *zone : Zone::utc()), layout));
}

Datum now(CallContext& context, Arguments) { return instant_datum(current(context)); }

Datum date(CallContext& context, Arguments a) {
  return format_in(context, a[0].as_string(), a[1], "Local");
}

Datum date_in_zone(CallContext& context, Arguments a) {
  return format_in(context, a[0].as_string(), a[1], a[2].as_string());
}

Datum html_date(CallContext& context, Arguments a) {
  return format_in(context, html_layout, a[0], "Local");
}

Datum html_date_in_zone(CallContext& context, Arguments a) {
  return format_in(context, html_layout, a[0], a[1].as_string());
}

Datum date_modify(CallContext&, Arguments a) {
  const auto duration = base::parse_duration(a[0].as_string());
  if (!duration.ok()) return a[1];
  return instant_datum(instant_in(a[1]).plus(duration->count()));
}

Datum must_date_modify(CallContext&, Arguments a) {
  auto duration = base::parse_duration(a[0].as_string());
  if (!duration.ok()) fail(std::move(duration).error().message);
  return instant_datum(instant_in(a[1]).plus(duration->count()));
}

Datum to_date(CallContext&, Arguments a) {
  auto parsed = parse_instant(a[0].as_string(), a[1].as_string(), Zone::local());
  return instant_datum(parsed.ok() ? std::move(*parsed) : Instant{});
}

Datum must_to_date(CallContext&, Arguments a) {
  auto parsed = parse_instant(a[0].as_string(), a[1].as_string(), Zone::local());
  if (!parsed.ok()) fail(std::move(parsed).error().message);
  return instant_datum(std::move(*parsed));
}

Datum unix_epoch(CallContext& context, Arguments a) {
  return give(context, std::to_string(instant_in(a[0]).seconds));
}

Datum duration_text(CallContext& context, std::int64_t nanoseconds) {
  return give(context, base::format_duration(base::Duration(nanoseconds)));
}

Datum ago(CallContext& context, Arguments a) {
  const Instant from = instant_from(context, a[0], false);
  return duration_text(context,
                       round_duration(current(context).since(from), nanoseconds_per_second));
}

Datum duration(CallContext& context, Arguments a) {
  std::int64_t seconds = 0;
  if (a[0].type() == &types::string) seconds = parse_int(a[0].as_string(), 10).number;
  if (a[0].type() == &types::int64) seconds = a[0].as_int();
  // Wraps around, as Go's integers do.
  const auto wrapped = static_cast<std::uint64_t>(seconds) * nanoseconds_per_second;
  return duration_text(context, static_cast<std::int64_t>(wrapped));
}

Datum duration_round(CallContext& context, Arguments a) {
  struct Unit {
    std::uint64_t seconds;
    std::string_view name;
  };
  static constexpr Unit units[] = {{86'400ull * 365, "y"},
                                   {86'400ull * 30, "mo"},
                                   {86'400, "d"},
                                   {3'600, "h"},
                                   {60, "m"},
                                   {1, "s"}};
  std::int64_t length = 0;
  if (a[0].type() == &types::string) {
    const auto parsed = base::parse_duration(a[0].as_string());
    if (parsed.ok()) length = parsed->count();
  } else if (a[0].type() == &types::int64) {
    length = a[0].as_int();
  } else if (a[0].type() == &instant_type) {
    length = current(context).since(instant_in(a[0]));
  }
  const auto magnitude =
      length < 0 ? 0 - static_cast<std::uint64_t>(length) : static_cast<std::uint64_t>(length);
  for (const Unit& unit : units) {
    const std::uint64_t size = unit.seconds * nanoseconds_per_second;
    if (magnitude > size) {
      std::string text = std::to_string(magnitude / size);
      text += unit.name;
      return give(context, std::move(text));
    }
  }
  return Datum::string("0s");
}

constexpr Function table[] = {
    {"now", now, {}},
    {"date", date, {&types::string, &types::any}},
    {"dateInZone", date_in_zone, {&types::string, &types::any, &types::string}},
    {"date_in_zone", date_in_zone, {&types::string, &types::any, &types::string}},
    {"htmlDate", html_date, {&types::any}},
    {"htmlDateInZone", html_date_in_zone, {&types::any, &types::string}},
    {"dateModify", date_modify, {&types::string, &instant_type}},
    {"date_modify", date_modify, {&types::string, &instant_type}},
    {"mustDateModify", must_date_modify, {&types::string, &instant_type}},
    {"must_date_modify", must_date_modify, {&types::string, &instant_type}},
    {"toDate", to_date, {&types::string, &types::string}},
    {"mustToDate", must_to_date, {&types::string, &types::string}},
    {"unixEpoch", unix_epoch, {&instant_type}},
    {"ago", ago, {&types::any}},
    {"duration", duration, {&types::any}},
    {"durationRound", duration_round, {&types::any}},
};

}  // namespace

std::span<const Function> date_functions() { return table; }

}  // namespace weir::tmpl
