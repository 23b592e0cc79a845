// The simulated control plane behind the API: controllers, scheduler and kubelet as one table of
// pure-ish steps "look at the objects, make the next write". Nothing here waits: a step that must
// happen later is scheduled on the Core.
//
// Owner: api/kube; runs under the Core's lock. Failure: a step whose write fails is dropped; the
// next change of its objects schedules it again.
#pragma once

#include "api/kube/core.hh"

namespace weir::api::kube {

class Workloads {
 public:
  // Schedules what a change calls for.
  static void observe(Core& core, const Change& change);
  // Schedules what an object found at start-up may still need.
  static void trigger(Core& core, const Key& key, const Value& object);
  // Runs one scheduled step.
  static void run(Core& core, const Task& task);
};

// --- helpers the controllers share (workloads.cc)
constexpr std::string_view deployments_set = "deployments.apps";
constexpr std::string_view replica_sets_set = "replicasets.apps";
constexpr std::string_view stateful_sets_set = "statefulsets.apps";
constexpr std::string_view daemon_sets_set = "daemonsets.apps";
constexpr std::string_view jobs_set = "jobs.batch";
constexpr std::string_view crds_set = "customresourcedefinitions.apiextensions.k8s.io";
// Of a definition that is being deleted while there are objects of its kind.
constexpr std::string_view crd_finalizer = "customresourcecleanup.apiextensions.k8s.io";

// The stored object, or null.
Value load(Core& core, const Key& key);
// Writes an object as `manager`; `subresource` "" or "status". False when the write failed.
bool save(Core& core, const Key& key, const Value& object, std::string_view subresource,
          std::string_view manager = "kube-controller-manager");
bool make(Core& core, std::string_view set, const Value& object,
          std::string_view manager = "kube-controller-manager");
bool destroy(Core& core, const Key& key, std::string_view uid);
Value owner_reference(const Value& owner);
// Objects of `set` whose controller is `owner`.
std::vector<std::pair<Key, Value>> children(Core& core, const Value& owner, std::string_view set);
// Sets a condition in place; lastTransitionTime moves with its status. True when something changed.
bool set_condition(Value& conditions, Value condition, const std::string& now);
bool pod_ready(const Value& pod);
bool pod_active(const Value& pod);  // neither finished nor being deleted
// "25%" or 1, of `total`.
std::int64_t scaled(const Value& amount, std::int64_t total, bool round_up);

// The template of a workload's Pods as a Pod of that owner. `name` "" = generated from the owner's.
Value pod_from(const Value& owner, const Value& pod_template, const std::string& name);
// Ten letters that stand for a template.
std::string template_hash(const Value& pod_template);

// --- controllers, one step each
void step_deployment(Core& core, const Key& key);
void step_replica_set(Core& core, const Key& key);
void step_stateful_set(Core& core, const Key& key);
void step_daemon_set(Core& core, const Key& key);
void step_job(Core& core, const Key& key);
void step_pod(Core& core, const Key& key);
void step_pod_start(Core& core, const Key& key);   // its containers run
void step_pod_finish(Core& core, const Key& key);  // a Job's containers end
void step_endpoints(Core& core, const Key& key);
void step_claim(Core& core, const Key& key);
void step_namespace(Core& core, const Key& key);
void step_definition(Core& core, const Key& key);
void step_collect(Core& core, const Key& key);   // an object that is being deleted with dependents
void step_orphaned(Core& core, const Key& key);  // key.name is the uid of an owner that is gone

}  // namespace weir::api::kube
