// The values of a release: references to ConfigMaps and Secrets in their order, the inline values
// over them; contract H4. Any thread; the API is only read.
#pragma once

#include <string>

#include "engine/base/result.hh"
#include "engine/model/kinds/helm_release.hh"
#include "engine/reconcile/kube_port.hh"
#include "engine/value/value.hh"

namespace weir::reconcile {

// An object; numbers are Go's. `ns`: of the HelmRelease. Errors: not_found, invalid ("could not
// resolve ConfigMap chart values reference 'ns/n' with key 'k': ..."), those of the API.
Result<Value> compose_values(KubeApi& kube, const std::string& ns,
                             const model::HelmReleaseSpec& spec);

// `over` merged into `under`: maps deeply, everything else replaced.
Value merge_maps(Value under, const Value& over);

// Sets what a reference with a target path gives. Error: invalid.
Result<void> set_path_value(Value& values, const std::string& path, std::string text, bool literal);

}  // namespace weir::reconcile
