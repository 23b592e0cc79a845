// When Helm 3 took an object for ready; releases that wait by the `legacy` strategy still go by it
// (contract H8.6). Pure; any thread.
#pragma once

#include "engine/value/value.hh"

namespace weir::apply {

// `live` as the API has it. Kinds that Helm did not know are ready as soon as they are there; Jobs
// without `with_jobs` too. A Deployment's own status stands for that of its new ReplicaSet: what is
// ready beyond the Pods of older ones.
bool is_ready_for_helm_3(const Value& live, bool with_jobs);

}  // namespace weir::apply
