#include "engine/helm/schema.hh"

#include <algorithm>

#include "engine/helm/schema_check.hh"
#include "engine/helm/schema_library.hh"

namespace weir::helm {

namespace {

Result<void> check_with(const Value& document, std::string_view schema_text,
                        schema::Library& library) {
  WEIR_TRY(const auto schema, schema::Document::load(schema_text, library));
  WEIR_TRY(const auto problem, schema::check(*schema, document));
  if (!problem) return {};
  return make_error(Code::invalid, schema::problem_text(*problem) + "\n");
}

// The faults of a chart and those below it; "" when there are none.
Result<std::string> faults(const Chart& chart, const Value& values, schema::Library& library) {
  std::string out;
  if (chart.contents->schema) {
    auto checked = check_with(values, *chart.contents->schema, library);
    if (!checked.ok()) {
      if (checked.error().code == Code::limit) return std::move(checked).error();
      out += chart.name() + ":\n" + checked.error().message;
    }
  }
  for (const Chart* below : chart.dependencies) {
    const Value* its_values = values.find(below->name());
    if (!its_values || its_values->is_null()) continue;
    if (!its_values->is_object()) {
      out += below->name() + ":\ninvalid type for values: expected object (map), got " +
             std::string(schema::type_name(*its_values)) + "\n";
      continue;
    }
    WEIR_TRY(const std::string its_faults, faults(*below, *its_values, library));
    out += its_faults;
  }
  return out;
}

bool has_schema(const Chart& chart) {
  return chart.contents->schema ||
         std::any_of(chart.dependencies.begin(), chart.dependencies.end(),
                     [](const Chart* below) { return has_schema(*below); });
}

}  // namespace

Result<void> check_schema(const Value& document, std::string_view schema,
                          const SchemaPorts& ports) {
  schema::Library library(ports);
  return check_with(document, schema, library);
}

Result<void> check_schemas(const Chart& chart, const Table& values, const SchemaPorts& ports) {
  if (!has_schema(chart)) return {};
  schema::Library library(ports);
  WEIR_TRY(const std::string found, faults(chart, values.to_value(), library));
  if (found.empty()) return {};
  return make_error(Code::invalid,
                    "values don't meet the specifications of the schema(s) in the following "
                    "chart(s):\n" +
                        found);
}

}  // namespace weir::helm
