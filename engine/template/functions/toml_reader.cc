#include "engine/base/limits.hh"
#include "engine/template/functions/cast.hh"
#include "engine/template/functions/support.hh"
#include "engine/template/functions/toml.hh"
#include "engine/template/functions/toml_document.hh"
#include "engine/template/functions/toml_keys.hh"
#include "engine/template/functions/toml_runes.hh"
#include "engine/template/functions/toml_scalar_reader.hh"
#include "engine/template/functions/unicode.hh"
#include "engine/template/quote.hh"

namespace weir::tmpl {

namespace {

using namespace toml;

class TomlReader : private TomlScalarReader {
 public:
  explicit TomlReader(std::string_view text) : TomlScalarReader(text) {}

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
  void check(std::string problem) const {
    if (!problem.empty()) complain(key_line_, std::move(problem));
  }

  std::string last_key() const {
    const std::string place = toml_path(document_.place());
    if (current_key_.empty()) return place;
    return place.empty() ? current_key_ : joined({place, ".", current_key_});
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

  std::size_t key_line_ = 1;
  std::size_t depth_ = 0;
  std::string current_key_;
  TomlDocument document_;
};

}  // namespace

Result<Datum> read_toml(std::string_view text) { return TomlReader(text).read(); }

}  // namespace weir::tmpl
