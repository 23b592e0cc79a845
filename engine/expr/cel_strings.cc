#include <algorithm>

#include "engine/base/limits.hh"
#include "engine/expr/cel_functions.hh"
#include "engine/expr/text.hh"

namespace weir::expr {
namespace {

using Arguments = CelArguments;
using Kind = CelKind;
using Runes = std::vector<std::string_view>;

bool are_strings(Arguments arguments, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    if (!arguments[i].is(Kind::string)) return false;
  }
  return true;
}

Runes split_runes(std::string_view text) {
  Runes runes;
  while (!text.empty()) {
    runes.push_back(text.substr(0, rune_bytes(text)));
    text.remove_prefix(runes.back().size());
  }
  return runes;
}

// Text of the runes [begin, end): they stand one after another in one text.
std::string_view slice(const Runes& runes, std::size_t begin, std::size_t end) {
  if (begin >= end) return {};
  const char* first = runes[begin].data();
  return {first, static_cast<std::size_t>(runes[end - 1].data() + runes[end - 1].size() - first)};
}

CelValue out_of_range(std::int64_t index) {
  return CelValue::error("index out of range: " + std::to_string(index));
}

CelValue number(std::size_t value) { return CelValue::integer(static_cast<std::int64_t>(value)); }

CelValue contains(CelBudget&, Arguments a) {
  if (!are_strings(a, 2)) return no_such_overload();
  return CelValue::boolean(a[0].text().find(a[1].text()) != std::string_view::npos);
}

CelValue starts_with(CelBudget&, Arguments a) {
  if (!are_strings(a, 2)) return no_such_overload();
  return CelValue::boolean(a[0].text().starts_with(a[1].text()));
}

CelValue ends_with(CelBudget&, Arguments a) {
  if (!are_strings(a, 2)) return no_such_overload();
  return CelValue::boolean(a[0].text().ends_with(a[1].text()));
}

CelValue char_at(CelBudget& budget, Arguments a) {
  if (!are_strings(a, 1) || !a[1].is(Kind::integer)) return no_such_overload();
  budget.charge_bytes(a[0].text().size());
  const Runes runes = split_runes(a[0].text());
  const std::int64_t at = a[1].as_int();
  if (at < 0 || at > static_cast<std::int64_t>(runes.size())) return out_of_range(at);
  if (at == static_cast<std::int64_t>(runes.size())) return CelValue::string("");
  return CelValue::string(runes[static_cast<std::size_t>(at)]);
}

// Positions count runes; `last` searches backwards from the offset.
template <bool last>
CelValue index_of(CelBudget& budget, Arguments a) {
  if (!are_strings(a, 2) || (a.size() > 2 && !a[2].is(Kind::integer))) return no_such_overload();
  budget.charge_bytes(a[0].text().size());
  const Runes runes = split_runes(a[0].text());
  const auto size = static_cast<std::int64_t>(runes.size());
  const std::string_view wanted = a[1].text();
  const std::int64_t from = a.size() > 2 ? a[2].as_int() : last ? size : 0;
  if (wanted.empty()) return CelValue::integer(from);
  if (from < 0) return out_of_range(from);
  if (a.size() > 2 && from >= size) return CelValue::integer(-1);
  const std::string_view text = a[0].text();
  const std::size_t start = static_cast<std::size_t>(
      from >= size ? static_cast<std::int64_t>(text.size())
                   : runes[static_cast<std::size_t>(from)].data() - text.data());
  const std::size_t found = last ? text.rfind(wanted, start) : text.find(wanted, start);
  if (found == std::string_view::npos) return CelValue::integer(-1);
  return number(count_runes(text.substr(0, found)));
}

CelValue lower_ascii(CelBudget& budget, Arguments a) {
  if (!are_strings(a, 1)) return no_such_overload();
  budget.charge_bytes(a[0].text().size());
  std::string out(a[0].text());
  for (char& letter : out) {
    if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter + 32);
  }
  return CelValue::string(out);
}

CelValue upper_ascii(CelBudget& budget, Arguments a) {
  if (!are_strings(a, 1)) return no_such_overload();
  budget.charge_bytes(a[0].text().size());
  std::string out(a[0].text());
  for (char& letter : out) {
    if (letter >= 'a' && letter <= 'z') letter = static_cast<char>(letter - 32);
  }
  return CelValue::string(out);
}

CelValue replace(CelBudget& budget, Arguments a) {
  if (!are_strings(a, 3) || (a.size() > 3 && !a[3].is(Kind::integer))) return no_such_overload();
  const std::int64_t count = a.size() > 3 ? a[3].as_int() : -1;
  auto out = replace_text(a[0].text(), a[1].text(), a[2].text(), count,
                          base::limits::substitution_bytes_max);
  if (!out) return CelValue::error(out.error().message);
  budget.charge_bytes(a[0].text().size() + out->size());
  return CelValue::string(*out);
}

// Go's strings.SplitN; an empty separator splits into runes.
CelValue split(CelBudget& budget, Arguments a) {
  if (!are_strings(a, 2) || (a.size() > 2 && !a[2].is(Kind::integer))) return no_such_overload();
  budget.charge_bytes(64 * a[0].text().size());
  const std::int64_t count = a.size() > 2 ? a[2].as_int() : -1;
  std::string_view text = a[0].text();
  const std::string_view separator = a[1].text();
  CelValue::Items items;
  if (count == 0 || budget.spent()) return CelValue::list({});
  while (count < 0 || static_cast<std::int64_t>(items.size()) + 1 < count) {
    const std::size_t at = separator.empty() ? rune_bytes(text) : text.find(separator);
    if (at == std::string_view::npos || (separator.empty() && at >= text.size())) break;
    items.push_back(CelValue::string(text.substr(0, at)));
    text.remove_prefix(at + separator.size());
  }
  if (!separator.empty() || !text.empty()) items.push_back(CelValue::string(text));
  return CelValue::list(std::move(items));
}

CelValue substring(CelBudget& budget, Arguments a) {
  if (!are_strings(a, 1)) return no_such_overload();
  for (const CelValue& index : a.subspan(1)) {
    if (!index.is(Kind::integer)) return no_such_overload();
  }
  budget.charge_bytes(a[0].text().size());
  const Runes runes = split_runes(a[0].text());
  const auto size = static_cast<std::int64_t>(runes.size());
  const std::int64_t begin = a[1].as_int();
  const std::int64_t end = a.size() > 2 ? a[2].as_int() : size;
  if (a.size() > 2 && begin > end) {
    return CelValue::error("invalid substring range. start: " + std::to_string(begin) +
                           ", end: " + std::to_string(end));
  }
  if (begin < 0 || begin > size) return out_of_range(begin);
  if (end < 0 || end > size) return out_of_range(end);
  return CelValue::string(
      slice(runes, static_cast<std::size_t>(begin), static_cast<std::size_t>(end)));
}

// Unicode's White_Space, as Go's strings.TrimSpace takes it.
bool is_blank(std::string_view rune) {
  static constexpr std::string_view blanks[] = {
      " ",        "\t",       "\n",       "\v",       "\f",       "\r",       "\u0085",
      "\u00a0",   "\u1680",   "\u2000",   "\u2001",   "\u2002",   "\u2003",   "\u2004",
      "\u2005",   "\u2006",   "\u2007",   "\u2008",   "\u2009",   "\u200a",   "\u2028",
      "\u2029",   "\u202f",   "\u205f",   "\u3000"};
  return std::find(std::begin(blanks), std::end(blanks), rune) != std::end(blanks);
}

CelValue trim(CelBudget& budget, Arguments a) {
  if (!are_strings(a, 1)) return no_such_overload();
  budget.charge_bytes(a[0].text().size());
  const Runes runes = split_runes(a[0].text());
  std::size_t begin = 0;
  std::size_t end = runes.size();
  while (begin < end && is_blank(runes[begin])) ++begin;
  while (end > begin && is_blank(runes[end - 1])) --end;
  return CelValue::string(slice(runes, begin, end));
}

CelValue reverse(CelBudget& budget, Arguments a) {
  if (!are_strings(a, 1)) return no_such_overload();
  budget.charge_bytes(a[0].text().size());
  const Runes runes = split_runes(a[0].text());
  std::string out;
  for (auto rune = runes.rbegin(); rune != runes.rend(); ++rune) out += *rune;
  return CelValue::string(out);
}

CelValue join(CelBudget& budget, Arguments a) {
  if (!a[0].is(Kind::list) || (a.size() > 1 && !a[1].is(Kind::string))) {
    return no_such_overload();
  }
  const std::string_view separator = a.size() > 1 ? a[1].text() : std::string_view();
  std::string out;
  for (std::size_t i = 0; i < a[0].size(); ++i) {
    const CelValue item = a[0].item(i);
    if (!item.is(Kind::string)) return no_such_overload("join");
    if (!budget.charge_bytes(separator.size() + item.text().size())) break;
    if (i > 0) out += separator;
    out += item.text();
  }
  return CelValue::string(out);
}

constexpr auto member = CallStyle::member;

constexpr CelFunction table[] = {
    {"contains", member, 2, 2, contains},
    {"startsWith", member, 2, 2, starts_with},
    {"endsWith", member, 2, 2, ends_with},
    {"charAt", member, 2, 2, char_at},
    {"indexOf", member, 2, 3, index_of<false>},
    {"lastIndexOf", member, 2, 3, index_of<true>},
    {"lowerAscii", member, 1, 1, lower_ascii},
    {"upperAscii", member, 1, 1, upper_ascii},
    {"replace", member, 3, 4, replace},
    {"split", member, 2, 3, split},
    {"substring", member, 2, 3, substring},
    {"trim", member, 1, 1, trim},
    {"reverse", member, 1, 1, reverse},
    {"join", member, 1, 2, join},
    {"format", member, 2, 2, format_cel},
    {"strings.quote", CallStyle::global, 1, 1, quote_cel},
};

}  // namespace

std::span<const CelFunction> string_functions() { return table; }

}  // namespace weir::expr
