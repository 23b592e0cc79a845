#include <algorithm>
#include <cstring>

#include "engine/template/functions/support.hh"
#include "engine/template/functions/tables.hh"
#include "engine/template/functions/unicode.hh"

namespace weir::tmpl {

namespace {

using Arguments = std::span<Datum>;

std::string_view text(const Datum& datum) { return datum.as_string(); }

// The last character of a text that is not empty.
value::Rune last_rune(std::string_view text) {
  for (std::size_t width = std::min<std::size_t>(4, text.size()); width > 1; --width) {
    const value::Rune rune = value::decode_rune(text, text.size() - width);
    if (rune.valid && rune.width == width) return rune;
  }
  return value::decode_rune(text, text.size() - 1);
}

template <typename Cut>
std::string_view trimmed(std::string_view text, Cut cut) {
  while (!text.empty()) {
    const value::Rune rune = value::decode_rune(text, 0);
    if (!cut(rune.code)) break;
    text.remove_prefix(rune.width);
  }
  while (!text.empty()) {
    const value::Rune rune = last_rune(text);
    if (!cut(rune.code)) break;
    text.remove_suffix(rune.width);
  }
  return text;
}

Datum trim(CallContext& context, Arguments a) {
  return give_part(context, a[0], trimmed(text(a[0]), unicode::is_space));
}

Datum trim_all(CallContext& context, Arguments a) {
  const auto set = unicode::runes_of(text(a[0]));
  const auto cut = [&set](std::uint32_t rune) {
    return std::find(set.begin(), set.end(), rune) != set.end();
  };
  return give_part(context, a[1], trimmed(text(a[1]), cut));
}

Datum trim_prefix(CallContext& context, Arguments a) {
  std::string_view part = text(a[1]);
  if (part.starts_with(text(a[0]))) part.remove_prefix(a[0].size());
  return give_part(context, a[1], part);
}

Datum trim_suffix(CallContext& context, Arguments a) {
  std::string_view part = text(a[1]);
  if (part.ends_with(text(a[0]))) part.remove_suffix(a[0].size());
  return give_part(context, a[1], part);
}

bool is_ascii(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) { return c < 0; });
}

template <typename Ascii, typename Change>
Datum change_case(CallContext& context, const Datum& source, Ascii changes, Change change) {
  const std::string_view from = text(source);
  if (!is_ascii(from)) return give(context, unicode::map_runes(from, change));
  if (std::none_of(from.begin(), from.end(), changes)) return source;
  std::string out(from);
  for (char& c : out)
    if (changes(c)) c = static_cast<char>(c ^ 0x20);
  return give(context, std::move(out));
}

Datum upper(CallContext& context, Arguments a) {
  return change_case(
      context, a[0], [](char c) { return c >= 'a' && c <= 'z'; }, unicode::to_upper);
}

Datum lower(CallContext& context, Arguments a) {
  return change_case(
      context, a[0], [](char c) { return c >= 'A' && c <= 'Z'; }, unicode::to_lower);
}

// What strings.Title takes for the end of a word.
bool separates_words(std::uint32_t rune) {
  if (rune == '_' || unicode::is_letter(rune) || unicode::is_digit(rune)) return false;
  return rune < 0x80 || unicode::is_space(rune);
}

Datum title(CallContext& context, Arguments a) {
  std::uint32_t before = ' ';
  const auto change = [&before](std::uint32_t rune) {
    const bool first = separates_words(before);
    before = rune;
    return first ? unicode::to_title(rune) : rune;
  };
  return give(context, unicode::map_runes(text(a[0]), change));
}

Datum repeat(CallContext& context, Arguments a) {
  const std::int64_t count = a[0].as_int();
  const std::string_view unit = text(a[1]);
  if (count < 0) fail("strings: negative Repeat count");
  if (count == 0 || unit.empty()) return Datum::string("");
  const auto wide = static_cast<unsigned __int128>(unit.size()) * static_cast<std::uint64_t>(count);
  if (wide > INT64_MAX) fail("strings: Repeat output length overflow");
  context.budget().use_bytes(static_cast<std::uint64_t>(wide));
  std::string out;
  out.reserve(static_cast<std::size_t>(wide));
  for (std::int64_t i = 0; i < count; ++i) out += unit;
  return Datum::string(std::move(out));
}

std::string indented(CallContext& context, std::int64_t spaces, std::string_view lines,
                     bool on_new_line) {
  if (spaces < 0) fail("strings: negative Repeat count");
  const auto breaks = static_cast<std::uint64_t>(std::count(lines.begin(), lines.end(), '\n'));
  const auto wide = static_cast<unsigned __int128>(breaks + 1) * static_cast<std::uint64_t>(spaces);
  if (wide > INT64_MAX) Budget::exhausted("bytes");
  const std::size_t size = lines.size() + static_cast<std::size_t>(wide) + (on_new_line ? 1 : 0);
  context.budget().use_bytes(size);
  std::string out;
  out.reserve(size);
  if (on_new_line) out += '\n';
  const auto pad = static_cast<std::size_t>(spaces);
  out.append(pad, ' ');
  while (true) {
    const std::size_t end = lines.find('\n');
    if (end == std::string_view::npos) break;
    out.append(lines.data(), end + 1);
    out.append(pad, ' ');
    lines.remove_prefix(end + 1);
  }
  out += lines;
  return out;
}

Datum indent(CallContext& context, Arguments a) {
  return Datum::string(indented(context, a[0].as_int(), text(a[1]), false));
}

Datum nindent(CallContext& context, Arguments a) {
  return Datum::string(indented(context, a[0].as_int(), text(a[1]), true));
}

Datum quote(CallContext& context, Arguments a) {
  std::string out;
  for (const Datum& item : a) {
    if (item.kind() == Kind::interface || !item.valid()) continue;
    if (!out.empty()) out += ' ';
    if (item.type() == &types::string) {
      append_quoted(out, item.as_string());
    } else {
      append_quoted(out, string_value(item));
    }
  }
  return give(context, std::move(out));
}

Datum squote(CallContext& context, Arguments a) {
  std::string out;
  for (const Datum& item : a) {
    if (item.kind() == Kind::interface || !item.valid()) continue;
    if (!out.empty()) out += ' ';
    out += '\'';
    append_text(out, item);
    out += '\'';
  }
  return give(context, std::move(out));
}

Datum cat(CallContext& context, Arguments a) {
  std::string out;
  bool first = true;
  for (const Datum& item : a) {
    if (item.kind() == Kind::interface || !item.valid()) continue;
    if (!first) out += ' ';
    first = false;
    append_text(out, item);
  }
  return give(context, std::move(out));
}

// Go's strings.Replace of every occurrence; an empty `from` stands before each character and at
// the end.
std::string replaced(CallContext& context, std::string_view source, std::string_view from,
                     std::string_view to) {
  std::string out;
  out.reserve(source.size());
  if (from.empty()) {
    for (std::size_t at = 0; at < source.size();) {
      context.budget().use_bytes(to.size() + 1);
      out += to;
      const std::size_t width = value::decode_rune(source, at).width;
      out += source.substr(at, width);
      at += width;
    }
    out += to;
    return out;
  }
  for (std::size_t at = source.find(from); at != std::string_view::npos; at = source.find(from)) {
    context.budget().use_bytes(at + to.size());
    out.append(source.data(), at);
    out += to;
    source.remove_prefix(at + from.size());
  }
  context.budget().use_bytes(source.size());
  out += source;
  return out;
}

Datum replace(CallContext& context, Arguments a) {
  const std::string_view source = text(a[2]), from = text(a[0]);
  if (from == text(a[1]) || (!from.empty() && source.find(from) == std::string_view::npos))
    return a[2];
  return Datum::string(replaced(context, source, from, text(a[1])));
}

Datum contains(CallContext&, Arguments a) {
  return Datum::boolean(text(a[1]).find(text(a[0])) != std::string_view::npos);
}

Datum has_prefix(CallContext&, Arguments a) {
  return Datum::boolean(text(a[1]).starts_with(text(a[0])));
}

Datum has_suffix(CallContext&, Arguments a) {
  return Datum::boolean(text(a[1]).ends_with(text(a[0])));
}

Datum plural(CallContext&, Arguments a) { return a[2].as_int() == 1 ? a[0] : a[1]; }

Datum trunc(CallContext& context, Arguments a) {
  const std::int64_t count = a[0].as_int();
  const std::string_view source = text(a[1]);
  const auto size = static_cast<std::int64_t>(source.size());
  if (count < 0 && size + count > 0)
    return give_part(context, a[1], source.substr(static_cast<std::size_t>(size + count)));
  if (count >= 0 && size > count)
    return give_part(context, a[1], source.substr(0, static_cast<std::size_t>(count)));
  return a[1];
}

Datum substr(CallContext& context, Arguments a) {
  const std::int64_t start = a[0].as_int(), end = a[1].as_int();
  const std::string_view source = text(a[2]);
  const auto size = static_cast<std::int64_t>(source.size());
  if (start < 0) return give_part(context, a[2], slice_text(source, 0, end));
  const bool to_end = end < 0 || end > size;
  return give_part(context, a[2], slice_text(source, start, to_end ? size : end));
}

// strings.SplitN with `count` < 0 for all parts. Each is charged before there are too many.
std::vector<std::string> parts_of(CallContext& context, std::string_view source,
                                  std::string_view separator, std::int64_t count) {
  std::vector<std::string> parts;
  if (count == 0) return parts;
  const auto add = [&](std::string_view part) {
    context.budget().use_bytes(sizeof(std::string));
    parts.emplace_back(part);
  };
  const auto more = [&] {
    return count < 0 || static_cast<std::int64_t>(parts.size()) + 1 < count;
  };
  if (separator.empty()) {
    while (!source.empty() && more()) {
      const std::size_t width = value::decode_rune(source, 0).width;
      add(source.substr(0, width));
      source.remove_prefix(width);
    }
    if (!source.empty()) add(source);
    return parts;
  }
  while (more()) {
    const std::size_t at = source.find(separator);
    if (at == std::string_view::npos) break;
    add(source.substr(0, at));
    source.remove_prefix(at + separator.size());
  }
  add(source);
  return parts;
}

Datum split_list(CallContext& context, Arguments a) {
  return give_strings(context, parts_of(context, text(a[1]), text(a[0]), -1));
}

Datum numbered(CallContext& context, std::vector<std::string> parts) {
  Datum map = Datum::map(types::string_map);
  map.reserve(parts.size());
  for (std::size_t i = 0; i < parts.size(); ++i) {
    context.budget().use_bytes(parts[i].size() + 48);
    map.set("_" + std::to_string(i), Datum::string(std::move(parts[i])));
  }
  return map;
}

Datum split(CallContext& context, Arguments a) {
  return numbered(context, parts_of(context, text(a[1]), text(a[0]), -1));
}

Datum splitn(CallContext& context, Arguments a) {
  return numbered(context, parts_of(context, text(a[2]), text(a[0]), a[1].as_int()));
}

Datum to_string(CallContext& context, Arguments a) {
  if (a[0].type() == &types::string) return a[0];
  return give(context, string_value(a[0]));
}

Datum to_strings(CallContext&, Arguments a) { return string_list(a[0]); }

Datum join(CallContext& context, Arguments a) {
  const std::string_view separator = text(a[0]);
  std::string out;
  bool first = true;
  const auto add = [&](const Datum& item) {
    if (!item.valid() || item.kind() == Kind::interface) return;
    if (!first) out += separator;
    first = false;
    append_string_value(out, item);
  };
  if (a[1].is_slice()) {
    for_each_item(a[1], add);
  } else {
    add(a[1]);
  }
  return give(context, std::move(out));
}

Datum sort_alpha(CallContext&, Arguments a) {
  const Datum texts = string_list(a[0]);
  std::vector<Datum> sorted(texts.items().begin(), texts.items().end());
  if (!a[0].is_slice() && sorted.empty()) sorted.push_back(Datum::string(string_value(a[0])));
  std::stable_sort(sorted.begin(), sorted.end(), [](const Datum& one, const Datum& other) {
    return one.as_string() < other.as_string();
  });
  return Datum::slice(std::move(sorted), types::string_slice);
}

Datum hello(CallContext&, Arguments) { return Datum::string("Hello!"); }

constexpr Function table[] = {
    {"trim", trim, {&types::string}},
    {"trimAll", trim_all, {&types::string, &types::string}},
    {"trimall", trim_all, {&types::string, &types::string}},
    {"trimPrefix", trim_prefix, {&types::string, &types::string}},
    {"trimSuffix", trim_suffix, {&types::string, &types::string}},
    {"upper", upper, {&types::string}},
    {"lower", lower, {&types::string}},
    {"title", title, {&types::string}},
    {"repeat", repeat, {&types::int_, &types::string}},
    {"indent", indent, {&types::int_, &types::string}},
    {"nindent", nindent, {&types::int_, &types::string}},
    {"quote", quote, {&types::any}, Arity::variadic},
    {"squote", squote, {&types::any}, Arity::variadic},
    {"cat", cat, {&types::any}, Arity::variadic},
    {"replace", replace, {&types::string, &types::string, &types::string}},
    {"contains", contains, {&types::string, &types::string}},
    {"hasPrefix", has_prefix, {&types::string, &types::string}},
    {"hasSuffix", has_suffix, {&types::string, &types::string}},
    {"plural", plural, {&types::string, &types::string, &types::int_}},
    {"trunc", trunc, {&types::int_, &types::string}},
    {"substr", substr, {&types::int_, &types::int_, &types::string}},
    {"splitList", split_list, {&types::string, &types::string}},
    {"split", split, {&types::string, &types::string}},
    {"splitn", splitn, {&types::string, &types::int_, &types::string}},
    {"toString", to_string, {&types::any}},
    {"toStrings", to_strings, {&types::any}},
    {"join", join, {&types::string, &types::any}},
    {"sortAlpha", sort_alpha, {&types::any}},
    {"hello", hello, {}},
};

}  // namespace

std::span<const Function> string_functions() { return table; }

}  // namespace weir::tmpl
