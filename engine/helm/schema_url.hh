// The addresses of schemas: how a reference is read from where it stands, and how a place in a
// document is written. Internal to schema*.cc. Pure.
#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace weir::helm::schema {

// An address, and what stands behind its '#'.
std::pair<std::string_view, std::string_view> split_fragment(std::string_view url);

// A reference without fragment, from a base, as RFC 3986 has it; what may not stand in a path is
// escaped.
std::string join_url(std::string_view base, std::string_view reference);

// Percent escapes undone.
std::string decoded(std::string_view text);

// A JSON pointer or an anchor behind '#': all but '/' as Go's url.PathEscape leaves it.
std::string escaped_fragment(std::string_view text);

}  // namespace weir::helm::schema
