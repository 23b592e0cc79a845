#include <catch2/catch.hpp>

#include "api/kube/server.hh"
#include "engine/value/json.hh"
#include "engine/value/yaml.hh"

using namespace weir;
namespace kube = weir::api::kube;

namespace {

class ManualClock final : public base::Clock {
 public:
  base::TimeUs now() const override { return 1'700'000'000'000'000 + time.count(); }
  std::chrono::microseconds monotonic() const override { return time; }
  std::chrono::microseconds time{0};
};

struct Cluster {
  ManualClock clock;
  std::unique_ptr<store::Kv> kv = store::make_memory_kv();
  std::unique_ptr<kube::KubeServer> server;
  std::unique_ptr<reconcile::KubeApi> api;

  Cluster() {
    kube::ServerOptions options;
    options.kv = kv.get();
    options.clock = &clock;
    options.pod_start_delay = std::chrono::milliseconds(100);
    auto opened = kube::KubeServer::open(options);
    REQUIRE(opened.ok());
    server = std::move(*opened);
    api = server->local_api();
  }

  void run(std::chrono::microseconds span) {
    const auto end = clock.time + span;
    for (;;) {
      server->advance();
      const auto next = server->next_deadline();
      if (!next.has_value() || *next > end) break;
      clock.time = std::max(clock.time, *next);
    }
    clock.time = end;
  }

  Result<Value> apply(std::string_view yaml, std::string manager, bool force = false,
                      bool dry_run = false) {
    auto object = value::parse_yaml(yaml);
    REQUIRE(object.ok());
    reconcile::WriteOptions options;
    options.field_manager = std::move(manager);
    options.force = force;
    options.dry_run = dry_run;
    return api->apply(*object, options);
  }
};

constexpr const char* config_map = R"(
apiVersion: v1
kind: ConfigMap
metadata: {name: settings, namespace: default}
data: {a: "1", b: "2"}
)";

constexpr const char* deployment = R"(
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: default}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: app, image: "nginx:1.27"}]}
)";

const ObjectId settings{{"", "v1", "ConfigMap"}, "default", "settings"};
const ObjectId web{{"apps", "v1", "Deployment"}, "default", "web"};

}  // namespace

TEST_CASE("applying the same configuration again changes nothing") {
  Cluster cluster;
  const auto first = cluster.apply(config_map, "weir");
  REQUIRE(first.ok());
  cluster.clock.time += std::chrono::seconds(5);
  const auto second = cluster.apply(config_map, "weir");
  REQUIRE(second.ok());
  CHECK(*second == *first);
}

TEST_CASE("a field another manager owns is a conflict unless forced") {
  Cluster cluster;
  REQUIRE(cluster.apply(config_map, "weir").ok());
  const std::string other = R"(
apiVersion: v1
kind: ConfigMap
metadata: {name: settings, namespace: default}
data: {a: "9"}
)";
  const auto refused = cluster.apply(other, "kubectl");
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().code == Code::conflict);
  CHECK(refused.error().message == "Apply failed with 1 conflict: conflict with \"weir\": .data.a");
  const auto forced = cluster.apply(other, "kubectl", true);
  REQUIRE(forced.ok());
  CHECK((*forced)["data"]["a"].get_string() == "9");
  CHECK((*forced)["data"]["b"].get_string() == "2");
}

TEST_CASE("a field that is applied no more goes, unless somebody else owns it") {
  Cluster cluster;
  REQUIRE(cluster.apply(config_map, "weir").ok());
  REQUIRE(cluster
              .apply(R"(
apiVersion: v1
kind: ConfigMap
metadata: {name: settings, namespace: default}
data: {b: "2"}
)",
                     "kubectl")
              .ok());
  const auto less = cluster.apply(R"(
apiVersion: v1
kind: ConfigMap
metadata: {name: settings, namespace: default}
)",
                                  "weir");
  REQUIRE(less.ok());
  CHECK_FALSE((*less)["data"].contains("a"));
  CHECK((*less)["data"]["b"].get_string() == "2");
}

TEST_CASE("a dry run stores nothing") {
  Cluster cluster;
  REQUIRE(cluster.apply(config_map, "weir", false, true).ok());
  const auto found = cluster.api->get(settings);
  REQUIRE_FALSE(found.ok());
  CHECK(found.error().reason == "NotFound");
  CHECK(found.error().message == "configmaps \"settings\" not found");
}

TEST_CASE("a Deployment becomes available and its Pods ready after the start delay") {
  Cluster cluster;
  REQUIRE(cluster.apply(deployment, "weir").ok());
  cluster.run(std::chrono::milliseconds(50));
  CHECK((*cluster.api->get(web))["status"]["availableReplicas"].is_null());
  cluster.run(std::chrono::seconds(1));
  const Value live = *cluster.api->get(web);
  CHECK(live["status"]["availableReplicas"].get_int() == 2);
  CHECK(live["status"]["observedGeneration"] == live["metadata"]["generation"]);
  CHECK(live["status"]["conditions"].at(1)["reason"].get_string() == "NewReplicaSetAvailable");
}

TEST_CASE("an image that does not exist never becomes ready and exceeds the deadline") {
  Cluster cluster;
  std::string broken = deployment;
  broken.replace(broken.find("nginx:1.27"), 10, "nginx:does-not-exist");
  REQUIRE(cluster.apply(broken, "weir").ok());
  cluster.run(std::chrono::seconds(605));
  const Value live = *cluster.api->get(web);
  CHECK(live["status"]["availableReplicas"].is_null());
  CHECK(live["status"]["conditions"].at(1)["reason"].get_string() == "ProgressDeadlineExceeded");
}

TEST_CASE("a new template rolls out and the old ReplicaSet is scaled to nothing") {
  Cluster cluster;
  REQUIRE(cluster.apply(deployment, "weir").ok());
  cluster.run(std::chrono::seconds(1));
  std::string next = deployment;
  next.replace(next.find("nginx:1.27"), 10, "nginx:1.28");
  REQUIRE(cluster.apply(next, "weir").ok());
  cluster.run(std::chrono::seconds(5));
  const auto sets = cluster.api->list({"apps", "v1", "ReplicaSet"});
  REQUIRE(sets.ok());
  REQUIRE(sets->items.size() == 2);
  std::int64_t pods = 0;
  for (const Value& set : sets->items) pods += set["status"]["replicas"].get_int();
  CHECK(pods == 2);
  CHECK((*cluster.api->get(web))["metadata"]["annotations"]["deployment.kubernetes.io/revision"]
            .get_string() == "2");
}

TEST_CASE("deleting an owner takes its dependents along") {
  Cluster cluster;
  REQUIRE(cluster.apply(deployment, "weir").ok());
  cluster.run(std::chrono::seconds(1));
  REQUIRE(cluster.api->remove(web, {}).ok());
  cluster.run(std::chrono::seconds(2));
  CHECK(cluster.api->list({"", "v1", "Pod"})->items.empty());
}

TEST_CASE("an object with finalizers waits for them") {
  Cluster cluster;
  REQUIRE(cluster
              .apply(R"(
apiVersion: v1
kind: ConfigMap
metadata: {name: settings, namespace: default, finalizers: [example.com/hold]}
)",
                     "weir")
              .ok());
  REQUIRE(cluster.api->remove(settings, {}).ok());
  CHECK((*cluster.api->get(settings))["metadata"].contains("deletionTimestamp"));
  const auto body = value::parse_json(R"({"metadata":{"finalizers":null}})");
  REQUIRE(cluster.api->patch(settings, reconcile::PatchType::merge, *body, {}).ok());
  CHECK_FALSE(cluster.api->get(settings).ok());
}

TEST_CASE("a namespace goes with all that is in it") {
  Cluster cluster;
  REQUIRE(cluster.apply("{apiVersion: v1, kind: Namespace, metadata: {name: shop}}", "weir").ok());
  REQUIRE(
      cluster
          .apply("{apiVersion: v1, kind: ConfigMap, metadata: {name: c, namespace: shop}}", "weir")
          .ok());
  REQUIRE(cluster.api->remove({{"", "v1", "Namespace"}, "", "shop"}, {}).ok());
  cluster.run(std::chrono::seconds(1));
  CHECK_FALSE(cluster.api->get({{"", "v1", "Namespace"}, "", "shop"}).ok());
  CHECK_FALSE(cluster.api->get({{"", "v1", "ConfigMap"}, "shop", "c"}).ok());
}

TEST_CASE("a watch tells of the first list, changes and deletions in order") {
  Cluster cluster;
  std::vector<reconcile::WatchType> seen;
  const auto watch =
      cluster.api->watch({{"", "v1", "ConfigMap"}, "default", "", ""},
                         [&](const reconcile::WatchEvent& event) { seen.push_back(event.type); });
  REQUIRE(cluster.apply(config_map, "weir").ok());
  REQUIRE(cluster.api
              ->patch(settings, reconcile::PatchType::merge,
                      *value::parse_json(R"({"data":{"a":"7"}})"), {})
              .ok());
  REQUIRE(cluster.api->remove(settings, {}).ok());
  using reconcile::WatchType;
  CHECK(seen == std::vector<WatchType>{WatchType::synced, WatchType::added, WatchType::modified,
                                       WatchType::deleted});
}

TEST_CASE("an update of an old version is refused") {
  Cluster cluster;
  Value old = *cluster.apply(config_map, "weir");
  REQUIRE(cluster.api
              ->patch(settings, reconcile::PatchType::merge,
                      *value::parse_json(R"({"data":{"a":"7"}})"), {})
              .ok());
  const auto refused = cluster.api->update(old, {});
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().message ==
        "Operation cannot be fulfilled on configmaps \"settings\": the object has been modified; "
        "please apply "
        "your changes to the latest version and try again");
}

TEST_CASE("objects outlive the server in its store") {
  Cluster cluster;
  const Value stored = *cluster.apply(config_map, "weir");
  cluster.api.reset();
  kube::ServerOptions options;
  options.kv = cluster.kv.get();
  options.clock = &cluster.clock;
  const auto again = kube::KubeServer::open(options);
  REQUIRE(again.ok());
  CHECK(*(*again)->local_api()->get(settings) == stored);
}

TEST_CASE("a service account may do what its role allows and nothing else") {
  Cluster cluster;
  REQUIRE(cluster.apply(config_map, "weir").ok());
  const reconcile::Identity robot{"system:serviceaccount:default:robot"};
  const auto refused = cluster.api->get(settings, robot);
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().message ==
        "configmaps \"settings\" is forbidden: User \"system:serviceaccount:default:robot\" cannot "
        "get resource "
        "\"configmaps\" in API group \"\" in the namespace \"default\"");
  REQUIRE(cluster
              .apply(R"(
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: robot, namespace: default}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
subjects: [{kind: ServiceAccount, name: robot, namespace: default}]
)",
                     "weir")
              .ok());
  CHECK(cluster.api->get(settings, robot).ok());
}
