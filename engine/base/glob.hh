// Shell patterns with the semantics of Go's path.Match and filepath.Match (the same on Unix): '*'
// and '?' stop at '/', classes are [a-z] and [^a-z], '\' escapes. Text is UTF-8; a broken byte is
// one character.
#pragma once

#include <string_view>

#include "engine/base/result.hh"

namespace weir::base {

// Go's filepath.Match: whether the pattern matches the whole name. A malformed pattern is an error
// only when the match comes as far as its fault. Error: invalid ("syntax error in pattern").
Result<bool> glob_match(std::string_view pattern, std::string_view name);
// Go's path.Match: the same, but a malformed pattern is always an error.
Result<bool> path_match(std::string_view pattern, std::string_view name);

}  // namespace weir::base
