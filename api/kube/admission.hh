// What the API server does to an object of a built-in kind before it stores it: defaults, allocated
// values, and the checks that users meet.
//
// Owner: api/kube. Pure functions over the object (service addresses come from the caller); no
// threads.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "api/kube/kinds.hh"
#include "api/kube/schema.hh"
#include "engine/value/value.hh"

namespace weir::api::kube {

// Fills in what Kubernetes defaults for `object` of `kind` (by its set). `live` is null on a
// create.
void default_builtin(const KindInfo& kind, const Value& live, Value& object);
// What the server makes up itself, which no manager owns: a Job's selector and labels.
void fill_generated(const KindInfo& kind, const Value& live, Value& object);
// Defaults of a pod spec, as in every pod template.
void default_pod_spec(Value& spec);

// All that is wrong with the object; `live` is null on a create. For every kind: names, labels,
// finalizers; for built-in ones what Kubernetes requires and what may not change.
std::vector<FieldError> validate_object(const KindInfo& kind, const Value& live,
                                        const Value& object);

// Kinds whose metadata.generation counts changes of the specification.
bool has_generation(const KindInfo& kind);

// CustomResourceDefinitions: names, scope and conversion defaults, and their checks.
void default_crd(Value& crd);
std::vector<FieldError> validate_crd(const Value& crd);
// One line for each of its validation rules (CEL) that cannot be enforced here.
std::vector<std::string> rule_warnings(const Value& crd);
// What the schema and its rules refuse; `live` is null on a create. A rule is not asked again about
// a value that an update leaves alone.
std::vector<FieldError> validate_custom(const Value& live, const Value& object,
                                        const Schema& schema);
// The status that says which names were accepted and that the definition is served.
void establish_crd(Value& crd, const std::string& now);

}  // namespace weir::api::kube
