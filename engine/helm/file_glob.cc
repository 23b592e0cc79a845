#include "engine/helm/file_glob.hh"

#include <re2/re2.h>

#include <optional>
#include <string>

namespace weir::helm {

struct FileGlob::Impl {
  re2::RE2 expression;
  std::size_t bytes;  // of every name that matches; 0 = any
  Impl(const std::string& text, std::size_t its_bytes)
      : expression(text, re2::RE2::Quiet), bytes(its_bytes) {}
};

namespace {

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
struct Shape {
  std::size_t characters = 0;  // that a name has, when it has as many always
  std::size_t singles = 0, classes = 0;
  bool fixed = true;

  // Helm's matcher takes such patterns for rows of bytes: a name with characters of several never
  // matches "[ab]/é", though it does "a/é" and "??".
  std::size_t bytes() const {
    const bool row = fixed && characters > 1 && singles < characters && singles + classes > 0;
    return row ? characters : 0;
  }
};

std::optional<std::string> to_expression(std::string_view text, Shape& shape) {
  std::string out = "(?s)";
  std::size_t braces = 0;
  while (!text.empty()) {
    const std::string_view character = take_character(text);
    const char c = character.front();
    ++shape.characters;
    if (c == '*') {
      const bool deep = text.starts_with('*');
      if (deep) text.remove_prefix(1);
      out += deep ? ".*" : "[^/]*";
      shape.fixed = false;
    } else if (c == '?') {
      out += "[^/]";
      ++shape.singles;
    } else if (c == '[') {
      const auto set = read_class(text);
      if (!set) return std::nullopt;
      out += *set;
      ++shape.classes;
    } else if (c == '{') {
      ++braces;
      out += "(?:";
      shape.fixed = false;
    } else if (c == '}' && braces > 0) {
      --braces;
      out += ")";
    } else if (c == ',' && braces > 0) {
      out += "|";
    } else if (c == '\\') {
      if (!text.empty()) append_literal(out, take_character(text));
    } else {
      append_literal(out, character);
    }
  }
  return out.append(braces, ')');
}

}  // namespace

FileGlob::FileGlob(std::string_view pattern) {
  Shape shape;
  const auto expression = to_expression(pattern, shape);
  if (!expression) return;
  impl_ = std::make_unique<Impl>(*expression, shape.bytes());
  if (!impl_->expression.ok()) impl_.reset();
}

FileGlob::~FileGlob() = default;

bool FileGlob::matches(std::string_view name) const {
  if (!impl_) return true;
  if (impl_->bytes != 0 && name.size() != impl_->bytes) return false;
  return re2::RE2::FullMatch(piece(name), impl_->expression);
}

}  // namespace weir::helm
