#include <algorithm>
#include <optional>

#include "engine/template/functions/instant.hh"
#include "engine/template/functions/layout.hh"
#include "engine/value/utf8.hh"

namespace weir::tmpl {

namespace {

bool is_digit(std::string_view text, std::size_t at) {
  return at < text.size() && text[at] >= '0' && text[at] <= '9';
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

// The length of what looks like the name of a zone ("CET", "GMT+3", "-03"); 0 for nothing.
std::size_t zone_name_length(std::string_view text) {
  const auto signed_hours = [](std::string_view part) -> std::size_t {
    if (part.empty() || (part[0] != '-' && part[0] != '+')) return 0;
    std::size_t end = 1;
    int hours = 0;
    for (; is_digit(part, end); ++end) hours = std::min(hours * 10 + (part[end] - '0'), 1000);
    return end == 1 || hours > 23 ? 0 : end;
  };
  if (text.size() < 3) return 0;
  if (text.starts_with("ChST") || text.starts_with("MeST")) return 4;
  if (text.starts_with("GMT")) return 3 + signed_hours(text.substr(3));
  if (text[0] == '+' || text[0] == '-') return signed_hours(text);
  std::size_t letters = 0;
  while (letters < 6 && letters < text.size() && text[letters] >= 'A' && text[letters] <= 'Z')
    ++letters;
  if (letters == 5) return text[4] == 'T' ? 5 : 0;
  if (letters == 4) return text[3] == 'T' || text.starts_with("WITA") ? 4 : 0;
  return letters == 3 ? 3 : 0;
}

// Reads one text by one layout. Every element's function is false when the text does not fit;
// `out_of_range_` names what fits but cannot be.
class LayoutReader {
 public:
  LayoutReader(std::string_view layout, std::string_view text)
      : whole_layout_(layout), whole_text_(text), layout_(layout), text_(text) {}

  Result<Instant> read(const ZonePtr& zone) {
    while (true) {
      const Chunk chunk = next_chunk(layout_);
      if (!skip(chunk.prefix)) return misfit(chunk.prefix, text_);
      if (chunk.element == Element::none) {
        if (!text_.empty()) return failure(": extra text: " + quoted_for_time(text_));
        break;
      }
      layout_ = chunk.suffix;
      const std::string_view before = text_;
      const bool fits = read_element(chunk);
      if (!out_of_range_.empty())
        return failure(": " + std::string(out_of_range_) + " out of range");
      if (!fits) return misfit(chunk.text, before);
    }
    if (after_noon_ && hour_ < 12) hour_ += 12;
    if (before_noon_ && hour_ == 12) hour_ = 0;
    if (const std::string_view problem = settle_date(); !problem.empty())
      return failure(std::string(problem));
    return place(zone);
  }

 private:
  Error failure(std::string message) const {
    std::string text = "parsing time ";
    text += quoted_for_time(whole_text_);
    text += message;
    return make_error(Code::invalid, std::move(text));
  }

  Error misfit(std::string_view element, std::string_view rest) const {
    std::string text = " as ";
    text += quoted_for_time(whole_layout_);
    text.append(": cannot parse ").append(quoted_for_time(rest)).append(" as ");
    text += quoted_for_time(element);
    return failure(std::move(text));
  }

  // Literal text; a space stands for any number of them.
  bool skip(std::string_view prefix) {
    while (!prefix.empty()) {
      if (prefix[0] == ' ') {
        if (!text_.empty() && text_[0] != ' ') return false;
        prefix.remove_prefix(std::min(prefix.find_first_not_of(' '), prefix.size()));
        text_.remove_prefix(std::min(text_.find_first_not_of(' '), text_.size()));
        continue;
      }
      if (text_.empty() || text_[0] != prefix[0]) return false;
      prefix.remove_prefix(1);
      text_.remove_prefix(1);
    }
    return true;
  }

  // One or two digits; two when `fixed`.
  static bool number(std::string_view& text, bool fixed, int& out) {
    out = 0;
    if (!is_digit(text, 0) || (fixed && !is_digit(text, 1))) return false;
    const std::size_t width = is_digit(text, 1) ? 2 : 1;
    for (std::size_t i = 0; i < width; ++i) out = out * 10 + (text[i] - '0');
    text.remove_prefix(width);
    return true;
  }

  bool ranged(bool fixed, int low, int high, std::string_view name, int& out) {
    if (!number(text_, fixed, out)) return false;
    if (out < low || out > high) out_of_range_ = name;
    return true;
  }

  template <typename Name>
  bool named(int first, int count, Name name, int& out) {
    for (int i = first; i < first + count; ++i) {
      const std::string_view wanted = name(i);
      const bool equal = text_.size() >= wanted.size() &&
                         std::equal(wanted.begin(), wanted.end(), text_.begin(),
                                    [](char a, char b) { return lower(a) == lower(b); });
      if (!equal) continue;
      text_.remove_prefix(wanted.size());
      out = i;
      return true;
    }
    return false;
  }

  bool read_month(bool whole) {
    return named(
        1, 12, [whole](int i) { return month_name(i).substr(0, whole ? 99 : 3); }, month_);
  }

  bool read_weekday(bool whole) {
    int ignored = 0;
    return named(
        0, 7, [whole](int i) { return weekday_name(i).substr(0, whole ? 99 : 3); }, ignored);
  }

  bool digits(std::size_t width, std::int64_t& out) {
    out = 0;
    for (std::size_t i = 0; i < width; ++i) {
      if (!is_digit(text_, i)) return false;
      out = out * 10 + (text_[i] - '0');
    }
    text_.remove_prefix(width);
    return true;
  }

  bool read_short_year() {
    // A sign and a digit pass as a number here.
    if (text_.size() < 2) return false;
    if (text_[0] == '-' || text_[0] == '+') {
      if (!is_digit(text_, 1)) return false;
      year_ = (text_[0] == '-' ? -1 : 1) * (text_[1] - '0') + 2000;
      text_.remove_prefix(2);
      return true;
    }
    if (!digits(2, year_)) return false;
    year_ += year_ >= 69 ? 1900 : 2000;
    return true;
  }

  bool read_day(const Chunk& chunk) {
    if (chunk.element == Element::padded_day && text_.starts_with(' ')) text_.remove_prefix(1);
    int day = 0;
    if (!number(text_, chunk.element == Element::zero_day, day)) return false;
    day_ = day;
    return true;
  }

  bool read_year_day(bool padded) {
    for (int i = 0; padded && i < 2 && text_.starts_with(' '); ++i) text_.remove_prefix(1);
    std::size_t width = 0;
    int day = 0;
    for (; width < 3 && is_digit(text_, width); ++width) day = day * 10 + (text_[width] - '0');
    if (width == 0 || (!padded && width != 3)) return false;
    text_.remove_prefix(width);
    year_day_ = day;
    return true;
  }

  // `width` characters, the first of them the point.
  bool read_fraction(std::size_t width) {
    if (text_.size() < width || width < 2 || (text_[0] != '.' && text_[0] != ',')) return false;
    nanoseconds_ = 0;
    for (std::size_t i = 1; i < 10; ++i) {
      if (i < width && !is_digit(text_, i)) return false;
      nanoseconds_ = nanoseconds_ * 10 + (i < width ? text_[i] - '0' : 0);
    }
    text_.remove_prefix(width);
    return true;
  }

  std::size_t fraction_width() const {
    if (text_.size() < 2 || (text_[0] != '.' && text_[0] != ',') || !is_digit(text_, 1)) return 0;
    std::size_t width = 1;
    while (is_digit(text_, width)) ++width;
    return width;
  }

  bool read_second(bool fixed) {
    if (!ranged(fixed, 0, 59, "second", second_)) return false;
    if (!out_of_range_.empty()) return true;
    // A fraction may follow without being asked for.
    const Element next = next_chunk(layout_).element;
    if (next == Element::exact_fraction || next == Element::fraction) return true;
    const std::size_t width = fraction_width();
    return width == 0 || read_fraction(width);
  }

  bool read_half(std::string_view before, std::string_view after) {
    before_noon_ = before_noon_ || text_.starts_with(before);
    after_noon_ = after_noon_ || text_.starts_with(after);
    if (!text_.starts_with(before) && !text_.starts_with(after)) return false;
    text_.remove_prefix(2);
    return true;
  }

  bool read_offset(const Chunk& chunk) {
    if (chunk.zulu() && text_.starts_with('Z')) {
      text_.remove_prefix(1);
      zone_ = Zone::utc();
      return true;
    }
    const std::size_t width = chunk.text.size();
    if (text_.size() < width) return false;
    for (std::size_t i = 3; i < width; ++i)
      if (chunk.text[i] == ':' && text_[i] != ':') return false;
    std::string_view parts = text_.substr(1, width - 1);
    const char sign = text_[0];
    int values[3] = {0, 0, 0};
    const std::size_t count = chunk.seconds() ? 3 : chunk.minutes() ? 2 : 1;
    bool fits = true;
    for (std::size_t i = 0; i < count && fits; ++i) {
      if (i > 0 && chunk.colons()) parts.remove_prefix(1);
      fits = number(parts, true, values[i]);
    }
    text_.remove_prefix(width);
    if (values[0] > 24) out_of_range_ = "time zone offset hour";
    if (values[1] > 60) out_of_range_ = "time zone offset minute";
    if (values[2] > 60) out_of_range_ = "time zone offset second";
    const int seconds = (values[0] * 60 + values[1]) * 60 + values[2];
    offset_ = sign == '-' ? -seconds : seconds;
    return fits && (sign == '+' || sign == '-');
  }

  bool read_zone_name() {
    if (text_.starts_with("UTC")) {
      zone_ = Zone::utc();
      text_.remove_prefix(3);
      return true;
    }
    const std::size_t length = zone_name_length(text_);
    if (length == 0) return false;
    zone_name_ = text_.substr(0, length);
    text_.remove_prefix(length);
    return true;
  }

  bool read_element(const Chunk& chunk) {
    switch (chunk.element) {
      case Element::none: return true;
      case Element::long_month: return read_month(true);
      case Element::month: return read_month(false);
      case Element::number_month: return ranged(false, 1, 12, "month", month_);
      case Element::zero_month: return ranged(true, 1, 12, "month", month_);
      case Element::long_weekday: return read_weekday(true);
      case Element::weekday: return read_weekday(false);
      case Element::day:
      case Element::padded_day:
      case Element::zero_day: return read_day(chunk);
      case Element::padded_year_day: return read_year_day(true);
      case Element::zero_year_day: return read_year_day(false);
      case Element::hour: return ranged(false, 0, 23, "hour", hour_);
      case Element::hour12: return ranged(false, 0, 12, "hour", hour_);
      case Element::zero_hour12: return ranged(true, 0, 12, "hour", hour_);
      case Element::minute: return ranged(false, 0, 59, "minute", minute_);
      case Element::zero_minute: return ranged(true, 0, 59, "minute", minute_);
      case Element::second: return read_second(false);
      case Element::zero_second: return read_second(true);
      case Element::long_year: return digits(4, year_);
      case Element::year: return read_short_year();
      case Element::upper_half: return read_half("AM", "PM");
      case Element::lower_half: return read_half("am", "pm");
      case Element::zone_name: return read_zone_name();
      case Element::offset: return read_offset(chunk);
      case Element::exact_fraction: return read_fraction(chunk.text.size());
      case Element::fraction: {
        const std::size_t width = fraction_width();
        return width == 0 || read_fraction(width);
      }
    }
    return false;
  }

  // Month and day out of what was read; the problem, if they cannot be.
  std::string_view settle_date() {
    if (year_day_ >= 0) {
      int number = year_day_;
      const bool leap_day = is_leap(year_) && number == 60;
      if (is_leap(year_) && number > 60) --number;
      if (number < 1 || number > 365) return ": day-of-year out of range";
      int month = 12;
      while (days_before(month) >= number) --month;
      const int day = number - days_before(month);
      const int real_month = leap_day ? 2 : month, real_day = leap_day ? 29 : day;
      if (month_ >= 0 && month_ != real_month) return ": day-of-year does not match month";
      if (day_ >= 0 && day_ != real_day) return ": day-of-year does not match day";
      month_ = real_month;
      day_ = real_day;
    }
    if (month_ < 0) month_ = 1;
    if (day_ < 0) day_ = 1;
    return day_ < 1 || day_ > days_in(month_, year_) ? ": day out of range" : "";
  }

  Instant place(const ZonePtr& local) const {
    const CivilDate date{year_, month_, day_};
    const std::int64_t second = hour_ * 3600 + minute_ * 60 + second_;
    if (zone_) return instant_of(date, second, nanoseconds_, zone_);
    Instant instant = instant_of(date, second, nanoseconds_, Zone::utc());
    const std::string name(zone_name_);
    if (offset_) {
      instant.seconds -= *offset_;
      const Zone::Offset there = local->at(instant.seconds);
      const bool fits = there.seconds == *offset_ && (name.empty() || there.name == name);
      instant.zone = fits ? local : Zone::fixed(name, *offset_);
      return instant;
    }
    if (name.empty()) return instant_of(date, second, nanoseconds_, local);
    if (const auto offset = local->offset_of(name, instant.seconds)) {
      instant.seconds -= *offset;
      instant.zone = local;
      return instant;
    }
    // A zone nobody knows: the reading counts as UTC, even when "GMT+3" names an offset.
    std::int64_t hours = 0;
    if (name.size() > 4 && name.starts_with("GMT")) {
      for (const char c : name.substr(4)) hours = hours * 10 + (c - '0');
      if (name[3] == '-') hours = -hours;
    }
    instant.zone = Zone::fixed(name, hours * 3600);
    return instant;
  }

  const std::string_view whole_layout_;
  const std::string_view whole_text_;
  std::string_view layout_;
  std::string_view text_;
  std::string_view out_of_range_;
  std::int64_t year_ = 0;
  int month_ = -1;
  int day_ = -1;
  int year_day_ = -1;
  int hour_ = 0;
  int minute_ = 0;
  int second_ = 0;
  std::int32_t nanoseconds_ = 0;
  bool before_noon_ = false;
  bool after_noon_ = false;
  ZonePtr zone_;
  std::optional<std::int64_t> offset_;
  std::string_view zone_name_;
};

}  // namespace

Result<Instant> parse_instant(std::string_view layout, std::string_view text, const ZonePtr& zone) {
  return LayoutReader(layout, text).read(zone);
}

std::string quoted_for_time(std::string_view text) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x80 || byte < ' ') {
      out.append("\\x");
      out += digits[byte >> 4];
      out += digits[byte & 15];
      continue;
    }
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out += '"';
}

}  // namespace weir::tmpl
