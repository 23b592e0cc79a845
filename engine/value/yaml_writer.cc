#include <algorithm>
#include <array>
#include <charconv>
#include <vector>

#include "engine/value/number_text.hh"
#include "engine/value/utf8.hh"
#include "engine/value/yaml.hh"
#include "engine/value/yaml_keys.hh"
#include "engine/value/yaml_scalar.hh"
#include "engine/value/yaml_unfolded.hh"

namespace weir::value {

namespace {

// libyaml's preferred width: a scalar may be folded at a space once this column is passed.
constexpr std::size_t fold_column = 80;
constexpr std::size_t simple_key_bytes_max = 128;
constexpr char hex_digits[] = "0123456789ABCDEF";

enum class Style : std::uint8_t { plain, single_quoted, double_quoted, literal };

// What libyaml's emitter wants to know about a scalar before it chooses a style.
struct Shape {
  bool multiline = false;
  bool plain = true;
  bool single_quoted = true;
  bool block = true;
};

constexpr std::string_view bom = "\xEF\xBB\xBF";

bool is_break(std::string_view text, std::size_t at) {
  const char c = text[at];
  if (c == '\n' || c == '\r') return true;
  if (c == '\xC2') return text[at + 1] == '\x85';
  return c == '\xE2' && text[at + 1] == '\x80' &&
         (text[at + 2] == '\xA8' || text[at + 2] == '\xA9');
}

std::size_t rune_width(char lead) {
  const auto byte = static_cast<unsigned char>(lead);
  return byte < 0x80 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4;
}

// libyaml's idea of printable: no tab, no DEL, nothing beyond the basic plane, no byte order mark.
bool is_printable(std::string_view text, std::size_t at) {
  const auto byte = static_cast<unsigned char>(text[at]);
  if (byte < 0x80) return byte == '\n' || (byte >= 0x20 && byte <= 0x7E);
  const auto next = static_cast<unsigned char>(text[at + 1]);
  if (byte == 0xC2) return next >= 0xA0;
  if (byte == 0xED) return next < 0xA0;
  if (byte < 0xEF) return true;
  if (byte > 0xEF) return false;
  const auto third = static_cast<unsigned char>(text[at + 2]);
  return !(next == 0xBB && third == 0xBF) && !(next == 0xBF && third >= 0xBE);
}

bool is_blank_at(std::string_view text, std::size_t at) {
  return at >= text.size() || text[at] == ' ' || text[at] == '\t';
}

// True for indicators that forbid a plain scalar in block context at `at`.
bool is_block_indicator(std::string_view text, std::size_t at, bool after_blank) {
  const char c = text[at];
  if (at > 0) {
    return (c == ':' && is_blank_at(text, at + 1)) || (c == '#' && after_blank);
  }
  if (c == '?' || c == ':' || c == '-') return is_blank_at(text, 1);
  return std::string_view("#,[]{}&*!|>'\"%@`").find(c) != std::string_view::npos;
}

// Nothing in such text but letters, digits and marks that never matter: the common case.
bool is_simple(std::string_view text) {
  static constexpr auto table = [] {
    std::array<bool, 256> simple{};
    for (int c = 0; c < 128; ++c)
      simple[static_cast<std::size_t>(c)] = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                                            (c >= '0' && c <= '9') || c == '/' || c == '.' ||
                                            c == '_' || c == '-' || c == '=' || c == '+';
    return simple;
  }();
  for (const char c : text)
    if (!table[static_cast<unsigned char>(c)]) return false;
  const char first = text[0];
  return first != '-' && first != '.';
}

Shape analyze(std::string_view text) {
  Shape shape;
  if (text.empty()) {
    shape.block = false;
    return shape;
  }
  if (is_simple(text)) return shape;
  bool special = false, space_break = false, break_space = false;
  bool previous_space = false, previous_break = false, after_blank = true;
  bool leading_break = false, trailing_break = false;
  shape.plain = !(text.starts_with("---") || text.starts_with("..."));
  for (std::size_t at = 0, width = 0; at < text.size(); at += width) {
    width = rune_width(text[at]);
    if (is_block_indicator(text, at, after_blank)) shape.plain = false;
    special = special || !is_printable(text, at);
    const bool breaks = is_break(text, at);
    if (text[at] == ' ') {
      break_space = break_space || previous_break;
      previous_space = true;
      previous_break = false;
    } else if (breaks) {
      shape.multiline = true;
      leading_break = leading_break || at == 0;
      trailing_break = at + width == text.size();
      space_break = space_break || previous_space;
      previous_space = false;
      previous_break = true;
    } else {
      previous_space = previous_break = false;
    }
    after_blank = breaks || text[at] == ' ' || text[at] == '\t' || text[at] == '\0';
  }
  const bool leading_space = text.front() == ' ', trailing_space = text.back() == ' ';
  if (leading_space || leading_break || trailing_space || trailing_break) shape.plain = false;
  if (trailing_space) shape.block = false;
  if (break_space) shape.plain = shape.single_quoted = false;
  if (space_break || special) shape.plain = shape.single_quoted = shape.block = false;
  if (shape.multiline) shape.plain = false;
  return shape;
}

// Writes as libyaml's emitter does: every column, fold and hint is its.
class YamlWriter {
 public:
  YamlWriter(std::string& out, bool sort_keys, bool folds = true)
      : out_(out), sort_keys_(sort_keys), folds_(folds) {
    line_start_ = out.size();
  }

  void write_document(const Value& value) {
    write_node(value, -1, Context::root);
    if (!at_line_start_) end_line();
  }

 private:
  // Where a node stands. In `item` ("- " or "? " just written) a collection begins on the same
  // line.
  enum class Context : std::uint8_t { root, value, item };

  void end_line() {
    out_ += '\n';
    line_start_ = out_.size();
    at_line_start_ = true;
  }

  // Moves to column `indent`: on this line after an indicator, else on a new one.
  void indent_to(int indent, Context context) {
    if (context == Context::value) {
      if (!at_line_start_) end_line();
    }
    const auto column = out_.size() - line_start_;
    const auto wanted = static_cast<std::size_t>(indent);
    if (column < wanted) out_.append(wanted - column, ' ');
  }

  void write_node(const Value& value, int indent, Context context) {
    if (value.is_object() && !value.empty()) {
      write_mapping(value, indent, context);
    } else if (value.is_array() && !value.empty()) {
      write_sequence(value, indent, context);
    } else {
      if (context != Context::root) out_ += ' ';
      write_scalar(value, indent);
    }
  }

  void write_mapping(const Value& value, int parent_indent, Context context) {
    const int indent = parent_indent < 0 ? 0 : parent_indent + 2;
    const auto members = value.members();
    const auto less = [](const Member& a, const Member& b) {
      return yaml_key_less(a.name(), b.name());
    };
    if (!sort_keys_ || std::is_sorted(members.begin(), members.end(), less)) {
      for (const Member& member : members) write_member(member, indent, context);
      return;
    }
    std::vector<const Member*> sorted;
    sorted.reserve(members.size());
    for (const Member& member : members) sorted.push_back(&member);
    // The order is not transitive for keys such as 007, 0b, 1: only a stable sort is safe with
    // that.
    std::stable_sort(sorted.begin(), sorted.end(),
                     [&](const Member* a, const Member* b) { return less(*a, *b); });
    for (const Member* member : sorted) write_member(*member, indent, context);
  }

  // `context` is the mapping's for the first member and "value" from then on.
  void write_member(const Member& member, int indent, Context& context) {
    indent_to(indent, context);
    context = Context::value;
    at_line_start_ = false;
    const std::string_view key = member.name();
    if (write_simple_key(key)) {
      out_ += ':';
      // A sequence below a key stands at the key's own column.
      const bool sequence = member.value.is_array() && !member.value.empty();
      write_node(member.value, sequence ? indent - 2 : indent, Context::value);
      return;
    }
    out_ += "? ";
    write_string(key, indent);
    indent_to(indent, Context::value);
    at_line_start_ = false;
    out_ += ':';
    write_node(member.value, indent, Context::item);
  }

  void write_sequence(const Value& value, int parent_indent, Context context) {
    const int indent = parent_indent < 0 && context == Context::root ? 0 : parent_indent + 2;
    for (const Value& item : value.items()) {
      indent_to(indent, context);
      context = Context::value;
      at_line_start_ = false;
      out_ += '-';
      write_node(item, indent, Context::item);
    }
  }

  // Writes `key` if it fits on the line with its colon; false (nothing written) when it needs "? ".
  bool write_simple_key(std::string_view key) {
    if (key.size() > simple_key_bytes_max) return false;
    std::string repaired;
    if (!is_ascii(key) && !valid_utf8(key)) {
      repaired = replace_invalid_utf8(key);
      key = repaired;
      if (key.size() > simple_key_bytes_max) return false;
    }
    const Shape shape = analyze(key);
    if (shape.multiline) return false;
    const Style style = choose_style(key, shape);
    write_styled(key, style, 0, false);
    return true;
  }

  static bool is_ascii(std::string_view text) {
    for (const char c : text)
      if (static_cast<unsigned char>(c) >= 0x80) return false;
    return true;
  }

  static Style choose_style(std::string_view text, const Shape& shape) {
    if (shape.multiline && text.find('\n') != std::string_view::npos)
      return shape.block ? Style::literal : Style::double_quoted;
    if (needs_quotes(text)) return Style::double_quoted;
    if (shape.plain) return Style::plain;
    return shape.single_quoted ? Style::single_quoted : Style::double_quoted;
  }

  void write_scalar(const Value& value, int indent) {
    at_line_start_ = false;
    switch (value.kind()) {
      case Kind::null: out_ += "null"; return;
      case Kind::boolean: out_ += value.as_bool() ? "true" : "false"; return;
      case Kind::integer: append_integer(value.as_int()); return;
      case Kind::unsigned_integer: append_integer(value.as_uint()); return;
      case Kind::floating: write_float(value.as_double()); return;
      case Kind::string: write_string(value.as_string(), indent); return;
      case Kind::array: out_ += "[]"; return;
      case Kind::object: out_ += "{}"; return;
    }
  }

  template <typename Integer>
  void append_integer(Integer number) {
    char text[24];
    const auto end = std::to_chars(text, text + sizeof text, number).ptr;
    out_.append(text, static_cast<std::size_t>(end - text));
  }

  void write_float(double number) {
    const Value settled = settle_float(number);
    if (settled.is_integer()) return write_scalar(settled, 0);
    append_general_float(out_, number);
  }

  void write_string(std::string_view text, int indent) {
    std::string repaired;
    if (!is_ascii(text) && !valid_utf8(text)) {
      repaired = replace_invalid_utf8(text);
      text = repaired;
    }
    at_line_start_ = false;
    write_styled(text, choose_style(text, analyze(text)), indent < 0 ? 2 : indent + 2, folds_);
  }

  void write_styled(std::string_view text, Style style, int indent, bool may_fold) {
    indent_ = static_cast<std::size_t>(indent);
    switch (style) {
      case Style::plain: write_plain(text, may_fold); return;
      case Style::single_quoted: write_single_quoted(text, may_fold); return;
      case Style::double_quoted: write_double_quoted(text, may_fold); return;
      case Style::literal: write_literal(text); return;
    }
  }

  // Characters, not bytes, since the start of the line.
  std::size_t column() const {
    std::size_t count = 0;
    for (std::size_t at = line_start_; at < out_.size(); ++at)
      count += (static_cast<unsigned char>(out_[at]) & 0xC0) != 0x80;
    return count;
  }

  bool fits(std::string_view text) const {
    return out_.size() - line_start_ + text.size() <= fold_column;
  }

  void break_and_indent() {
    out_ += '\n';
    line_start_ = out_.size();
    out_.append(indent_, ' ');
  }

  void write_plain(std::string_view text, bool may_fold) {
    if (!may_fold || fits(text)) {
      out_.append(text);
      return;
    }
    std::size_t column_now = column();
    bool spaces = false;
    for (std::size_t at = 0; at < text.size();) {
      const bool space = text[at] == ' ';
      if (space && !spaces && column_now > fold_column && text[at + 1] != ' ') {
        break_and_indent();
        column_now = indent_;
        ++at;
      } else {
        const std::size_t width = rune_width(text[at]);
        out_.append(text.substr(at, width));
        ++column_now;
        at += width;
      }
      spaces = space;
    }
  }

  void write_single_quoted(std::string_view text, bool may_fold) {
    out_ += '\'';
    std::size_t column_now = column();
    bool spaces = false, breaks = false;
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t width = rune_width(text[at]);
      if (text[at] == ' ') {
        if (may_fold && !spaces && column_now > fold_column && at > 0 && at + 1 < text.size() &&
            text[at + 1] != ' ') {
          break_and_indent();
          column_now = indent_;
        } else {
          out_ += ' ';
          ++column_now;
        }
        spaces = true;
      } else if (is_break(text, at)) {
        // Only U+2028 and U+2029 get here: the others go to double quotes.
        out_.append(text.substr(at, width));
        line_start_ = out_.size();
        column_now = 0;
        breaks = true;
      } else {
        if (breaks && column_now < indent_) {
          out_.append(indent_ - column_now, ' ');
          column_now = indent_;
        }
        if (text[at] == '\'') {
          out_ += '\'';
          ++column_now;
        }
        out_.append(text.substr(at, width));
        ++column_now;
        spaces = breaks = false;
      }
      at += width;
    }
    out_ += '\'';
  }

  void write_double_quoted(std::string_view text, bool may_fold) {
    out_ += '"';
    std::size_t column_now = column();
    // libyaml looks for the byte order mark at the start of the text, whatever character it is at.
    const bool escape_all = text.starts_with(bom);
    bool spaces = false;
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t width = rune_width(text[at]);
      if (escape_all || !is_printable(text, at) || is_break(text, at) || text[at] == '"' ||
          text[at] == '\\') {
        const std::size_t before = out_.size();
        write_escape(decode_rune(text, at).code);
        column_now += out_.size() - before;
        spaces = false;
      } else if (text[at] == ' ') {
        if (may_fold && !spaces && column_now > fold_column && at > 0 && at + 1 < text.size()) {
          break_and_indent();
          column_now = indent_;
          if (text[at + 1] == ' ') {
            out_ += '\\';
            ++column_now;
          }
        } else {
          out_ += ' ';
          ++column_now;
        }
        spaces = true;
      } else {
        out_.append(text.substr(at, width));
        ++column_now;
        spaces = false;
      }
      at += width;
    }
    out_ += '"';
  }

  void write_escape(std::uint32_t rune) {
    struct Named {
      std::uint32_t rune;
      char letter;
    };
    static constexpr Named named[] = {{0x00, '0'},  {0x07, 'a'}, {0x08, 'b'},   {0x09, 't'},
                                      {0x0A, 'n'},  {0x0B, 'v'}, {0x0C, 'f'},   {0x0D, 'r'},
                                      {0x1B, 'e'},  {'"', '"'},  {'\\', '\\'},  {0x85, 'N'},
                                      {0xA0, '_'},  {0x2028, 'L'}, {0x2029, 'P'}};
    out_ += '\\';
    for (const Named& name : named) {
      if (name.rune != rune) continue;
      out_ += name.letter;
      return;
    }
    out_ += rune <= 0xFF ? 'x' : rune <= 0xFFFF ? 'u' : 'U';
    for (int shift = rune <= 0xFF ? 4 : rune <= 0xFFFF ? 12 : 28; shift >= 0; shift -= 4)
      out_ += hex_digits[(rune >> shift) & 15];
  }

  // The last character of `text` before `end`, and whether it is a break.
  static bool ends_in_break(std::string_view text, std::size_t& end) {
    std::size_t start = end - 1;
    while (start > 0 && (static_cast<unsigned char>(text[start]) & 0xC0) == 0x80) --start;
    const bool breaks = is_break(text, start);
    end = start;
    return breaks;
  }

  void write_literal(std::string_view text) {
    out_ += '|';
    if (text[0] == ' ' || is_break(text, 0)) out_ += '2';
    std::size_t end = text.size();
    if (!ends_in_break(text, end)) {
      out_ += '-';
    } else if (end == 0 || ends_in_break(text, end)) {
      out_ += '+';
    }
    end_line();
    bool breaks = true;
    for (std::size_t at = 0; at < text.size();) {
      if (is_break(text, at)) {
        const std::size_t width = rune_width(text[at]);
        out_.append(text.substr(at, width));
        line_start_ = out_.size();
        breaks = true;
        at += width;
        continue;
      }
      if (breaks) out_.append(indent_, ' ');
      breaks = false;
      std::size_t stop = at;
      while (stop < text.size() && text[stop] != '\n' && text[stop] != '\xE2') ++stop;
      if (stop == at) stop = at + rune_width(text[at]);
      out_.append(text.substr(at, stop - at));
      at = stop;
    }
    at_line_start_ = breaks;
  }

  std::string& out_;
  const bool sort_keys_;
  const bool folds_;
  std::size_t line_start_ = 0;
  std::size_t indent_ = 0;  // of the scalar being written
  bool at_line_start_ = true;
};

}  // namespace

void append_yaml(std::string& out, const Value& value, YamlStyle style) {
  YamlWriter(out, style != YamlStyle::ordered).write_document(value);
}

std::string write_yaml_unfolded(const Value& value) {
  std::string out;
  YamlWriter(out, true, false).write_document(value);
  return out;
}

std::string write_yaml(const Value& value, YamlStyle style) {
  std::string out;
  append_yaml(out, value, style);
  return out;
}

}  // namespace weir::value
