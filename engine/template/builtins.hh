// The functions every template has: and, call, eq, ge, gt, html, index, js, le, len, lt, ne, not,
// or, print, printf, println, slice, urlquery.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "engine/template/function.hh"

namespace weir::tmpl {

std::span<const Function> builtin_functions();

// template.HTMLEscapeString, template.JSEscapeString and url.QueryEscape.
std::string escape_html(std::string_view text);
std::string escape_js(std::string_view text);
std::string escape_query(std::string_view text);

}  // namespace weir::tmpl
