#include "engine/template/functions/zone.hh"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <limits>

#include "engine/base/limits.hh"
#include "engine/template/functions/calendar.hh"

namespace weir::tmpl {

namespace {

constexpr std::int64_t always_from = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t always_until = std::numeric_limits<std::int64_t>::max();
// The largest zone file of tzdata has some 4 KiB.
constexpr std::size_t zone_bytes_max = 1u << 20;

Error bad_zone(std::string_view name) {
  return make_error(Code::invalid, "malformed time zone information of " + std::string(name));
}

std::int64_t big_endian(std::string_view bytes, std::size_t width) {
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < width; ++i)
    number = (number << 8) | static_cast<unsigned char>(bytes[i]);
  if (width == 4) return static_cast<std::int32_t>(static_cast<std::uint32_t>(number));
  return static_cast<std::int64_t>(number);
}

// A POSIX TZ rule, piece by piece; each function is false when the text is wrong.
class RuleReader {
 public:
  explicit RuleReader(std::string_view text) : rest_(text) {}

  bool at_end() const { return rest_.empty(); }
  bool at_rules() const { return rest_.empty() || rest_[0] == ','; }
  bool skip(char c) {
    if (rest_.empty() || rest_[0] != c) return false;
    rest_.remove_prefix(1);
    return true;
  }

  bool name(std::string& out) {
    std::size_t end = 0;
    if (skip('<')) {
      end = rest_.find('>');
      if (end == std::string_view::npos) return false;
      out = rest_.substr(0, end);
      rest_.remove_prefix(end + 1);
      return true;
    }
    end = std::min(rest_.find_first_of("0123456789,-+"), rest_.size());
    if (end < 3) return false;
    out = rest_.substr(0, end);
    rest_.remove_prefix(end);
    return true;
  }

  bool number(std::int64_t low, std::int64_t high, std::int64_t& out) {
    out = 0;
    std::size_t digits = 0;
    for (; digits < rest_.size() && rest_[digits] >= '0' && rest_[digits] <= '9'; ++digits) {
      out = out * 10 + (rest_[digits] - '0');
      if (out > high) return false;
    }
    rest_.remove_prefix(digits);
    return digits > 0 && out >= low;
  }

  // [+-]hours[:minutes[:seconds]], in seconds.
  bool offset(std::int64_t& out) {
    const bool negative = !skip('+') && skip('-');
    std::int64_t hours = 0, minutes = 0, seconds = 0;
    if (!number(0, 24 * 7, hours)) return false;
    if (skip(':')) {
      if (!number(0, 59, minutes)) return false;
      if (skip(':') && !number(0, 59, seconds)) return false;
    }
    out = hours * 3600 + minutes * 60 + seconds;
    if (negative) out = -out;
    return true;
  }

  // When the rule switches, in seconds of that year's clock.
  bool rule(std::int64_t year, std::int64_t& out) {
    std::int64_t day = 0;
    if (skip('J')) {
      if (!number(1, 365, day)) return false;
      out = day - 1 + (is_leap(year) && day >= 60 ? 1 : 0);
    } else if (skip('M')) {
      std::int64_t month = 0, week = 0;
      if (!number(1, 12, month) || !skip('.') || !number(1, 5, week) || !skip('.') ||
          !number(0, 6, day))
        return false;
      const std::int64_t first = days_of(year, month, 1);
      std::int64_t in_month = (day - weekday_of(first) + 7) % 7 + (week - 1) * 7;
      while (in_month >= days_in(static_cast<int>(month), year)) in_month -= 7;
      out = first + in_month - days_of(year, 1, 1);
    } else {
      if (!number(0, 365, day)) return false;
      out = day;
    }
    std::int64_t clock = 2 * 3600;
    if (skip('/') && !offset(clock)) return false;
    out = out * seconds_per_day + clock;
    return true;
  }

 private:
  std::string_view rest_;
};

std::optional<std::string> read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::nullopt;
  std::string bytes;
  char block[4096];
  while (file.read(block, sizeof block), file.gcount() > 0) {
    bytes.append(block, static_cast<std::size_t>(file.gcount()));
    if (bytes.size() > zone_bytes_max) return std::nullopt;
  }
  return bytes;
}

constexpr std::string_view zone_folders[] = {"/usr/share/zoneinfo/", "/usr/share/lib/zoneinfo/",
                                             "/usr/lib/locale/TZ/", "/etc/zoneinfo/"};

}  // namespace

ZonePtr Zone::fixed(std::string name, std::int64_t seconds) {
  const std::shared_ptr<Zone> zone(new Zone());
  zone->offsets_.push_back({name, seconds, false});
  zone->name_ = std::move(name);
  return zone;
}

ZonePtr Zone::utc() {
  static const ZonePtr zone = fixed("UTC", 0);
  return zone;
}

Result<ZonePtr> Zone::load(std::string_view name) {
  if (name.empty() || name == "UTC") return utc();
  if (name == "Local") return local();
  if (name.find("..") != std::string_view::npos || name[0] == '/' || name[0] == '\\' ||
      name.find('\0') != std::string_view::npos || name.size() > base::limits::path_bytes_max)
    return make_error(Code::invalid, "time: invalid location name");
  for (const std::string_view folder : zone_folders) {
    std::string path(folder);
    path += name;
    if (const auto bytes = read_file(path)) {
      auto zone = parse(name, *bytes);
      if (zone.ok()) return zone;
    }
  }
  return make_error(Code::not_found, "unknown time zone " + std::string(name));
}

ZonePtr Zone::local() {
  const char* setting = std::getenv("TZ");
  std::string path = "/etc/localtime";
  if (setting != nullptr) {
    std::string_view wanted = setting;
    if (wanted.starts_with(':')) wanted.remove_prefix(1);
    if (!wanted.starts_with('/')) {
      auto zone = wanted == "Local" ? Result<ZonePtr>(utc()) : load(wanted);
      return zone.ok() ? *zone : utc();
    }
    path = wanted;
  }
  if (const auto bytes = read_file(path)) {
    auto zone = parse("Local", *bytes);
    if (zone.ok()) return *zone;
  }
  return utc();
}

Result<ZonePtr> Zone::parse(std::string_view name, std::string_view bytes) {
  constexpr std::size_t header = 44;
  const auto is_header = [&bytes] { return bytes.size() >= header && bytes.starts_with("TZif"); };
  if (!is_header()) return bad_zone(name);
  std::size_t width = 4;
  std::size_t counts[6];  // UT marks, standard marks, leap seconds, transitions, types, names
  const auto read_counts = [&] {
    for (std::size_t i = 0; i < 6; ++i)
      counts[i] = static_cast<std::uint32_t>(big_endian(bytes.substr(20 + i * 4), 4));
    const std::size_t size = counts[3] * (width + 1) + counts[4] * 6 + counts[5] +
                             counts[2] * (width + 4) + counts[1] + counts[0];
    return size <= bytes.size() - header ? std::optional<std::size_t>(size) : std::nullopt;
  };
  auto size = read_counts();
  if (!size) return bad_zone(name);
  if (bytes[4] >= '2') {
    bytes.remove_prefix(header + *size);
    width = 8;
    if (!is_header() || !(size = read_counts())) return bad_zone(name);
  }
  std::string_view data = bytes.substr(header, *size);
  const std::string_view footer = bytes.substr(header + *size);
  const std::string_view types = data.substr(counts[3] * (width + 1), counts[4] * 6);
  const std::string_view names = data.substr(counts[3] * (width + 1) + types.size(), counts[5]);
  const std::shared_ptr<Zone> zone(new Zone());
  zone->name_ = name;
  for (std::size_t i = 0; i < counts[4]; ++i) {
    const std::size_t at = static_cast<unsigned char>(types[i * 6 + 5]);
    if (at >= names.size()) return bad_zone(name);
    const std::size_t end = std::min(names.find('\0', at), names.size());
    zone->offsets_.push_back({std::string(names.substr(at, end - at)),
                              big_endian(types.substr(i * 6), 4), types[i * 6 + 4] != 0});
  }
  if (zone->offsets_.empty()) return bad_zone(name);
  for (std::size_t i = 0; i < counts[3]; ++i) {
    const std::size_t offset = static_cast<unsigned char>(data[counts[3] * width + i]);
    if (offset >= zone->offsets_.size()) return bad_zone(name);
    zone->transitions_.push_back({big_endian(data.substr(i * width), width), offset});
  }
  if (footer.size() > 2 && footer.front() == '\n' && footer.back() == '\n')
    zone->rule_ = footer.substr(1, footer.size() - 2);
  return ZonePtr(zone);
}

// Before the first transition: the first offset, unless a transition leads to it.
std::size_t Zone::first_offset() const {
  const bool used = std::any_of(transitions_.begin(), transitions_.end(),
                                [](const Transition& t) { return t.offset == 0; });
  if (!used) return 0;
  if (offsets_[transitions_.front().offset].daylight) {
    for (std::size_t i = transitions_.front().offset; i-- > 0;)
      if (!offsets_[i].daylight) return i;
  }
  for (std::size_t i = 0; i < offsets_.size(); ++i)
    if (!offsets_[i].daylight) return i;
  return 0;
}

Zone::Span Zone::span_at(std::int64_t seconds) const {
  if (transitions_.empty() || seconds < transitions_.front().at)
    return {offsets_[first_offset()], always_from,
            transitions_.empty() ? always_until : transitions_.front().at};
  const auto next =
      std::upper_bound(transitions_.begin(), transitions_.end(), seconds,
                       [](std::int64_t at, const Transition& t) { return at < t.at; });
  const Transition& current = *std::prev(next);
  const Span span{offsets_[current.offset], current.at,
                  next == transitions_.end() ? always_until : next->at};
  if (next != transitions_.end() || rule_.empty()) return span;
  RuleReader reader(rule_);
  Offset standard, daylight{{}, 0, true};
  if (!reader.name(standard.name) || !reader.offset(standard.seconds)) return span;
  standard.seconds = -standard.seconds;  // POSIX counts west of UTC
  if (reader.at_rules()) return {standard, current.at, always_until};
  if (!reader.name(daylight.name)) return span;
  daylight.seconds = standard.seconds + 3600;
  if (!reader.at_rules()) {
    if (!reader.offset(daylight.seconds)) return span;
    daylight.seconds = -daylight.seconds;
  }
  if (reader.at_end()) reader = RuleReader(",M3.2.0,M11.1.0");
  const std::int64_t year = date_of(floor_div(seconds, seconds_per_day)).year;
  const std::int64_t year_start = days_of(year, 1, 1) * seconds_per_day;
  std::int64_t start = 0, end = 0;
  if (!reader.skip(',') || !reader.rule(year, start) || !reader.skip(',') ||
      !reader.rule(year, end) || !reader.at_end())
    return span;
  start += year_start - standard.seconds;
  end += year_start - daylight.seconds;
  if (end < start) {
    std::swap(start, end);
    std::swap(standard, daylight);
  }
  const std::int64_t year_end = year_start + 365 * seconds_per_day;
  if (seconds < start) return {standard, year_start, start};
  return seconds < end ? Span{daylight, start, end} : Span{standard, end, year_end};
}

Zone::Offset Zone::at(std::int64_t seconds) const { return span_at(seconds).offset; }

std::optional<std::int64_t> Zone::offset_of(std::string_view name, std::int64_t seconds) const {
  for (const Offset& offset : offsets_) {
    if (offset.name != name) continue;
    const Offset there = at(seconds - offset.seconds);
    if (there.name == name) return there.seconds;
  }
  for (const Offset& offset : offsets_)
    if (offset.name == name) return offset.seconds;
  return std::nullopt;
}

std::int64_t Zone::unix_of(std::int64_t clock_seconds) const {
  const Span span = span_at(clock_seconds);
  if (span.offset.seconds == 0) return clock_seconds;
  const std::int64_t seconds = clock_seconds - span.offset.seconds;
  if (seconds >= span.start && seconds < span.end) return seconds;
  return clock_seconds - at(seconds).seconds;
}

}  // namespace weir::tmpl
