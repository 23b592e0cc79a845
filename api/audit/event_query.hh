// The query parameters that pick events, shared by the lists and the archives of them.
//
// Reads of the log; thread-safe. Errors: invalid (the parameter is named), not_found, corrupt, io.
#pragma once

#include "api/audit/routes.hh"

namespace weir::api::audit {

// kind, namespace, name, type, since, until, actor, owner, reconcileID, order, limit, cursor.
Result<store::ScanRequest> read_scan(const Call& call);

}  // namespace weir::api::audit
