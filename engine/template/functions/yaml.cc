#include "engine/value/yaml.hh"

#include "engine/template/functions/documents.hh"
#include "engine/template/functions/pretty_yaml.hh"
#include "engine/template/functions/tables.hh"

namespace weir::tmpl {

namespace {

using Arguments = std::span<Datum>;

// One document without its last newline.
Datum written(CallContext& context, const value::Value& document) {
  std::string text = value::write_yaml(document, value::YamlStyle::helm);
  if (text.ends_with('\n')) text.pop_back();
  return give(context, std::move(text));
}

// DEL, C1 controls but NEL, and U+FFFE and U+FFFF: JSON writes them bare, and the peer's YAML
// reader, through which the JSON goes, refuses them.
bool is_readable(std::string_view text) {
  for (std::size_t at = 0; at < text.size(); ++at) {
    const auto byte = static_cast<unsigned char>(text[at]);
    if (byte < 0x7F) continue;
    if (byte == 0x7F) return false;
    const std::string_view rest = text.substr(at);
    const auto next = static_cast<unsigned char>(rest.size() > 1 ? rest[1] : '\0');
    if (byte == 0xC2 && next < 0xA0 && next != 0x85 && next >= 0x80) return false;
    if (rest.starts_with("\xEF\xBF\xBE") || rest.starts_with("\xEF\xBF\xBF")) return false;
  }
  return true;
}

bool is_readable(const value::Value& document) {
  if (document.is_string()) return is_readable(document.as_string());
  for (const value::Value& item : document.items())
    if (!is_readable(item)) return false;
  for (const value::Member& member : document.members())
    if (!is_readable(member.name()) || !is_readable(member.value)) return false;
  return true;
}

Datum to_yaml(CallContext& context, Arguments a) {
  value::Value document;
  if (!try_document_of(context, a[0], document) || !is_readable(document)) return Datum::string("");
  return written(context, document);
}

Datum must_to_yaml(CallContext& context, Arguments a) {
  const value::Value document = document_of(context, a[0], "error marshaling into JSON: ");
  if (!is_readable(document)) fail("yaml: control characters are not allowed");
  return written(context, document);
}

Datum to_yaml_pretty(CallContext& context, Arguments a) {
  charge_nodes(context, a[0]);
  std::string text;
  if (!write_pretty_yaml(text, a[0])) return Datum::string("");
  if (text.ends_with('\n')) text.pop_back();
  return give(context, std::move(text));
}

// Our complaint "line 2, column 3: what" as the peer would put it: without the column; numbers that
// JSON has not are JSON's complaint.
std::string peer_words(std::string_view message) {
  struct Number {
    std::string_view ending;
    std::string_view name;
  };
  static constexpr Number numbers[] = {{"unsupported value: .nan", "NaN"},
                                       {"unsupported value: -.inf", "-Inf"},
                                       {"unsupported value: .inf", "+Inf"},
                                       {"unsupported value: +.inf", "+Inf"}};
  for (const Number& number : numbers)
    if (message.ends_with(number.ending)) return joined({"json: unsupported value: ", number.name});
  const std::size_t column = message.find(", column ");
  const std::size_t colon = message.find(": ");
  if (column > colon || colon == std::string_view::npos) return joined({"yaml: ", message});
  return joined({"yaml: ", message.substr(0, column), message.substr(colon)});
}

// The first document of a text; null when there is none.
value::Value read(CallContext& context, std::string_view text, std::string& problem) {
  context.budget().use_bytes(text.size());
  value::YamlOptions options;
  options.dialect = value::YamlDialect::helm;
  options.first_document_only = true;
  auto documents = value::parse_yaml_documents(text, options);
  if (!documents.ok()) {
    Error error = std::move(documents).error();
    if (error.code == Code::limit) throw FunctionError{std::move(error.message), Code::limit};
    problem = "error converting YAML to JSON: ";
    problem += peer_words(error.message);
    return {};
  }
  if (documents->empty()) return {};
  return std::move(documents->front().value);
}

constexpr std::string_view decoding = "error unmarshaling JSON: while decoding JSON: ";

Datum from_yaml(CallContext& context, Arguments a) {
  std::string problem;
  const value::Value document = read(context, a[0].as_string(), problem);
  if (!problem.empty()) return error_map(context, std::move(problem));
  // Nothing is an empty map here, unlike JSON's null.
  if (document.is_null()) return Datum::map();
  Datum map = map_of(document, problem);
  return problem.empty() ? map : error_map(context, joined({decoding, problem}));
}

Datum from_yaml_array(CallContext& context, Arguments a) {
  std::string problem;
  const value::Value document = read(context, a[0].as_string(), problem);
  if (!problem.empty()) return error_list(context, std::move(problem));
  if (document.is_null()) return Datum::slice({});
  Datum list = list_of(document, problem);
  return problem.empty() ? list : error_list(context, joined({decoding, problem}));
}

constexpr Function table[] = {
    {"toYaml", to_yaml, {&types::any}},
    {"mustToYaml", must_to_yaml, {&types::any}},
    {"toYamlPretty", to_yaml_pretty, {&types::any}},
    {"fromYaml", from_yaml, {&types::string}},
    {"fromYamlArray", from_yaml_array, {&types::string}},
};

}  // namespace

std::span<const Function> helm_yaml_functions() { return table; }

}  // namespace weir::tmpl
