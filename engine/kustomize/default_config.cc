// kustomize's default field specs, as tables. A pod is the same thing wherever it stands, so its
// fields are listed once and combined with the places where pods stand.
#include <array>

#include "engine/kustomize/transformer_config.hh"

namespace weir::kustomize {

namespace {

struct Row {
  std::string_view group, version, kind, path;
  bool create;
};

struct PodHome {
  std::string_view kind, version, prefix;
};

constexpr std::array pod_homes = {
    PodHome{"Pod", "v1", "spec/"},
    PodHome{"PodTemplate", "", "template/spec/"},
    PodHome{"Deployment", "", "spec/template/spec/"},
    PodHome{"ReplicaSet", "", "spec/template/spec/"},
    PodHome{"DaemonSet", "", "spec/template/spec/"},
    PodHome{"StatefulSet", "", "spec/template/spec/"},
    PodHome{"Job", "", "spec/template/spec/"},
    PodHome{"CronJob", "", "spec/jobTemplate/spec/template/spec/"},
};

// Where kinds that pods name directly are looked for.
constexpr std::array plain_pod_homes = {
    PodHome{"Pod", "", "spec/"},
    PodHome{"StatefulSet", "", "spec/template/spec/"},
    PodHome{"Deployment", "", "spec/template/spec/"},
    PodHome{"ReplicationController", "", "spec/template/spec/"},
    PodHome{"CronJob", "", "spec/jobTemplate/spec/template/spec/"},
    PodHome{"Job", "", "spec/template/spec/"},
    PodHome{"DaemonSet", "", "spec/template/spec/"},
};

constexpr std::array config_map_pod_fields = {
    "volumes/configMap/name",
    "containers/env/valueFrom/configMapKeyRef/name",
    "initContainers/env/valueFrom/configMapKeyRef/name",
    "containers/envFrom/configMapRef/name",
    "initContainers/envFrom/configMapRef/name",
    "volumes/projected/sources/configMap/name",
};

constexpr std::array secret_pod_fields = {
    "volumes/secret/secretName",
    "containers/env/valueFrom/secretKeyRef/name",
    "initContainers/env/valueFrom/secretKeyRef/name",
    "containers/envFrom/secretRef/name",
    "initContainers/envFrom/secretRef/name",
    "imagePullSecrets/name",
    "volumes/projected/sources/secret/name",
};

constexpr std::string_view rbac = "rbac.authorization.k8s.io";
constexpr std::string_view admission = "admissionregistration.k8s.io";

constexpr std::array config_map_fields = {
    Row{"", "", "Node", "spec/configSource/configMap", false},
    Row{"", "", "Role", "rules/resourceNames", false},
    Row{"", "", "ClusterRole", "rules/resourceNames", false},
    Row{"", "", "Ingress",
        "metadata/annotations/nginx.ingress.kubernetes.io\\/fastcgi-params-configmap", false},
};

constexpr std::array secret_fields = {
    Row{"", "", "Ingress", "spec/tls/secretName", false},
    Row{"", "", "Ingress", "metadata/annotations/ingress.kubernetes.io\\/auth-secret", false},
    Row{"", "", "Ingress", "metadata/annotations/nginx.ingress.kubernetes.io\\/auth-secret", false},
    Row{"", "", "Ingress", "metadata/annotations/nginx.ingress.kubernetes.io\\/auth-tls-secret",
        false},
    Row{"", "", "ServiceAccount", "imagePullSecrets/name", false},
    Row{"", "", "StorageClass", "parameters/secretName", false},
    Row{"", "", "StorageClass", "parameters/adminSecretName", false},
    Row{"", "", "StorageClass", "parameters/userSecretName", false},
    Row{"", "", "StorageClass", "parameters/secretRef", false},
    Row{"", "", "Role", "rules/resourceNames", false},
    Row{"", "", "ClusterRole", "rules/resourceNames", false},
    Row{"serving.knative.dev", "v1", "Service",
        "spec/template/spec/containers/env/valueFrom/secretKeyRef/name", false},
    Row{"", "", "PersistentVolume", "spec/azureFile/secretName", false},
};

constexpr std::array scale_fields = {
    Row{"", "", "HorizontalPodAutoscaler", "spec/scaleTargetRef/name", false}};

constexpr std::array service_fields = {
    Row{"apps", "", "StatefulSet", "spec/serviceName", false},
    Row{"", "", "Ingress", "spec/rules/http/paths/backend/serviceName", false},
    Row{"", "", "Ingress", "spec/backend/serviceName", false},
    Row{"", "", "Ingress", "spec/rules/http/paths/backend/service/name", false},
    Row{"", "", "Ingress", "spec/defaultBackend/service/name", false},
    Row{"apiregistration.k8s.io", "", "APIService", "spec/service/name", false},
    Row{admission, "", "ValidatingWebhookConfiguration", "webhooks/clientConfig/service", false},
    Row{admission, "", "MutatingWebhookConfiguration", "webhooks/clientConfig/service", false},
};

constexpr std::array role_fields = {Row{rbac, "", "RoleBinding", "roleRef/name", false}};
constexpr std::array cluster_role_fields = {
    Row{rbac, "", "RoleBinding", "roleRef/name", false},
    Row{rbac, "", "ClusterRoleBinding", "roleRef/name", false},
};
constexpr std::array service_account_fields = {
    Row{rbac, "", "RoleBinding", "subjects", false},
    Row{rbac, "", "ClusterRoleBinding", "subjects", false},
};
constexpr std::array volume_fields = {
    Row{"", "", "PersistentVolumeClaim", "spec/volumeName", false},
    Row{"", "", "ClusterRole", "rules/resourceNames", false},
};
constexpr std::array storage_class_fields = {
    Row{"", "", "PersistentVolume", "spec/storageClassName", false},
    Row{"", "", "PersistentVolumeClaim", "spec/storageClassName", false},
    Row{"", "", "StatefulSet", "spec/volumeClaimTemplates/spec/storageClassName", false},
};
constexpr std::array ingress_class_fields = {
    Row{"", "", "Ingress", "spec/ingressClassName", false}};
constexpr std::array admission_policy_fields = {
    Row{admission, "", "ValidatingAdmissionPolicyBinding", "spec/policyName", false}};

constexpr std::array metadata_labels = {
    Row{"", "", "", "metadata/labels", true},
    Row{"", "v1", "ReplicationController", "spec/template/metadata/labels", true},
    Row{"", "", "Deployment", "spec/template/metadata/labels", true},
    Row{"", "", "ReplicaSet", "spec/template/metadata/labels", true},
    Row{"", "", "DaemonSet", "spec/template/metadata/labels", true},
    Row{"apps", "", "StatefulSet", "spec/template/metadata/labels", true},
    Row{"apps", "", "StatefulSet", "spec/volumeClaimTemplates[]/metadata/labels", true},
    Row{"batch", "", "Job", "spec/template/metadata/labels", true},
    Row{"batch", "", "CronJob", "spec/jobTemplate/metadata/labels", true},
    Row{"batch", "", "CronJob", "spec/jobTemplate/spec/template/metadata/labels", true},
};

constexpr std::array selector_labels = {
    Row{"", "v1", "Service", "spec/selector", true},
    Row{"", "v1", "ReplicationController", "spec/selector", true},
    Row{"", "", "Deployment", "spec/selector/matchLabels", true},
    Row{"", "", "ReplicaSet", "spec/selector/matchLabels", true},
    Row{"", "", "DaemonSet", "spec/selector/matchLabels", true},
    Row{"apps", "", "StatefulSet", "spec/selector/matchLabels", true},
    Row{"batch", "", "Job", "spec/selector/matchLabels", false},
    Row{"batch", "", "CronJob", "spec/jobTemplate/spec/selector/matchLabels", false},
    Row{"policy", "", "PodDisruptionBudget", "spec/selector/matchLabels", false},
    Row{"networking.k8s.io", "", "NetworkPolicy", "spec/podSelector/matchLabels", false},
    Row{"networking.k8s.io", "", "NetworkPolicy", "spec/ingress/from/podSelector/matchLabels",
        false},
    Row{"networking.k8s.io", "", "NetworkPolicy", "spec/egress/to/podSelector/matchLabels", false},
};

// In the pod templates of Deployments and StatefulSets.
constexpr std::array scheduling_labels = {
    "affinity/podAffinity/preferredDuringSchedulingIgnoredDuringExecution/podAffinityTerm/"
    "labelSelector/matchLabels",
    "affinity/podAffinity/requiredDuringSchedulingIgnoredDuringExecution/labelSelector/matchLabels",
    "affinity/podAntiAffinity/preferredDuringSchedulingIgnoredDuringExecution/podAffinityTerm/"
    "labelSelector/"
    "matchLabels",
    "affinity/podAntiAffinity/requiredDuringSchedulingIgnoredDuringExecution/labelSelector/"
    "matchLabels",
    "topologySpreadConstraints/labelSelector/matchLabels",
};

constexpr std::array annotation_fields = {
    Row{"", "", "", "metadata/annotations", true},
    Row{"", "v1", "ReplicationController", "spec/template/metadata/annotations", true},
    Row{"", "", "Deployment", "spec/template/metadata/annotations", true},
    Row{"", "", "ReplicaSet", "spec/template/metadata/annotations", true},
    Row{"", "", "DaemonSet", "spec/template/metadata/annotations", true},
    Row{"", "", "StatefulSet", "spec/template/metadata/annotations", true},
    Row{"batch", "", "Job", "spec/template/metadata/annotations", true},
    Row{"batch", "", "CronJob", "spec/jobTemplate/metadata/annotations", true},
    Row{"batch", "", "CronJob", "spec/jobTemplate/spec/template/metadata/annotations", true},
};

constexpr std::array namespace_fields = {
    Row{"", "", "Namespace", "metadata/name", true},
    Row{"apiregistration.k8s.io", "", "APIService", "spec/service/namespace", true},
    Row{"apiextensions.k8s.io", "", "CustomResourceDefinition",
        "spec/conversion/webhook/clientConfig/service/namespace", false},
};

constexpr std::array image_fields = {
    Row{"", "", "", "spec/containers[]/image", true},
    Row{"", "", "", "spec/initContainers[]/image", true},
    Row{"", "", "", "spec/volumes[]/image/reference", true},
    Row{"", "", "", "spec/template/spec/containers[]/image", true},
    Row{"", "", "", "spec/template/spec/initContainers[]/image", true},
    Row{"", "", "", "spec/template/spec/volumes[]/image/reference", true},
};

constexpr std::array replica_fields = {
    Row{"", "", "Deployment", "spec/replicas", true},
    Row{"", "", "ReplicationController", "spec/replicas", true},
    Row{"", "", "ReplicaSet", "spec/replicas", true},
    Row{"", "", "StatefulSet", "spec/replicas", true},
};

constexpr std::array name_fields = {Row{"", "", "", "metadata/name", false}};

constexpr std::array var_pod_homes = {
    PodHome{"CronJob", "", "spec/jobTemplate/spec/template/spec/"},
    PodHome{"DaemonSet", "", "spec/template/spec/"},
    PodHome{"Deployment", "", "spec/template/spec/"},
    PodHome{"Job", "", "spec/template/spec/"},
    PodHome{"Pod", "", "spec/"},
    PodHome{"ReplicaSet", "", "spec/template/spec/"},
    PodHome{"StatefulSet", "", "spec/template/spec/"},
};
constexpr std::array var_pod_fields = {
    "containers/args",          "containers/command",
    "containers/env/value",     "containers/volumeMounts/mountPath",
    "initContainers/args",      "initContainers/command",
    "initContainers/env/value", "initContainers/volumeMounts/mountPath",
};
constexpr std::array var_fields = {
    Row{"", "", "CronJob", "spec/jobTemplate/spec/template/volumes/nfs/server", false},
    Row{"", "", "DaemonSet", "spec/template/spec/volumes/nfs/server", false},
    Row{"", "", "Deployment", "spec/template/spec/volumes/nfs/server", false},
    Row{"", "", "Deployment", "spec/template/metadata/annotations", false},
    Row{"", "", "Ingress", "spec/rules/host", false},
    Row{"", "", "Ingress", "spec/tls/hosts", false},
    Row{"", "", "Ingress", "spec/tls/secretName", false},
    Row{"", "", "Job", "spec/template/spec/volumes/nfs/server", false},
    Row{"", "", "Pod", "spec/volumes/nfs/server", false},
    Row{"", "", "ReplicaSet", "spec/template/spec/volumes/nfs/server", false},
    Row{"", "", "Service", "spec/ports/port", false},
    Row{"", "", "Service", "spec/ports/targetPort", false},
    Row{"", "", "StatefulSet", "spec/volumeClaimTemplates/spec/nfs/server", false},
    Row{"", "", "PersistentVolume", "spec/nfs/server", false},
    Row{"", "", "", "metadata/labels", false},
    Row{"", "", "", "metadata/annotations", false},
};

Gvk gvk_from(std::string_view group, std::string_view version, std::string_view kind) {
  return Gvk{std::string(group), std::string(version), std::string(kind)};
}

template <typename Rows>
void add_rows(FieldSpecs& specs, const Rows& rows) {
  for (const Row& row : rows) {
    specs.push_back(make_field_spec(gvk_from(row.group, row.version, row.kind),
                                    std::string(row.path), row.create));
  }
}

template <typename Homes, typename Fields>
void add_pod_fields(FieldSpecs& specs, const Homes& homes, const Fields& fields) {
  for (const PodHome& home : homes) {
    for (const std::string_view field : fields) {
      specs.push_back(make_field_spec(gvk_from("", home.version, home.kind),
                                      std::string(home.prefix) + std::string(field), false));
    }
  }
}

template <typename Rows>
FieldSpecs& add_reference(TransformerConfig& config, Gvk target, const Rows& rows) {
  config.name_references.push_back({std::move(target), {}});
  FieldSpecs& referrers = config.name_references.back().referrers;
  add_rows(referrers, rows);
  return referrers;
}

void add_references(TransformerConfig& config) {
  for (const std::string_view kind :
       {"Deployment", "ReplicationController", "ReplicaSet", "StatefulSet"}) {
    add_reference(config, gvk_from("", "", kind), scale_fields);
  }
  add_pod_fields(add_reference(config, gvk_from("", "v1", "ConfigMap"), config_map_fields),
                 pod_homes, config_map_pod_fields);
  add_pod_fields(add_reference(config, gvk_from("", "v1", "Secret"), secret_fields), pod_homes,
                 secret_pod_fields);
  add_reference(config, gvk_from("", "v1", "Service"), service_fields);
  add_reference(config, gvk_from(rbac, "", "Role"), role_fields);
  add_reference(config, gvk_from(rbac, "", "ClusterRole"), cluster_role_fields);
  constexpr std::array account = {"serviceAccountName"};
  add_pod_fields(
      add_reference(config, gvk_from("", "v1", "ServiceAccount"), service_account_fields),
      plain_pod_homes, account);
  constexpr std::array claim = {"volumes/persistentVolumeClaim/claimName"};
  constexpr std::array<Row, 0> none{};
  add_pod_fields(add_reference(config, gvk_from("", "v1", "PersistentVolumeClaim"), none),
                 plain_pod_homes, claim);
  add_reference(config, gvk_from("", "v1", "PersistentVolume"), volume_fields);
  add_reference(config, gvk_from("storage.k8s.io", "v1", "StorageClass"), storage_class_fields);
  constexpr std::array priority = {"priorityClassName"};
  add_pod_fields(add_reference(config, gvk_from("scheduling.k8s.io", "v1", "PriorityClass"), none),
                 plain_pod_homes, priority);
  // The group really is written so upstream; it never matches.
  add_reference(config, gvk_from("networking.k8s.io/v1", "v1", "IngressClass"),
                ingress_class_fields);
  add_reference(config, gvk_from(admission, "", "ValidatingAdmissionPolicy"),
                admission_policy_fields);
}

// No rule stands here twice (merge_configs() relies on it).
ConfigPtr make_default_config() {
  auto config = std::make_shared<TransformerConfig>();
  add_rows(config->name_prefix, name_fields);
  add_rows(config->name_suffix, name_fields);
  add_rows(config->namespaces, namespace_fields);
  add_rows(config->common_labels, selector_labels);
  for (const std::string_view kind : {"Deployment", "StatefulSet"}) {
    for (const std::string_view field : scheduling_labels) {
      config->common_labels.push_back(make_field_spec(
          gvk_from("apps", "", kind), "spec/template/spec/" + std::string(field), false));
    }
  }
  add_rows(config->common_labels, metadata_labels);
  add_rows(config->template_labels, metadata_labels);
  add_rows(config->common_annotations, annotation_fields);
  add_references(*config);
  add_rows(config->var_references, var_fields);
  add_pod_fields(config->var_references, var_pod_homes, var_pod_fields);
  add_rows(config->images, image_fields);
  add_rows(config->replicas, replica_fields);
  config->sort();
  return config;
}

}  // namespace

const ConfigPtr& default_config() {
  static const ConfigPtr& config = *new ConfigPtr(make_default_config());
  return config;
}

}  // namespace weir::kustomize
