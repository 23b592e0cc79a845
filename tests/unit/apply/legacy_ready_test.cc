#include "engine/apply/legacy_ready.hh"

#include <catch2/catch.hpp>

#include "engine/value/yaml.hh"

namespace weir::apply {
namespace {

bool ready(const std::string& yaml, bool with_jobs = true) {
  auto object = value::parse_yaml(yaml);
  REQUIRE(object.ok());
  return is_ready_for_helm_3(*object, with_jobs);
}

std::string deployment(const std::string& spec, const std::string& status) {
  return "{kind: Deployment, metadata: {generation: 2}, spec: {" + spec +
         "}, status: {observedGeneration: 2, " + status + "}}";
}

}  // namespace

TEST_CASE("a Deployment is ready with as many new Pods as may not be missing") {
  const std::string four = "replicas: 4, strategy: {rollingUpdate: {maxUnavailable: 25%}}";
  CHECK(ready(deployment(four, "replicas: 4, updatedReplicas: 4, readyReplicas: 3")));
  CHECK_FALSE(ready(deployment(four, "replicas: 4, updatedReplicas: 4, readyReplicas: 2")));
  // The Pods of the old ReplicaSet do not count.
  CHECK_FALSE(ready(deployment(four, "replicas: 5, updatedReplicas: 1, readyReplicas: 4")));
  CHECK(ready(deployment("replicas: 1, strategy: {rollingUpdate: {maxUnavailable: 0, maxSurge: 0}}",
                         "replicas: 0")));
  CHECK(ready(deployment("replicas: 3, paused: true", "replicas: 0")));
  CHECK(ready(deployment("replicas: 0", "replicas: 0")));
  CHECK_FALSE(ready("{kind: Deployment, metadata: {generation: 2}, spec: {replicas: 0},"
                    " status: {observedGeneration: 1}}"));
}

TEST_CASE("a Service waits for its address, and a balancer for its own") {
  CHECK(ready("{kind: Service, spec: {type: ClusterIP, clusterIP: None}}"));
  CHECK_FALSE(ready("{kind: Service, spec: {type: ClusterIP}}"));
  CHECK(ready("{kind: Service, spec: {type: ExternalName}}"));
  CHECK_FALSE(ready("{kind: Service, spec: {type: LoadBalancer, clusterIP: 10.0.0.1}}"));
  CHECK(ready("{kind: Service, spec: {type: LoadBalancer, clusterIP: 10.0.0.1,"
              " externalIPs: [1.2.3.4]}}"));
  CHECK(ready("{kind: Service, spec: {type: LoadBalancer, clusterIP: 10.0.0.1},"
              " status: {loadBalancer: {ingress: [{ip: 1.2.3.4}]}}}"));
}

TEST_CASE("a StatefulSet is ready when all of it is of the new revision") {
  const std::string head = "{kind: StatefulSet, metadata: {generation: 1}, spec: {replicas: 2,"
                           " updateStrategy: {type: RollingUpdate}},"
                           " status: {observedGeneration: 1, updatedReplicas: 2, readyReplicas: ";
  CHECK(ready(head + "2, currentRevision: b, updateRevision: b}}"));
  CHECK_FALSE(ready(head + "2, currentRevision: a, updateRevision: b}}"));
  CHECK_FALSE(ready(head + "1, currentRevision: b, updateRevision: b}}"));
  CHECK(ready("{kind: StatefulSet, metadata: {generation: 1}, spec: {replicas: 2, updateStrategy:"
              " {type: OnDelete}}, status: {observedGeneration: 1}}"));
}

TEST_CASE("a DaemonSet is ready on as many nodes as may not be missing") {
  const std::string head = "{kind: DaemonSet, metadata: {generation: 1}, spec: {updateStrategy:"
                           " {type: RollingUpdate, rollingUpdate: {maxUnavailable: 1}}}, status:"
                           " {observedGeneration: 1, desiredNumberScheduled: 3, ";
  CHECK(ready(head + "updatedNumberScheduled: 3, numberReady: 2}}"));
  CHECK_FALSE(ready(head + "updatedNumberScheduled: 3, numberReady: 1}}"));
  CHECK_FALSE(ready(head + "updatedNumberScheduled: 2, numberReady: 3}}"));
}

TEST_CASE("Jobs count where they are waited for, other kinds as soon as they are there") {
  CHECK_FALSE(ready("{kind: Job, spec: {completions: 2}, status: {succeeded: 1}}"));
  CHECK(ready("{kind: Job, spec: {completions: 2}, status: {succeeded: 2}}"));
  CHECK(ready("{kind: Job, spec: {completions: 2}}", false));
  CHECK_FALSE(ready("{kind: PersistentVolumeClaim, status: {phase: Pending}}"));
  CHECK(ready("{kind: PersistentVolumeClaim, status: {phase: Bound}}"));
  CHECK_FALSE(ready("{kind: Pod, status: {phase: Running}}"));
  CHECK(ready("{kind: Pod, status: {conditions: [{type: Ready, status: 'True'}]}}"));
  CHECK_FALSE(ready("{kind: ReplicaSet, metadata: {generation: 1}, spec: {replicas: 1},"
                    " status: {observedGeneration: 1}}"));
  CHECK(ready("{kind: Certificate, status: {conditions: [{type: Ready, status: 'False'}]}}"));
}

}  // namespace weir::apply
