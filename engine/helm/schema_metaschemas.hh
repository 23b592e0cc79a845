// What the drafts of JSON Schema say of schemas themselves: their metaschemas, by address, with the
// rules only (no titles, no prose). Internal to schema*.cc. Any thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/value/value.hh"

namespace weir::helm::schema {

// The document at `url`, with or without an empty fragment; null when no draft has it.
std::shared_ptr<const Value> metaschema(std::string_view url);

// The draft a URL stands for; 0 when it is none.
int draft_of(std::string_view url);

// Where the metaschema of a draft is: "http://json-schema.org/draft-07/schema".
std::string_view metaschema_url(int draft);
std::vector<int> drafts();

}  // namespace weir::helm::schema
