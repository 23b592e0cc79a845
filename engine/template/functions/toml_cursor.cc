#include "engine/template/functions/toml_cursor.hh"

#include <utility>

#include "engine/template/functions/toml_runes.hh"
#include "engine/value/utf8.hh"

namespace weir::tmpl {

using namespace toml;

void TomlCursor::complain(std::size_t line, std::string what) {
  throw TomlProblem{line, std::move(what)};
}

void TomlCursor::complain(std::string what) const {
  const bool ended = ended_ && at_ > 0 && text_[at_ - 1] == '\n';
  complain(ended ? line_ - 1 : line_, std::move(what));
}

void TomlCursor::complain_before(std::string what) const {
  complain(line_ - 1, std::move(what));
}

void TomlCursor::check_start() {
  if (text_.starts_with("\xFF\xFE") || text_.starts_with("\xFE\xFF")) text_.remove_prefix(2);
  if (text_.starts_with("\xEF\xBB\xBF")) text_.remove_prefix(3);
  if (text_.substr(0, 6).find('\0') != std::string_view::npos)
    complain(1,
             "files cannot contain NULL bytes; probably using UTF-16; TOML files must be "
             "UTF-8");
}

std::uint32_t TomlCursor::next() {
  if (at_ >= text_.size()) {
    ended_ = true;
    width_ = 0;
    return at_end;
  }
  if (text_[at_] == '\n') ++line_;
  const value::Rune rune = value::decode_rune(text_, at_);
  if (!rune.valid) complain("invalid UTF-8 byte: 0x" + hex(text_[at_]));
  const bool lone_return = rune.code == '\r' && text_.substr(at_, 2) != "\r\n";
  const bool control =
      (rune.code < ' ' && !is_space(rune.code) && !is_line_end(rune.code)) || rune.code == 0x7F;
  if (control || lone_return)
    complain("TOML files cannot contain control characters: '0x" + hex(text_[at_]) + "'");
  width_ = rune.width;
  at_ += width_;
  return rune.code;
}

void TomlCursor::back() {
  ended_ = false;
  at_ -= width_;
  if (width_ > 0 && text_[at_] == '\n') --line_;
  width_ = 0;
}

std::uint32_t TomlCursor::peek() {
  const std::uint32_t rune = next();
  back();
  return rune;
}

bool TomlCursor::accept(std::uint32_t wanted) {
  if (next() == wanted) return true;
  back();
  return false;
}

std::string TomlCursor::hex(char c) {
  static constexpr char digits[] = "0123456789abcdef";
  const auto byte = static_cast<unsigned char>(c);
  return {digits[byte >> 4], digits[byte & 15]};
}

}  // namespace weir::tmpl
