// The health rules of the kinds Kubernetes ships, one function each; health.cc calls them by table.
// Every function takes a whole live object. Pure.
#pragma once

#include "engine/apply/health.hh"

namespace weir::apply {

using KindHealth = Health (*)(const Value& object, base::TimeUs now);

// nullptr when the kind has no rule of its own.
KindHealth find_kind_health(const Gvk& gvk);

Health pod_health(const Value& pod, base::TimeUs now);

// "True", "False", "Unknown", or "" when status.conditions has no such type.
std::string_view object_condition(const Value& object, std::string_view type);

}  // namespace weir::apply
