// Keys and strings as TOML spells them; shared by its reader and writer.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace weir::tmpl {

bool is_bare_key_char(char c);
// "text" with TOML's escapes.
std::string quoted_toml(std::string_view text);
// A part of a key: bare where that can be.
std::string toml_key(std::string_view part);
// a."b c".d
std::string toml_path(std::span<const std::string> parts);

}  // namespace weir::tmpl
