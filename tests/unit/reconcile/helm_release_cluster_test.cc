// spec.kubeConfig and spec.serviceAccountName: where a release goes, and as whom.
#include <algorithm>
#include <catch2/catch.hpp>

#include "engine/base/digest.hh"
#include "tests/support/release_bench.hh"

namespace weir::test {
namespace {

const ObjectId settings = object_id("ConfigMap", "default", "web-settings");
const std::string by_secret = "  kubeConfig: {secretRef: {name: prod}}\n";

std::string secret_yaml(const std::string& key, const std::string& labels = "{}") {
  return "apiVersion: v1\nkind: Secret\nmetadata: {name: prod, namespace: flux-system, labels: " +
         labels + "}\ndata: {" + key + ": " + base::base64_encode("clusters: []\n") + "}\n";
}

class ClusterBench : public ReleaseBench {
 public:
  ClusterBench() {
    REQUIRE(other()
                .create(Value::object({{"apiVersion", "v1"},
                                       {"kind", "Namespace"},
                                       {"metadata", Value::object({{"name", "flux-system"}})}}),
                        {})
                .ok());
  }
  Value there(const ObjectId& id) {
    auto object = other().get(id);
    return object.ok() ? *std::move(object) : Value();
  }
  bool recorded_there() {
    return !there(object_id("Secret", "flux-system", helm::release_key("web", 1))).is_null();
  }
};

}  // namespace

TEST_CASE("a release goes to its kubeconfig's cluster with its records, values are from here") {
  ClusterBench bench;
  bench.create(secret_yaml("value"));
  bench.create(
      "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: more, namespace: flux-system}\n"
      "data: {values.yaml: 'extra: from-here'}\n");
  bench.release("{message: one}", by_secret + "  valuesFrom: [{kind: ConfigMap, name: more}]\n");
  bench.run(10);
  CHECK(bench.state("Ready").starts_with("True InstallSucceeded"));
  CHECK(bench.there(settings).path("data", "message").get_string() == "one");
  CHECK(bench.there(settings).path("data", "extra").get_string() == "from-here");
  CHECK(bench.recorded_there());
  CHECK(bench.get(settings).is_null());
  CHECK(bench.stored().empty());
  CHECK(bench.clusters.asked.back().kubeconfig == "clusters: []\n");
  CHECK(bench.clusters.asked.back().where == "KubeConfig secret 'flux-system/prod', key 'value'");
  const auto applied = bench.logged(event::Type::object_applied);
  REQUIRE(applied.size() == 1);
  CHECK(applied.front().subject.cluster == "flux-system/prod");
}

TEST_CASE("a wait on another cluster ends by looking, and drift there is corrected when asked") {
  ClusterBench bench;
  bench.create(secret_yaml("value.yaml"));
  bench.release("{message: one}",
                by_secret +
                    "  healthCheckExprs:\n  - {apiVersion: v1, kind: ConfigMap,"
                    " current: \"has(data.ready) && data.ready == 'yes'\"}\n"
                    "  driftDetection: {mode: enabled, ignore: [{paths: [/data/ready]}]}\n");
  bench.run(10);
  CHECK(bench.state("Ready").starts_with("Unknown Progressing Running 'install'"));
  const auto patch = [&](Value data) {
    REQUIRE(bench.other()
                .patch(settings, reconcile::PatchType::merge,
                       Value::object({{"data", std::move(data)}}), {})
                .ok());
  };
  patch(Value::object({{"ready", "yes"}}));
  bench.run(10);
  CHECK(bench.state("Ready").starts_with("True InstallSucceeded"));
  patch(Value::object({{"message", "by hand"}}));
  bench.request("t1");
  bench.run(10);
  CHECK(bench.there(settings).path("data", "message").get_string() == "one");
}

TEST_CASE("a kubeconfig that cannot be read is told, and its Secret's arrival is enough") {
  ClusterBench bench;
  bench.release("{message: one}", by_secret);
  bench.run(3);
  CHECK(bench.state("Ready") ==
        "False RESTClientError could not get KubeConfig secret 'flux-system/prod': secrets "
        "\"prod\" not found");
  bench.create(secret_yaml("other", "{reconcile.fluxcd.io/watch: Enabled}"));
  bench.run(1);
  CHECK(bench.state("Ready") ==
        "False RESTClientError KubeConfig secret 'flux-system/prod' does not contain a 'value' or "
        "'value.yaml' key with data");
  bench.merge(object_id("Secret", "flux-system", "prod"),
              R"({"data":{"value":")" + base::base64_encode("clusters: []\n") + R"("}})");
  bench.run(1);
  CHECK(bench.state("Ready").starts_with("True InstallSucceeded"));
}

TEST_CASE("a ConfigMap names address, authority, audiences and account") {
  ClusterBench bench;
  bench.create(
      "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: prod, namespace: flux-system}\n"
      "data: {provider: generic, address: 'https://prod.example.com/k', ca.crt: PEM,"
      " audiences: \"one\\n\\ntwo\\n\", serviceAccountName: deployer}\n");
  bench.release("{message: one}", "  kubeConfig: {configMapRef: {name: prod}}\n");
  bench.run(10);
  CHECK(bench.state("Ready").starts_with("True InstallSucceeded"));
  const reconcile::ClusterDescription asked = bench.clusters.asked.back();
  CHECK(asked.server == "https://prod.example.com:443/k");
  CHECK(asked.ca_pem == "PEM");
  CHECK(asked.account.ns == "flux-system");
  CHECK(asked.account.name == "deployer");
  CHECK(asked.account.audiences == std::vector<std::string>{"one", "two"});
  const ObjectId config = object_id("ConfigMap", "flux-system", "prod");
  bench.merge(config, R"({"data":{"address":"http://prod"}})");
  bench.request("t1");
  bench.run(3);
  CHECK(bench.state("Ready") ==
        "False RESTClientError KubeConfig ConfigMap 'flux-system/prod': address: must start with "
        "https://");
  bench.merge(config, R"({"data":{"provider":"aws"}})");
  bench.request("t2");
  bench.run(3);
  CHECK(bench.state("Ready").find("provider 'aws' is not supported") != std::string::npos);
  CHECK(bench.state("Stalled").starts_with("True RESTClientError"));
}

TEST_CASE("deleting uninstalls there, and leaves alone what can no longer be reached") {
  for (const bool reachable : {true, false}) {
    ClusterBench bench;
    bench.create(secret_yaml("value"));
    bench.release("{message: one}", by_secret);
    bench.run(10);
    CHECK_FALSE(bench.there(settings).is_null());
    if (!reachable) bench.remove(object_id("Secret", "flux-system", "prod"));
    bench.remove(release_id);
    bench.run(10);
    CHECK(bench.get(release_id).is_null());
    CHECK(bench.get({model::helm_chart_gvk, "flux-system", "flux-system-web"}).is_null());
    CHECK(bench.there(settings).is_null() == reachable);
    CHECK(bench.recorded_there() == !reachable);
  }
}

TEST_CASE("a release whose account is gone is left alone when its owner goes") {
  ReleaseBench bench;
  bench.create(
      "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: tenant, namespace: flux-system}\n");
  bench.create(
      "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata: {name: t}\n"
      "roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}\n"
      "subjects: [{kind: ServiceAccount, name: tenant, namespace: flux-system}]\n");
  bench.release("{message: one}", "  serviceAccountName: tenant\n");
  bench.run(10);
  CHECK(bench.state("Ready").starts_with("True InstallSucceeded"));
  const auto& made_as = bench.kube->identities;
  const auto by_tenant = std::count_if(made_as.begin(), made_as.end(), [](const auto& identity) {
    return identity.user == "system:serviceaccount:flux-system:tenant";
  });
  CHECK(by_tenant > 0);
  bench.remove({{"", "v1", "ServiceAccount"}, "flux-system", "tenant"});
  bench.remove(release_id);
  bench.run(10);
  CHECK(bench.get(release_id).is_null());
  CHECK(bench.setting() == "one");
  CHECK(bench.stored() == "v1 deployed");
}

}  // namespace weir::test
