// values.schema.json: the values of a chart, and of every chart below it, checked against its JSON
// Schema (drafts 4, 6, 7, 2019-09 and 2020-12). Error texts are those Helm shows.
//
// References reach within the schema file; one to another document is an error, for nothing is
// fetched. Caps: depth of schemas and steps taken. Pure functions.
#pragma once

#include <string_view>

#include "engine/base/result.hh"
#include "engine/helm/chart.hh"
#include "engine/helm/table.hh"
#include "engine/value/value.hh"

namespace weir::helm {

// Error: invalid ("values don't meet the specifications of the schema(s) in the following
// chart(s):\n<chart>:\n- at '/replicas': got string, want integer\n"), limit.
Result<void> check_schemas(const Chart& chart, const Table& values);

// One document against one schema; the error's text is one line or more, each ending in "\n".
Result<void> check_schema(const Value& document, std::string_view schema);

}  // namespace weir::helm
