// Functions over words. They follow the two libraries sprig takes them from, whose reading of a
// text is byte by byte in some places and rune by rune in others.
#include <algorithm>

#include "engine/template/functions/support.hh"
#include "engine/template/functions/tables.hh"
#include "engine/template/functions/unicode.hh"

namespace weir::tmpl {

namespace {

using Arguments = std::span<Datum>;
using value::append_utf8;
using value::replacement_character;

std::string_view text(const Datum& datum) { return datum.as_string(); }

constexpr std::string_view ellipsis = "...";

// goutils' AbbreviateFull; its errors come with an empty text, which is all sprig looks at.
std::string abbreviated(std::string_view source, std::int64_t offset, std::int64_t width) {
  const auto size = static_cast<std::int64_t>(source.size());
  if (source.empty() || width < 4) return {};
  if (size <= width) return std::string(source);
  offset = std::min(offset, size);
  const std::int64_t room = width - 3;
  if (size - offset < room) offset = size - room;
  std::string out;
  if (offset <= 4) {
    out.append(source.substr(0, static_cast<std::size_t>(room))).append(ellipsis);
    return out;
  }
  if (width < 7) return {};
  out = ellipsis;
  if (offset + room < size) {
    out += abbreviated(source.substr(static_cast<std::size_t>(offset)), 0, room);
  } else {
    out += source.substr(static_cast<std::size_t>(size - room));
  }
  return out;
}

Datum abbrev(CallContext& context, Arguments a) {
  if (a[0].as_int() < 4) return a[1];
  return give(context, abbreviated(text(a[1]), 0, a[0].as_int()));
}

Datum abbrev_both(CallContext& context, Arguments a) {
  const std::int64_t left = a[0].as_int(), right = a[1].as_int();
  if (right < 4 || (left > 0 && right < 7)) return a[2];
  return give(context, abbreviated(text(a[2]), left, right));
}

// Both of these take each byte for a character.
Datum initials(CallContext& context, Arguments a) {
  std::string out;
  bool gap = true;
  for (const char c : text(a[0])) {
    const auto rune = static_cast<unsigned char>(c);
    const bool space = unicode::is_space(rune);
    if (gap && !space) append_utf8(out, rune);
    gap = space;
  }
  return give(context, std::move(out));
}

Datum no_space(CallContext& context, Arguments a) {
  std::string out;
  std::size_t kept = 0;
  for (const char c : text(a[0])) {
    const auto rune = static_cast<unsigned char>(c);
    if (unicode::is_space(rune)) continue;
    append_utf8(out, rune);
    ++kept;
  }
  if (kept == a[0].size()) return a[0];
  return give(context, std::move(out));
}

Datum untitle(CallContext& context, Arguments a) {
  bool first = true;
  const auto change = [&first](std::uint32_t rune) {
    if (unicode::is_space(rune)) {
      first = true;
      return rune;
    }
    const bool lower = first;
    first = false;
    return lower ? unicode::to_lower(rune) : rune;
  };
  return give(context, unicode::map_runes(text(a[0]), change));
}

Datum swap_case(CallContext& context, Arguments a) {
  bool after_space = true;
  const auto change = [&after_space](std::uint32_t rune) {
    if (unicode::is_upper(rune) || unicode::is_title(rune)) {
      after_space = false;
      return unicode::to_lower(rune);
    }
    if (unicode::is_lower(rune)) {
      const bool first = after_space;
      after_space = false;
      return first ? unicode::to_title(rune) : unicode::to_upper(rune);
    }
    after_space = unicode::is_space(rune);
    return rune;
  };
  return give(context, unicode::map_runes(text(a[0]), change));
}

std::string wrapped(CallContext& context, std::string_view source, std::int64_t wanted,
                    std::string_view separator, bool cut_long_words) {
  if (separator.empty()) separator = "\n";
  const auto width = static_cast<std::size_t>(std::max<std::int64_t>(wanted, 1));
  std::string out;
  const auto end_line = [&](std::size_t length) {
    context.budget().use_bytes(length + separator.size());
    out.append(source.substr(0, length)).append(separator);
  };
  while (source.size() > width) {
    if (source[0] == ' ') {
      source.remove_prefix(1);
      continue;
    }
    std::size_t space = source.substr(0, width + 1).rfind(' ');
    if (space == std::string_view::npos && cut_long_words) {
      end_line(width);
      source.remove_prefix(width);
      continue;
    }
    if (space == std::string_view::npos) space = source.find(' ', width);
    if (space == std::string_view::npos) break;
    end_line(space);
    source.remove_prefix(space + 1);
  }
  out += source;
  return out;
}

Datum wrap(CallContext& context, Arguments a) {
  return give(context, wrapped(context, text(a[1]), a[0].as_int(), "", false));
}

Datum wrap_with(CallContext& context, Arguments a) {
  return give(context, wrapped(context, text(a[2]), a[0].as_int(), text(a[1]), true));
}

bool is_connector(std::uint32_t rune) {
  return rune == '-' || rune == '_' || unicode::is_space(rune);
}

// Letters that words are made of; the ideographs of the common blocks are none.
bool is_alphabetic(std::uint32_t rune) {
  if (!unicode::is_letter(rune)) return false;
  return !((rune >= 0x4E00 && rune <= 0x9FCC) || (rune >= 0x3400 && rune <= 0x4D85) ||
           (rune >= 0x20000 && rune <= 0x2B81D));
}

enum class WordKind : std::uint8_t { none, number, upper, letters, connector, punctuation, other };

struct Word {
  WordKind kind = WordKind::none;
  std::string_view text;
};

// Takes one word after the other off a text.
class WordReader {
 public:
  explicit WordReader(std::string_view text) : rest_(text) {}

  bool at_end() const { return rest_.empty(); }

  Word next() {
    if (rest_.empty()) return {};
    end_ = 0;
    last_ = replacement_character;
    const std::uint32_t first = take();
    const WordKind kind = kind_of(first);
    if (kind == WordKind::upper) {
      take_capitalised();
    } else if (kind != WordKind::none) {
      take_while([kind](std::uint32_t rune) { return continues(kind, rune); });
    }
    const Word word{kind, rest_.substr(0, end_)};
    rest_.remove_prefix(end_);
    return word;
  }

 private:
  static WordKind kind_of(std::uint32_t rune) {
    if (rune == replacement_character) return WordKind::none;
    if (is_connector(rune)) return WordKind::connector;
    if (unicode::is_punct(rune)) return WordKind::punctuation;
    if (unicode::is_upper(rune)) return WordKind::upper;
    if (is_alphabetic(rune)) return WordKind::letters;
    return unicode::is_number(rune) ? WordKind::number : WordKind::other;
  }

  static bool continues(WordKind kind, std::uint32_t rune) {
    switch (kind) {
      case WordKind::connector: return is_connector(rune);
      case WordKind::punctuation: return unicode::is_punct(rune);
      case WordKind::letters: return is_alphabetic(rune) && !unicode::is_upper(rune);
      case WordKind::number: return unicode::is_number(rune);
      default:
        return !(is_connector(rune) || is_alphabetic(rune) || unicode::is_number(rune) ||
                 unicode::is_punct(rune));
    }
  }

  // The character at end_, invalid bytes before it skipped; the one before it again when nothing
  // but invalid bytes is left.
  std::uint32_t peek(std::size_t& width) const {
    width = 0;
    while (end_ + width < rest_.size()) {
      const value::Rune rune = value::decode_rune(rest_, end_ + width);
      width += rune.width;
      if (rune.code != replacement_character) return rune.code;
    }
    return last_;
  }

  std::uint32_t take() {
    std::size_t width = 0;
    last_ = peek(width);
    end_ += width;
    return last_;
  }

  template <typename Wanted>
  void take_while(Wanted wanted) {
    while (end_ < rest_.size()) {
      std::size_t width = 0;
      const std::uint32_t rune = peek(width);
      if (!wanted(rune)) return;
      last_ = rune;
      end_ += width;
    }
  }

  // "HTTPServer" is "HTTP" and "Server".
  void take_capitalised() {
    if (end_ == rest_.size()) return;
    std::size_t width = 0;
    const std::uint32_t second = peek(width);
    if (!unicode::is_upper(second)) {
      if (is_alphabetic(second))
        take_while([](std::uint32_t rune) { return continues(WordKind::letters, rune); });
      return;
    }
    std::size_t width_last = 0;
    while (end_ < rest_.size()) {
      const std::uint32_t rune = peek(width);
      if (!unicode::is_upper(rune)) {
        if (is_alphabetic(rune)) end_ -= width_last;
        return;
      }
      last_ = rune;
      end_ += width;
      width_last = width;
    }
  }

  std::string_view rest_;
  std::size_t end_ = 0;  // of the word, in rest_
  std::uint32_t last_ = replacement_character;
};

void append_lowered(std::string& out, const Word& word, char connector) {
  if (word.kind != WordKind::upper && word.kind != WordKind::connector) {
    out += word.text;
    return;
  }
  for (std::size_t at = 0; at < word.text.size();) {
    const value::Rune rune = value::decode_rune(word.text, at);
    if (is_connector(rune.code)) {
      out += connector;
    } else {
      append_utf8(out, unicode::is_upper(rune.code) ? unicode::to_lower(rune.code) : rune.code);
    }
    at += rune.width;
  }
}

bool ends_run(WordKind kind) {
  return kind == WordKind::connector || kind == WordKind::punctuation;
}

bool is_run(WordKind kind) { return kind == WordKind::letters || kind == WordKind::number; }

// snake_case and kebab-case: words in lower case with the connector between them; numbers stick to
// the word before them, unless letters follow ("http2xx" is "http_2xx", "bld4Floor" "bld4_floor").
std::string connected(std::string_view source, char connector) {
  std::string out;
  WordReader reader(source);
  Word word = reader.next();
  const auto take_run = [&] {
    while (is_run(word.kind)) {
      append_lowered(out, word, connector);
      word = reader.next();
    }
    if (word.kind != WordKind::none && !ends_run(word.kind)) out += connector;
  };
  while (!reader.at_end()) {
    if (word.kind != WordKind::connector) append_lowered(out, word, connector);
    const Word before = word;
    word = reader.next();
    if (before.kind == WordKind::number) {
      take_run();
    } else if (before.kind == WordKind::connector) {
      append_lowered(out, before, connector);
    } else if (before.kind != WordKind::punctuation) {
      if (word.kind != WordKind::number) {
        if (!ends_run(word.kind)) out += connector;
        continue;
      }
      if (reader.at_end()) continue;
      const Word number = word;
      word = reader.next();
      if (word.kind == WordKind::letters) {
        out += connector;
        append_lowered(out, number, connector);
        take_run();
      } else {
        append_lowered(out, number, connector);
        if (!ends_run(word.kind)) out += connector;
      }
    }
  }
  append_lowered(out, word, connector);
  return out;
}

Datum snake_case(CallContext& context, Arguments a) {
  return give(context, connected(text(a[0]), '_'));
}

Datum kebab_case(CallContext& context, Arguments a) {
  return give(context, connected(text(a[0]), '-'));
}

// PascalCase: connectors go, but for those in front and all but the last of several.
std::string pascal_case(std::string_view source) {
  std::string out;
  const auto runes = unicode::runes_of(source);
  std::size_t at = 0;
  while (at < runes.size() && is_connector(runes[at])) append_utf8(out, runes[at++]);
  // A text of connectors alone gets its last one twice.
  if (at == runes.size()) {
    if (!runes.empty()) append_utf8(out, runes.back());
    return out;
  }
  bool in_capitals = unicode::is_upper(runes[at]);
  std::uint32_t current = unicode::to_upper(runes[at]);
  for (++at; at < runes.size(); ++at) {
    const std::uint32_t before = current;
    current = runes[at];
    const bool connects = is_connector(before);
    if (connects && is_connector(current)) {
      append_utf8(out, before);
      continue;
    }
    if (connects) {
      in_capitals = unicode::is_upper(current);
      current = unicode::to_upper(current);
      continue;
    }
    if (in_capitals) {
      if (unicode::is_upper(current)) {
        current = unicode::to_lower(current);
      } else {
        in_capitals = false;
      }
    }
    append_utf8(out, before);
  }
  append_utf8(out, current);
  return out;
}

Datum camel_case(CallContext& context, Arguments a) {
  return give(context, pascal_case(text(a[0])));
}

constexpr Function table[] = {
    {"abbrev", abbrev, {&types::int_, &types::string}},
    {"abbrevboth", abbrev_both, {&types::int_, &types::int_, &types::string}},
    {"initials", initials, {&types::string}},
    {"nospace", no_space, {&types::string}},
    {"untitle", untitle, {&types::string}},
    {"swapcase", swap_case, {&types::string}},
    {"wrap", wrap, {&types::int_, &types::string}},
    {"wrapWith", wrap_with, {&types::int_, &types::string, &types::string}},
    {"snakecase", snake_case, {&types::string}},
    {"kebabcase", kebab_case, {&types::string}},
    {"camelcase", camel_case, {&types::string}},
};

}  // namespace

std::span<const Function> word_functions() { return table; }

}  // namespace weir::tmpl
