// The commit that takes a rollback to Git: per source, which files go back to which commit.
#pragma once

#include <vector>

#include "api/audit/rollback.hh"

namespace weir::api::audit {

// Plans the commits, one a source, and unless `dry_run` orders them. A list of {source, branch,
// head, files, message, seq of the order}. Errors: invalid (no Git branch stands behind a target,
// or nothing has changed), unavailable (no mirrors here), conflict, not_found.
Result<Value> revert_in_git(const Call& call, const std::vector<RollbackPlan>& plans,
                            const std::string& to, bool dry_run);

}  // namespace weir::api::audit
