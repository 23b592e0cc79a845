// What `weir kustomize` says about a build instead of printing it. Text to stdout, problems to
// stderr; the results are exit codes. Values of Secrets never appear.
#pragma once

#include <string>

#include "engine/kustomize/build.hh"

namespace weir::cli {

// --explain: every field of one object with what set it last: file, line and pass. `object` is
// KIND/NAME or KIND/NAMESPACE/NAME, the kind in any case. 1 when there is none, or several.
int explain_object(const kustomize::BuildResult& built, const std::string& object);

// --diff: what differs between two builds, object by object and field by field; 0 when nothing
// does, else 1.
int compare_builds(const kustomize::BuildResult& built, const kustomize::BuildResult& other);

}  // namespace weir::cli
