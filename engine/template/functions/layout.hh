// Go's time layouts, taken apart: "2006-01-02" is a year, "-", a month, "-", a day.
#pragma once

#include <cstdint>
#include <string_view>

namespace weir::tmpl {

enum class Element : std::uint8_t {
  none,
  long_month,
  month,
  number_month,
  zero_month,
  long_weekday,
  weekday,
  day,
  padded_day,
  zero_day,
  padded_year_day,
  zero_year_day,
  hour,
  hour12,
  zero_hour12,
  minute,
  zero_minute,
  second,
  zero_second,
  long_year,
  year,
  upper_half,
  lower_half,  // PM, pm
  zone_name,
  offset,  // [+-]hhmm in its spellings; see Chunk
  exact_fraction,
  fraction,
};

// The first element of a layout.
struct Chunk {
  std::string_view prefix;  // literal text before it
  Element element = Element::none;
  std::string_view text;    // the element as it is spelled
  std::string_view suffix;  // what follows

  // Of an offset.
  bool zulu() const { return text.front() == 'Z'; }
  bool colons() const { return text.find(':') != std::string_view::npos; }
  bool minutes() const { return text.size() > 3; }
  bool seconds() const { return text.size() > 6; }
  // Of a fraction.
  std::size_t digits() const { return text.size() - 1; }
};

Chunk next_chunk(std::string_view layout);

}  // namespace weir::tmpl
