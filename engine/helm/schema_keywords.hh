// The keywords of JSON Schema, draft 4 to 2020-12: what each may hold, as the metaschemas say it.
// Internal to schema*.cc. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

#include "engine/base/result.hh"
#include "engine/value/value.hh"

namespace weir::helm::schema {

// What a keyword holds, for the walk and for the check of its type.
enum class Holds : unsigned char {
  schema,
  schemas,         // a list of them
  schema_or_list,  // items before 2020-12
  schema_map,
  pattern_map,     // keys are regular expressions
  dependency_map,  // schemas or lists of names
  string,
  identifier,  // a URL whose fragment is empty, since 2019-09
  anchor,
  reference,
  pattern,
  strings,
  string_lists,
  number,
  divisor,  // above 0
  count,
  boolean,
  boolean_or_number,  // exclusiveMinimum: a number since draft 6
  list,
  choices,  // enum
  vocabularies,
  type,
};

struct Keyword {
  std::string_view name;
  Holds holds;
  int since = 4;
  int until = 9999;
};

// Null: no keyword of that draft.
const Keyword* keyword_of(std::string_view name, int draft);

// The draft a URL stands for; 0 when it is none.
int draft_of(std::string_view url);

// That the schema breaks its metaschema's rule at `place`, a JSON pointer.
Error not_valid(int draft, const std::string& place, const std::string& message);

// Whether `found` is what the keyword holds in that draft; of schemas below only their kind is
// looked at. Error: invalid.
Result<void> check_keyword(const Keyword& keyword, const Value& found, int draft,
                           const std::string& place);
// Whether keywords that need another one have it. Error: invalid.
Result<void> check_companions(const Value& schema, int draft, const std::string& place);

}  // namespace weir::helm::schema
