// Strategic merge patches as the API server applies them: lists merge by the schema's merge keys;
// the directives $patch, $retainKeys, $setElementOrder/<list> and $deleteFromPrimitiveList/<list>
// are obeyed.
//
// Owner: api/kube. Pure; no threads. Error: BadRequest on a directive nobody knows or a list item
// without its merge key.
#pragma once

#include "api/kube/schema.hh"
#include "engine/base/result.hh"

namespace weir::api::kube {

Result<void> apply_strategic_patch(Value& target, const Value& patch, const Schema* schema);

}  // namespace weir::api::kube
