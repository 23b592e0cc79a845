#include "engine/model/schema.hh"

#include <catch2/catch.hpp>

using namespace weir;
using namespace weir::model;

namespace {

const SchemaField& field(const SchemaType* type, std::initializer_list<std::string_view> path) {
  const SchemaField* out = nullptr;
  for (std::string_view name : path) {
    REQUIRE(type != nullptr);
    out = type->find(name);
    INFO(name);
    REQUIRE(out != nullptr);
    const SchemaField* inner = out;
    while (inner->element != nullptr) inner = inner->element;
    type = inner->type;
  }
  return *out;
}

}  // namespace

TEST_CASE("a Deployment's containers merge by name") {
  const SchemaType* type = find_type(Gvk{"apps", "v1", "Deployment"});
  const SchemaField& containers = field(type, {"spec", "template", "spec", "containers"});
  CHECK(containers.kind == FieldKind::list);
  CHECK(containers.list_type == ListType::map);
  CHECK(containers.map_keys == std::vector<std::string>{"name"});
  CHECK(containers.patch_merge);
  CHECK(containers.patch_merge_key == "name");
  CHECK(containers.required);
}

TEST_CASE("container ports are keyed by port and protocol, and the protocol has a default") {
  const SchemaType* type = find_type("core.v1.Container");
  const SchemaField& ports = field(type, {"ports"});
  CHECK(ports.map_keys == std::vector<std::string>{"containerPort", "protocol"});
  CHECK(ports.patch_merge_key == "containerPort");
  const SchemaField& protocol = field(type, {"ports", "protocol"});
  CHECK(protocol.has_default);
  CHECK(protocol.default_text == "TCP");
  CHECK_FALSE(protocol.always_written);
}

TEST_CASE("volumes merge by name and retain keys, a strategy retains keys") {
  const SchemaField& volumes = field(find_type("core.v1.PodSpec"), {"volumes"});
  CHECK(volumes.patch_merge);
  CHECK(volumes.patch_retain_keys);
  CHECK(field(find_type("apps.v1.DeploymentSpec"), {"strategy"}).patch_retain_keys);
  CHECK(field(find_type("apps.v1.DeploymentSpec"), {"strategy"}).always_written);
}

TEST_CASE("selectors are atomic, label maps are not") {
  CHECK(find_type("meta.v1.LabelSelector")->atomic);
  CHECK(field(find_type("core.v1.ServiceSpec"), {"selector"}).atomic);
  CHECK_FALSE(field(&object_meta_type(), {"labels"}).atomic);
  CHECK(field(&object_meta_type(), {"finalizers"}).list_type == ListType::set);
}

TEST_CASE("fields know their scalar kinds") {
  const SchemaType* hpa = find_type(Gvk{"autoscaling", "v2", "HorizontalPodAutoscaler"});
  CHECK(field(hpa, {"spec", "maxReplicas"}).kind == FieldKind::int32);
  CHECK(field(hpa, {"metadata", "creationTimestamp"}).kind == FieldKind::time);
  CHECK(field(find_type("core.v1.Secret"), {"data"}).element->kind == FieldKind::bytes);
  CHECK(field(find_type("core.v1.ServicePort"), {"targetPort"}).kind == FieldKind::int_or_string);
  CHECK(field(find_type("core.v1.ResourceRequirements"), {"limits"}).element->kind ==
        FieldKind::quantity);
  CHECK(field(find_type("apiextensions.v1.JSONSchemaProps"), {"default"}).kind == FieldKind::any);
  CHECK(field(find_type("core.v1.ReplicationControllerSpec"), {"replicas"}).default_text == "1");
}

TEST_CASE("every field of every type is reachable and well formed") {
  REQUIRE(builtin_resources().size() > 60);
  for (const SchemaResource& resource : builtin_resources()) {
    INFO(resource.plural);
    REQUIRE(resource.type != nullptr);
    CHECK(find_type(resource.gvk) == resource.type);
    for (const SchemaField& each : resource.type->fields) {
      INFO(each.name);
      CHECK(resource.type->find(each.name) == &each);
      CHECK((each.kind == FieldKind::object) == (each.type != nullptr));
      CHECK((each.kind == FieldKind::list || each.kind == FieldKind::map) ==
            (each.element != nullptr));
      if (each.type != nullptr) CHECK_FALSE(each.type->fields.empty());
      CHECK((each.list_type == ListType::map) == !each.map_keys.empty());
    }
  }
}

TEST_CASE("the resource table says what discovery says") {
  const SchemaResource* deployments = find_resource(Gvk{"apps", "v1", "Deployment"});
  REQUIRE(deployments != nullptr);
  CHECK(deployments->plural == "deployments");
  CHECK(deployments->singular == "deployment");
  CHECK(deployments->namespaced);
  CHECK(deployments->short_names == std::vector<std::string>{"deploy"});
  CHECK(deployments->categories == std::vector<std::string>{"all"});
  CHECK(deployments->verbs.size() == 8);
  const SchemaSubresource* scale = deployments->subresource("scale");
  REQUIRE(scale != nullptr);
  CHECK(scale->gvk == Gvk{"autoscaling", "v1", "Scale"});
  CHECK(scale->verbs == std::vector<std::string>{"get", "patch", "update"});
  CHECK(deployments->subresource("status")->gvk == deployments->gvk);
  const SchemaResource* namespaces = find_resource(Gvk{"", "v1", "Namespace"});
  CHECK_FALSE(namespaces->namespaced);
  CHECK(std::count(namespaces->verbs.begin(), namespaces->verbs.end(), "deletecollection") == 0);
}

TEST_CASE("kinds of subresources have types, foreign kinds have none") {
  CHECK(find_type(Gvk{"autoscaling", "v1", "Scale"}) != nullptr);
  CHECK(find_type(Gvk{"policy", "v1", "Eviction"}) != nullptr);
  CHECK(find_type(Gvk{"authentication.k8s.io", "v1", "TokenRequest"}) != nullptr);
  CHECK(find_type(Gvk{"example.com", "v1", "Foo"}) == nullptr);
  CHECK(find_resource(Gvk{"apps", "v2", "Deployment"}) == nullptr);
}

TEST_CASE("fields know what Go's encoder does with an empty one") {
  const SchemaType* pod = find_type("core.v1.PodSpec");
  CHECK_FALSE(field(pod, {"hostNetwork"}).pointer);
  CHECK_FALSE(field(pod, {"hostNetwork"}).always_written);
  CHECK(field(pod, {"automountServiceAccountToken"}).pointer);
  CHECK(field(pod, {"containers"}).always_written);
  CHECK(field(find_type("core.v1.Container"), {"resources"}).always_written);
  CHECK(field(find_type("core.v1.ServicePort"), {"targetPort"}).always_written);
  CHECK_FALSE(field(&object_meta_type(), {"creationTimestamp"}).always_written);
}
