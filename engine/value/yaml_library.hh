// The reader on yaml-cpp's events: for the rare text our scanner declines, and for comparing the
// two.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "engine/base/result.hh"
#include "engine/value/yaml.hh"

namespace weir::value {

// Appends the documents of `text`; the error that stopped it, if one did.
std::optional<Error> read_with_library(std::string_view text, const YamlOptions& options,
                                       std::vector<YamlDocument>& documents);

}  // namespace weir::value
