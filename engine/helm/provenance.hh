// What the signed text of a provenance file says of a package: its Chart.yaml, and the digests of
// files. Pure.
#pragma once

#include <string>
#include <string_view>

#include "engine/base/result.hh"

namespace weir::helm {

// Whether the text vouches for a package of this name and these bytes. Errors: invalid, forbidden
// (another digest), in Helm's words.
Result<void> check_provenance(std::string_view text, const std::string& file_name,
                              std::string_view package);

}  // namespace weir::helm
