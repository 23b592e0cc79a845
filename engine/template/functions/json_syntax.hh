// What Go's encoding/json finds wrong with a text, in its words. Pure.
#pragma once

#include <string>
#include <string_view>

namespace weir::tmpl {

// "invalid character 'x' looking for beginning of value", "unexpected end of JSON input"; "" for
// one whole JSON document.
std::string json_syntax_error(std::string_view text);

}  // namespace weir::tmpl
