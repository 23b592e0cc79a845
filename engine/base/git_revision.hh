// Revisions of Git sources as they stand in status and events: "main@sha1:<commit>",
// "sha1:<commit>". Pure functions.
#pragma once

#include <string>
#include <string_view>

namespace weir::base {

// "<reference>@sha1:<commit>", or "sha1:<commit>" without a reference.
std::string git_revision(std::string_view reference, std::string_view commit);
// Brings the forms of old statuses ("main/<sha>", "HEAD/<sha>", "<sha>") to today's; others stay.
std::string normalize_git_revision(std::string_view revision);
// Whether both name the same reference at the same commit, in whatever form. An empty one equals
// none.
bool same_revision(std::string_view a, std::string_view b);

}  // namespace weir::base
