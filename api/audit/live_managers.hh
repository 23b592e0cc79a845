// Which fields of a live object others than its owner hold, by its managedFields. Pure.
#pragma once

#include <string>
#include <vector>

#include "engine/model/object_id.hh"
#include "engine/value/value.hh"

namespace weir::api::audit {

struct HeldField {
  std::string field;  // as kustomize::field_text writes it
  Value value;
  std::string manager;
  std::string time;  // RFC 3339; of the manager's last change
};

// In the object's order; status and what the server writes are left out. `owner` tells whose
// manager is not another's: the controllers' names, as Flux's.
std::vector<HeldField> fields_of_others(const Value& live, const model::ObjectId& owner);

}  // namespace weir::api::audit
