#include "engine/base/limits.hh"
#include "engine/template/functions/cast.hh"
#include "engine/template/functions/support.hh"
#include "engine/template/functions/toml.hh"
#include "engine/template/functions/toml_document.hh"
#include "engine/template/functions/toml_keys.hh"
#include "engine/template/functions/toml_runes.hh"
#include "engine/template/functions/toml_scalars.hh"
#include "engine/template/functions/unicode.hh"
#include "engine/template/quote.hh"

namespace weir::tmpl {

namespace {

using namespace toml;

constexpr std::uint32_t at_end = 0;

// The first thing wrong with the text, and its line.
struct TomlProblem {
  std::size_t line;
  std::string what;
};

class TomlReader {
 public:
  explicit TomlReader(std::string_view text) : text_(text) {}

  Result<Datum> read() {
    try {
      check_start();
      while (read_top()) {
      }
      return document_.take();
    } catch (const TomlProblem& problem) {
      std::string text = "toml: line " + std::to_string(problem.line);
      const std::string last = last_key();
      if (!last.empty()) text += joined({" (last key ", quoted(last), ")"});
      text.append(": ").append(problem.what);
      return make_error(Code::invalid, std::move(text));
    } catch (const FunctionError& error) {
      return make_error(error.code, error.message);
    }
  }

 private:
  [[noreturn]] static void complain(std::size_t line, std::string what) {
    throw TomlProblem{line, std::move(what)};
  }
  // At the end, the problem is on the line before when that is where the text ends.
  [[noreturn]] void complain(std::string what) const {
    const bool ended = ended_ && at_ > 0 && text_[at_ - 1] == '\n';
    complain(ended ? line_ - 1 : line_, std::move(what));
  }
  [[noreturn]] void complain_before(std::string what) const {
    complain(line_ - 1, std::move(what));
  }
  void check(std::string problem) const {
    if (!problem.empty()) complain(key_line_, std::move(problem));
  }

  std::string last_key() const {
    const std::string place = toml_path(document_.place());
    if (current_key_.empty()) return place;
    return place.empty() ? current_key_ : joined({place, ".", current_key_});
  }

  void check_start() {
    if (text_.starts_with("\xFF\xFE") || text_.starts_with("\xFE\xFF")) text_.remove_prefix(2);
    if (text_.starts_with("\xEF\xBB\xBF")) text_.remove_prefix(3);
    if (text_.substr(0, 6).find('\0') != std::string_view::npos)
      complain(1,
               "files cannot contain NULL bytes; probably using UTF-16; TOML files must be "
               "UTF-8");
  }

  std::uint32_t next() {
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

  // Undoes the last next().
  void back() {
    ended_ = false;
    at_ -= width_;
    if (width_ > 0 && text_[at_] == '\n') --line_;
    width_ = 0;
  }

  std::uint32_t peek() {
    const std::uint32_t rune = next();
    back();
    return rune;
  }

  bool accept(std::uint32_t wanted) {
    if (next() == wanted) return true;
    back();
    return false;
  }

  template <typename Wanted>
  void skip_while(Wanted wanted) {
    while (wanted(next())) {
    }
    back();
  }

  static std::string hex(char c) {
    static constexpr char digits[] = "0123456789abcdef";
    const auto byte = static_cast<unsigned char>(c);
    return {digits[byte >> 4], digits[byte & 15]};
  }

  void read_comment() {
    skip_while([](std::uint32_t rune) { return !is_line_end(rune) && rune != at_end; });
  }

  // False at the end of the text.
  bool read_top() {
    const std::uint32_t rune = next();
    if (is_space(rune) || is_line_end(rune)) return true;
    if (rune == '#') {
      read_comment();
      return true;
    }
    if (rune == at_end) return false;
    if (rune == '[') {
      read_table_header();
    } else {
      back();
      read_member();
    }
    return read_top_end();
  }

  bool read_top_end() {
    skip_while(is_space);
    const std::uint32_t rune = next();
    if (rune == '#') {
      read_comment();
    } else if (!is_line_end(rune) && rune != at_end) {
      complain("expected a top-level item to end with a newline, comment, or EOF, but got " +
               quoted_rune(rune) + " instead");
    }
    return rune != at_end;
  }

  void read_table_header() {
    const bool list = peek() == '[';
    if (list) next();
    TomlPath path;
    do {
      skip_while(is_space);
      const std::uint32_t rune = peek();
      if (rune == ']' || rune == at_end) {
        if (rune == at_end) next();
        complain("unexpected end of table name (table names cannot be empty)");
      }
      if (rune == '.') complain("unexpected table separator (table names cannot be empty)");
      path.push_back(read_name(rune));
      if (path.size() == 1) key_line_ = line_;
      skip_while(is_space);
    } while (accept('.'));
    const std::uint32_t rune = next();
    if (rune != ']')
      complain("expected '.' or ']' to end table name, but got " + quoted_rune(rune) + " instead");
    if (list) {
      const std::uint32_t second = next();
      if (second != ']')
        complain("expected end of table array name delimiter ']', but got " + quoted_rune(second) +
                 " instead");
    }
    check(document_.enter(path, list));
    document_.note_other(path);
  }

  // One part of a key, quoted or bare; a bare one may be empty.
  std::string read_name(std::uint32_t first) {
    if (first == '"') {
      next();
      return read_string();
    }
    if (first == '\'') {
      next();
      return read_raw_string();
    }
    const std::size_t from = at_;
    skip_while([](std::uint32_t rune) {
      return rune < 0x80 && is_bare_key_char(static_cast<char>(rune));
    });
    return std::string(text_.substr(from, at_ - from));
  }

  TomlPath read_key() {
    skip_while(is_space);
    const std::uint32_t first = peek();
    if (first == '=' || first == at_end) complain("unexpected '=': key name appears blank");
    if (first == '.') complain("unexpected '.': keys cannot start with a '.'");
    TomlPath path;
    while (true) {
      skip_while(is_space);
      const std::uint32_t rune = peek();
      if (rune == '=' || rune == at_end) complain("unexpected '='");
      if (rune == '.') complain("unexpected '.'");
      path.push_back(read_name(rune));
      if (path.size() == 1) key_line_ = line_;
      skip_while(is_space);
      const std::uint32_t after = next();
      if (after == '=') return path;
      if (after == '.') continue;
      if (after == at_end) complain("unexpected EOF; expected key separator '='");
      std::string what = "expected '.' or '=', but got " + quoted_rune(after) + " instead";
      if (after == '\n') complain_before(std::move(what));
      complain(std::move(what));
    }
  }

  // key = value, at the current place; the value also goes to `inline_table` when there is one.
  void read_member(const Datum* inline_table = nullptr) {
    const TomlPath outer = document_.place();
    const TomlPath path = read_key();
    current_key_ = path.back();
    for (std::size_t i = 0; i + 1 < path.size(); ++i) {
      TomlPath implied = document_.place();
      implied.push_back(path[i]);
      check(document_.enter_implied(implied));
    }
    Datum value = read_value(false);
    current_key_ = path.back();
    check(document_.set(current_key_, value));
    if (inline_table != nullptr) put(*inline_table, path, std::move(value));
    document_.set_place(outer);
    current_key_.clear();
  }

  void put(Datum table, const TomlPath& path, Datum value) {
    for (std::size_t i = 0; i + 1 < path.size(); ++i) {
      if (table.find(path[i]) == nullptr) table.set(path[i], Datum::map());
      const Datum below = *table.find(path[i]);
      if (!below.is_map()) check(quoted(toml_path(document_.place())) + " is not a table");
      table = below;
    }
    table.set(path.back(), std::move(value));
  }

  TomlPath member_path() const {
    TomlPath path = document_.place();
    path.push_back(current_key_);
    return path;
  }

  Datum read_value(bool in_list) {
    skip_while(is_space);
    const std::uint32_t rune = next();
    const std::size_t from = at_ - width_;
    if (is_digit(rune)) return read_number_or_date(from);
    switch (rune) {
      case '[': return read_list();
      case '{': return read_inline_table(in_list);
      case '"':
        if (accept('"')) return Datum::string(accept('"') ? read_long_string() : std::string());
        return Datum::string(read_string());
      case '\'':
        if (accept('\'')) return Datum::string(accept('\'') ? read_long_raw_string() : "");
        return Datum::string(read_raw_string());
      case '.': complain("floats must start with a digit, not '.'");
      case '-':
      case '+': return read_signed(from);
      default: break;
    }
    if (text_.substr(from, 3) == "inf" || text_.substr(from, 3) == "nan") {
      at_ = from + 3;
      return Datum::floating(parse_float(text_.substr(from, 3)).value_or(0));
    }
    if (unicode::is_letter(rune)) return read_word(from);
    if (rune == at_end) complain("unexpected EOF; expected value");
    std::string what = "expected value but found " + quoted_rune(rune) + " instead";
    if (rune == '\n') complain_before(std::move(what));
    complain(std::move(what));
  }

  Datum read_word(std::size_t from) {
    skip_while(unicode::is_letter);
    const std::string_view word = text_.substr(from, at_ - from);
    if (word == "true" || word == "false") return Datum::boolean(word == "true");
    complain("expected value but found " + quoted(word) + " instead");
  }

  void enter_nesting() {
    if (++depth_ > base::limits::value_depth_max)
      throw FunctionError{"TOML nests deeper than " + std::to_string(base::limits::value_depth_max),
                          Code::limit};
  }

  static std::string rune_or_end(std::uint32_t rune) {
    if (rune == at_end) return "end of file";
    std::string text;
    value::append_utf8(text, rune);
    return joined({"'", text, "'"});
  }

  Datum read_list() {
    enter_nesting();
    document_.note_list(member_path());
    std::vector<Datum> items;
    bool wants_value = true;
    while (true) {
      const std::uint32_t rune = next();
      if (is_space(rune) || is_line_end(rune)) continue;
      if (rune == '#') {
        read_comment();
        continue;
      }
      if (rune == ']') break;
      if (wants_value) {
        if (rune == ',') complain("unexpected comma");
        back();
        items.push_back(read_value(true));
        wants_value = false;
        continue;
      }
      if (rune != ',')
        complain("expected a comma (',') or array terminator (']'), but got " + rune_or_end(rune));
      wants_value = true;
    }
    --depth_;
    return Datum::slice(std::move(items));
  }

  Datum read_inline_table(bool in_list) {
    enter_nesting();
    Datum table = Datum::map();
    const TomlPath outer = document_.place();
    const std::string outer_key = current_key_;
    const TomlPath path = member_path();
    document_.set_place(path);
    current_key_.clear();
    document_.imply(path);
    check(document_.enter(path, in_list));
    bool wants_member = true;
    while (true) {
      const std::uint32_t rune = next();
      if (is_space(rune) || is_line_end(rune)) continue;
      if (rune == '#') {
        read_comment();
        continue;
      }
      if (rune == '}') break;
      if (wants_member) {
        if (rune == ',') complain("unexpected comma");
        back();
        read_member(&table);
        wants_member = false;
        continue;
      }
      if (rune != ',')
        complain("expected a comma or an inline table terminator '}', but got " +
                 rune_or_end(rune) + " instead");
      wants_member = true;
    }
    document_.set_place(outer);
    current_key_ = outer_key;
    --depth_;
    return table;
  }

  [[noreturn]] void complain_line_break() const {
    complain_before("strings cannot contain newlines");
  }

  std::string read_raw_string() {
    const std::size_t from = at_;
    while (true) {
      const std::uint32_t rune = next();
      if (rune == at_end) complain("unexpected EOF; expected \"'\"");
      if (is_line_end(rune)) complain_line_break();
      if (rune == '\'') return std::string(text_.substr(from, at_ - 1 - from));
    }
  }

  std::string read_string() {
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

  void read_escape(std::string& out) {
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

  void read_code(std::string& out, int digits, std::string_view count, char letter) {
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

  void skip_first_line_end() {
    if (text_.substr(at_).starts_with("\r\n")) next();
    if (text_.substr(at_).starts_with('\n')) next();
  }

  // Quotes up to five in a row: up to two of the text, then the end.
  bool at_long_end(std::uint32_t quote, std::string& out) {
    std::size_t count = 1;
    while (accept(quote)) ++count;
    if (count > 5)
      complain(joined({"unexpected ", quote == '"' ? "'\"\"\"\"\"\"'" : "\"''''''\""}));
    const std::size_t kept = count >= 3 ? count - 3 : count;
    out.append(kept, static_cast<char>(quote));
    return count >= 3;
  }

  std::string read_long_raw_string() {
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

  // A backslash at the end of a line takes the break and all space behind it.
  bool skip_line_joint() {
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

  std::string read_long_string() {
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

  Datum read_signed(std::size_t from) {
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

  Datum read_number_or_date(std::size_t from) {
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

  Datum read_prefixed(std::size_t from) {
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

  Datum read_decimal(std::size_t from) {
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

  Datum read_date(std::size_t from) {
    skip_while([](std::uint32_t c) {
      return is_digit(c) || (c < 0x80 && std::string_view("-:Tt .Zz+").find(static_cast<char>(c)) !=
                                             std::string_view::npos);
    });
    return taken(toml_date(std::string(text_.substr(from, at_ - from))));
  }

  // The value, or what is wrong with its text.
  Datum taken(Result<Datum> value) const {
    if (!value.ok()) complain(value.error().message);
    return *std::move(value);
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t width_ = 0;  // of what next() took
  std::size_t line_ = 1;
  std::size_t key_line_ = 1;
  std::size_t depth_ = 0;
  std::size_t string_start_ = 0;  // of the string that is being read
  bool ended_ = false;
  std::string current_key_;
  TomlDocument document_;
};

}  // namespace

Result<Datum> read_toml(std::string_view text) { return TomlReader(text).read(); }

}  // namespace weir::tmpl
