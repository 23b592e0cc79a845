// Who asks, and whether they may: the data directory's bearer token, or a cluster's TokenReview and
// SubjectAccessReview. Fails closed: whatever cannot be decided is refused.
//
// Thread-safe. Errors: unauthorized, forbidden, unavailable (the cluster cannot be asked). No text
// holds a token.
#pragma once

#include <string>
#include <string_view>

#include "api/audit/audit_api.hh"
#include "engine/base/result.hh"

namespace weir::api::audit {

// The user's name. `path` and `verb` are what the cluster is asked about: a nonResourceURL and
// "get" or "post".
Result<std::string> authorize(const AuditOptions& options, const kube::Request& request,
                              std::string_view path, std::string_view verb);

}  // namespace weir::api::audit
