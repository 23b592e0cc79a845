#include "engine/helm/file_glob.hh"

#include <re2/re2.h>

#include <optional>
#include <string>
#include <utility>

namespace weir::helm {

struct FileGlob::Impl {
  re2::RE2 expression;
  explicit Impl(const std::string& text) : expression(text, re2::RE2::Quiet) {}
};

namespace {

constexpr const char* nothing = "[^\\x00-\\x{10FFFF}]";

re2::StringPiece piece(std::string_view text) { return {text.data(), text.size()}; }

// One character at the front of `text`: its bytes, taken off.
std::string_view take_character(std::string_view& text) {
  std::size_t width = 1;
  while (width < text.size() && (text[width] & 0xC0) == 0x80) ++width;
  const std::string_view character = text.substr(0, width);
  text.remove_prefix(width);
  return character;
}

void append_literal(std::string& out, std::string_view character) {
  out += re2::RE2::QuoteMeta(piece(character));
}

// What stands behind a '[', as a class: either one range or a list of characters, and nothing
// else. Nothing when it is neither.
std::optional<std::string> read_class(std::string_view& text) {
  std::string out = "[";
  if (text.starts_with('!')) {
    out += '^';
    text.remove_prefix(1);
  }
  if (text.empty()) return std::nullopt;
  std::string_view rest = text;
  const std::string_view low = take_character(rest);
  if (rest.starts_with('-')) {
    rest.remove_prefix(1);
    if (rest.empty()) return std::nullopt;
    append_literal(out, low);
    out += '-';
    append_literal(out, take_character(rest));
  } else {
    rest = text;
    bool any = false;
    while (!rest.empty() && rest.front() != ']') {
      if (rest.front() == '\\') rest.remove_prefix(1);
      if (rest.empty()) return std::nullopt;
      append_literal(out, take_character(rest));
      any = true;
    }
    if (!any) return std::nullopt;
  }
  if (!rest.starts_with(']')) return std::nullopt;
  rest.remove_prefix(1);
  text = rest;
  return out + "]";
}

// What a pattern is made of.
class Shape {
 public:
  void add_star() { fixed_ = false; }
  // '?', a class.
  void add_character() {
    end_text();
    varies_ = true;
  }
  void add_text(std::string_view character) { wide_ = character.size() > 1; }

  // Helm's matcher takes a pattern of a fixed length for a row of parts, and cuts a part of text
  // that ends in a character of several bytes off too early: "[ab]/é" matches nothing.
  bool never_matches() {
    end_text();
    return fixed_ && varies_ && cut_off_;
  }

 private:
  void end_text() { cut_off_ = cut_off_ || std::exchange(wide_, false); }

  bool fixed_ = true, varies_ = false, wide_ = false, cut_off_ = false;
};

std::optional<std::string> to_expression(std::string_view text) {
  Shape shape;
  std::string out = "(?s)";
  std::size_t braces = 0;
  while (!text.empty()) {
    const std::string_view character = take_character(text);
    const char c = character.front();
    if (c == '*') {
      const bool deep = text.starts_with('*');
      if (deep) text.remove_prefix(1);
      out += deep ? ".*" : "[^/]*";
      shape.add_star();
    } else if (c == '?') {
      out += "[^/]";
      shape.add_character();
    } else if (c == '[') {
      const auto set = read_class(text);
      if (!set) return std::nullopt;
      out += *set;
      shape.add_character();
    } else if (c == '{') {
      ++braces;
      out += "(?:";
      shape.add_star();
    } else if (c == '}' && braces > 0) {
      --braces;
      out += ")";
    } else if (c == ',' && braces > 0) {
      out += "|";
    } else if (c == '\\') {
      if (text.empty()) break;
      const std::string_view escaped = take_character(text);
      shape.add_text(escaped);
      append_literal(out, escaped);
    } else {
      shape.add_text(character);
      append_literal(out, character);
    }
  }
  if (shape.never_matches()) return nothing;
  return out.append(braces, ')');
}

}  // namespace

FileGlob::FileGlob(std::string_view pattern) {
  const auto expression = to_expression(pattern);
  if (!expression) return;
  impl_ = std::make_unique<Impl>(*expression);
  if (!impl_->expression.ok()) impl_.reset();
}

FileGlob::~FileGlob() = default;

bool FileGlob::matches(std::string_view name) const {
  return !impl_ || re2::RE2::FullMatch(piece(name), impl_->expression);
}

}  // namespace weir::helm
