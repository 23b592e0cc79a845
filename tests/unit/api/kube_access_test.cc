// Definitions with rules, their end, accounts and their tokens. The texts are those of
// kube-apiserver 1.35.4.
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

struct Answer {
  int status = 0;
  std::string text;
  Value body;
};

struct Cluster {
  ManualClock clock;
  std::unique_ptr<store::Kv> kv = store::make_memory_kv();
  std::unique_ptr<kube::KubeServer> server;

  Cluster() { open(); }
  void open() {
    server.reset();
    kube::ServerOptions options;
    options.kv = kv.get();
    options.clock = &clock;
    options.credentials = {{"root", "admin", {"system:masters", "system:authenticated"}}};
    auto opened = kube::KubeServer::open(options);
    REQUIRE(opened.ok());
    server = std::move(*opened);
  }
  Answer call(const std::string& method, const std::string& target, const std::string& yaml = "",
              const std::string& token = "root", const std::string& type = "application/yaml") {
    const kube::Response response = server->handle(
        {method, target, {{"Authorization", "Bearer " + token}, {"Content-Type", type}}, yaml, ""});
    auto parsed = value::parse_json(response.body);
    return {response.status, response.body, parsed.ok() ? std::move(*parsed) : Value()};
  }
  std::string message(const Answer& answer) {
    return std::string(answer.body["message"].get_string());
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
};

const std::string crds = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
const std::string rules = "/apis/example.com/v1/namespaces/default/rules";
const std::string merge = "application/merge-patch+json";

constexpr const char* definition = R"Y(
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: rules.example.com}
spec:
  group: example.com
  names: {kind: Rule, plural: rules}
  scope: Namespaced
  versions:
  - name: v1
    served: true
    storage: true
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec:
            type: object
            x-kubernetes-validations:
            - rule: "self.min <= self.max"
              messageExpression: "self.min > 5 ? 'min is big' : 'min is above max'"
            - rule: "!has(self.fixed) || !has(oldSelf.fixed) || self.fixed == oldSelf.fixed"
              message: fixed may not change
            - {rule: "self.min >= 0", fieldPath: .min, reason: FieldValueForbidden,
               message: no negatives}
            - rule: "!has(self.__namespace__) || self.__namespace__ != 'kube-system'"
              message: not there
            properties:
              min: {type: integer}
              max: {type: integer}
              fixed: {type: string}
              namespace: {type: string}
              name:
                type: string
                x-kubernetes-validations: [{rule: "self.startsWith('a')"}]
              map:
                type: object
                additionalProperties:
                  type: string
                  x-kubernetes-validations: [{rule: "self != 'x'", message: no x}]
)Y";

std::string rule_object(const std::string& spec) {
  return "apiVersion: example.com/v1\nkind: Rule\nmetadata: {name: a}\nspec: " + spec + "\n";
}

}  // namespace

TEST_CASE("a definition's rules refuse in the API server's words") {
  Cluster cluster;
  REQUIRE(cluster.call("POST", crds, definition).status == 201);
  const auto refusal = [&](const std::string& spec) {
    return cluster.message(cluster.call("POST", rules, rule_object(spec)));
  };
  CHECK(refusal("{min: 3, max: 1}") ==
        "Rule.example.com \"a\" is invalid: spec: Invalid value: min is above max");
  CHECK(refusal("{min: -3, max: 1, name: b}") ==
        "Rule.example.com \"a\" is invalid: [spec.min: Forbidden: no negatives, "
        "spec.name: Invalid "
        "value: \"b\": failed rule: self.startsWith('a')]");
  CHECK(refusal("{min: 1, max: 1, map: {k: x}}") ==
        "Rule.example.com \"a\" is invalid: spec.map[k]: Invalid value: \"x\": no x");
  CHECK(refusal("{max: 1}") ==
        "Rule.example.com \"a\" is invalid: [spec: Invalid value: \"object\": no "
        "such key: min "
        "evaluating rule: self.min <= self.max, spec: Invalid value: \"object\": no "
        "such key: min "
        "evaluating rule: no negatives]");
  CHECK(refusal("{min: 1, max: 1, namespace: kube-system}") ==
        "Rule.example.com \"a\" is invalid: spec: Invalid value: not there");
  CHECK(refusal("{min: a}") ==
        "Rule.example.com \"a\" is invalid: [spec.min: Invalid value: \"string\": "
        "spec.min in body "
        "must be of type integer: \"string\", <nil>: Invalid value: null: some "
        "validation rules "
        "were not checked because the object was invalid; correct the existing "
        "errors to complete "
        "validation]");
  CHECK(cluster.call("POST", rules, rule_object("{min: 1, max: 2, namespace: a}")).status == 201);
}

TEST_CASE("null, where a definition allows none, is as if nothing stood there") {
  Cluster cluster;
  std::string nulls = definition;
  nulls.replace(nulls.find("fixed: {type: string}"), 21,
                "fixed: {type: string, default: f}\n              empty: {type: string, nullable: "
                "true}\n              list: {type: array, items: {type: string}}");
  REQUIRE(cluster.call("POST", crds, nulls).status == 201);
  CHECK(cluster.message(cluster.call("POST", rules, rule_object("{min: 1, max: 2, list: [null]}")))
            .find("spec.list[0] in body must be of type string") != std::string::npos);
  const Answer made = cluster.call(
      "POST", rules,
      rule_object("{min: 1, max: 2, name: null, fixed: null, empty: null, map: {k: null, l: v}}"));
  REQUIRE(made.status == 201);
  const Value& spec = made.body["spec"];
  CHECK_FALSE(spec.contains("name"));
  CHECK(spec["fixed"].get_string() == "f");
  CHECK((spec.contains("empty") && spec["empty"].is_null()));
  CHECK(spec["map"] == Value::object({{"l", "v"}}));
}

TEST_CASE("a rule about what was compares with it") {
  Cluster cluster;
  cluster.call("POST", crds, definition);
  REQUIRE(cluster.call("POST", rules, rule_object("{min: 1, max: 2, fixed: a}")).status == 201);
  const auto patched = [&](const std::string& spec) {
    return cluster.call("PATCH", rules + "/a", "{\"spec\":" + spec + "}", "root", merge);
  };
  CHECK(cluster.message(patched(R"({"fixed":"b"})")) ==
        "Rule.example.com \"a\" is invalid: spec: Invalid value: fixed may not change");
  CHECK(patched(R"({"min":2})").status == 200);
}

TEST_CASE("a value that breaks a new rule may stay as it is") {
  Cluster cluster;
  std::string lax = definition;
  lax.replace(lax.find("self.startsWith('a')"), 20, "self.size() < 100");
  REQUIRE(cluster.call("POST", crds, lax).status == 201);
  REQUIRE(cluster.call("POST", rules, rule_object("{min: 1, max: 2, name: b}")).status == 201);
  Answer crd = cluster.call("GET", crds + "/rules.example.com");
  std::string strict = crd.text;
  strict.replace(strict.find("self.size() < 100"), 17, "self.startsWith('a')");
  REQUIRE(
      cluster.call("PUT", crds + "/rules.example.com", strict, "root", "application/json").status ==
      200);
  CHECK(cluster.call("PATCH", rules + "/a", R"({"spec":{"max":3}})", "root", merge).status == 200);
  CHECK(cluster.call("PATCH", rules + "/a", R"({"spec":{"name":"c"}})", "root", merge).status ==
        422);
}

TEST_CASE("deleting a definition deletes its objects and ends the kind") {
  Cluster cluster;
  cluster.call("POST", crds, definition);
  cluster.call("POST", rules, rule_object("{min: 1, max: 2}"));
  CHECK(cluster.call("DELETE", crds + "/rules.example.com").status == 200);
  cluster.run(std::chrono::seconds(1));
  CHECK(cluster.call("GET", rules).status == 404);
  CHECK(cluster.call("GET", crds + "/rules.example.com").status == 404);
  cluster.call("POST", crds, definition);
  CHECK(cluster.call("GET", rules).body["items"].empty());
}

TEST_CASE("an object with a finalizer holds its definition, which takes no new ones") {
  Cluster cluster;
  cluster.call("POST", crds, definition);
  std::string held = rule_object("{min: 1, max: 2}");
  held.replace(held.find("{name: a}"), 9, "{name: a, finalizers: [example.com/x]}");
  REQUIRE(cluster.call("POST", rules, held).status == 201);
  cluster.call("DELETE", crds + "/rules.example.com");
  cluster.run(std::chrono::seconds(1));
  CHECK(cluster.call("GET", rules + "/a").body["metadata"].contains("deletionTimestamp"));
  const Answer refused = cluster.call(
      "POST", rules, "apiVersion: example.com/v1\nkind: Rule\nmetadata: {name: b}\nspec: {min: 1}");
  CHECK(refused.status == 405);
  CHECK(cluster.message(refused) ==
        "create not allowed while custom resource definition is terminating");
  cluster.call("PATCH", rules + "/a", R"({"metadata":{"finalizers":null}})", "root", merge);
  cluster.run(std::chrono::seconds(1));
  CHECK(cluster.call("GET", crds + "/rules.example.com").status == 404);
}

TEST_CASE("an account's token outlives the server, but neither its time nor its account") {
  Cluster cluster;
  const std::string accounts = "/api/v1/namespaces/default/serviceaccounts";
  const std::string account = "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: robot}\n";
  REQUIRE(cluster.call("POST", accounts, account).status == 201);
  const auto make = [&] {
    const Answer made =
        cluster.call("POST", accounts + "/robot/token", "spec: {expirationSeconds: 600}");
    return std::string(made.body.path("status", "token").get_string());
  };
  const auto status = [&](const std::string& token) {
    return cluster.call("GET", accounts, "", token).status;
  };
  const std::string token = make();
  CHECK(status(token) == 403);
  cluster.open();
  CHECK(status(token) == 403);
  cluster.clock.time += std::chrono::seconds(601);
  CHECK(status(token) == 401);
  const std::string next = make();
  CHECK(status(next) == 403);
  cluster.call("DELETE", accounts + "/robot");
  CHECK(status(next) == 401);
  cluster.call("POST", accounts, account);
  CHECK(status(next) == 401);
}

TEST_CASE("reviews answer by the roles, for resources and for paths") {
  Cluster cluster;
  const std::string rbac = "/apis/rbac.authorization.k8s.io/v1";
  cluster.call("POST", rbac + "/clusterroles",
               "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\n"
               "metadata: {name: reader}\nrules: [{nonResourceURLs: [/weir/*], verbs: [get]}, "
               "{apiGroups: [\"\"], resources: [pods], verbs: [list]}]\n");
  cluster.call("POST", rbac + "/clusterrolebindings",
               "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\n"
               "metadata: {name: reader}\nroleRef: {kind: ClusterRole, name: reader}\n"
               "subjects: [{kind: User, name: bob}]\n");
  const std::string reviews = "/apis/authorization.k8s.io/v1/";
  const auto may = [&](const std::string& verb, const std::string& path) {
    return cluster
        .call("POST", reviews + "subjectaccessreviews",
              "spec: {user: bob, nonResourceAttributes: {path: " + path + ", verb: " + verb + "}}")
        .body.path("status", "allowed")
        .get_bool();
  };
  CHECK(may("get", "/weir/v1/events"));
  CHECK_FALSE(may("post", "/weir/v1/events"));
  CHECK_FALSE(may("get", "/metrics"));
  const kube::Response listed = cluster.server->handle({"POST",
                                                        reviews + "selfsubjectrulesreviews",
                                                        {{"Authorization", "Bearer root"},
                                                         {"Impersonate-User", "bob"},
                                                         {"Content-Type", "application/yaml"}},
                                                        "spec: {namespace: default}",
                                                        ""});
  const auto review = value::parse_json(listed.body);
  REQUIRE(review.ok());
  CHECK(review->path("status", "nonResourceRules").at(0)["nonResourceURLs"].at(0).get_string() ==
        "/weir/*");
  const Value& granted = review->path("status", "resourceRules");
  REQUIRE(granted.size() == 3);
  CHECK(granted.at(2)["resources"].at(0).get_string() == "pods");
}

TEST_CASE("the log of a simulated pod says that it is one") {
  Cluster cluster;
  cluster.call("POST", "/api/v1/namespaces/default/pods",
               "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\n"
               "spec: {containers: [{name: app, image: nginx}]}\n");
  const std::string pods = "/api/v1/namespaces/default/pods/";
  CHECK(cluster.call("GET", pods + "web/log?container=app").text ==
        "the pod web is simulated: its containers do not run and write no log\n");
  CHECK(cluster.call("GET", pods + "nope/log").status == 404);
}

TEST_CASE("a container's port is between 1 and 65535") {
  Cluster cluster;
  const Answer refused =
      cluster.call("POST", "/api/v1/namespaces/default/pods",
                   "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\n"
                   "spec: {containers: [{name: a, image: i, ports: [{containerPort: 98980}]}]}\n");
  CHECK(cluster.message(refused) ==
        "Pod \"web\" is invalid: spec.containers[0].ports[0].containerPort: Invalid "
        "value: 98980: "
        "must be between 1 and 65535, inclusive");
}
