// What the handlers of orders share: reading a body's fields, finding its targets, and giving the
// order to the engine. Errors name the field.
#pragma once

#include <string_view>
#include <vector>

#include "api/audit/routes.hh"
#include "engine/reconcile/core.hh"

namespace weir::api::audit {

inline constexpr std::size_t targets_max = 10'000;

// The body as a JSON object with no other members than these. Error: invalid.
Result<Value> read_body(const Call& call, const std::vector<std::string_view>& known);
// Whether the members of these names are booleans, where they are there. Error: invalid.
Result<void> check_flags(const Value& body, const std::vector<std::string_view>& names);
// body["targets"], each {kind, namespace, name} of a Kustomization, none twice. Error: invalid.
Result<std::vector<model::ObjectId>> read_targets(const Call& call, const Value& body);

// Error: unavailable, when no engine runs.
Result<reconcile::Engine*> need_engine(const Call& call);
// The seq of the event that says so. Errors: conflict (the object's state forbids it), not_found,
// cancelled.
Result<std::uint64_t> act(reconcile::Engine& engine, reconcile::OperatorAction action);

}  // namespace weir::api::audit
