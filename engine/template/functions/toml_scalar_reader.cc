#include "engine/template/functions/toml_scalar_reader.hh"

#include <utility>

#include "engine/template/functions/support.hh"
#include "engine/template/functions/toml_runes.hh"
#include "engine/template/functions/toml_scalars.hh"
#include "engine/template/quote.hh"
#include "engine/value/utf8.hh"

namespace weir::tmpl {

using namespace toml;

void TomlScalarReader::complain_line_break() const {
  complain_before("strings cannot contain newlines");
}

std::string TomlScalarReader::read_raw_string() {
  const std::size_t from = at_;
  while (true) {
    const std::uint32_t rune = next();
    if (rune == at_end) complain("unexpected EOF; expected \"'\"");
    if (is_line_end(rune)) complain_line_break();
    if (rune == '\'') return std::string(text_.substr(from, at_ - 1 - from));
  }
}

std::string TomlScalarReader::read_string() {
  std::string out;
  string_start_ = at_;
  while (true) {
    const std::uint32_t rune = next();
    if (rune == at_end) complain("unexpected EOF; expected '\"'");
    if (is_line_end(rune)) complain_line_break();
    if (rune == '"') return out;
    if (rune == '\\') {
      read_escape(out);
    } else {
      value::append_utf8(out, rune);
    }
  }
}

void TomlScalarReader::read_escape(std::string& out) {
  const std::uint32_t rune = next();
  switch (rune) {
    case 'b': out += '\b'; return;
    case 't': out += '\t'; return;
    case 'n': out += '\n'; return;
    case 'f': out += '\f'; return;
    case 'r': out += '\r'; return;
    case 'e': out += '\x1b'; return;
    case '"': out += '"'; return;
    case '\\': out += '\\'; return;
    case 'x': return read_code(out, 2, "two", 'x');
    case 'u': return read_code(out, 4, "four", 'u');
    case 'U': return read_code(out, 8, "eight", 'U');
    case ' ':
    case '\t': complain(joined({"invalid escape: '\\", rune == ' ' ? " " : "\t", "'"}));
    default: break;
  }
  std::string text;
  value::append_utf8(text, rune);
  complain(joined({"invalid escape in string '\\", text, "'"}));
}

void TomlScalarReader::read_code(std::string& out, int digits, std::string_view count,
                                 char letter) {
  const std::size_t from = at_;
  std::uint32_t code = 0;
  for (int i = 0; i < digits; ++i) {
    const std::uint32_t rune = next();
    if (!is_hex(rune))
      complain(joined({"expected ", count, " hexadecimal digits after '\\",
                       std::string_view(&letter, 1), "', but got ",
                       quoted(text_.substr(string_start_, at_ - string_start_)), " instead"}));
    code = code * 16 + (is_digit(rune) ? rune - '0' : (rune | 0x20) - 'a' + 10);
  }
  if (code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF))
    complain(joined(
        {"Escaped character '\\u", text_.substr(from, at_ - from), "' is not valid UTF-8."}));
  value::append_utf8(out, code);
}

void TomlScalarReader::skip_first_line_end() {
  if (text_.substr(at_).starts_with("\r\n")) next();
  if (text_.substr(at_).starts_with('\n')) next();
}

bool TomlScalarReader::at_long_end(std::uint32_t quote, std::string& out) {
  std::size_t count = 1;
  while (accept(quote)) ++count;
  if (count > 5)
    complain(joined({"unexpected ", quote == '"' ? "'\"\"\"\"\"\"'" : "\"''''''\""}));
  const std::size_t kept = count >= 3 ? count - 3 : count;
  out.append(kept, static_cast<char>(quote));
  return count >= 3;
}

std::string TomlScalarReader::read_long_raw_string() {
  skip_first_line_end();
  std::string out;
  while (true) {
    const std::uint32_t rune = next();
    if (rune == at_end) complain("unexpected EOF; expected \"'''\"");
    if (rune != '\'') {
      value::append_utf8(out, rune);
    } else if (at_long_end('\'', out)) {
      return out;
    }
  }
}

bool TomlScalarReader::skip_line_joint() {
  std::size_t end = at_;
  bool line_end = false;
  while (end < text_.size() && (is_space(static_cast<unsigned char>(text_[end])) ||
                                is_line_end(static_cast<unsigned char>(text_[end])))) {
    line_end = line_end || text_[end] == '\n';
    ++end;
  }
  if (!line_end) return false;
  while (at_ < end) next();
  return true;
}

std::string TomlScalarReader::read_long_string() {
  string_start_ = at_;
  skip_first_line_end();
  std::string out;
  while (true) {
    const std::uint32_t rune = next();
    if (rune == at_end) complain("unexpected EOF; expected '\"\"\"'");
    if (rune == '"') {
      if (at_long_end('"', out)) return out;
    } else if (rune != '\\') {
      value::append_utf8(out, rune);
    } else if (!skip_line_joint()) {
      read_escape(out);
    }
  }
}

Datum TomlScalarReader::read_signed(std::size_t from) {
  const std::uint32_t rune = next();
  const auto so_far = [&] { return std::string(text_.substr(from, at_ - from)); };
  if (rune == 'i' || rune == 'n') {
    const bool whole = rune == 'i' ? accept('n') && accept('f') : accept('a') && accept('n');
    if (!whole) complain("invalid float: '" + so_far() + "'");
    return taken(toml_float(so_far()));
  }
  if (rune == '0') {
    const std::uint32_t mark = peek();
    if (mark == 'b' || mark == 'o' || mark == 'x')
      complain("cannot use sign with non-decimal numbers: '" + so_far() +
               static_cast<char>(mark) + "'");
  }
  if (rune == '.') complain("floats must start with a digit, not '.'");
  if (!is_digit(rune)) complain("expected a digit but got " + quoted_rune(rune));
  return read_decimal(from);
}

Datum TomlScalarReader::read_number_or_date(std::size_t from) {
  if (text_[from] == '0') {
    const std::uint32_t mark = peek();
    if (mark == 'b' || mark == 'o' || mark == 'x') return read_prefixed(from);
  }
  skip_while(is_digit);
  const std::uint32_t rune = peek();
  // All dates begin with two digits at least.
  if ((rune == '-' || rune == ':') && at_ - from > 1) return read_date(from);
  return read_decimal(from);
}

Datum TomlScalarReader::read_prefixed(std::size_t from) {
  const std::uint32_t mark = next();
  const auto fits = [mark](std::uint32_t rune) {
    if (mark == 'x') return is_hex(rune);
    return mark == 'o' ? rune >= '0' && rune <= '7' : rune == '0' || rune == '1';
  };
  if (const std::uint32_t rune = peek(); !fits(rune)) {
    std::string text(text_.substr(from, at_ - from));
    value::append_utf8(text, rune);
    complain(joined({"not a",
                     mark == 'o'   ? "n octal"
                     : mark == 'x' ? " hexadecimal"
                                   : " binary",
                     " number: '", text, "'"}));
  }
  skip_while([&fits](std::uint32_t rune) { return fits(rune) || rune == '_'; });
  return taken(toml_integer(std::string(text_.substr(from, at_ - from))));
}

Datum TomlScalarReader::read_decimal(std::size_t from) {
  skip_while([](std::uint32_t rune) { return is_digit(rune) || rune == '_'; });
  const std::uint32_t rune = peek();
  if (rune != '.' && rune != 'e' && rune != 'E')
    return taken(toml_integer(std::string(text_.substr(from, at_ - from))));
  skip_while([](std::uint32_t c) {
    return is_digit(c) || (c < 0x80 && std::string_view("_.-+eE").find(static_cast<char>(c)) !=
                                           std::string_view::npos);
  });
  return taken(toml_float(std::string(text_.substr(from, at_ - from))));
}

Datum TomlScalarReader::read_date(std::size_t from) {
  skip_while([](std::uint32_t c) {
    return is_digit(c) || (c < 0x80 && std::string_view("-:Tt .Zz+").find(static_cast<char>(c)) !=
                                           std::string_view::npos);
  });
  return taken(toml_date(std::string(text_.substr(from, at_ - from))));
}

Datum TomlScalarReader::taken(Result<Datum> value) const {
  if (!value.ok()) complain(value.error().message);
  return *std::move(value);
}

}  // namespace weir::tmpl
