// Checks one document against a prepared schema. Internal to schema*.cc.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "engine/base/result.hh"
#include "engine/helm/schema_document.hh"
#include "engine/helm/schema_problem.hh"

namespace weir::helm::schema {

// Nothing when the document is as the schema wants it. Error: limit (steps, depth).
Result<std::optional<Problem>> check(const Document& schema, const Value& document);

// What the metaschema of `draft` says of `part`, a schema in `document`; parts of it that follow
// another draft are held against that one's.
Result<std::optional<Problem>> check_schema_itself(const Document& document, const Value& part,
                                                   int draft);

// Why `text` is not of the format; nothing when it is, or when the format is unknown.
std::optional<std::string> check_format(std::string_view format, std::string_view text);

}  // namespace weir::helm::schema
