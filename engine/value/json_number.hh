// How a number was written in a JSON document; parse_json keeps only what it means. Pure.
#pragma once

#include <string>
#include <string_view>

namespace weir::value {

// The number at a JSON pointer ("/a/0") of a document that parse_json read: "1.50", "1E2"; ""
// when there is none, or where a key has escapes. Reads the document anew.
std::string json_number_at(std::string_view text, std::string_view pointer);

}  // namespace weir::value
