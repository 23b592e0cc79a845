#include <algorithm>
#include <vector>

#include "engine/value/json.hh"
#include "engine/value/number_text.hh"
#include "engine/value/utf8.hh"

namespace weir::value {

namespace {

constexpr char hex_digits[] = "0123456789abcdef";

class JsonWriter {
 public:
  JsonWriter(std::string& out, const JsonStyle& style) : out_(out), style_(style) {
    for (std::size_t byte = 0; byte < 256; ++byte) plain_[byte] = byte >= 0x20 && byte < 0x80;
    plain_['"'] = plain_['\\'] = false;
    if (style.escape_html) plain_['<'] = plain_['>'] = plain_['&'] = false;
  }

  void write(const Value& value, int level) {
    switch (value.kind()) {
      case Kind::null: out_ += "null"; return;
      case Kind::boolean: out_ += value.as_bool() ? "true" : "false"; return;
      case Kind::integer: out_ += std::to_string(value.as_int()); return;
      case Kind::unsigned_integer: out_ += std::to_string(value.as_uint()); return;
      case Kind::floating: append_json_float(out_, value.as_double()); return;
      case Kind::string: write_string(value.as_string()); return;
      case Kind::array: write_array(value, level); return;
      case Kind::object: write_object(value, level); return;
    }
  }

 private:
  void new_line(int level) {
    if (style_.indent == 0) return;
    out_ += '\n';
    out_.append(static_cast<std::size_t>(level) * static_cast<std::size_t>(style_.indent), ' ');
  }

  void write_array(const Value& value, int level) {
    out_ += '[';
    bool first = true;
    for (const Value& item : value.items()) {
      if (!first) out_ += ',';
      first = false;
      new_line(level + 1);
      write(item, level + 1);
    }
    if (!first) new_line(level);
    out_ += ']';
  }

  void write_object(const Value& value, int level) {
    out_ += '{';
    const auto members = value.members();
    const auto by_name = [](const Member& a, const Member& b) { return a.name() < b.name(); };
    if (!style_.sort_keys || std::is_sorted(members.begin(), members.end(), by_name)) {
      bool first = true;
      for (const Member& member : members) write_member(member, level, first);
      if (!first) new_line(level);
    } else {
      std::vector<const Member*> sorted;
      sorted.reserve(members.size());
      for (const Member& member : members) sorted.push_back(&member);
      std::sort(sorted.begin(), sorted.end(),
                [&](const Member* a, const Member* b) { return by_name(*a, *b); });
      bool first = true;
      for (const Member* member : sorted) write_member(*member, level, first);
      new_line(level);
    }
    out_ += '}';
  }

  void write_member(const Member& member, int level, bool& first) {
    if (!first) out_ += ',';
    first = false;
    new_line(level + 1);
    write_string(member.name());
    out_ += style_.indent == 0 ? ":" : ": ";
    write(member.value, level + 1);
  }

  void write_string(std::string_view text) {
    out_ += '"';
    std::size_t from = 0;
    for (std::size_t at = 0; at < text.size();) {
      const auto byte = static_cast<unsigned char>(text[at]);
      if (plain_[byte]) {
        ++at;
        continue;
      }
      if (byte >= 0x80) {
        const Rune rune = decode_rune(text, at);
        if (rune.valid && rune.code != 0x2028 && rune.code != 0x2029) {
          at += rune.width;
          continue;
        }
        out_.append(text.substr(from, at - from));
        out_ += !rune.valid ? "\\ufffd" : rune.code == 0x2028 ? "\\u2028" : "\\u2029";
        at += rune.width;
      } else {
        out_.append(text.substr(from, at - from));
        write_escape(byte);
        ++at;
      }
      from = at;
    }
    out_.append(text.substr(from));
    out_ += '"';
  }

  void write_escape(unsigned char byte) {
    out_ += '\\';
    switch (byte) {
      case '"': out_ += '"'; return;
      case '\\': out_ += '\\'; return;
      case '\b': out_ += 'b'; return;
      case '\f': out_ += 'f'; return;
      case '\n': out_ += 'n'; return;
      case '\r': out_ += 'r'; return;
      case '\t': out_ += 't'; return;
      default: break;
    }
    out_ += "u00";
    out_ += hex_digits[byte >> 4];
    out_ += hex_digits[byte & 15];
  }

  std::string& out_;
  const JsonStyle& style_;
  bool plain_[256];
};

}  // namespace

void append_json(std::string& out, const Value& value, const JsonStyle& style) {
  JsonWriter(out, style).write(value, 0);
}

std::string write_json(const Value& value, const JsonStyle& style) {
  std::string out;
  append_json(out, value, style);
  return out;
}

}  // namespace weir::value
