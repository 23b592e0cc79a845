// What Go's encoding/json finds wrong with a text, in its words. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace weir::tmpl {

// "invalid character 'x' looking for beginning of value", "unexpected end of JSON input"; "" for
// one whole JSON document.
std::string json_syntax_error(std::string_view text);

// The text with null for each number that fits no float64: what Go reads of a document of which it
// complains for nothing else ("json: cannot unmarshal number 1e400 into Go value of type float64").
// Nothing for other texts.
std::optional<std::string> without_large_numbers(std::string_view text);

}  // namespace weir::tmpl
