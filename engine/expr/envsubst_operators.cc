#include "engine/expr/envsubst_operators.hh"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>
#include <vector>

#include "engine/base/limits.hh"
#include "engine/expr/text.hh"

namespace weir::expr {
namespace {

using Text = std::string;

Result<Text> default_value(std::string_view value, OperatorArguments arguments) {
  if (!value.empty()) return Text(value);
  Text joined;
  for (const Text& argument : arguments) joined += argument;
  return joined;
}

Result<Text> length(std::string_view value, OperatorArguments) {
  return std::to_string(value.size());
}

Result<Text> upper(std::string_view value, OperatorArguments) { return to_upper(value); }
Result<Text> lower(std::string_view value, OperatorArguments) { return to_lower(value); }

Result<Text> upper_first(std::string_view value, OperatorArguments) {
  const std::size_t first = rune_bytes(value);
  return to_upper(value.substr(0, first)).append(value.substr(first));
}

Result<Text> lower_first(std::string_view value, OperatorArguments) {
  const std::size_t first = rune_bytes(value);
  return to_lower(value.substr(0, first)).append(value.substr(first));
}

// Go's strconv.Atoi: an optional sign and decimal digits, nothing else.
std::optional<std::int64_t> parse_offset(std::string_view text) {
  if (text.starts_with('+')) {
    text.remove_prefix(1);
    if (text.starts_with('-')) return std::nullopt;
  }
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

Result<Text> substring(std::string_view value, OperatorArguments arguments) {
  const auto size = static_cast<std::int64_t>(value.size());
  auto begin = arguments.empty() ? std::nullopt : parse_offset(arguments[0]);
  if (!begin) return Text(value);
  if (*begin < 0) *begin = std::max<std::int64_t>(0, size + *begin);
  std::int64_t end = size;
  if (arguments.size() > 1) {
    const auto count = parse_offset(arguments[1]);
    if (!count) return Text(value);
    // The reference adds the two without care and panics when the sum wraps around.
    if (*count > 0 && *count > INT64_MAX - *begin) {
      return make_error(Code::invalid, "bad substitution");
    }
    end = *count < 0 ? size + *count : std::min(size, *begin > size ? size : *begin + *count);
  }
  if (*begin >= end) return Text();
  return Text(value.substr(static_cast<std::size_t>(*begin),
                           static_cast<std::size_t>(end - *begin)));
}

Result<Text> replace_some(std::string_view value, OperatorArguments arguments, std::int64_t count) {
  return replace_text(value, arguments[0], arguments.size() > 1 ? arguments[1] : Text(), count,
                      base::limits::substitution_bytes_max);
}

Result<Text> replace_first(std::string_view value, OperatorArguments arguments) {
  return replace_some(value, arguments, 1);
}

Result<Text> replace_all(std::string_view value, OperatorArguments arguments) {
  return replace_some(value, arguments, -1);
}

Result<Text> replace_prefix(std::string_view value, OperatorArguments arguments) {
  if (arguments.size() != 2 || !value.starts_with(arguments[0])) return Text(value);
  return arguments[1] + Text(value.substr(arguments[0].size()));
}

Result<Text> replace_suffix(std::string_view value, OperatorArguments arguments) {
  if (arguments.size() != 2 || !value.ends_with(arguments[0])) return Text(value);
  return Text(value.substr(0, value.size() - arguments[0].size())) + arguments[1];
}

// One element of a glob: `any` and `star` are '?' and '*'; ranges with `negated` are a class; else
// a literal, held as the one range.
struct GlobItem {
  enum class Type : unsigned char { star, any, ranges } type = Type::ranges;
  bool negated = false;
  // runes as UTF-8: bytewise order is theirs
  std::vector<std::pair<std::string, std::string>> ranges;

  bool matches(std::string_view rune) const {
    if (type == Type::any) return true;
    for (const auto& [low, high] : ranges) {
      if (low <= rune && rune <= high) return !negated;
    }
    return negated;
  }
};

using Runes = std::vector<std::string_view>;

Runes split_runes(std::string_view text) {
  Runes runes;
  while (!text.empty()) {
    const std::size_t bytes = rune_bytes(text);
    runes.push_back(text.substr(0, bytes));
    text.remove_prefix(bytes);
  }
  return runes;
}

// A possibly escaped rune inside [...]; nothing when the class is malformed there.
std::optional<std::string> class_rune(const Runes& pattern, std::size_t& at) {
  if (at >= pattern.size() || pattern[at] == "-" || pattern[at] == "]") return std::nullopt;
  if (pattern[at] == "\\" && ++at >= pattern.size()) return std::nullopt;
  return std::string(pattern[at++]);
}

// The class whose '[' stands before `at`; leaves `at` after its ']'.
std::optional<GlobItem> parse_class(const Runes& pattern, std::size_t& at) {
  GlobItem item;
  if (at < pattern.size() && pattern[at] == "^") {
    item.negated = true;
    ++at;
  }
  while (item.ranges.empty() || at >= pattern.size() || pattern[at] != "]") {
    const auto low = class_rune(pattern, at);
    if (!low) return std::nullopt;
    auto high = low;
    if (at < pattern.size() && pattern[at] == "-") {
      ++at;
      high = class_rune(pattern, at);
      if (!high) return std::nullopt;
    }
    item.ranges.emplace_back(*low, *high);
  }
  ++at;
  return item;
}

// Nothing when the pattern is malformed.
std::optional<std::vector<GlobItem>> parse_glob(const Runes& pattern) {
  std::vector<GlobItem> items;
  for (std::size_t at = 0; at < pattern.size();) {
    const std::string_view rune = pattern[at++];
    if (rune == "[") {
      auto item = parse_class(pattern, at);
      if (!item) return std::nullopt;
      items.push_back(std::move(*item));
    } else if (rune == "*") {
      items.push_back({GlobItem::Type::star, false, {}});
    } else if (rune == "?") {
      items.push_back({GlobItem::Type::any, false, {}});
    } else {
      if (rune == "\\" && at >= pattern.size()) return std::nullopt;
      const std::string literal(rune == "\\" ? pattern[at++] : rune);
      items.push_back({GlobItem::Type::ranges, false, {{literal, literal}}});
    }
  }
  return items;
}

// Runes of the shortest or longest non-empty prefix that the glob matches; 0 when none does. Walks
// the text once with the set of glob positions reached, so no pattern backtracks.
std::size_t match_prefix(const std::vector<GlobItem>& glob, const Runes& text, bool longest) {
  std::vector<bool> reached(glob.size() + 1);
  const auto reach = [&](std::vector<bool>& set, std::size_t at) {
    set[at] = true;
    while (at < glob.size() && glob[at].type == GlobItem::Type::star) set[++at] = true;
  };
  reach(reached, 0);
  std::size_t found = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::vector<bool> next(glob.size() + 1);
    for (std::size_t at = 0; at < glob.size(); ++at) {
      if (!reached[at]) continue;
      if (glob[at].type == GlobItem::Type::star) {
        reach(next, at);
      } else if (glob[at].matches(text[i])) {
        reach(next, at + 1);
      }
    }
    reached = std::move(next);
    if (!reached[glob.size()]) continue;
    found = i + 1;
    if (!longest) break;
  }
  return found;
}

Text trim(std::string_view value, const std::string& pattern, bool suffix, bool longest) {
  Runes text = split_runes(value);
  Runes runes = split_runes(pattern);
  // Suffixes are matched as prefixes of the mirrored text against the mirrored pattern, which is
  // why a class in a suffix pattern never matches: "[ab]" turns into "]ba[".
  if (suffix) {
    std::reverse(text.begin(), text.end());
    std::reverse(runes.begin(), runes.end());
  }
  const auto glob = parse_glob(runes);
  const std::size_t count = glob ? match_prefix(*glob, text, longest) : 0;
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < count; ++i) bytes += text[i].size();
  return Text(suffix ? value.substr(0, value.size() - bytes) : value.substr(bytes));
}

template <bool suffix, bool longest>
Result<Text> trim_operator(std::string_view value, OperatorArguments arguments) {
  return trim(value, arguments[0], suffix, longest);
}

struct Operator {
  std::string_view name;
  OperatorFunction function;
};

constexpr Operator operators[] = {
    {"^", upper_first},
    {"^^", upper},
    {",", lower_first},
    {",,", lower},
    {":", substring},
    {"/", replace_first},
    {"//", replace_all},
    {"/#", replace_prefix},
    {"/%", replace_suffix},
    {"#", trim_operator<false, false>},
    {"##", trim_operator<false, true>},
    {"%", trim_operator<true, false>},
    {"%%", trim_operator<true, true>},
};

constexpr std::string_view tolerant_operators[] = {"=", ":=", ":-", ":+", ":?"};

}  // namespace

OperatorFunction find_operator(std::string_view name, std::size_t argument_count) {
  if (name == "#" && argument_count == 0) return length;
  for (const Operator& candidate : operators) {
    if (candidate.name == name) return candidate.function;
  }
  return default_value;
}

bool operator_tolerates_unset(std::string_view name) {
  for (std::string_view tolerant : tolerant_operators) {
    if (tolerant == name) return true;
  }
  return false;
}

}  // namespace weir::expr
