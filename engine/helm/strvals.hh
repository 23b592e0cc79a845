// The little language of --set and its kin: "a.b[0].c=x,d={e,f}". Values, error texts and oddities
// are Helm's. Pure functions; caps: helm_set_index_max, helm_set_depth_max.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "engine/base/result.hh"
#include "engine/value/value.hh"

namespace weir::helm {

enum class SetKind : unsigned char {
  typed,    // --set: true, false, null and integers are what they look like
  string,   // --set-string: all values are strings
  file,     // --set-file: the value names a file, whose contents are set
  json,     // --set-json: values are JSON
  literal,  // --set-literal: all behind the first '=' as it stands
};

// What a file of --set-file holds.
using FileReader = std::function<Result<std::string>(const std::string& name)>;

// Sets in `values` (an object) what `text` says. On an error `values` may hold a part of it.
// Error: invalid, or what `read_file` gave.
Result<void> set_values(Value& values, std::string_view text, SetKind kind,
                        const FileReader& read_file = {});

}  // namespace weir::helm
