// The three-way merge of client-side apply: what an object becomes when its manifest changes from
// `original` to `modified` while others may have changed it too. What nobody of ours set is left
// alone. Lists merge as strategic merge patches do: by the keys of the kind's schema, as a set, or
// not at all. Pure.
#pragma once

#include "engine/model/schema.hh"
#include "engine/value/value.hh"

namespace weir::apply {

// `type` is the schema of the kind; nullptr for kinds without one: then every list is replaced.
Value three_way_merge(const Value& original, const Value& modified, const Value& current,
                      const model::SchemaType* type);

}  // namespace weir::apply
