// Tags of an OCI repository: which are meant by an expression, and which is the highest version of
// a range. Pure; any thread.
#pragma once

#include <string>
#include <vector>

#include "engine/base/result.hh"

namespace weir::reconcile {

// Those that the regular expression matches anywhere; all for "". Error: invalid.
Result<std::vector<std::string>> filter_tags(std::vector<std::string> tags,
                                             const std::string& pattern);
// The tag of the highest version in the range; `chart`: a '_' in a tag stands for '+'. Errors:
// not_found ("no match found for semver: 9.x"), invalid.
Result<std::string> highest_tag(const std::vector<std::string>& tags, const std::string& range,
                                bool chart);

}  // namespace weir::reconcile
