// The reader is our own: simdjson would be the one shared library that every run of the program has
// to load, which takes longer than rendering a small chart. tests/fuzz/json_reader holds it against
// simdjson.
#include "engine/value/json.hh"

#include <bit>
#include <cstdint>
#include <cstring>

#include "engine/base/limits.hh"
#include "engine/value/key_cache.hh"
#include "engine/value/number_text.hh"
#include "engine/value/utf8.hh"

namespace weir::value {

namespace {

namespace limits = base::limits;

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// Four hex digits at `at`, or -1.
int hex_unit(std::string_view text, std::size_t at) {
  if (at + 4 > text.size()) return -1;
  int unit = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    const int digit = hex_digit(text[at + i]);
    if (digit < 0) return -1;
    unit = unit * 16 + digit;
  }
  return unit;
}

// Appends the escape at text[at] == '\\' and moves past it; a lone surrogate becomes U+FFFD, as
// in Go.
bool append_escape(std::string& out, std::string_view text, std::size_t& at) {
  static constexpr std::string_view names = "\"\\/bfnrt", meanings = "\"\\/\b\f\n\r\t";
  if (at + 1 >= text.size()) return false;
  const char kind = text[at + 1];
  if (kind != 'u') {
    const std::size_t index = names.find(kind);
    if (index == std::string_view::npos) return false;
    out += meanings[index];
    at += 2;
    return true;
  }
  const int unit = hex_unit(text, at + 2);
  if (unit < 0) return false;
  at += 6;
  if (unit >= 0xD800 && unit < 0xDC00 && at + 1 < text.size() && text[at] == '\\' &&
      text[at + 1] == 'u') {
    const int low = hex_unit(text, at + 2);
    if (low >= 0xDC00 && low < 0xE000) {
      append_utf8(out, 0x10000u + ((static_cast<std::uint32_t>(unit) - 0xD800u) << 10) +
                           (static_cast<std::uint32_t>(low) - 0xDC00u));
      at += 6;
      return true;
    }
  }
  append_utf8(out, static_cast<std::uint32_t>(unit));
  return true;
}

// Eight bytes at once: a bit for each that is below a space, a quote or a backslash. Behind the
// first of them bits may be wrong.
std::uint64_t ends_of_plain(std::uint64_t block) {
  constexpr std::uint64_t ones = 0x0101010101010101ull, tops = 0x8080808080808080ull;
  const std::uint64_t quote = block ^ (ones * '"'), slash = block ^ (ones * '\\');
  return (((block - ones * 0x20) & ~block) | ((quote - ones) & ~quote) |
          ((slash - ones) & ~slash)) &
         tops;
}

// What a string has up to its end, an escape or a byte that must be escaped.
struct PlainPart {
  std::size_t length = 0;
  bool ascii = true;
};

PlainPart plain_part(std::string_view text) {
  PlainPart part;
  if constexpr (std::endian::native == std::endian::little) {
    for (; part.length + 8 <= text.size(); part.length += 8) {
      std::uint64_t block;
      std::memcpy(&block, text.data() + part.length, 8);
      if ((block & 0x8080808080808080ull) != 0) part.ascii = false;
      if (const std::uint64_t ends = ends_of_plain(block)) {
        part.length += static_cast<std::size_t>(std::countr_zero(ends)) / 8;
        return part;
      }
    }
  }
  for (; part.length < text.size(); ++part.length) {
    const auto byte = static_cast<unsigned char>(text[part.length]);
    if (byte < 0x20 || byte == '"' || byte == '\\') break;
    if (byte >= 0x80) part.ascii = false;
  }
  return part;
}

// Walks the document once; the first problem stops everything.
class JsonReader {
 public:
  explicit JsonReader(std::string_view text) : text_(text) {}

  bool read_document(Value& out) {
    skip_blanks();
    if (!read(out, 1)) return false;
    skip_blanks();
    return at_ == text_.size() || fail("unexpected text after the document");
  }

  const std::string& problem() const { return problem_; }
  std::size_t offset() const { return at_; }
  bool over_limit() const { return over_limit_; }

 private:
  bool fail(std::string_view text) {
    problem_ = at_ < text_.size() ? text : "unexpected end of input";
    return false;
  }
  bool fail_limit(std::string_view text) {
    over_limit_ = true;
    problem_ = text;
    return false;
  }

  // The byte at hand; NUL at the end, which is valid nowhere.
  char next() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  void skip_blanks() {
    while (next() == ' ' || next() == '\n' || next() == '\t' || next() == '\r') ++at_;
  }
  bool take(char wanted) {
    if (next() != wanted) return false;
    ++at_;
    return true;
  }

  bool read(Value& out, std::size_t depth) {
    if (++nodes_ > limits::value_nodes_max)
      return fail_limit("too many values in one document (value_nodes_max)");
    switch (next()) {
      case '{': return read_object(out, depth);
      case '[': return read_array(out, depth);
      case '"': return read_string(out);
      case 't': return read_word("true", Value(true), out);
      case 'f': return read_word("false", Value(false), out);
      case 'n': return read_word("null", Value(), out);
      default: return read_number(out);
    }
  }

  bool read_object(Value& out, std::size_t depth) {
    if (depth > limits::value_depth_max) return fail_limit("nested too deeply (value_depth_max)");
    ++at_;
    out = Value::object();
    skip_blanks();
    if (take('}')) return true;
    while (true) {
      Value key, child;
      if (next() != '"') return fail("expected a key in quotes");
      if (!read_string(key, true)) return false;
      skip_blanks();
      if (!take(':')) return fail("expected ':' behind a key");
      skip_blanks();
      if (!read(child, depth + 1)) return false;
      if (Value* earlier = out.find_mut(key.as_string())) {
        *earlier = std::move(child);
      } else {
        out.append_member(std::move(key), std::move(child));
      }
      skip_blanks();
      if (take('}')) return true;
      if (!take(',')) return fail("expected ',' or '}' behind a member");
      skip_blanks();
    }
  }

  bool read_array(Value& out, std::size_t depth) {
    if (depth > limits::value_depth_max) return fail_limit("nested too deeply (value_depth_max)");
    ++at_;
    out = Value::array();
    skip_blanks();
    if (take(']')) return true;
    while (true) {
      Value child;
      if (!read(child, depth + 1)) return false;
      out.push_back(std::move(child));
      skip_blanks();
      if (take(']')) return true;
      if (!take(',')) return fail("expected ',' or ']' behind an item");
      skip_blanks();
    }
  }

  bool read_word(std::string_view word, Value value, Value& out) {
    if (!text_.substr(at_).starts_with(word))
      return fail("invalid literal, expected " + std::string(word));
    at_ += word.size();
    out = std::move(value);
    return true;
  }

  bool read_number(Value& out) {
    const std::size_t end =
        std::min(text_.find_first_not_of("0123456789+-.eE", at_), text_.size());
    auto number = parse_json_number(text_.substr(at_, end - at_));
    if (!number) return fail("invalid number or unexpected character");
    at_ = end;
    out = std::move(*number);
    return true;
  }

  // Begins at the opening quote.
  bool read_string(Value& out, bool key = false) {
    ++at_;
    const PlainPart plain = plain_part(text_.substr(at_));
    const std::string_view all = text_.substr(at_, plain.length);
    if (plain.ascii && at_ + plain.length < text_.size() && text_[at_ + plain.length] == '"') {
      out = key ? keys_.get(all) : Value(all);
      at_ += plain.length + 1;
      return true;
    }
    scratch_.clear();
    while (true) {
      const PlainPart part = plain_part(text_.substr(at_));
      append_plain(text_.substr(at_, part.length), part.ascii);
      at_ += part.length;
      if (next() == '"') break;
      if (next() != '\\') return fail("control character in a string");
      if (!append_escape(scratch_, text_, at_)) return fail("invalid escape in a string");
    }
    ++at_;
    out = key ? keys_.get(scratch_) : Value(std::string_view(scratch_));
    return true;
  }

  void append_plain(std::string_view part, bool ascii) {
    if (ascii || valid_utf8(part)) {
      scratch_ += part;
    } else {
      scratch_ += replace_invalid_utf8(part);
    }
  }

  std::string_view text_;
  std::size_t at_ = 0;
  KeyCache keys_;
  std::string scratch_;
  std::string problem_;
  std::size_t nodes_ = 0;
  bool over_limit_ = false;
};

}  // namespace

Result<Value> parse_json(std::string_view text) {
  if (text.size() > limits::json_bytes_max)
    return make_error(Code::limit, "JSON document larger than " +
                                       std::to_string(limits::json_bytes_max) + " bytes");
  Value root;
  JsonReader reader(text);
  if (reader.read_document(root)) return root;
  std::string problem = "invalid JSON at byte ";
  problem += std::to_string(reader.offset());
  problem.append(": ").append(reader.problem());
  return make_error(reader.over_limit() ? Code::limit : Code::invalid, std::move(problem));
}

}  // namespace weir::value
