// Go's regexp on RE2: the same syntax, matching and limits; the walk over several matches and the
// texts of replacements are Go's own.
#include <re2/re2.h>

#include <optional>

#include "engine/template/functions/expression.hh"
#include "engine/template/functions/support.hh"
#include "engine/template/functions/tables.hh"
#include "engine/template/functions/unicode.hh"
#include "engine/template/quote.hh"

namespace weir::tmpl {

namespace {

using Arguments = std::span<Datum>;

std::string_view text(const Datum& datum) { return datum.as_string(); }

re2::StringPiece piece(std::string_view text) { return {text.data(), text.size()}; }

// regexp.MustCompile; panics in its words, or with the bare error for the "must" functions.
Expression expect(std::string_view pattern, bool bare_error) {
  Expression expression = compile_expression(pattern);
  std::string problem = expression_error(pattern, *expression);
  if (problem.empty()) return expression;
  if (bare_error) fail(std::move(problem));
  std::string quoted_pattern;
  if (can_backquote(pattern)) {
    quoted_pattern = joined({"`", pattern, "`"});
  } else {
    append_quoted(quoted_pattern, pattern);
  }
  fail(joined({"regexp: Compile(", quoted_pattern, "): ", problem}));
}

// Matches of one expression in one text, at or after a position.
class Matcher {
 public:
  Matcher(CallContext& context, const re2::RE2& expression, std::string_view source, int groups)
      : context_(context),
        expression_(expression),
        source_(source),
        groups_(static_cast<std::size_t>(groups)) {}

  bool find(std::size_t from) {
    context_.budget().use_steps(1);
    if (from > source_.size()) return false;
    const bool found = expression_.Match(piece(source_), from, source_.size(), re2::RE2::UNANCHORED,
                                         groups_.data(), static_cast<int>(groups_.size()));
    if (found) context_.budget().use_steps((end() - from) / 64);
    return found;
  }

  std::size_t begin() const { return position(0); }
  std::size_t end() const { return position(0) + groups_[0].size(); }
  std::string_view group(std::size_t i) const {
    if (i >= groups_.size() || groups_[i].data() == nullptr) return {};
    return {groups_[i].data(), groups_[i].size()};
  }
  bool has(std::size_t i) const { return i < groups_.size() && groups_[i].data() != nullptr; }

 private:
  std::size_t position(std::size_t i) const {
    return static_cast<std::size_t>(groups_[i].data() - source_.data());
  }

  CallContext& context_;
  const re2::RE2& expression_;
  const std::string_view source_;
  std::vector<re2::StringPiece> groups_;
};

std::size_t width_at(std::string_view source, std::size_t at) {
  return at < source.size() ? value::decode_rune(source, at).width : 0;
}

struct Span {
  std::size_t begin;
  std::size_t end;
};

// Up to `count` matches, all when negative; none is empty right behind another.
std::vector<Span> find_all(CallContext& context, const re2::RE2& expression,
                           std::string_view source, std::int64_t count) {
  std::vector<Span> found;
  Matcher matcher(context, expression, source, 1);
  std::optional<std::size_t> last_end;
  for (std::size_t at = 0; at <= source.size();) {
    if (count >= 0 && static_cast<std::int64_t>(found.size()) >= count) break;
    if (!matcher.find(at)) break;
    bool accepted = true;
    if (matcher.end() == at) {
      accepted = matcher.begin() != last_end;
      const std::size_t width = width_at(source, at);
      at = width > 0 ? at + width : source.size() + 1;
    } else {
      at = matcher.end();
    }
    last_end = matcher.end();
    if (accepted) found.push_back({matcher.begin(), matcher.end()});
    context.budget().use_bytes(sizeof(Span) + sizeof(std::string));  // and the text made of it
  }
  return found;
}

// The group a "$name", "${name}" or "$1" stands for at the start of `rest`, which loses it.
struct Reference {
  std::string_view name;
  int number = -1;  // -1 when the name is no number
};
std::optional<Reference> take_reference(std::string_view& rest) {
  std::string_view left = rest;
  const bool braced = left.starts_with('{');
  if (braced) left.remove_prefix(1);
  std::size_t end = 0;
  while (end < left.size()) {
    const value::Rune rune = value::decode_rune(left, end);
    if (!unicode::is_letter(rune.code) && !unicode::is_digit(rune.code) && rune.code != '_') break;
    end += rune.width;
  }
  if (end == 0 || (braced && (end == left.size() || left[end] != '}'))) return std::nullopt;
  Reference reference{left.substr(0, end)};
  int number = 0;
  for (const char c : reference.name) {
    number = c < '0' || c > '9' || number >= 100'000'000 ? -1 : number * 10 + (c - '0');
    if (number < 0) break;
  }
  reference.number = reference.name[0] == '0' && end > 1 ? -1 : number;
  rest = left.substr(end + (braced ? 1 : 0));
  return reference;
}

// A replacement text, taken apart once for all matches.
class Replacement {
 public:
  Replacement(const re2::RE2& expression, std::string_view source, bool literal) {
    while (!literal) {
      const std::size_t at = source.find('$');
      if (at == std::string_view::npos) break;
      parts_.push_back({source.substr(0, at), {}});
      source.remove_prefix(at + 1);
      if (source.starts_with('$')) {
        parts_.push_back({"$", {}});
        source.remove_prefix(1);
      } else if (const auto reference = take_reference(source)) {
        parts_.push_back({{}, group_of(expression, *reference)});
      } else {
        parts_.push_back({"$", {}});
      }
    }
    parts_.push_back({source, {}});
  }

  void append(CallContext& context, std::string& out, const Matcher& match) const {
    const std::size_t before = out.size();
    for (const Part& part : parts_) {
      out += part.text;
      if (part.group && match.has(*part.group)) out += match.group(*part.group);
    }
    context.budget().use_bytes(out.size() - before);
  }

 private:
  struct Part {
    std::string_view text;
    std::optional<std::size_t> group;
  };

  static std::optional<std::size_t> group_of(const re2::RE2& expression,
                                             const Reference& reference) {
    if (reference.number >= 0) return static_cast<std::size_t>(reference.number);
    const auto& names = expression.NamedCapturingGroups();
    const auto found = names.find(std::string(reference.name));
    if (found == names.end()) return std::nullopt;
    return static_cast<std::size_t>(found->second);
  }

  std::vector<Part> parts_;
};

std::string replace_all(CallContext& context, const re2::RE2& expression, std::string_view source,
                        std::string_view replacement_text, bool literal) {
  const Replacement replacement(expression, replacement_text, literal);
  Matcher matcher(context, expression, source, expression.NumberOfCapturingGroups() + 1);
  std::string out;
  std::size_t last_end = 0;
  for (std::size_t at = 0; at <= source.size() && matcher.find(at);) {
    out += source.substr(last_end, matcher.begin() - last_end);
    // Not for an empty match right behind another.
    if (matcher.end() > last_end || matcher.begin() == 0) replacement.append(context, out, matcher);
    last_end = matcher.end();
    const std::size_t width = width_at(source, at);
    if (at + width > last_end) {
      at += width;
    } else {
      at = at + 1 > last_end ? at + 1 : last_end;
    }
  }
  out += source.substr(last_end);
  return out;
}

Datum match(CallContext& context, Arguments a) {
  const Expression expression = compile_expression(text(a[0]));
  if (!expression_error(text(a[0]), *expression).empty()) return Datum::boolean(false);
  return Datum::boolean(Matcher(context, *expression, text(a[1]), 1).find(0));
}

Datum must_match(CallContext& context, Arguments a) {
  const Expression expression = expect(text(a[0]), true);
  return Datum::boolean(Matcher(context, *expression, text(a[1]), 1).find(0));
}

template <bool bare_error>
Datum find(CallContext& context, Arguments a) {
  const Expression expression = expect(text(a[0]), bare_error);
  Matcher matcher(context, *expression, text(a[1]), 1);
  if (!matcher.find(0)) return Datum::string("");
  return give_part(context, a[1], matcher.group(0));
}

template <bool bare_error>
Datum find_all_texts(CallContext& context, Arguments a) {
  const Expression expression = expect(text(a[0]), bare_error);
  const std::string_view source = text(a[1]);
  const auto found = find_all(context, *expression, source, a[2].as_int());
  if (found.empty()) return Datum::zero(types::string_slice);
  std::vector<std::string> texts;
  for (const Span& span : found)
    texts.emplace_back(source.substr(span.begin, span.end - span.begin));
  return give_strings(context, std::move(texts));
}

template <bool bare_error, bool literal>
Datum replace(CallContext& context, Arguments a) {
  const Expression expression = expect(text(a[0]), bare_error);
  return give(context, replace_all(context, *expression, text(a[1]), text(a[2]), literal));
}

template <bool bare_error>
Datum split(CallContext& context, Arguments a) {
  const Expression expression = expect(text(a[0]), bare_error);
  const std::string_view source = text(a[1]);
  const std::int64_t count = a[2].as_int();
  if (count == 0) return Datum::zero(types::string_slice);
  std::vector<std::string> parts;
  if (a[0].size() > 0 && source.empty()) return give_strings(context, {""});
  std::size_t begin = 0, end = 0;
  for (const Span& span : find_all(context, *expression, source, count)) {
    if (count > 0 && static_cast<std::int64_t>(parts.size()) >= count - 1) break;
    end = span.begin;
    if (span.end != 0) parts.emplace_back(source.substr(begin, end - begin));
    begin = span.end;
  }
  if (end != source.size()) parts.emplace_back(source.substr(begin));
  return give_strings(context, std::move(parts));
}

Datum quote_meta(CallContext& context, Arguments a) {
  static constexpr std::string_view special = "\\.+*?()|[]{}^$";
  std::string out;
  for (const char c : text(a[0])) {
    if (special.find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return give(context, std::move(out));
}

constexpr Function table[] = {
    {"regexMatch", match, {&types::string, &types::string}},
    {"mustRegexMatch", must_match, {&types::string, &types::string}},
    {"regexFind", find<false>, {&types::string, &types::string}},
    {"mustRegexFind", find<true>, {&types::string, &types::string}},
    {"regexFindAll", find_all_texts<false>, {&types::string, &types::string, &types::int_}},
    {"mustRegexFindAll", find_all_texts<true>, {&types::string, &types::string, &types::int_}},
    {"regexReplaceAll", replace<false, false>, {&types::string, &types::string, &types::string}},
    {"mustRegexReplaceAll", replace<true, false>, {&types::string, &types::string, &types::string}},
    {"regexReplaceAllLiteral",
     replace<false, true>,
     {&types::string, &types::string, &types::string}},
    {"mustRegexReplaceAllLiteral",
     replace<true, true>,
     {&types::string, &types::string, &types::string}},
    {"regexSplit", split<false>, {&types::string, &types::string, &types::int_}},
    {"mustRegexSplit", split<true>, {&types::string, &types::string, &types::int_}},
    {"regexQuoteMeta", quote_meta, {&types::string}},
};

}  // namespace

std::span<const Function> regex_functions() { return table; }

}  // namespace weir::tmpl
