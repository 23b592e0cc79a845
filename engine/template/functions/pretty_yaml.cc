#include "engine/template/functions/pretty_yaml.hh"

#include <algorithm>
#include <cmath>

#include "engine/base/digest.hh"
#include "engine/base/limits.hh"
#include "engine/template/format.hh"
#include "engine/template/functions/instant_object.hh"
#include "engine/template/functions/support.hh"
#include "engine/value/utf8.hh"
#include "engine/value/yaml_keys.hh"
#include "engine/value/yaml_scalar.hh"

namespace weir::tmpl {

namespace {

constexpr std::size_t simple_key_bytes_max = 128;

// What the emitter of the library (a libyaml) sees in a text before it chooses a style.
struct Shape {
  bool plain = true;
  bool single_quoted = true;
  bool block = true;
  bool several_lines = false;
};

bool is_break(std::uint32_t rune) {
  return rune == '\n' || rune == '\r' || rune == 0x85 || rune == 0x2028 || rune == 0x2029;
}

// Nothing beyond the basic plane is printable to it.
bool is_printable(std::uint32_t rune) {
  if (rune < 0x80) return rune == '\n' || (rune >= ' ' && rune < 0x7F);
  if (rune < 0xA0) return false;
  return rune <= 0xFFFD && rune != 0xFEFF && (rune < 0xD800 || rune > 0xDFFF);
}

bool is_blank_at(std::string_view text, std::size_t at) {
  if (at >= text.size()) return true;
  const std::uint32_t rune = value::decode_rune(text, at).code;
  return rune == ' ' || rune == '\t' || is_break(rune);
}

bool is_indicator(std::string_view text, std::size_t at, bool after_blank) {
  const char c = text[at];
  if (at > 0) return (c == ':' && is_blank_at(text, at + 1)) || (c == '#' && after_blank);
  if (c == '?' || c == ':' || c == '-') return is_blank_at(text, 1);
  return std::string_view("#,[]{}&*!|>'\"%@`").find(c) != std::string_view::npos;
}

Shape analyze(std::string_view text) {
  Shape shape;
  if (text.empty()) {
    shape.plain = false;
    shape.block = false;
    return shape;
  }
  shape.plain = !text.starts_with("---") && !text.starts_with("...");
  bool special = false, tabs = false, space_break = false, break_space = false;
  bool after_space = false, after_break = false, after_blank = true, last_break = false;
  bool first_break = false;
  for (std::size_t at = 0; at < text.size();) {
    const value::Rune rune = value::decode_rune(text, at);
    if (is_indicator(text, at, after_blank)) shape.plain = false;
    if (rune.code == '\t') {
      tabs = true;
    } else if (!is_printable(rune.code)) {
      special = true;
    }
    last_break = is_break(rune.code);
    if (last_break) {
      shape.several_lines = true;
      first_break = first_break || at == 0;
      space_break = space_break || after_space;
    } else if (rune.code == ' ') {
      break_space = break_space || after_break;
    }
    after_space = rune.code == ' ';
    after_break = last_break;
    after_blank = rune.code == ' ' || rune.code == '\t' || last_break || rune.code == 0;
    at += rune.width;
  }
  const bool edge_space = text.front() == ' ' || text.back() == ' ';
  if (edge_space || first_break || last_break || shape.several_lines) shape.plain = false;
  if (text.back() == ' ') shape.block = false;
  if (break_space) shape.plain = shape.single_quoted = false;
  if (space_break || tabs || special) shape.plain = shape.single_quoted = false;
  if (space_break || special) shape.block = false;
  return shape;
}

class PrettyWriter {
 public:
  explicit PrettyWriter(std::string& out) : out_(out) {}

  // A value in the column after what was written; a collection's lines stand at `indent`.
  // `on_line` is true right behind "- ", where a collection begins on the same line.
  bool write(const Datum& datum, int indent, bool on_line, std::size_t depth) {
    if (depth > base::limits::value_depth_max)
      throw FunctionError{"a value to write as YAML nests too deeply", Code::limit};
    if (datum.is_map() && datum.size() > 0) return write_map(datum, indent, on_line, depth);
    if (datum.is_slice() && datum.size() > 0) return write_list(datum, indent, on_line, depth);
    if (datum.kind() == Kind::pointer || datum.kind() == Kind::struct_)
      return write_object(datum, indent, on_line, depth);
    if (behind_key_) out_ += ' ';
    behind_key_ = false;
    return write_scalar(datum, indent);
  }

  void end_line() {
    if (!out_.empty() && out_.back() != '\n') out_ += '\n';
  }

 private:
  void start_line(int indent, bool& on_line) {
    if (!on_line) {
      end_line();
      out_.append(static_cast<std::size_t>(indent), ' ');
    }
    on_line = false;
    behind_key_ = false;
  }

  bool write_map(const Datum& datum, int indent, bool on_line, std::size_t depth) {
    std::vector<const MapEntry*> entries;
    for (const MapEntry& entry : datum.entries()) entries.push_back(&entry);
    std::stable_sort(entries.begin(), entries.end(), [](const MapEntry* a, const MapEntry* b) {
      return value::yaml_key_less(a->name(), b->name());
    });
    for (const MapEntry* entry : entries) {
      start_line(indent, on_line);
      const std::string_view key = entry->name();
      const bool simple = key.size() <= simple_key_bytes_max && !analyze(key).several_lines;
      if (simple) {
        write_text(key, 0);
      } else {
        out_ += "? ";
        write_text(key, indent);
        end_line();
        out_.append(static_cast<std::size_t>(indent), ' ');
      }
      out_ += ':';
      behind_key_ = true;
      if (!write(entry->value, indent + 2, false, depth + 1)) return false;
    }
    return true;
  }

  bool write_list(const Datum& datum, int indent, bool on_line, std::size_t depth) {
    bool fine = true;
    for_each_item(datum, [&](const Datum& item) {
      if (!fine) return;
      start_line(indent, on_line);
      out_ += "- ";
      fine = write(item, indent + 2, true, depth + 1);
    });
    return fine;
  }

  // Structs by their fields in lower case; what has a text form by that.
  bool write_object(const Datum& datum, int indent, bool on_line, std::size_t depth) {
    if (datum.is_nil()) return write(Datum::nil(), indent, on_line, depth);
    if (datum.type() == &instant_type) {
      if (behind_key_) out_ += ' ';
      behind_key_ = false;
      out_ += format_instant(instant_in(datum), rfc3339_nano);
      return true;
    }
    const Object& object = datum.as_object();
    auto document = object.json();
    if (document.ok() && document->is_string())
      return write(Datum::string(document->as_string()), indent, on_line, depth);
    Datum fields = Datum::map();
    const auto names = object.field_names();
    for (std::size_t i = 0; i < names.size(); ++i) {
      std::string name(names[i]);
      for (char& c : name)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
      fields.set(name, object.field(i));
    }
    return write(fields, indent, on_line, depth);
  }

  bool write_scalar(const Datum& datum, int indent) {
    switch (datum.kind()) {
      case Kind::invalid:
      case Kind::interface: out_ += "null"; return true;
      case Kind::map: out_ += "{}"; return true;
      case Kind::slice:
      case Kind::array: out_ += "[]"; return true;
      case Kind::float32:
      case Kind::float64: write_float(datum); return true;
      case Kind::string: write_text(datum.as_string(), indent); return true;
      case Kind::func:
      case Kind::complex128: return false;
      default: append_text(out_, datum); return true;
    }
  }

  void write_float(const Datum& datum) {
    const double number = datum.as_float();
    if (std::isnan(number)) {
      out_ += ".nan";
    } else if (std::isinf(number)) {
      out_ += number > 0 ? ".inf" : "-.inf";
    } else {
      append_float(out_, number, 'g', -1, bits_of(datum.kind()));
    }
  }

  // `indent` is where the lines of a block would stand; 0 for keys.
  void write_text(std::string_view text, int indent) {
    if (!value::valid_utf8(text)) {
      out_ += "!!binary ";
      out_ += base::base64_encode(text);
      return;
    }
    const Shape shape = analyze(text);
    if (text.find('\n') != std::string_view::npos) {
      if (shape.block && indent > 0) return write_block(text, indent);
      return write_double_quoted(text);
    }
    if (value::needs_quotes(text)) return write_double_quoted(text);
    if (shape.plain) {
      out_ += text;
    } else if (shape.single_quoted) {
      write_single_quoted(text, indent);
    } else {
      write_double_quoted(text);
    }
  }

  // Of breaks only U+2028 and U+2029 get here; the text behind them is indented.
  void write_single_quoted(std::string_view text, int indent) {
    out_ += '\'';
    bool behind_break = false;
    for (std::size_t at = 0; at < text.size();) {
      const value::Rune rune = value::decode_rune(text, at);
      const bool breaks = is_break(rune.code);
      if (behind_break && !breaks) out_.append(static_cast<std::size_t>(indent), ' ');
      behind_break = breaks;
      if (rune.code == '\'') out_ += '\'';
      out_ += text.substr(at, rune.width);
      at += rune.width;
    }
    out_ += '\'';
  }

  void write_double_quoted(std::string_view text) {
    out_ += '"';
    for (std::size_t at = 0; at < text.size();) {
      const value::Rune rune = value::decode_rune(text, at);
      if (!is_printable(rune.code) || is_break(rune.code) || rune.code == '"' ||
          rune.code == '\\') {
        write_escape(rune.code);
      } else {
        out_ += text.substr(at, rune.width);
      }
      at += rune.width;
    }
    out_ += '"';
  }

  void write_escape(std::uint32_t rune) {
    struct Short {
      std::uint32_t rune;
      char letter;
    };
    static constexpr Short shorts[] = {{0, '0'},    {7, 'a'},      {8, 'b'},     {9, 't'},
                                       {10, 'n'},   {11, 'v'},     {12, 'f'},    {13, 'r'},
                                       {27, 'e'},   {'"', '"'},    {'\\', '\\'}, {0x85, 'N'},
                                       {0xA0, '_'}, {0x2028, 'L'}, {0x2029, 'P'}};
    out_ += '\\';
    for (const Short& known : shorts) {
      if (known.rune != rune) continue;
      out_ += known.letter;
      return;
    }
    const int width = rune <= 0xFF ? 2 : rune <= 0xFFFF ? 4 : 8;
    out_ += width == 2 ? 'x' : width == 4 ? 'u' : 'U';
    for (int shift = (width - 1) * 4; shift >= 0; shift -= 4)
      out_ += "0123456789ABCDEF"[(rune >> shift) & 15];
  }

  void write_block(std::string_view text, int indent) {
    out_ += '|';
    if (text.front() == ' ' || text.front() == '\n') out_ += '2';
    if (text.back() != '\n') {
      out_ += '-';
    } else if (text.size() == 1 || text[text.size() - 2] == '\n') {
      out_ += '+';
    }
    out_ += '\n';
    while (!text.empty()) {
      const std::size_t end = std::min(text.find('\n'), text.size());
      if (end > 0) out_.append(static_cast<std::size_t>(indent), ' ');
      out_ += text.substr(0, end);
      if (end < text.size() || end > 0) out_ += '\n';
      text.remove_prefix(std::min(end + 1, text.size()));
    }
  }

  std::string& out_;
  bool behind_key_ = false;
};

}  // namespace

bool write_pretty_yaml(std::string& out, const Datum& datum) {
  PrettyWriter writer(out);
  const bool top_text = datum.is_string();
  if (!writer.write(datum, top_text ? 2 : 0, true, 0)) return false;
  writer.end_line();
  return true;
}

}  // namespace weir::tmpl
