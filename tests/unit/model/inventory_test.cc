#include "engine/model/inventory.hh"

#include <catch2/catch.hpp>

using namespace weir;
using namespace weir::model;

TEST_CASE("K9.1 ids keep empty parts") {
  CHECK(inventory_id({{"", "v1", "Service"}, "default", "podinfo"}) == "default_podinfo__Service");
  CHECK(inventory_id({{"apiextensions.k8s.io", "v1", "CustomResourceDefinition"}, "", "certs.x.io"})
        ==
        "_certs.x.io_apiextensions.k8s.io_CustomResourceDefinition");
}

TEST_CASE("K9.1 colons become two underscores in the names of RBAC kinds only") {
  const std::string group = "rbac.authorization.k8s.io";
  CHECK(inventory_id({{group, "v1", "ClusterRole"}, "", "system:x:y"}) ==
        "_system__x__y_rbac.authorization.k8s.io_ClusterRole");
  CHECK(inventory_id({{group, "v1", "RoleBinding"}, "a", "b:c"}) ==
        "a_b__c_rbac.authorization.k8s.io_RoleBinding");
  CHECK(inventory_id({{"x.io", "v1", "Thing"}, "a", "b:c"}) == "a_b:c_x.io_Thing");
}

TEST_CASE("K9.2 every id reads back") {
  const ObjectId ids[] = {
      {{"", "v1", "Service"}, "default", "podinfo"},
      {{"", "v1", "Namespace"}, "", "apps"},
      {{"rbac.authorization.k8s.io", "v1", "ClusterRole"}, "", "system:x:y"},
      {{"apps", "v1", "Deployment"}, "ns", "a.b-c"},
  };
  for (const ObjectId& id : ids) {
    const Result<ObjectId> parsed = parse_inventory_id(inventory_id(id), id.gvk.version);
    INFO(inventory_id(id));
    REQUIRE(parsed.ok());
    CHECK(*parsed == id);
  }
}

TEST_CASE("K9.2 malformed ids are errors") {
  for (const char* text : {"", "a", "a_b", "a_b_c", "a___Kind", "a_b_c_", "____"}) {
    INFO(text);
    CHECK_FALSE(parse_inventory_id(text, "v1").ok());
  }
}

TEST_CASE("K9.3 an apiVersion bump makes nothing stale, order is kept") {
  const ObjectId old_version{{"autoscaling", "v1", "HorizontalPodAutoscaler"}, "a", "b"};
  const ObjectId new_version{{"autoscaling", "v2", "HorizontalPodAutoscaler"}, "a", "b"};
  const ObjectId gone_b{{"", "v1", "ConfigMap"}, "a", "b"};
  const ObjectId gone_a{{"", "v1", "ConfigMap"}, "a", "a"};
  CHECK(stale_objects({gone_b, old_version, gone_a}, {new_version}) ==
        std::vector<ObjectId>{gone_b, gone_a});
  CHECK(stale_objects({}, {new_version}).empty());
}

TEST_CASE("an inventory survives its status form") {
  const std::vector<ObjectId> ids = {{{"", "v1", "Namespace"}, "", "apps"},
                                     {{"apps", "v1", "Deployment"}, "apps", "web"}};
  const Value inventory = make_inventory(ids);
  CHECK(inventory["entries"].at(1)["id"].get_string() == "apps_web_apps_Deployment");
  CHECK(inventory["entries"].at(1)["v"].get_string() == "v1");
  CHECK(*parse_inventory(inventory) == ids);
  CHECK(parse_inventory(Value())->empty());
}
