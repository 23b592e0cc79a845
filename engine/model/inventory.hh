// The inventory of a Kustomization or HelmRelease as its status carries it: which objects it
// applied. Entries are {id, v}: id = "<namespace>_<name>_<group>_<Kind>" with empty parts kept, v
// = the API version without its group. Colons in names of RBAC kinds are written "__". Pure;
// contract K9.1-K9.3.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.hh"
#include "engine/model/object_id.hh"

namespace weir::model {

// "default_podinfo__Service", "_certs.x.io_apiextensions.k8s.io_CustomResourceDefinition".
std::string inventory_id(const ObjectId& id);

// The reverse; the version comes from the entry's v. Error: invalid, naming the id.
Result<ObjectId> parse_inventory_id(std::string_view text, std::string_view version);

// The value of status.inventory: {entries: [{id, v}, ...]}, in the order given.
Value make_inventory(const std::vector<ObjectId>& ids);

// The objects of a status.inventory; none for null. Error: invalid, naming the entry.
Result<std::vector<ObjectId>> parse_inventory(const Value& inventory);

// Objects of `before` that are not in `after`, whatever their API versions, in the order of
// `before`.
std::vector<ObjectId> stale_objects(const std::vector<ObjectId>& before,
                                    const std::vector<ObjectId>& after);

}  // namespace weir::model
