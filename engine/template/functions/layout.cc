#include "engine/template/functions/layout.hh"

namespace weir::tmpl {

namespace {

struct Spelling {
  std::string_view text;
  Element element;
  bool whole_word = false;  // no lower-case letter may follow
};

// In the order they are tried.
constexpr Spelling spellings[] = {
    {"January", Element::long_month},
    {"Jan", Element::month, true},
    {"Monday", Element::long_weekday},
    {"Mon", Element::weekday, true},
    {"MST", Element::zone_name},
    {"01", Element::zero_month},
    {"02", Element::zero_day},
    {"03", Element::zero_hour12},
    {"04", Element::zero_minute},
    {"05", Element::zero_second},
    {"06", Element::year},
    {"002", Element::zero_year_day},
    {"15", Element::hour},
    {"1", Element::number_month},
    {"2006", Element::long_year},
    {"2", Element::day},
    {"__2", Element::padded_year_day},
    {"_2", Element::padded_day},
    {"3", Element::hour12},
    {"4", Element::minute},
    {"5", Element::second},
    {"PM", Element::upper_half},
    {"pm", Element::lower_half},
    {"-070000", Element::offset},
    {"-07:00:00", Element::offset},
    {"-0700", Element::offset},
    {"-07:00", Element::offset},
    {"-07", Element::offset},
    {"Z070000", Element::offset},
    {"Z07:00:00", Element::offset},
    {"Z0700", Element::offset},
    {"Z07:00", Element::offset},
    {"Z07", Element::offset},
};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// The length of ".000" or ",999" at the start; 0 when there is none.
std::size_t fraction_length(std::string_view text) {
  if (text.size() < 2 || (text[0] != '.' && text[0] != ',')) return 0;
  if (text[1] != '0' && text[1] != '9') return 0;
  std::size_t end = 1;
  while (end < text.size() && text[end] == text[1]) ++end;
  return end < text.size() && is_digit(text[end]) ? 0 : end;
}

}  // namespace

Chunk next_chunk(std::string_view layout) {
  for (std::size_t at = 0; at < layout.size(); ++at) {
    const std::string_view rest = layout.substr(at);
    const auto found = [&](std::size_t length, Element element) {
      return Chunk{layout.substr(0, at), element, rest.substr(0, length), rest.substr(length)};
    };
    if (const std::size_t length = fraction_length(rest))
      return found(length, rest[1] == '0' ? Element::exact_fraction : Element::fraction);
    // An underscore before a whole year is literal text.
    if (rest.starts_with("_2006")) continue;
    for (const Spelling& spelling : spellings) {
      if (!rest.starts_with(spelling.text)) continue;
      const std::size_t length = spelling.text.size();
      const bool goes_on = rest.size() > length && rest[length] >= 'a' && rest[length] <= 'z';
      if (spelling.whole_word && goes_on) continue;
      return found(length, spelling.element);
    }
  }
  return {layout, Element::none, {}, {}};
}

}  // namespace weir::tmpl
