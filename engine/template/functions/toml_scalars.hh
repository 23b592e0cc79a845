// Numbers and dates of TOML, from the text that the reader cut out. Errors: invalid, in the words
// of BurntSushi/toml; the line is the reader's to say.
#pragma once

#include <string>

#include "engine/base/result.hh"
#include "engine/template/datum.hh"

namespace weir::tmpl {

Result<Datum> toml_integer(const std::string& text);
Result<Datum> toml_float(const std::string& text);
// Dates, times, and both, in the system's zone where they name none.
Result<Datum> toml_date(std::string text);

}  // namespace weir::tmpl
