#include "engine/value/yaml.hh"
#include "engine/value/yaml_diagnosis.hh"

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

Datum to_yaml(CallContext& context, Arguments a) {
  value::Value document;
  if (!try_document_of(context, a[0], document) || !pass_through_json(document))
    return Datum::string("");
  return written(context, document);
}

Datum must_to_yaml(CallContext& context, Arguments a) {
  value::Value document = document_of(context, a[0], "error marshaling into JSON: ");
  if (!pass_through_json(document)) fail("yaml: control characters are not allowed");
  return written(context, document);
}

Datum to_yaml_pretty(CallContext& context, Arguments a) {
  charge_nodes(context, a[0]);
  std::string text;
  if (!write_pretty_yaml(text, a[0])) return Datum::string("");
  if (text.ends_with('\n')) text.pop_back();
  return give(context, std::move(text));
}

// The first document of a text; null when there is none.
value::Value read(CallContext& context, std::string_view text, std::string& problem) {
  charge_text(context, text, ",[{:?-\n");
  value::YamlOptions options;
  options.dialect = value::YamlDialect::helm;
  options.first_document_only = true;
  auto documents = value::parse_yaml_documents(text, options);
  if (!documents.ok()) {
    Error error = std::move(documents).error();
    if (error.code == Code::limit) throw FunctionError{std::move(error.message), Code::limit};
    problem = "error converting YAML to JSON: ";
    problem += value::go_yaml_message(text, error.message);
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
