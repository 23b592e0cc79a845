#include "engine/helm/strvals.hh"

#include <charconv>
#include <optional>

#include "engine/base/limits.hh"
#include "engine/helm/table.hh"
#include "engine/helm/text.hh"
#include "engine/template/datum.hh"
#include "engine/template/format.hh"
#include "engine/value/json.hh"
#include "engine/value/utf8.hh"

namespace weir::helm {

namespace {

namespace limits = base::limits;

// What a step of the parser came to. The end of the text is no failure, but it unwinds all the
// same, and leaves out what would be done behind it.
enum class Step : unsigned char { done, ended, failed };

// As Go's panic says it when a value is not of the kind a path needs.
std::string conversion_text(const Value* found, std::string_view wanted) {
  std::string_view is = "nil";
  if (found && found->is_string()) is = "string";
  if (found && found->is_bool()) is = "bool";
  if (found && found->is_integer()) is = "int64";
  if (found && found->kind() == value::Kind::floating) is = "float64";
  if (found && found->is_array()) is = "[]interface {}";
  if (found && found->is_object()) is = "map[string]interface {}";
  std::string text = "unable to parse key: interface conversion: interface {} is ";
  return text.append(is).append(", not ").append(wanted);
}

// fmt's %q of a []rune: "['a' 'b']".
std::string quoted_runes(std::string_view text) {
  std::vector<tmpl::Datum> runes;
  for (std::size_t at = 0; at < text.size();) {
    const value::Rune rune = value::decode_rune(text, at);
    runes.push_back(tmpl::Datum::integer(static_cast<std::int64_t>(rune.code)));
    at += rune.width;
  }
  std::string out = "[";
  for (const tmpl::Datum& rune : runes) {
    if (out.size() > 1) out += ' ';
    tmpl::append_printf(out, "%q", {&rune, 1});
  }
  return out += ']';
}

Value typed_value(const std::string& text) {
  if (equal_fold(text, "true")) return true;
  if (equal_fold(text, "false")) return false;
  if (equal_fold(text, "null")) return Value();
  if (text == "0") return 0;
  if (!text.empty() && text.front() != '0') {
    const char* from = text.data();
    const char* const end = from + text.size();
    if (*from == '+' && end - from > 1 && from[1] != '-') ++from;
    std::int64_t number = 0;
    const auto parsed = std::from_chars(from, end, number);
    if (parsed.ec == std::errc() && parsed.ptr == end) return number;
  }
  return Value(text);
}

// The length of the JSON value at the front of `text`, blanks before it counted.
std::size_t json_extent(std::string_view text) {
  std::size_t at = text.find_first_not_of(" \t\r\n");
  if (at == std::string_view::npos) return text.size();
  std::size_t depth = 0;
  bool quoted = false;
  for (; at < text.size(); ++at) {
    const char c = text[at];
    if (quoted) {
      if (c == '\\') ++at;
      if (c != '"') continue;
      quoted = false;
      if (depth == 0) return at + 1;
    } else if (c == '"') {
      quoted = true;
    } else if (c == '{' || c == '[') {
      ++depth;
    } else if (c == '}' || c == ']') {
      if (depth <= 1) return depth == 0 ? at : at + 1;
      --depth;
    } else if (depth == 0 && (c == ',' || c == ' ' || c == '\n' || c == '\t' || c == '\r')) {
      return at;
    }
  }
  return text.size();
}

class Parser {
 public:
  Parser(std::string_view text, SetKind kind, const FileReader& read_file)
      : text_(text), kind_(kind), read_file_(read_file) {}

  Result<void> run(Value& values) {
    for (;;) {
      const Step step = key(values, 0);
      if (step == Step::ended) return {};
      if (step == Step::failed) return std::move(error_);
    }
  }

 private:
  bool literal() const { return kind_ == SetKind::literal; }

  Step fail(std::string message) {
    error_ = make_error(Code::invalid, std::move(message));
    return Step::failed;
  }

  // Characters up to one of `stops`, which is taken too; '\0' at the end of the text.
  char read_until(std::string_view stops, std::string& out) {
    while (!text_.empty()) {
      const value::Rune rune = value::decode_rune(text_, 0);
      const char c = text_.front();
      text_.remove_prefix(rune.width);
      if (stops.find(c) != std::string_view::npos) return c;
      if (c == '\\' && !literal()) {
        if (text_.empty()) return '\0';
        const value::Rune next = value::decode_rune(text_, 0);
        value::append_utf8(out, next.code);
        text_.remove_prefix(next.width);
        continue;
      }
      value::append_utf8(out, rune.code);
    }
    return '\0';
  }

  static void set(Value& data, const std::string& name, Value value) {
    if (!name.empty()) data.set(name, std::move(value));
  }

  Step key(Value& data, std::size_t depth) {
    std::string name;
    switch (read_until(literal() ? "=[." : "=[,.", name)) {
      case '\0':
        if (name.empty()) return Step::ended;
        return fail("key " + tmpl::quoted(name) + " has no value");
      case '[': return indexed_key(data, name, depth);
      case '=': return assign(data, name);
      case ',':
        set(data, name, Value(""));
        return fail("key " + tmpl::quoted(name) + " has no value (cannot end with ,)");
      default: return nested_key(data, name, depth + 1);
    }
  }

  Step indexed_key(Value& data, const std::string& name, std::size_t depth) {
    std::int64_t index = 0;
    const Step read = key_index(index);
    if (read != Step::done) return read;
    Value list = Value::array();
    if (const Value* found = data.find(name)) {
      if (!found->is_array()) return fail(conversion_text(found, "[]interface {}"));
      list = *found;
    }
    const Step step = list_item(list, index, depth);
    set(data, name, std::move(list));
    return step;
  }

  Step nested_key(Value& data, const std::string& name, std::size_t depth) {
    if (depth > limits::helm_set_depth_max)
      return fail("value name nested level is greater than maximum supported nested level of " +
                  std::to_string(limits::helm_set_depth_max));
    Value inner = Value::object();
    Value* const found = data.find_mut(name);
    if (found) {
      if (!found->is_object()) return fail(conversion_text(found, "map[string]interface {}"));
      inner = std::exchange(*found, Value());
    }
    const Step step = key(inner, depth);
    const bool empty = inner.empty();
    if (found) {
      *found = std::move(inner);
    } else if (!empty) {
      set(data, name, std::move(inner));
    }
    if (step == Step::done && empty) return fail("key map " + tmpl::quoted(name) + " has no value");
    return step;
  }

  Step assign(Value& data, const std::string& name) {
    Value value;
    bool ends = false;
    const Step step = read_value(value, ends);
    // An empty value at the very end of the text is set; then the text is at its end.
    if (step != Step::failed) set(data, name, std::move(value));
    return ends ? Step::ended : step;
  }

  // What stands behind a '='. `ends`: nothing did.
  Step read_value(Value& value, bool& ends) {
    if (kind_ == SetKind::json) return json_value(value);
    if (literal()) {
      std::string text;
      read_until("", text);
      value = Value(text);
      return Step::done;
    }
    if (text_.empty()) {
      value = Value("");
      ends = true;
      return Step::done;
    }
    if (text_.front() == '{') {
      text_.remove_prefix(1);
      return value_list(value);
    }
    std::string text;
    read_until(",", text);
    return convert(text, value);
  }

  Step convert(const std::string& text, Value& value) {
    if (kind_ == SetKind::file) {
      auto contents = read_file_(text);
      if (!contents.ok()) {
        error_ = std::move(contents).error();
        return Step::failed;
      }
      value = Value(*contents);
    } else {
      value = kind_ == SetKind::string ? Value(text) : typed_value(text);
    }
    return Step::done;
  }

  Step value_list(Value& list) {
    list = Value::array();
    for (;;) {
      std::string text;
      const char stop = read_until(",}", text);
      if (stop == '\0') return fail("list must terminate with '}'");
      Value item;
      const Step step = convert(text, item);
      if (stop == '}' && text_.starts_with(',')) text_.remove_prefix(1);
      if (step != Step::done) return step;
      list.push_back(std::move(item));
      if (stop == '}') return Step::done;
    }
  }

  // Takes blanks and a ',' behind them; true when nothing else stood there.
  bool take_empty() {
    while (!text_.empty()) {
      if (text_.front() == ',') {
        text_.remove_prefix(1);
        return true;
      }
      const std::string_view rest = trim_space_left(text_);
      if (rest.size() == text_.size()) return false;
      text_ = rest;
    }
    return true;
  }

  Step json_value(Value& value) {
    if (take_empty()) return Step::done;
    const std::size_t extent = json_extent(text_);
    auto parsed = value::parse_json(text_.substr(0, extent));
    if (!parsed.ok()) return fail(parsed.error().message);
    value = with_go_numbers(*std::move(parsed));
    text_.remove_prefix(extent);
    take_empty();
    return Step::done;
  }

  Step key_index(std::int64_t& index) {
    std::string text;
    // Helm takes an index that is never closed for the end of the text.
    if (read_until("]", text) == '\0') return Step::ended;
    const char* from = text.data();
    const char* const end = from + text.size();
    if (text.size() > 1 && *from == '+' && from[1] != '-') ++from;
    const auto parsed = std::from_chars(from, end, index);
    if (parsed.ec == std::errc() && parsed.ptr == end) return Step::done;
    return fail("error parsing index: strconv.Atoi: parsing " + tmpl::quoted(text) +
                (parsed.ec == std::errc::result_out_of_range ? ": value out of range"
                                                             : ": invalid syntax"));
  }

  Step list_item(Value& list, std::int64_t signed_index, std::size_t depth) {
    if (signed_index < 0)
      return fail("negative " + std::to_string(signed_index) + " index not allowed");
    const auto index = static_cast<std::size_t>(signed_index);
    std::string stray;
    const char stop = read_until("[.=", stray);
    if (!stray.empty())
      return fail("unexpected data at end of array index: " + quoted_runes(stray));
    if (stop == '\0') return Step::ended;
    if (stop == '=') {
      Value value;
      bool ends = false;
      const Step step = read_value(value, ends);
      return step == Step::done ? set_index(list, index, std::move(value)) : step;
    }
    return stop == '[' ? list_in_list(list, index, depth) : map_in_list(list, index, depth);
  }

  Step list_in_list(Value& list, std::size_t index, std::size_t depth) {
    std::int64_t next = 0;
    const Step read = key_index(next);
    if (read != Step::done) return read;
    Value inner = Value::array();
    if (index < list.size() && !list.at(index).is_null()) {
      if (!list.at(index).is_array())
        return fail(conversion_text(&list.at(index), "[]interface {}"));
      inner = list.at(index);
    }
    if (++list_depth_ > limits::value_depth_max)
      return fail("lists nest deeper than " + std::to_string(limits::value_depth_max) +
                  " levels (value_depth_max)");
    const Step step = list_item(inner, next, depth);
    --list_depth_;
    return step == Step::done ? set_index(list, index, std::move(inner)) : step;
  }

  Step map_in_list(Value& list, std::size_t index, std::size_t depth) {
    Value inner = Value::object();
    const bool there = index < list.size();
    if (there && list.at(index).is_object()) inner = list.at(index);
    const Step step = key(inner, depth);
    // An item that is there is edited in place, whatever comes of it.
    if (there) list.item_mut(index) = inner;
    return step == Step::done ? set_index(list, index, std::move(inner)) : step;
  }

  Step set_index(Value& list, std::size_t index, Value value) {
    if (index > limits::helm_set_index_max)
      return fail("index of " + std::to_string(index) +
                  " is greater than maximum supported index of " +
                  std::to_string(limits::helm_set_index_max));
    while (list.size() <= index) list.push_back(Value());
    list.item_mut(index) = std::move(value);
    return Step::done;
  }

  std::string_view text_;
  const SetKind kind_;
  const FileReader& read_file_;
  std::size_t list_depth_ = 0;
  Error error_;
};

}  // namespace

Result<void> set_values(Value& values, std::string_view text, SetKind kind,
                        const FileReader& read_file) {
  return Parser(text, kind, read_file).run(values);
}

}  // namespace weir::helm
