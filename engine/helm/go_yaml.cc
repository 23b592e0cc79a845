#include "engine/helm/go_yaml.hh"

#include <algorithm>

#include "engine/helm/text.hh"
#include "engine/value/number_text.hh"
#include "engine/value/yaml.hh"
#include "engine/value/yaml_diagnosis.hh"

namespace weir::helm {

namespace {

value::YamlOptions options_of_go() {
  value::YamlOptions options;
  options.dialect = value::YamlDialect::helm;
  options.first_document_only = true;
  return options;
}

std::string_view json_kind(const Value& value) {
  if (value.is_object()) return "object";
  if (value.is_array()) return "array";
  if (value.is_string()) return "string";
  return value.is_bool() ? "bool" : "number";
}

// What the reference says of a document that ends before it begins, or of directives that no "---"
// follows; our reader takes both. Lines count from 0, and that one is not told.
std::optional<std::string> start_fault(std::string_view text) {
  bool directives = false;
  std::size_t number = 0;
  for (std::size_t at = 0; at <= text.size(); ++number) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view whole = text.substr(at, end - at), line = trim_space(whole);
    at = end + 1;
    if ((line.empty() && end < text.size()) || line.starts_with('#')) continue;
    if (whole.starts_with("%YAML ") || whole.starts_with("%TAG ")) {
      directives = true;
      continue;
    }
    const bool ends = line == "..." || whole.starts_with("... ");
    if (directives ? whole.starts_with("---") : !ends) return std::nullopt;
    const std::string where =
        number == 0 ? "yaml: " : "yaml: line " + std::to_string(number) + ": ";
    return where + (directives ? "did not find expected <document start>"
                               : "did not find expected node content");
  }
  return std::nullopt;
}

}  // namespace

Result<Value> read_go_yaml(std::string_view text) {
  if (const auto fault = start_fault(text))
    return make_error(Code::invalid, "error converting YAML to JSON: " + *fault);
  auto parsed = value::parse_yaml(text, options_of_go());
  if (parsed.ok() || parsed.error().code == Code::limit) return parsed;
  return make_error(Code::invalid,
                    "error converting YAML to JSON: " +
                        value::go_yaml_message(text, parsed.error().message));
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

// Of names that differ in case alone each is read, in the order of their bytes: the last that is
// not null stays.
const Value* StructReader::find(std::string_view field) const {
  const value::Member* found = nullptr;
  for (const value::Member& member : source_.members())
    if (!member.value.is_null() && equal_fold(member.name(), field) &&
        (found == nullptr || found->name() < member.name()))
      found = &member;
  return found == nullptr ? nullptr : &found->value;
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
