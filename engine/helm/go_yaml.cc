#include "engine/helm/go_yaml.hh"

#include <algorithm>
#include <charconv>

#include "engine/helm/text.hh"
#include "engine/value/number_text.hh"
#include "engine/value/yaml.hh"

namespace weir::helm {

namespace {

// go-yaml reports a fault of the grammar one line above where it stands, a fault of the characters
// where it stands.
constexpr std::string_view grammar_faults[] = {
    "did not find expected key",          "did not find expected '-' indicator",
    "did not find expected node content", "did not find expected ',' or ']'",
    "did not find expected ',' or '}'",   "did not find expected <document start>"};

// Where go-yaml has fewer words than we have.
struct Wording {
  std::string_view ours;
  std::string_view theirs;
};
constexpr Wording wordings[] = {
    {"found unexpected end of stream: a quote is not closed", "found unexpected end of stream"},
    {"found unexpected document indicator in a quoted scalar",
     "found unexpected document indicator"},
    {"found character that cannot start any token: a tab may not indent, use spaces",
     "found character that cannot start any token"}};

constexpr std::string_view missing_colon = "could not find expected ':'";

value::YamlOptions options_of_go() {
  value::YamlOptions options;
  options.dialect = value::YamlDialect::helm;
  options.first_document_only = true;
  return options;
}

std::size_t count_lines(std::string_view text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

// The line, counted from 1, of the first token behind line `line`: where a key without a colon is
// noticed. Past the last line when there is none.
std::size_t next_token_line(std::string_view text, std::size_t line) {
  std::size_t number = 0;
  for (const std::string_view one : split(text, '\n')) {
    if (++number <= line) continue;
    const std::size_t at = one.find_first_not_of(" \t\r");
    if (at != std::string_view::npos && one[at] != '#') return number;
  }
  return count_lines(text) + (text.ends_with('\n') ? 1 : 2);
}

// The text from a place on; empty when it has no such place.
std::string_view from_place(std::string_view text, std::size_t line, std::size_t column) {
  for (; line > 1; --line) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) return {};
    text.remove_prefix(end + 1);
  }
  return column > 0 && column <= text.size() ? text.substr(column - 1) : std::string_view();
}

std::string go_yaml_text(std::string_view message, std::string_view text);

// A map for a key is only noticed when all else is sound: a fault within it comes first.
std::string map_key_text(std::string_view text, std::size_t line, std::size_t column) {
  const std::string inner(from_place(text, line, column));
  const auto parsed = value::parse_yaml(inner, options_of_go());
  if (parsed.ok() || inner.size() >= text.size()) return "yaml: invalid map key: a list or a map";
  return go_yaml_text(parsed.error().message, std::string(line - 1, '\n') + inner);
}

// "line 3, column 5: what" as go-yaml says it: "yaml: line 2: what".
std::string go_yaml_text(std::string_view message, std::string_view text) {
  static constexpr std::string_view prefix = "line ", column_mark = ", column ";
  std::size_t line = 0, column = 0;
  const auto number = [message](std::size_t from, std::size_t& out) {
    const char* const end = message.data() + message.size();
    return from < message.size() &&
           std::from_chars(message.data() + from, end, out).ec == std::errc();
  };
  const std::size_t comma = message.find(column_mark), colon = message.find(": ");
  if (!message.starts_with(prefix) || colon == std::string_view::npos ||
      comma == std::string_view::npos || !number(prefix.size(), line) ||
      !number(comma + column_mark.size(), column))
    return "yaml: " + std::string(message);
  std::string_view what = message.substr(colon + 2);
  if (what == "invalid map key: a list or a map") return map_key_text(text, line, column);
  for (const Wording& wording : wordings)
    if (what == wording.ours) what = wording.theirs;
  if (what == "control characters are not allowed") line = 0;
  if (what == "found unexpected end of stream") line = count_lines(text) + 1;
  if (what == missing_colon) line = next_token_line(text, line);
  for (const std::string_view fault : grammar_faults) {
    if (!what.starts_with(fault)) continue;
    what = fault;
    // The end of a text without a line break counts as a line of its own.
    const std::size_t last = text.rfind('\n') + 1;
    const bool at_end = line == count_lines(text) + 1 && last + column == text.size() + 1;
    if (!at_end || text.empty() || text.ends_with('\n')) --line;
    break;
  }
  std::string out = "yaml: ";
  if (line > 0) out += "line " + std::to_string(line) + ": ";
  return out.append(what);
}

std::string_view json_kind(const Value& value) {
  if (value.is_object()) return "object";
  if (value.is_array()) return "array";
  if (value.is_string()) return "string";
  return value.is_bool() ? "bool" : "number";
}

}  // namespace

Result<Value> read_go_yaml(std::string_view text) {
  auto parsed = value::parse_yaml(text, options_of_go());
  if (parsed.ok() || parsed.error().code == Code::limit) return parsed;
  return make_error(Code::invalid,
                    "error converting YAML to JSON: " + go_yaml_text(parsed.error().message, text));
}

std::optional<std::string> go_string(const Value& scalar) {
  switch (scalar.kind()) {
    case value::Kind::string: return std::string(scalar.as_string());
    case value::Kind::boolean: return scalar.as_bool() ? "true" : "false";
    case value::Kind::integer: return std::to_string(scalar.as_int());
    case value::Kind::unsigned_integer: return std::to_string(scalar.as_uint());
    case value::Kind::floating: {
      std::string out;
      value::append_general_float(out, scalar.as_double());
      return out;
    }
    default: return std::nullopt;
  }
}

StructReader::StructReader(const Value& source, std::string type, std::string path,
                           std::optional<DecodeFault>& fault)
    : source_(source), type_(std::move(type)), path_(std::move(path)), fault_(fault) {}

std::string StructReader::path_of(std::string_view field) const {
  if (field.empty()) return path_;
  return path_.empty() ? std::string(field) : path_ + "." + std::string(field);
}

void StructReader::mismatch(std::string_view field, const Value& found, std::string_view type) {
  const std::string path = path_of(field);
  // Go reads the members in the order of their keys, and names the first fault.
  if (fault_ && fault_->path <= path) return;
  std::string text = "json: cannot unmarshal ";
  text.append(json_kind(found));
  if (path.empty()) {
    text.append(" into Go value of type ").append(type);
  } else {
    text.append(" into Go struct field ").append(type_).append(".").append(path);
    text.append(" of type ").append(type);
  }
  fault_ = DecodeFault{path, std::move(text)};
}

const Value* StructReader::find(std::string_view field) const {
  const Value* found = source_.find(field);
  if (!found) {
    for (const value::Member& member : source_.members())
      if (equal_fold(member.name(), field)) found = &member.value;
  }
  return found && !found->is_null() ? found : nullptr;
}

void StructReader::read(std::string_view field, std::string& out) {
  const Value* found = find(field);
  if (!found) return;
  if (auto text = go_string(*found)) {
    out = *std::move(text);
  } else {
    mismatch(field, *found, "string");
  }
}

void StructReader::read(std::string_view field, bool& out) {
  const Value* found = find(field);
  if (!found) return;
  if (found->is_bool()) {
    out = found->as_bool();
  } else {
    mismatch(field, *found, "bool");
  }
}

const Value* StructReader::list(std::string_view field, std::string_view element_type) {
  const Value* found = find(field);
  if (!found || found->is_array()) return found;
  mismatch(field, *found, "[]" + std::string(element_type));
  return nullptr;
}

void StructReader::read(std::string_view field, std::vector<std::string>& out) {
  const Value* found = list(field, "string");
  if (!found) return;
  out.clear();
  for (const Value& item : found->items()) {
    auto text = item.is_null() ? std::string() : go_string(item);
    if (!text) mismatch(field, item, "string");
    out.push_back(text ? *std::move(text) : std::string());
  }
}

void StructReader::read_string_map(std::string_view field, Value& out) {
  const Value* found = find(field);
  if (!found) return;
  if (!found->is_object()) return mismatch(field, *found, "map[string]string");
  if (!out.is_object()) out = Value::object();
  for (const value::Member& member : found->members()) {
    auto text = member.value.is_null() ? std::string() : go_string(member.value);
    if (!text) mismatch(field, member.value, "string");
    out.set(member.name(), Value(text ? *text : std::string()));
  }
  out.sort_members();
}

Error decode_error(std::string_view what) {
  return make_error(Code::invalid,
                    std::string("error unmarshaling JSON: while decoding JSON: ").append(what));
}

}  // namespace weir::helm
