#include <algorithm>
#include <array>
#include <cstring>

#include "engine/value/utf8.hh"
#include "engine/value/yaml_refold.hh"
#include "engine/value/yaml_scanner.hh"

namespace weir::value {

namespace {

constexpr std::string_view unclosed_quote =
    "found unexpected end of stream: a quote is not closed";

bool is_name_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-';
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// Characters a plain scalar in block context cannot simply run over.
constexpr std::array<bool, 256> plain_stops = [] {
  std::array<bool, 256> stops{};
  for (const char c : std::string_view(" \t\n:", 4)) stops[static_cast<unsigned char>(c)] = true;
  stops[0] = true;
  return stops;
}();

bool ends_flow_plain(char c) {
  return c == ',' || c == '?' || c == '[' || c == ']' || c == '{' || c == '}';
}

}  // namespace

// "&anchor" and "!tag" in either order, with blanks between them on one line.
bool YamlScanner::scan_properties(Properties& properties) {
  properties.any = true;
  bool tagged = false, anchored = false;
  for (;;) {
    if (*at_ == '&' && !anchored) {
      anchored = true;
      ++at_;
      std::string_view name;
      if (!scan_name(name)) return false;
      properties.anchor = anchor_number(name, true);
    } else if (*at_ == '!' && !tagged) {
      tagged = true;
      if (!scan_tag(properties)) return false;
    } else {
      return true;
    }
    const char* next = at_;
    while (is_blank(*next)) ++next;
    if (*next != '&' && *next != '!') return true;
    at_ = next;
  }
}

bool YamlScanner::scan_name(std::string_view& name) {
  const char* const from = at_;
  while (is_name_char(*at_)) ++at_;
  name = std::string_view(from, static_cast<std::size_t>(at_ - from));
  const bool ends = is_blankz(*at_) || std::strchr("?:,]}%@`", *at_) != nullptr;
  if (name.empty() || !ends) return fail("did not find expected alphabetic or numeric character");
  return true;
}

bool YamlScanner::scan_tag(Properties& properties) {
  const char* const from = at_;
  while (!is_blankz(*at_)) ++at_;
  const std::string_view tag(from, static_cast<std::size_t>(at_ - from));
  constexpr std::string_view allowed = "-_;/?:@&=+$,.!~*'()[]";
  const bool verbatim = tag.starts_with("!<");
  // Escapes, verbatim tags, named handles and the bare "!" are rare: yaml-cpp knows them.
  if (tag == "!" || verbatim || tag.find('%') != std::string_view::npos) return decline();
  const bool core = tag.starts_with("!!");
  const std::string_view suffix = tag.substr(core ? 2 : 1);
  for (const char c : suffix)
    if (!is_name_char(c) && allowed.find(c) == std::string_view::npos)
      return fail("did not find expected whitespace or line break after a tag");
  if (suffix.empty() || suffix.find('!') != std::string_view::npos) return decline();
  properties.tag = core ? "tag:yaml.org,2002:" : "!";
  properties.tag.append(suffix);
  return true;
}

// The plain scalar's part on this line; `end` becomes the ':' that ends it as a key, or where it
// stops otherwise.
std::string_view YamlScanner::plain_first_line(const char*& end) const {
  const char* at = at_;
  const char* text_end = at;
  for (;;) {
    while (!plain_stops[static_cast<unsigned char>(*at)]) ++at;
    text_end = at;
    if (*at == ':') {
      if (is_blankz(at[1])) break;
      ++at;
      continue;
    }
    while (is_blank(*at)) ++at;
    if (*at == '\n' || *at == '\0' || *at == '#') break;
    if (*at == ':' && is_blankz(at[1])) break;
  }
  end = at;
  return std::string_view(at_, static_cast<std::size_t>(text_end - at_));
}

// Reads a plain scalar and the blank space behind it, line breaks included. Continuation lines
// must stand at column `indent` or beyond. The text is in the source when it is one line, else in
// scratch_.
bool YamlScanner::scan_plain(int indent, bool flow, std::string_view& text) {
  plain_ended_line_ = false;
  bool folded = false;
  const char* chunk = at_;      // of the text on this line
  const char* chunk_end = at_;
  std::size_t breaks = 0;
  scratch_.clear();
  for (;;) {
    if (at_document_marker() || *at_ == '#') break;
    while (!is_blankz(*at_)) {
      if (*at_ == ':' && is_blankz(at_[1])) break;
      if (flow && ends_flow_plain(*at_)) break;
      if (plain_ended_line_) {
        // A continuation: one break is a space, more are breaks.
        scratch_.append(chunk, static_cast<std::size_t>(chunk_end - chunk));
        if (breaks == 1) scratch_ += ' ';
        if (breaks > 1) scratch_.append(breaks - 1, '\n');
        folded = true;
        plain_ended_line_ = false;
        breaks = 0;
        chunk = at_;
      }
      ++at_;
      chunk_end = at_;
    }
    if (!is_blank(*at_) && *at_ != '\n') break;
    while (is_blank(*at_) || *at_ == '\n') {
      if (*at_ == '\n') {
        next_line();
        ++breaks;
        plain_ended_line_ = true;
        continue;
      }
      if (*at_ == '\t' && plain_ended_line_ && column() < indent)
        return fail("found a tab character that violates indentation");
      ++at_;
    }
    if (!flow && column() < indent) break;
  }
  text = std::string_view(chunk, static_cast<std::size_t>(chunk_end - chunk));
  if (folded) {
    scratch_.append(text);
    text = scratch_;
  }
  return true;
}

// After the blanks at at_: within a line they stay, around line breaks they fold. `at_` is a
// blank or a break.
bool YamlScanner::fold_quoted() {
  const char* const from = at_;
  std::size_t breaks = 0;
  while (is_blank(*at_) || *at_ == '\n') {
    if (*at_ == '\n') {
      next_line();
      ++breaks;
    } else {
      ++at_;
    }
  }
  if (breaks == 0) {
    scratch_.append(from, static_cast<std::size_t>(at_ - from));
  } else if (breaks == 1) {
    scratch_ += ' ';
  } else {
    scratch_.append(breaks - 1, '\n');
  }
  if (breaks > 0 && at_document_marker())
    return fail("found unexpected document indicator in a quoted scalar");
  return true;
}

bool YamlScanner::scan_single_quoted(std::string_view& text) {
  const Position start = here();
  const char* from = ++at_;
  while (*at_ != '\'' && *at_ != '\n' && *at_ != '\0') ++at_;
  if (*at_ == '\'' && at_[1] != '\'') {
    text = std::string_view(from, static_cast<std::size_t>(at_ - from));
    ++at_;
    return true;
  }
  at_ = from;
  scratch_.clear();
  for (;;) {
    if (*at_ == '\0') return fail_at(start, unclosed_quote);
    if (*at_ == '\'') {
      if (at_[1] != '\'') break;
      scratch_ += '\'';
      at_ += 2;
    } else if (is_blank(*at_) || *at_ == '\n') {
      if (!fold_quoted()) return false;
    } else {
      scratch_ += *at_++;
    }
  }
  ++at_;
  text = scratch_;
  return true;
}

bool YamlScanner::scan_double_quoted(std::string_view& text) {
  const Position start = here();
  const char* from = ++at_;
  while (*at_ != '"' && *at_ != '\\' && *at_ != '\n' && *at_ != '\0') ++at_;
  if (*at_ == '"') {
    text = std::string_view(from, static_cast<std::size_t>(at_ - from));
    ++at_;
    return true;
  }
  at_ = from;
  scratch_.clear();
  for (;;) {
    if (*at_ == '\0') return fail_at(start, unclosed_quote);
    if (*at_ == '"') break;
    if (*at_ == '\\' && at_[1] == '\n') {
      // An escaped break: the blanks and empty lines behind it vanish into as many breaks.
      ++at_;
      next_line();
      std::size_t breaks = 0;
      while (is_blank(*at_) || *at_ == '\n') {
        if (*at_ == '\n') {
          next_line();
          ++breaks;
        } else {
          ++at_;
        }
      }
      scratch_.append(breaks, '\n');
      if (at_document_marker())
        return fail("found unexpected document indicator in a quoted scalar");
    } else if (*at_ == '\\') {
      if (!scan_escape()) return false;
    } else if (is_blank(*at_) || *at_ == '\n') {
      if (!fold_quoted()) return false;
    } else {
      scratch_ += *at_++;
    }
  }
  ++at_;
  text = scratch_;
  return true;
}

bool YamlScanner::scan_escape() {
  struct Escape {
    char letter;
    std::uint32_t rune;
  };
  static constexpr Escape escapes[] = {
      {'0', 0},    {'a', 7},     {'b', 8},    {'t', 9},   {'\t', 9},      {'n', 10},
      {'v', 11},   {'f', 12},    {'r', 13},   {'e', 27},  {' ', ' '},     {'"', '"'},
      {'\'', '\''}, {'\\', '\\'}, {'N', 0x85}, {'_', 0xA0}, {'L', 0x2028}, {'P', 0x2029}};
  const char letter = at_[1];
  for (const Escape& escape : escapes) {
    if (escape.letter != letter) continue;
    append_utf8(scratch_, escape.rune);
    at_ += 2;
    return true;
  }
  const int digits = letter == 'x' ? 2 : letter == 'u' ? 4 : letter == 'U' ? 8 : 0;
  if (digits == 0) return fail("found unknown escape character");
  std::uint64_t rune = 0;
  for (int i = 0; i < digits; ++i) {
    const int digit = hex_digit(at_[2 + i]);
    if (digit < 0) return fail("did not find expected hexadecimal number");
    rune = rune * 16 + static_cast<std::uint64_t>(digit);
  }
  if ((rune >= 0xD800 && rune <= 0xDFFF) || rune > 0x10FFFF)
    return fail("found invalid Unicode character escape code");
  append_utf8(scratch_, static_cast<std::uint32_t>(rune));
  at_ += 2 + digits;
  return true;
}

// "|", ">" with their hints, up to the end of the line.
bool YamlScanner::block_header(bool& literal, int& chomping, int& increment) {
  literal = *at_++ == '|';
  for (int i = 0; i < 2; ++i) {
    if ((*at_ == '+' || *at_ == '-') && chomping == 0) {
      chomping = *at_++ == '+' ? 1 : -1;
    } else if (*at_ >= '0' && *at_ <= '9' && increment == 0) {
      if (*at_ == '0') return fail("found an indentation indicator equal to 0");
      increment = *at_++ - '0';
    }
  }
  while (is_blank(*at_)) ++at_;
  if (*at_ == '#')
    while (*at_ != '\n' && *at_ != '\0') ++at_;
  if (*at_ != '\n' && *at_ != '\0')
    return fail("did not find expected comment or line break after a block scalar indicator");
  if (*at_ == '\n') next_line();
  return true;
}

// Goes over empty lines and the indentation of the next one; finds the indentation when it is not
// known (0).
bool YamlScanner::block_breaks(int& block_indent, int indent, std::size_t& breaks) {
  int widest = 0;
  for (;;) {
    while ((block_indent == 0 || column() < block_indent) && *at_ == ' ') ++at_;
    widest = std::max(widest, column());
    if ((block_indent == 0 || column() < block_indent) && *at_ == '\t')
      return fail("found a tab character where an indentation space is expected");
    if (*at_ != '\n') break;
    next_line();
    ++breaks;
  }
  if (block_indent == 0) block_indent = std::max({widest, indent + 1, 1});
  return true;
}

bool YamlScanner::scan_block_scalar(int indent, const YamlProperties& properties) {
  const Position start = here();
  bool literal = true;
  int chomping = 0, increment = 0;
  if (!block_header(literal, chomping, increment)) return false;
  int block_indent = increment == 0 ? 0 : std::max(indent, 0) + increment;
  std::size_t breaks = 0;
  if (!block_breaks(block_indent, indent, breaks)) return false;
  scratch_.clear();
  bool line_break = false, after_blank = false;
  while (column() == block_indent && *at_ != '\0') {
    const bool blank = is_blank(*at_);
    if (!literal && line_break && !after_blank && !blank) {
      if (breaks == 0) scratch_ += ' ';
    } else if (line_break) {
      scratch_ += '\n';
    }
    scratch_.append(breaks, '\n');
    breaks = 0;
    after_blank = blank;
    const void* found = std::memchr(at_, '\n', static_cast<std::size_t>(end_ - at_));
    const char* const line_end = found == nullptr ? end_ : static_cast<const char*>(found);
    scratch_.append(at_, static_cast<std::size_t>(line_end - at_));
    at_ = line_end;
    line_break = *at_ == '\n';
    if (line_break) next_line();
    if (!block_breaks(block_indent, indent, breaks)) return false;
  }
  if (chomping != -1 && line_break) scratch_ += '\n';
  if (chomping == 1) scratch_.append(breaks, '\n');
  if (!literal && options_.dialect == YamlDialect::kustomize && !builder_.in_annotations())
    scratch_ = refold(scratch_);
  if (!builder_.scalar(scratch_, false, properties, mark(start))) return false;
  if (!skip_to_token(true)) return false;
  crossed_line_ = true;
  return true;
}

}  // namespace weir::value
