// TOML 1.0 as BurntSushi's Go library reads and writes it, its error texts included. Pure.
#pragma once

#include <string>
#include <string_view>

#include "engine/base/result.hh"
#include "engine/template/datum.hh"

namespace weir::tmpl {

// Keys without tables below them first, each group sorted; tables two spaces in for each level.
// Error: invalid (a nil in a list, a list of tables at the top), limit.
Result<std::string> write_toml(const Datum& datum);

// map[string]interface {}; integers are int64. Error: invalid, "toml: line 1 (last key "a"): ...".
Result<Datum> read_toml(std::string_view text);

}  // namespace weir::tmpl
