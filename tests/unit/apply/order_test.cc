#include "engine/apply/order.hh"

#include <catch2/catch.hpp>

using namespace weir;
using namespace weir::apply;

namespace {

ObjectId id(std::string group, std::string kind, std::string ns = "", std::string name = "a") {
  return {{std::move(group), "v1", std::move(kind)}, std::move(ns), std::move(name)};
}

std::vector<std::string> kinds(const std::vector<ObjectId>& ids) {
  std::vector<std::string> out;
  for (const ObjectId& each : ids) out.push_back(each.gvk.kind);
  return out;
}

}  // namespace

TEST_CASE("K7.4 definitions, classes, custom kinds, the rest") {
  CHECK(stage_of({"apiextensions.k8s.io", "v1", "CustomResourceDefinition"}) == Stage::definitions);
  CHECK(stage_of({"", "v1", "Namespace"}) == Stage::definitions);
  CHECK(stage_of({"rbac.authorization.k8s.io", "v1", "ClusterRole"}) == Stage::definitions);
  CHECK(stage_of({"x.io", "v1", "DatabaseClass"}) == Stage::classes);
  CHECK(stage_of({"", "v1", "Secret"}) == Stage::rest);
  const std::vector<StageKind> custom = *parse_stage_kinds("x.io/Tenant,/Secret");
  CHECK(stage_of({"", "v1", "Secret"}, custom) == Stage::custom);
  CHECK(stage_of({"x.io", "v2", "Tenant"}, custom) == Stage::custom);
  CHECK(stage_of({"y.io", "v2", "Tenant"}, custom) == Stage::rest);
  CHECK(stage_is_awaited(Stage::definitions));
  CHECK_FALSE(stage_is_awaited(Stage::custom));
  CHECK_FALSE(parse_stage_kinds("a/b/c").ok());
}

TEST_CASE("K7.5 listed kinds come first, others by group and kind, webhooks last") {
  std::vector<ObjectId> ids = {id("admissionregistration.k8s.io", "ValidatingWebhookConfiguration"),
                               id("networking.k8s.io", "Ingress", "a"),
                               id("apps", "DaemonSet", "a"),
                               id("apps", "Deployment", "a"),
                               id("", "Service", "a"),
                               id("", "Secret", "a"),
                               id("", "ConfigMap", "a"),
                               id("", "Pod", "a"),
                               id("storage.k8s.io", "StorageClass"),
                               id("", "Namespace"),
                               id("apiextensions.k8s.io", "CustomResourceDefinition")};
  sort_for_apply(ids);
  CHECK(kinds(ids) == std::vector<std::string>{"CustomResourceDefinition", "Namespace",
                                               "StorageClass", "ConfigMap", "Secret", "Service",
                                               "Deployment", "Pod", "DaemonSet", "Ingress",
                                               "ValidatingWebhookConfiguration"});
}

TEST_CASE("K9.4 prune order is the reverse of K7.5") {
  std::vector<ObjectId> ids = {id("", "Namespace"), id("", "ConfigMap", "a"),
                               id("apps", "Deployment", "a"), id("networking.k8s.io", "Ingress",
                                   "a")};
  sort_for_prune(ids);
  CHECK(kinds(ids) ==
        std::vector<std::string>{"Ingress", "Deployment", "ConfigMap", "Namespace"});
}

TEST_CASE("K7.5 ties break by namespace, then name; the kind alone finds the row") {
  CHECK(applies_before(id("", "Service", "a", "z"), id("", "Service", "b", "a")));
  CHECK(applies_before(id("", "Service", "a", "a"), id("", "Service", "a", "b")));
  CHECK(applies_before(id("serving.knative.dev", "Service", "a"), id("", "Pod", "a")));
}

TEST_CASE("objects split into the stages that have any") {
  const auto object = [](std::string_view api, std::string_view kind, std::string_view name) {
    return Value::object({{"apiVersion", api},
                          {"kind", kind},
                          {"metadata", Value::object({{"name", name}})}});
  };
  const auto stages = split_stages({object("v1", "Secret", "s"), object("v1", "ConfigMap", "c"),
                                    object("v1", "Namespace", "n")});
  REQUIRE(stages.size() == 2);
  CHECK(stages[0][0]["kind"].get_string() == "Namespace");
  CHECK(stages[1][0]["kind"].get_string() == "ConfigMap");
  CHECK(stages[1][1]["kind"].get_string() == "Secret");
}
