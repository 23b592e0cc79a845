// The lines of a table of answers that the real Go libraries gave (tests/golden/rules, see its
// ORIGIN), or of a fresh one in the folder that WEIR_RULES_VECTORS names.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace weir::tests {

std::vector<std::vector<std::string>> read_rules(std::string_view kind);
// Takes a Go-quoted string apart: the text between its quotes, or without them.
std::string unquote(std::string_view text);
std::vector<std::string> split_fields(std::string_view text, char separator);

}  // namespace weir::tests
