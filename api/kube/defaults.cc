// Defaults of the built-in kinds: what `kubectl get -o yaml` shows that nobody wrote.
#include <algorithm>
#include <set>

#include "api/kube/admission.hh"
#include "engine/base/digest.hh"

namespace weir::api::kube {

namespace {

void fallback(Value& object, std::string_view key, Value value) {
  const Value* present = object.find(key);
  if (present == nullptr || present->is_null()) object.set(key, std::move(value));
}

template <typename Edit>
void each(Value& object, std::string_view key, Edit edit) {
  Value* list = object.find_mut(key);
  for (std::size_t i = 0; list != nullptr && i < list->size(); ++i) edit(list->item_mut(i));
}

template <typename Edit>
void inside(Value& object, std::string_view key, Edit edit) {
  if (object[key].is_object()) edit(*object.find_mut(key));
}

// "nginx", "nginx:latest" -> Always; a digest or another tag -> IfNotPresent.
std::string_view pull_policy(std::string_view image) {
  if (image.find('@') != std::string_view::npos) return "IfNotPresent";
  const std::size_t slash = image.rfind('/');
  const std::string_view last = slash == std::string_view::npos ? image : image.substr(slash + 1);
  const std::size_t colon = last.find(':');
  return colon == std::string_view::npos || last.substr(colon + 1) == "latest" ? "Always"
                                                                               : "IfNotPresent";
}

void default_probe(Value& container, std::string_view name) {
  inside(container, name, [](Value& probe) {
    fallback(probe, "failureThreshold", 3);
    fallback(probe, "periodSeconds", 10);
    fallback(probe, "successThreshold", 1);
    fallback(probe, "timeoutSeconds", 1);
    inside(probe, "httpGet", [](Value& get) {
      fallback(get, "path", "/");
      fallback(get, "scheme", "HTTP");
    });
    inside(probe, "grpc", [](Value& grpc) { fallback(grpc, "service", ""); });
  });
}

void default_container(Value& container) {
  fallback(container, "imagePullPolicy", pull_policy(container["image"].get_string()));
  fallback(container, "resources", Value::object());
  fallback(container, "terminationMessagePath", "/dev/termination-log");
  fallback(container, "terminationMessagePolicy", "File");
  each(container, "ports", [](Value& port) { fallback(port, "protocol", "TCP"); });
  for (const char* probe : {"livenessProbe", "readinessProbe", "startupProbe"})
    default_probe(container, probe);
  each(container, "env", [](Value& env) {
    inside(env, "valueFrom", [](Value& from) {
      inside(from, "fieldRef", [](Value& ref) { fallback(ref, "apiVersion", "v1"); });
    });
  });
  inside(container, "lifecycle", [](Value& lifecycle) {
    for (const char* hook : {"postStart", "preStop"}) {
      inside(lifecycle, hook, [](Value& handler) {
        inside(handler, "httpGet", [](Value& get) {
          fallback(get, "path", "/");
          fallback(get, "scheme", "HTTP");
        });
      });
    }
  });
  inside(container, "resources", [](Value& resources) {
    for (const value::Member& limit : Value(resources["limits"]).members()) {
      if (!resources["requests"].contains(limit.name())) {
        resources.entry("requests").set(limit.name(), limit.value);
      }
    }
  });
}

void default_volume(Value& volume) {
  constexpr std::int64_t mode = 0644;
  for (const char* source : {"configMap", "secret", "projected", "downwardAPI"}) {
    inside(volume, source, [](Value& body) { fallback(body, "defaultMode", mode); });
  }
  inside(volume, "projected", [](Value& projected) {
    each(projected, "sources", [](Value& source) {
      inside(source, "serviceAccountToken",
             [](Value& token) { fallback(token, "expirationSeconds", 3607); });
    });
  });
  inside(volume, "hostPath", [](Value& path) { fallback(path, "type", ""); });
  if (volume.size() == 1) volume.set("emptyDir", Value::object());
}

void default_template(Value& spec) {
  Value& made = spec.entry("template");
  if (!made.is_object()) return;
  if (made["metadata"].is_null()) made.set("metadata", Value::object());
  if (made["spec"].is_object()) default_pod_spec(made.entry("spec"));
}

void default_claim(Value& spec) {
  fallback(spec, "volumeMode", "Filesystem");
  inside(spec, "resources", [](Value&) {});
}

void default_deployment(Value& spec) {
  fallback(spec, "replicas", 1);
  fallback(spec, "revisionHistoryLimit", 10);
  fallback(spec, "progressDeadlineSeconds", 600);
  Value& strategy = spec.entry("strategy");
  fallback(strategy, "type", "RollingUpdate");
  if (strategy["type"].get_string() == "RollingUpdate") {
    Value& rolling = strategy.entry("rollingUpdate");
    fallback(rolling, "maxSurge", "25%");
    fallback(rolling, "maxUnavailable", "25%");
  }
  default_template(spec);
}

void default_stateful_set(Value& spec) {
  fallback(spec, "replicas", 1);
  fallback(spec, "revisionHistoryLimit", 10);
  fallback(spec, "podManagementPolicy", "OrderedReady");
  Value& strategy = spec.entry("updateStrategy");
  fallback(strategy, "type", "RollingUpdate");
  if (strategy["type"].get_string() == "RollingUpdate") {
    fallback(strategy.entry("rollingUpdate"), "partition", 0);
  }
  Value& retention = spec.entry("persistentVolumeClaimRetentionPolicy");
  fallback(retention, "whenDeleted", "Retain");
  fallback(retention, "whenScaled", "Retain");
  each(spec, "volumeClaimTemplates", [](Value& claim) {
    claim.set("apiVersion", "v1");
    claim.set("kind", "PersistentVolumeClaim");
    inside(claim, "spec", default_claim);
    fallback(claim, "status", Value::object({{"phase", "Pending"}}));
  });
  default_template(spec);
}

void default_daemon_set(Value& spec) {
  fallback(spec, "revisionHistoryLimit", 10);
  Value& strategy = spec.entry("updateStrategy");
  fallback(strategy, "type", "RollingUpdate");
  if (strategy["type"].get_string() == "RollingUpdate") {
    Value& rolling = strategy.entry("rollingUpdate");
    fallback(rolling, "maxSurge", 0);
    fallback(rolling, "maxUnavailable", 1);
  }
  default_template(spec);
}

void default_job(Value& spec) {
  fallback(spec, "backoffLimit", 6);
  fallback(spec, "completionMode", "NonIndexed");
  if (!spec.contains("completions") && !spec.contains("parallelism")) spec.set("completions", 1);
  fallback(spec, "parallelism", 1);
  fallback(spec, "manualSelector", false);
  fallback(spec, "podReplacementPolicy", "TerminatingOrFailed");
  fallback(spec, "suspend", false);
  default_template(spec);
}

void default_cron_job(Value& spec) {
  fallback(spec, "concurrencyPolicy", "Allow");
  fallback(spec, "failedJobsHistoryLimit", 1);
  fallback(spec, "successfulJobsHistoryLimit", 3);
  fallback(spec, "suspend", false);
  inside(spec, "jobTemplate", [](Value& job) {
    if (job["metadata"].is_null()) job.set("metadata", Value::object());
    inside(job, "spec", [](Value& inner) { default_template(inner); });
  });
}

void default_service(Value& spec) {
  fallback(spec, "type", "ClusterIP");
  fallback(spec, "sessionAffinity", "None");
  const std::string type(spec["type"].get_string());
  if (type != "ExternalName") fallback(spec, "internalTrafficPolicy", "Cluster");
  if (type == "NodePort" || type == "LoadBalancer")
    fallback(spec, "externalTrafficPolicy", "Cluster");
  if (type == "LoadBalancer") fallback(spec, "allocateLoadBalancerNodePorts", true);
  if (spec["sessionAffinity"].get_string() == "ClientIP") {
    fallback(spec.entry("sessionAffinityConfig").entry("clientIP"), "timeoutSeconds", 10800);
  }
  each(spec, "ports", [](Value& port) {
    fallback(port, "protocol", "TCP");
    fallback(port, "targetPort", port["port"]);
  });
}

void default_ingress(Value& spec) {
  each(spec, "rules", [](Value& rule) {
    inside(rule, "http", [](Value& http) {
      each(http, "paths",
           [](Value& path) { fallback(path, "pathType", "ImplementationSpecific"); });
    });
  });
}

void default_network_policy(Value& spec) {
  if (spec["podSelector"].is_null()) spec.set("podSelector", Value::object());
  if (!spec.contains("policyTypes")) {
    spec.set("policyTypes", spec.contains("egress") ? Value::array({"Ingress", "Egress"})
                                                    : Value::array({"Ingress"}));
  }
  for (const char* side : {"ingress", "egress"}) {
    each(spec, side, [](Value& rule) {
      each(rule, "ports", [](Value& port) { fallback(port, "protocol", "TCP"); });
    });
  }
}

void default_autoscaler(Value& spec) { fallback(spec, "minReplicas", 1); }

void default_subjects(Value& object) {
  each(object, "subjects", [](Value& subject) {
    const std::string_view kind = subject["kind"].get_string();
    if (kind == "User" || kind == "Group")
      fallback(subject, "apiGroup", "rbac.authorization.k8s.io");
  });
  inside(object, "roleRef",
         [](Value& role) { fallback(role, "apiGroup", "rbac.authorization.k8s.io"); });
}

void default_secret(Value& object) {
  fallback(object, "type", "Opaque");
  for (const value::Member& member : Value(object["stringData"]).members()) {
    object.entry("data").set(member.name(), base::base64_encode(member.value.get_string()));
  }
  object.erase("stringData");
}

void default_namespace(Value& object, bool fresh) {
  object.entry("metadata")
      .entry("labels")
      .set("kubernetes.io/metadata.name", object["metadata"]["name"]);
  if (!fresh) return;
  fallback(object.entry("spec"), "finalizers", Value::array({"kubernetes"}));
  object.entry("status").set("phase", "Active");
}

void default_storage_class(Value& object) {
  fallback(object, "reclaimPolicy", "Delete");
  fallback(object, "volumeBindingMode", "Immediate");
}

void default_webhooks(Value& object) {
  each(object, "webhooks", [](Value& hook) {
    fallback(hook, "failurePolicy", "Fail");
    fallback(hook, "matchPolicy", "Equivalent");
    fallback(hook, "namespaceSelector", Value::object());
    fallback(hook, "objectSelector", Value::object());
    fallback(hook, "timeoutSeconds", 10);
    inside(hook, "clientConfig", [](Value& config) {
      inside(config, "service", [](Value& service) { fallback(service, "port", 443); });
    });
    each(hook, "rules", [](Value& rule) { fallback(rule, "scope", "*"); });
  });
}

void default_pod(Value& object) {
  Value& spec = object.entry("spec");
  default_pod_spec(spec);
  fallback(spec, "enableServiceLinks", true);
  fallback(spec, "preemptionPolicy", "PreemptLowerPriority");
  fallback(spec, "priority", 0);
  Value& tolerations = spec.entry("tolerations");
  for (const char* key : {"node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"}) {
    const bool has =
        std::any_of(tolerations.items().begin(), tolerations.items().end(), [&](const Value& item) {
          return item["key"].get_string() == key ||
                 (item["key"].is_null() && item["operator"].get_string() == "Exists");
        });
    if (has) continue;
    tolerations.push_back(Value::object({{"effect", "NoExecute"},
                                         {"key", key},
                                         {"operator", "Exists"},
                                         {"tolerationSeconds", 300}}));
  }
  Value status = object["status"];
  if (status.is_null())
    object.set("status", Value::object({{"phase", "Pending"}, {"qosClass", "BestEffort"}}));
}

// Jobs select their own Pods by uid.
void select_job_pods(Value& object) {
  Value& spec = object.entry("spec");
  if (spec["manualSelector"].get_bool() || spec.contains("selector")) return;
  const Value uid = object["metadata"]["uid"];
  spec.set("selector",
           Value::object(
               {{"matchLabels", Value::object({{"batch.kubernetes.io/controller-uid", uid}})}}));
  Value& labels = spec.entry("template").entry("metadata").entry("labels");
  labels.set("batch.kubernetes.io/controller-uid", uid);
  labels.set("batch.kubernetes.io/job-name", object["metadata"]["name"]);
  labels.set("controller-uid", uid);
  labels.set("job-name", object["metadata"]["name"]);
}

}  // namespace

void default_pod_spec(Value& spec) {
  fallback(spec, "restartPolicy", "Always");
  fallback(spec, "dnsPolicy", "ClusterFirst");
  fallback(spec, "schedulerName", "default-scheduler");
  fallback(spec, "securityContext", Value::object());
  fallback(spec, "terminationGracePeriodSeconds", 30);
  if (const std::string account(spec["serviceAccountName"].get_string()); !account.empty()) {
    spec.set("serviceAccount", account);
  } else if (const std::string old(spec["serviceAccount"].get_string()); !old.empty()) {
    spec.set("serviceAccountName", old);
  }
  each(spec, "containers", default_container);
  each(spec, "initContainers", default_container);
  each(spec, "volumes", default_volume);
}

void default_builtin(const KindInfo& kind, const Value& live, Value& object) {
  using OnSpec = void (*)(Value&);
  static const std::map<std::string_view, OnSpec> on_spec = {
      {"deployments.apps", default_deployment},
      {"replicasets.apps",
       [](Value& spec) {
         fallback(spec, "replicas", 1);
         default_template(spec);
       }},
      {"replicationcontrollers",
       [](Value& spec) {
         fallback(spec, "replicas", 1);
         default_template(spec);
       }},
      {"statefulsets.apps", default_stateful_set},
      {"daemonsets.apps", default_daemon_set},
      {"jobs.batch", default_job},
      {"cronjobs.batch", default_cron_job},
      {"services", default_service},
      {"ingresses.networking.k8s.io", default_ingress},
      {"networkpolicies.networking.k8s.io", default_network_policy},
      {"horizontalpodautoscalers.autoscaling", default_autoscaler},
      {"persistentvolumeclaims", default_claim}};
  static const std::map<std::string_view, OnSpec> on_object = {
      {"secrets", default_secret},
      {"rolebindings.rbac.authorization.k8s.io", default_subjects},
      {"clusterrolebindings.rbac.authorization.k8s.io", default_subjects},
      {"storageclasses.storage.k8s.io", default_storage_class},
      {"mutatingwebhookconfigurations.admissionregistration.k8s.io", default_webhooks},
      {"validatingwebhookconfigurations.admissionregistration.k8s.io", default_webhooks},
      {"customresourcedefinitions.apiextensions.k8s.io", default_crd}};
  if (const auto found = on_spec.find(kind.set);
      found != on_spec.end() && object["spec"].is_object()) {
    found->second(object.entry("spec"));
  }
  if (const auto found = on_object.find(kind.set); found != on_object.end()) found->second(object);
  const bool fresh = live.is_null();
  if (kind.set == "namespaces") default_namespace(object, fresh);
  if (kind.set == "pods" && object["spec"].is_object()) default_pod(object);
  if (!fresh) return;
  if (kind.set == "persistentvolumeclaims" && object["status"].is_null()) {
    object.set("status", Value::object({{"phase", "Pending"}}));
  }
  if (kind.set == "services")
    object.set("status", Value::object({{"loadBalancer", Value::object()}}));
  static const std::set<std::string_view> empty_status = {"deployments.apps", "cronjobs.batch",
                                                          "jobs.batch"};
  if (empty_status.contains(kind.set) && object["status"].is_null())
    object.set("status", Value::object());
}

void fill_generated(const KindInfo& kind, const Value& live, Value& object) {
  if (kind.set != "jobs.batch" || !object["spec"].is_object()) return;
  if (live.is_null()) return select_job_pods(object);
  if (!object["spec"].contains("selector"))
    object.entry("spec").set("selector", live["spec"]["selector"]);
  Value& labels = object.entry("spec").entry("template").entry("metadata").entry("labels");
  for (const value::Member& label : live["spec"]["template"]["metadata"]["labels"].members()) {
    const bool generated = label.name().find("controller-uid") != std::string_view::npos ||
                           label.name().find("job-name") != std::string_view::npos;
    if (generated && !labels.contains(label.name())) labels.set(label.name(), label.value);
  }
}

bool has_generation(const KindInfo& kind) {
  static const std::set<std::string_view> without = {
      "configmaps",
      "secrets",
      "serviceaccounts",
      "services",
      "namespaces",
      "nodes",
      "endpoints",
      "events",
      "persistentvolumeclaims",
      "persistentvolumes",
      "limitranges",
      "resourcequotas",
      "podtemplates",
      "roles.rbac.authorization.k8s.io",
      "rolebindings.rbac.authorization.k8s.io",
      "clusterroles.rbac.authorization.k8s.io",
      "clusterrolebindings.rbac.authorization.k8s.io",
      "leases.coordination.k8s.io",
      "storageclasses.storage.k8s.io",
      "controllerrevisions.apps",
      "horizontalpodautoscalers.autoscaling",
      "apiservices.apiregistration.k8s.io",
      "csinodes.storage.k8s.io",
      "csidrivers.storage.k8s.io",
      "runtimeclasses.node.k8s.io"};
  return kind.custom || !without.contains(kind.set);
}

}  // namespace weir::api::kube
