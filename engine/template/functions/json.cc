#include "engine/value/json.hh"

#include <utility>

#include "engine/template/functions/documents.hh"
#include "engine/template/functions/json_syntax.hh"
#include "engine/template/functions/tables.hh"

namespace weir::tmpl {

namespace {

using Arguments = std::span<Datum>;

// Maps are in the order of their keys already; structs keep that of their fields.
constexpr value::JsonStyle compact{.sort_keys = false};
constexpr value::JsonStyle pretty{.sort_keys = false, .indent = 2};
constexpr value::JsonStyle raw{.sort_keys = false, .escape_html = false};

// What json.Marshal cannot write gives an empty text.
Datum write(CallContext& context, const Datum& datum, const value::JsonStyle& style) {
  value::Value document;
  if (!try_document_of(context, datum, document)) return Datum::string("");
  return give(context, value::write_json(document, style));
}

Datum must_write(CallContext& context, const Datum& datum, const value::JsonStyle& style) {
  return give(context, value::write_json(document_of(context, datum), style));
}

Datum to_json(CallContext& context, Arguments a) { return write(context, a[0], compact); }
Datum to_pretty_json(CallContext& context, Arguments a) { return write(context, a[0], pretty); }
Datum must_to_json(CallContext& context, Arguments a) { return must_write(context, a[0], compact); }
Datum must_to_pretty_json(CallContext& context, Arguments a) {
  return must_write(context, a[0], pretty);
}
Datum to_raw_json(CallContext& context, Arguments a) { return must_write(context, a[0], raw); }

// The document, or Go's complaint about its text.
value::Value read(CallContext& context, std::string_view text, std::string& problem) {
  charge_text(context, text, ",[{");
  auto document = value::parse_json(text);
  if (document.ok()) return std::move(*document);
  problem = json_syntax_error(text);
  if (problem.empty()) problem = std::move(document).error().message;
  return {};
}

Datum must_from_json(CallContext& context, Arguments a) {
  std::string problem;
  const value::Value document = read(context, a[0].as_string(), problem);
  if (!problem.empty()) fail(std::move(problem));
  return from_value(document);
}

// Of numbers that are too large Go complains when it has read the rest: `problem` moves to `late`,
// and what was read comes back. False for other problems.
bool read_past_large(std::string_view text, value::Value& document, std::string& problem,
                     std::string& late) {
  const auto readable = without_large_numbers(text);
  if (!readable) return false;
  auto rest = value::parse_json(*readable);
  if (!rest.ok()) return false;
  document = rest->is_null() ? value::Value(0) : std::move(*rest);
  late = std::exchange(problem, {});
  return true;
}

Datum from_json(CallContext& context, Arguments a) {
  std::string problem, late;
  const std::string_view text = a[0].as_string();
  value::Value document = read(context, text, problem);
  if (!problem.empty() && !read_past_large(text, document, problem, late))
    return error_map(context, std::move(problem));
  if (!late.empty() && document.is_object()) document.set("Error", std::move(late));
  Datum map = map_of(document, problem);
  return problem.empty() ? map : error_map(context, std::move(problem));
}

Datum from_json_array(CallContext& context, Arguments a) {
  std::string problem, late;
  const std::string_view text = a[0].as_string();
  value::Value document = read(context, text, problem);
  if (!problem.empty() && !read_past_large(text, document, problem, late))
    return error_list(context, std::move(problem));
  Datum list = list_of(document, problem);
  if (problem.empty()) problem = std::move(late);
  return problem.empty() ? list : error_list(context, std::move(problem));
}

// Helm replaces some of sprig's, with the same results but for fromJson.
constexpr Function table[] = {
    {"toJson", to_json, {&types::any}},
    {"mustToJson", must_to_json, {&types::any}},
    {"toPrettyJson", to_pretty_json, {&types::any}},
    {"mustToPrettyJson", must_to_pretty_json, {&types::any}},
    {"toRawJson", to_raw_json, {&types::any}},
    {"mustToRawJson", to_raw_json, {&types::any}},
    {"mustFromJson", must_from_json, {&types::string}},
    {"fromJson", from_json, {&types::string}},
    {"fromJsonArray", from_json_array, {&types::string}},
};

}  // namespace

std::span<const Function> json_functions() { return table; }

}  // namespace weir::tmpl
