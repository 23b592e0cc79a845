#include "engine/template/functions/json_syntax.hh"

#include <vector>

#include "engine/base/limits.hh"
#include "engine/template/format.hh"
#include "engine/template/functions/support.hh"
#include "engine/value/number_text.hh"
#include "engine/value/utf8.hh"

namespace weir::tmpl {

namespace {

// Reads a document and keeps the first complaint. Every function is false once there is one.
class JsonChecker {
 public:
  explicit JsonChecker(std::string_view text) : text_(text) {}

  std::string check() {
    if (read_value(0)) {
      skip_space();
      if (at_ < text_.size()) complain("after top-level value");
    }
    return problem_.empty() && !large_.empty() ? too_large(large_.front()) : problem_;
  }

  // After check().
  std::optional<std::string> without_large() const {
    if (!problem_.empty() || large_.empty()) return std::nullopt;
    std::string out;
    std::size_t from = 0;
    for (const std::string_view number : large_) {
      const auto at = static_cast<std::size_t>(number.data() - text_.data());
      out.append(text_.substr(from, at - from)).append("null");
      from = at + number.size();
    }
    out.append(text_.substr(from));
    return out;
  }

 private:
  bool complain(std::string_view context) {
    if (!problem_.empty()) return false;
    // At the end Go tries a space, which is wrong within words, numbers and escapes.
    if (at_ >= text_.size()) {
      const bool within = context.starts_with("in ") || context.starts_with("after decimal");
      problem_ =
          within ? joined({"invalid character ' ' ", context}) : "unexpected end of JSON input";
      return false;
    }
    problem_ = joined({"invalid character ", quoted_byte(text_[at_]), " ", context});
    return false;
  }

  static std::string quoted_byte(char c) {
    if (c == '\'') return R"('\'')";
    if (c == '"') return R"('"')";
    std::string rune, text;
    value::append_utf8(rune, static_cast<unsigned char>(c));
    append_quoted(text, rune);
    return joined({"'", std::string_view(text).substr(1, text.size() - 2), "'"});
  }

  static std::string too_large(std::string_view number) {
    return joined({"json: cannot unmarshal number ", number, " into Go value of type float64"});
  }

  bool is(char c) const { return at_ < text_.size() && text_[at_] == c; }
  bool is_digit() const { return at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9'; }

  void skip_space() {
    while (is(' ') || is('\t') || is('\r') || is('\n')) ++at_;
  }

  bool read_value(std::size_t depth) {
    if (depth > base::limits::value_depth_max) {
      problem_ = "exceeded max depth";
      return false;
    }
    skip_space();
    if (at_ >= text_.size()) return complain("");
    switch (text_[at_]) {
      case '{': return read_object(depth);
      case '[': return read_array(depth);
      case '"': return read_string();
      case 't': return read_word("true");
      case 'f': return read_word("false");
      case 'n': return read_word("null");
      case '-': break;
      default:
        if (!is_digit()) return complain("looking for beginning of value");
    }
    return read_number();
  }

  bool read_object(std::size_t depth) {
    ++at_;
    skip_space();
    if (is('}')) {
      ++at_;
      return true;
    }
    while (true) {
      skip_space();
      if (!is('"')) return complain("looking for beginning of object key string");
      if (!read_string()) return false;
      skip_space();
      if (!is(':')) return complain("after object key");
      ++at_;
      if (!read_value(depth + 1)) return false;
      skip_space();
      if (is('}')) break;
      if (!is(',')) return complain("after object key:value pair");
      ++at_;
    }
    ++at_;
    return true;
  }

  bool read_array(std::size_t depth) {
    ++at_;
    skip_space();
    if (is(']')) {
      ++at_;
      return true;
    }
    while (true) {
      if (!read_value(depth + 1)) return false;
      skip_space();
      if (is(']')) break;
      if (!is(',')) return complain("after array element");
      ++at_;
    }
    ++at_;
    return true;
  }

  bool read_string() {
    for (++at_; at_ < text_.size(); ++at_) {
      if (text_[at_] == '"') {
        ++at_;
        return true;
      }
      if (static_cast<unsigned char>(text_[at_]) < ' ') return complain("in string literal");
      if (text_[at_] != '\\') continue;
      ++at_;
      if (is('u')) {
        for (int i = 0; i < 4; ++i) {
          ++at_;
          const std::string_view digit = text_.substr(std::min(at_, text_.size()), 1);
          if (digit.find_first_of("0123456789abcdefABCDEF") == std::string_view::npos)
            return complain("in \\u hexadecimal character escape");
        }
      } else if (at_ >= text_.size() ||
                 std::string_view("bfnrt\\/\"").find(text_[at_]) == std::string_view::npos) {
        return complain("in string escape code");
      }
    }
    return complain("");
  }

  bool read_word(std::string_view word) {
    for (std::size_t i = 0; i < word.size(); ++i, ++at_) {
      if (is(word[i])) continue;
      return complain(joined({"in literal ", word, " (expecting '", word.substr(i, 1), "')"}));
    }
    return true;
  }

  bool read_number() {
    const std::size_t from = at_;
    if (!read_digits()) return false;
    const std::string_view number = text_.substr(from, at_ - from);
    if (!value::parse_json_number(number)) large_.push_back(number);
    return true;
  }

  bool read_digits() {
    if (is('-')) {
      ++at_;
      if (!is_digit()) return complain("in numeric literal");
    }
    if (is('0')) {
      ++at_;
    } else {
      while (is_digit()) ++at_;
    }
    if (is('.')) {
      ++at_;
      if (!is_digit()) return complain("after decimal point in numeric literal");
      while (is_digit()) ++at_;
    }
    if (is('e') || is('E')) {
      ++at_;
      if (is('+') || is('-')) ++at_;
      if (!is_digit()) return complain("in exponent of numeric literal");
      while (is_digit()) ++at_;
    }
    return true;
  }

  const std::string_view text_;
  std::size_t at_ = 0;
  std::string problem_;
  std::vector<std::string_view> large_;  // numbers; of the first Go complains when all is read
};

}  // namespace

std::string json_syntax_error(std::string_view text) { return JsonChecker(text).check(); }

std::optional<std::string> without_large_numbers(std::string_view text) {
  JsonChecker checker(text);
  checker.check();
  return checker.without_large();
}

}  // namespace weir::tmpl
