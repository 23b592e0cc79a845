// What is done to a rendered manifest before it is applied, so that weir owns exactly the fields
// that the reference owns: built-in kinds pass through Go's typed structs there, which drops
// unknown fields and empty values and writes others as null or {}. Driven by engine/model/schema.
// Pure; contract K3.5, K3.6, K7.2, K7.3.
#pragma once

#include <string_view>

#include "engine/apply/skip.hh"
#include "engine/value/value.hh"

namespace weir::apply {

// The form that is sent to server-side apply: - a built-in kind keeps the fields of its schema
// only, with Go's rules for empty ones and quantities in   canonical form; a manifest that does
// not fit the schema keeps its body, as do kinds of   apiextensions.k8s.io and
// apiregistration.k8s.io; - a Secret's stringData is merged into data; ports of containers and
// Services get protocol TCP; - metadata.creationTimestamp is null; status is gone, except on
// CustomResourceDefinitions; - a CustomResourceDefinition's conversion caBundle that holds no
// certificate is gone; - RBAC v1 Roles and ClusterRoles are left exactly as they are.
Value normalise(const Value& manifest);

// K7.2: the labels `<group>/name` and `<group>/namespace` that mark the owner.
void add_owner_labels(Value& manifest, std::string_view ns, std::string_view name,
                      std::string_view group = owner_group);

// K3.6: spec.commonMetadata; its labels and annotations win. Nulls add nothing.
void add_common_metadata(Value& manifest, const Value& labels, const Value& annotations);

}  // namespace weir::apply
