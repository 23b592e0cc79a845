// The keywords of JSON Schema, draft 4 to 2020-12, behind which other schemas or something to
// compile stand. What each may hold is said by schema_metaschemas. Internal to schema*.cc. Pure.
#pragma once

#include <string_view>

namespace weir::helm::schema {

enum class Holds : unsigned char {
  schema,
  schemas,         // a list of them
  schema_or_list,  // items
  schema_map,
  pattern_map,     // keys are regular expressions
  dependency_map,  // schemas or lists of names
  reference,
  pattern,
};

struct Keyword {
  std::string_view name;
  Holds holds;
  int since = 4;
};

// Null: none of these, or no keyword of that draft.
const Keyword* keyword_of(std::string_view name, int draft);

}  // namespace weir::helm::schema
