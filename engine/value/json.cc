#include "engine/value/json.hh"

#include <simdjson.h>

#include <cstring>

#include "engine/base/limits.hh"
#include "engine/value/json_library.hh"
#include "engine/value/key_cache.hh"
#include "engine/value/number_text.hh"
#include "engine/value/utf8.hh"

namespace weir::value {

namespace {

namespace ondemand = simdjson::ondemand;
namespace limits = base::limits;

std::string_view trim_token(std::string_view token) {
  while (!token.empty() && (token.back() == ' ' || token.back() == '\n' || token.back() == '\t' ||
                            token.back() == '\r' || token.back() == '\0'))
    token.remove_suffix(1);
  return token;
}

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

// Walks the document once; the first problem stops everything.
class JsonReader {
 public:
  JsonReader(ondemand::document& document, std::string_view text)
      : document_(document), text_(text) {}

  bool read_document(Value& out) {
    const auto type = document_.type();
    if (type.error()) return fail(type.error());
    if (type.value_unsafe() == ondemand::json_type::array ||
        type.value_unsafe() == ondemand::json_type::object) {
      auto root = document_.get_value();
      if (root.error()) return fail(root.error());
      if (!read(root.value_unsafe(), out, 1)) return false;
      // There is a location as long as something is left.
      if (!document_.current_location().error())
        return fail_text("unexpected text after the document");
      return true;
    }
    const auto token = document_.raw_json_token();
    if (token.error()) return fail(token.error());
    const std::string_view scalar = trim_token(token.value_unsafe());
    if (scalar.data() + scalar.size() < text_.data() + trim_token(text_).size())
      return fail_text("unexpected text after the document");
    return read_scalar(scalar, out);
  }

  const std::string& problem() const { return problem_; }
  bool over_limit() const { return over_limit_; }

 private:
  bool fail(simdjson::error_code code) { return fail_text(json_error_text(code)); }
  bool fail_text(std::string_view text) {
    if (problem_.empty()) problem_ = text;
    return false;
  }
  bool fail_limit(std::string_view text) {
    over_limit_ = true;
    return fail_text(text);
  }

  bool read(ondemand::value item, Value& out, std::size_t depth) {
    if (++nodes_ > limits::value_nodes_max)
      return fail_limit("too many values in one document (value_nodes_max)");
    const std::string_view token = item.raw_json_token();
    if (token[0] == '{') return read_object(item, out, depth);
    if (token[0] == '[') return read_array(item, out, depth);
    // The iterator moves past what it was not asked to convert, but does not look what comes
    // behind it.
    const char* const next = token.data() + token.size();
    if (next < text_.data() + text_.size() && *next != ',' && *next != ']' && *next != '}')
      return fail_text("unexpected character after a value");
    return read_scalar(trim_token(token), out);
  }

  bool read_object(ondemand::value& item, Value& out, std::size_t depth) {
    if (depth > limits::value_depth_max) return fail_limit("nested too deeply (value_depth_max)");
    auto object = item.get_object();
    if (object.error()) return fail(object.error());
    out = Value::object();
    for (auto member : object.value_unsafe()) {
      if (member.error()) return fail(member.error());
      auto field = std::move(member).value_unsafe();
      const char* const raw = field.key().raw();
      Value key, child;
      const auto left = static_cast<std::size_t>(text_.data() + text_.size() - raw);
      if (!read_string(std::string_view(raw, left), key, true)) return false;
      if (!read(field.value(), child, depth + 1)) return false;
      if (Value* earlier = out.find_mut(key.as_string())) {
        *earlier = std::move(child);
      } else {
        out.append_member(std::move(key), std::move(child));
      }
    }
    return true;
  }

  bool read_array(ondemand::value& item, Value& out, std::size_t depth) {
    if (depth > limits::value_depth_max) return fail_limit("nested too deeply (value_depth_max)");
    auto array = item.get_array();
    if (array.error()) return fail(array.error());
    out = Value::array();
    for (auto element : array.value_unsafe()) {
      if (element.error()) return fail(element.error());
      Value child;
      if (!read(std::move(element).value_unsafe(), child, depth + 1)) return false;
      out.push_back(std::move(child));
    }
    return true;
  }

  bool read_scalar(std::string_view token, Value& out) {
    if (token.empty()) return fail_text("unexpected end of input");
    switch (token[0]) {
      case '"': return read_string(token.substr(1), out);
      case 't':
        out = true;
        return token == "true" || fail_text("invalid literal, expected true");
      case 'f':
        out = false;
        return token == "false" || fail_text("invalid literal, expected false");
      case 'n':
        out = Value();
        return token == "null" || fail_text("invalid literal, expected null");
      default: break;
    }
    auto number = parse_json_number(token);
    if (!number) return fail_text("invalid number or unexpected character");
    out = std::move(*number);
    return true;
  }

  // `text` begins after the opening quote; the end of the string is found here.
  bool read_string(std::string_view text, Value& out, bool key = false) {
    const void* quote = std::memchr(text.data(), '"', text.size());
    if (quote == nullptr) return fail_text("unclosed string");
    const auto length = static_cast<std::size_t>(static_cast<const char*>(quote) - text.data());
    const void* slash = std::memchr(text.data(), '\\', length);
    if (slash == nullptr) {
      out = key ? keys_.get(text.substr(0, length)) : Value(text.substr(0, length));
      return true;
    }
    scratch_.clear();
    for (std::size_t at = 0; at < text.size();) {
      if (text[at] == '"') {
        out = Value(std::string_view(scratch_));
        return true;
      }
      if (text[at] != '\\') {
        scratch_ += text[at++];
      } else if (!append_escape(scratch_, text, at)) {
        return fail_text("invalid escape in a string");
      }
    }
    return fail_text("unclosed string");
  }

  ondemand::document& document_;
  std::string_view text_;
  KeyCache keys_;
  std::string scratch_;
  std::string problem_;
  std::size_t nodes_ = 0;
  bool over_limit_ = false;
};

Error json_error(Code code, std::size_t offset, std::string_view problem) {
  std::string text = "invalid JSON at byte ";
  text += std::to_string(offset);
  text.append(": ").append(problem);
  return make_error(code, std::move(text));
}

Result<Value> parse_padded(const simdjson::padded_string& text) {
  thread_local ondemand::parser parser;
  auto document = parser.iterate(text);
  if (document.error()) {
    const auto code = document.error();
    if (code == simdjson::UTF8_ERROR)
      return parse_padded(simdjson::padded_string(replace_invalid_utf8(text)));
    return json_error(Code::invalid, code == simdjson::EMPTY ? text.size() : 0,
                      json_error_text(code));
  }
  Value root;
  JsonReader reader(document.value_unsafe(), text);
  if (reader.read_document(root)) return root;
  std::size_t offset = text.size();
  const auto location = document.value_unsafe().current_location();
  if (!location.error()) {
    offset = static_cast<std::size_t>(location.value_unsafe() - text.data());
  }
  return json_error(reader.over_limit() ? Code::limit : Code::invalid,
                    std::min(offset, text.size()), reader.problem());
}

}  // namespace

Result<Value> parse_json(std::string_view text) {
  if (text.size() > limits::json_bytes_max)
    return make_error(Code::limit, "JSON document larger than " +
                                       std::to_string(limits::json_bytes_max) + " bytes");
  return parse_padded(simdjson::padded_string(text));
}

}  // namespace weir::value
