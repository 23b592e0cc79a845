// A rollback's plan, as the rollback itself and the revert commit use it.
#pragma once

#include <map>

#include "api/audit/routes.hh"
#include "engine/reconcile/core.hh"

namespace weir::api::audit {

// What a target would be pinned to.
struct RollbackPlan {
  reconcile::OperatorAction action;
  std::size_t objects = 0;
  Value created = Value::array(), configured = Value::array(), deleted = Value::array();
  std::size_t unchanged = 0;
};

// Objects of a rendered set: their names and blobs, whatever the version.
using RenderedObjects = std::map<model::ObjectId, base::Digest, model::GroupKindOrder>;
// Errors: those of the blob store.
Result<RenderedObjects> read_set(const Call& call, const base::Digest& blob);

}  // namespace weir::api::audit
