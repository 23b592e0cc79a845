// JSON to Value and back. The reader is simdjson's (only in json.cc); the writer is ours and
// follows Go's encoding/json where a byte matters (number forms, escapes).
#pragma once

#include <string>
#include <string_view>

#include "engine/base/result.hh"
#include "engine/value/value.hh"

namespace weir::value {

// One JSON document. Integers of 64 bits stay integers, all other numbers are doubles; keys keep
// their order, the last of two equal keys wins (as in Go). Errors: invalid with the byte offset,
// limit.
Result<Value> parse_json(std::string_view text);

struct JsonStyle {
  bool sort_keys = true;    // Go maps print sorted
  bool escape_html = true;  // <, > and & as \u003c \u003e \u0026, as Go's default encoder
  int indent = 0;           // spaces a level; 0 = compact
};

// Go's json.Marshal of the same data: floats in Go's 'f'/'e' forms, invalid UTF-8 as \ufffd,
// U+2028/2029 escaped. No trailing newline.
std::string write_json(const Value& value, const JsonStyle& style = {});
void append_json(std::string& out, const Value& value, const JsonStyle& style = {});

}  // namespace weir::value
