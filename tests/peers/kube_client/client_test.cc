// The client against a real control plane. WEIR_PEERS_KUBECONFIG names its kubeconfig
// (cluster-admin); without it every test here says that it was skipped.
#include "adapters/kube/client.hh"

#include <catch2/catch.hpp>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <mutex>
#include <thread>

#include "engine/value/json.hh"

using namespace weir;
using namespace weir::reconcile;
using kube::KubeClient;
using kube::Verb;

namespace {

const model::Gvk config_map{"", "v1", "ConfigMap"};
const model::Gvk name_space{"", "v1", "Namespace"};
const model::Gvk deployment{"apps", "v1", "Deployment"};
const model::Gvk crd{"apiextensions.k8s.io", "v1", "CustomResourceDefinition"};

std::unique_ptr<KubeClient> connect() {
  const char* file = std::getenv("WEIR_PEERS_KUBECONFIG");
  if (file == nullptr || *file == '\0') {
    WARN("skipped: no control plane (set WEIR_PEERS_KUBECONFIG)");
    return nullptr;
  }
  auto access = kube::load_kubeconfig({file}, {});
  if (!access.ok()) FAIL(access.error().message);
  auto client = KubeClient::create(std::move(access).value());
  if (!client.ok()) FAIL(client.error().message);
  return std::move(client).value();
}

Value json(std::string_view text) {
  auto parsed = value::parse_json(text);
  if (!parsed.ok()) FAIL(parsed.error().message);
  return std::move(parsed).value();
}

template <typename T>
T must(Result<T> result) {
  if (!result.ok()) FAIL(result.error().message);
  return std::move(result).value();
}

WriteOptions as_manager(const char* manager) {
  WriteOptions options;
  options.field_manager = manager;
  return options;
}

// A namespace of the test's own, made afresh.
struct Sandbox {
  KubeClient& client;
  std::string name;

  Sandbox(KubeClient& api, std::string ns) : client(api), name(std::move(ns)) {
    auto made = client.apply(
        json(R"({"apiVersion":"v1","kind":"Namespace","metadata":{"name":")" + name + R"("}})"),
        as_manager("weir-test"));
    if (!made.ok()) FAIL(made.error().message);
    clear();
  }
  ~Sandbox() { clear(); }
  void clear() {
    ListOptions options;
    options.ns = name;
    for (const auto& gvk : {config_map, deployment}) {
      auto list = client.list(gvk, options);
      if (!list.ok()) continue;
      for (const Value& item : list->items) {
        (void)client.remove(model::ObjectId::of(item), {}).ok();
      }
    }
  }
  Value map(const std::string& object, const std::string& data) const {
    return json(R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":")" + object +
                R"(","namespace":")" + name + R"("},"data":{"k":")" + data + R"("}})");
  }
  model::ObjectId id(const std::string& object) const { return {config_map, name, object}; }
};

// Collects what a watch says.
class Recorder {
 public:
  WatchSink sink() {
    return [this](WatchEvent event) {
      std::lock_guard lock(mutex_);
      events_.push_back(std::move(event));
      changed_.notify_all();
    };
  }
  template <typename Predicate>
  bool until(Predicate predicate, std::chrono::seconds time = std::chrono::seconds(20)) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, time, [&] { return predicate(events_); });
  }
  bool saw(WatchType type, std::string_view name,
           std::chrono::seconds time = std::chrono::seconds(20)) {
    return until(
        [&](const std::vector<WatchEvent>& events) {
          for (const auto& event : events) {
            if (event.type == type && event.object.path("metadata", "name").get_string() == name) {
              return true;
            }
          }
          return false;
        },
        time);
  }
  std::size_t count(WatchType type) {
    std::lock_guard lock(mutex_);
    std::size_t found = 0;
    for (const auto& event : events_) found += event.type == type ? 1 : 0;
    return found;
  }
  bool synced(std::size_t times = 1) {
    return until([&](const std::vector<WatchEvent>& events) {
      std::size_t found = 0;
      for (const auto& event : events) found += event.type == WatchType::synced ? 1 : 0;
      return found >= times;
    });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<WatchEvent> events_;
};

}  // namespace

TEST_CASE("discovery finds kinds of the server and refuses unknown ones as kubectl words it") {
  auto client = connect();
  if (!client) return;
  auto resource = must(client->resolve(deployment));
  CHECK(resource.plural == "deployments");
  CHECK(resource.singular == "deployment");
  CHECK(resource.namespaced);
  CHECK(resource.short_names == std::vector<std::string>{"deploy"});
  CHECK_FALSE(must(client->resolve(name_space)).namespaced);
  auto unknown = client->resolve({"example.com", "v1", "Foo"});
  REQUIRE_FALSE(unknown.ok());
  CHECK(unknown.error().code == Code::not_found);
  CHECK(unknown.error().reason == "NoMatch");
  CHECK(unknown.error().message == "no matches for kind \"Foo\" in version \"example.com/v1\"");
  auto all = must(client->resources());
  CHECK(all.size() > 50);
  CHECK(must(client->server_version()).substr(0, 2) == "v1");
}

TEST_CASE("objects are created, read, updated, patched, applied and deleted") {
  auto client = connect();
  if (!client) return;
  Sandbox box(*client, "weir-crud");
  Value made = must(client->create(box.map("a", "1"), as_manager("weir-test")));
  std::string uid(made.path("metadata", "uid").get_string());
  CHECK_FALSE(uid.empty());

  auto again = client->create(box.map("a", "1"), as_manager("weir-test"));
  REQUIRE_FALSE(again.ok());
  CHECK(again.error().code == Code::already_exists);
  CHECK(again.error().reason == "AlreadyExists");
  CHECK(again.error().message == "configmaps \"a\" already exists");

  Value read = must(client->get(box.id("a"), {}));
  CHECK(read == made);
  read.entry("data").set("k", "2");
  Value updated = must(client->update(read, as_manager("weir-test")));
  CHECK(updated.path("data", "k").get_string() == "2");
  auto stale = client->update(read, as_manager("weir-test"));
  REQUIRE_FALSE(stale.ok());
  CHECK(stale.error().code == Code::conflict);
  CHECK(stale.error().reason == "Conflict");

  auto id = box.id("a");
  must(client->patch(id, PatchType::merge, json(R"({"data":{"m":"x"}})"), as_manager("weir-test")));
  must(client->patch(id, PatchType::strategic, json(R"({"data":{"s":"y"}})"),
                     as_manager("weir-test")));
  Value patched = must(client->patch(
      id, PatchType::json, json(R"([{"op":"remove","path":"/data/m"}])"), as_manager("weir-test")));
  CHECK_FALSE(patched["data"].contains("m"));
  CHECK(patched.path("data", "s").get_string() == "y");

  WriteOptions dry = as_manager("weir-test");
  dry.dry_run = true;
  must(client->patch(id, PatchType::merge, json(R"({"data":{"dry":"run"}})"), dry));
  CHECK_FALSE(must(client->get(id, {}))["data"].contains("dry"));

  DeleteOptions wrong;
  wrong.uid = "00000000-0000-0000-0000-000000000000";
  auto refused = client->remove(id, wrong);
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().code == Code::conflict);
  DeleteOptions right;
  right.uid = uid;
  CHECK(client->remove(id, right).ok());
  auto gone = client->get(id, {});
  REQUIRE_FALSE(gone.ok());
  CHECK(gone.error().code == Code::not_found);
  CHECK(gone.error().reason == "NotFound");
  CHECK(gone.error().message == "configmaps \"a\" not found");
}

TEST_CASE("server-side apply conflicts unless it is forced") {
  auto client = connect();
  if (!client) return;
  Sandbox box(*client, "weir-ssa");
  must(client->apply(box.map("a", "1"), as_manager("one")));
  auto conflict = client->apply(box.map("a", "2"), as_manager("two"));
  REQUIRE_FALSE(conflict.ok());
  CHECK(conflict.error().code == Code::conflict);
  CHECK(conflict.error().message == "Apply failed with 1 conflict: conflict with \"one\": .data.k");
  WriteOptions force = as_manager("two");
  force.force = true;
  CHECK(must(client->apply(box.map("a", "2"), force)).path("data", "k").get_string() == "2");
}

TEST_CASE("an invalid object is refused with the server's own words") {
  auto client = connect();
  if (!client) return;
  Sandbox box(*client, "weir-invalid");
  Value bad = json(R"({"apiVersion":"apps/v1","kind":"Deployment",
    "metadata":{"name":"d","namespace":"weir-invalid"},
    "spec":{"selector":{"matchLabels":{"a":"b"}},"template":{"metadata":{"labels":{"a":"c"}},
    "spec":{"containers":[{"name":"x","image":"y"}]}}}})");
  auto refused = client->apply(bad, as_manager("weir-test"));
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().code == Code::invalid);
  CHECK(refused.error().reason == "Invalid");
  CHECK(refused.error().message.find("Deployment.apps \"d\" is invalid: ") == 0);
}

TEST_CASE("an object without the namespace its kind needs is refused before any request") {
  auto client = connect();
  if (!client) return;
  auto read = client->get({config_map, "", "a"}, {});
  REQUIRE_FALSE(read.ok());
  CHECK(read.error().code == Code::invalid);
}

TEST_CASE("an impersonated service account has its own rights and no more") {
  auto client = connect();
  if (!client) return;
  Sandbox box(*client, "weir-rbac");
  Identity nobody{"system:serviceaccount:weir-rbac:nobody"};
  auto refused = client->get(box.id("a"), nobody);
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().code == Code::forbidden);
  CHECK(refused.error().reason == "Forbidden");
  CHECK(refused.error().message ==
        "configmaps \"a\" is forbidden: User \"system:serviceaccount:weir-rbac:nobody\" cannot get "
        "resource \"configmaps\" in API group \"\" in the namespace \"weir-rbac\"");
  WriteOptions force = as_manager("weir-test");
  force.force = true;
  must(client->apply(json(R"({"apiVersion":"rbac.authorization.k8s.io/v1","kind":"RoleBinding",
    "metadata":{"name":"edit","namespace":"weir-rbac"},
    "roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"ClusterRole","name":"edit"},
    "subjects":[{"kind":"ServiceAccount","name":"editor","namespace":"weir-rbac"}]})"),
                     force));
  // The cluster's aggregated roles and the binding reach the authoriser through caches.
  WriteOptions write = as_manager("weir-test");
  write.as.user = "system:serviceaccount:weir-rbac:editor";
  bool allowed = false;
  for (int i = 0; i < 100 && !allowed; ++i) {
    allowed = client->apply(box.map("a", "1"), write).ok();
    if (!allowed) std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  CHECK(allowed);
}

TEST_CASE("a list of more than one page is complete and typed") {
  auto client = connect();
  if (!client) return;
  Sandbox box(*client, "weir-pages");
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      for (int i = t; i < 1203; i += 8) {
        (void)client->apply(box.map("m" + std::to_string(i), "x"), as_manager("weir-test")).ok();
      }
    });
  }
  for (auto& thread : threads) thread.join();
  ListOptions options;
  options.ns = box.name;
  auto before = client->counts().of(Verb::list);
  auto list = must(client->list(config_map, options));
  CHECK(client->counts().of(Verb::list) - before == 3);
  // kube-root-ca.crt is put into every namespace by the controller manager.
  std::size_t ours = 0;
  for (const Value& item : list.items) {
    ours += item.path("data", "k").get_string() == "x" ? 1 : 0;
    CHECK(item["kind"].get_string() == "ConfigMap");
    CHECK(item["apiVersion"].get_string() == "v1");
  }
  CHECK(ours == 1203);
  CHECK_FALSE(list.resource_version.empty());
}

TEST_CASE("a watch reports what is there, what changes and what goes") {
  auto client = connect();
  if (!client) return;
  Sandbox box(*client, "weir-watch");
  must(client->apply(box.map("before", "1"), as_manager("weir-test")));
  Recorder recorder;
  WatchOptions options;
  options.gvk = config_map;
  options.ns = box.name;
  auto watch = client->watch(options, recorder.sink());
  REQUIRE(recorder.synced());
  CHECK(recorder.saw(WatchType::added, "before"));
  must(client->apply(box.map("after", "1"), as_manager("weir-test")));
  CHECK(recorder.saw(WatchType::added, "after"));
  must(client->apply(box.map("after", "2"), as_manager("weir-test")));
  CHECK(recorder.saw(WatchType::modified, "after"));
  CHECK(client->remove(box.id("after"), {}).ok());
  CHECK(recorder.saw(WatchType::deleted, "after"));
  CHECK(recorder.count(WatchType::synced) == 1);
}

TEST_CASE("a watch on an unknown kind fails, and works once the kind is there") {
  auto client = connect();
  if (!client) return;
  model::Gvk gvk{"weir-test.example.com", "v1", "Widget"};
  model::ObjectId crd_id{crd, "", "widgets.weir-test.example.com"};
  (void)client->remove(crd_id, {}).ok();
  for (int i = 0; i < 200 && client->resolve(gvk).ok(); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    (void)client->resources().ok();
  }
  Recorder recorder;
  WatchOptions options;
  options.gvk = gvk;
  auto watch = client->watch(options, recorder.sink());
  REQUIRE(recorder.until([](const auto& events) { return !events.empty(); }));
  CHECK(recorder.count(WatchType::failed) == 1);
  must(client->apply(
      json(R"({"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition",
    "metadata":{"name":"widgets.weir-test.example.com"},
    "spec":{"group":"weir-test.example.com","scope":"Namespaced",
    "names":{"plural":"widgets","singular":"widget","kind":"Widget","listKind":"WidgetList"},
    "versions":[{"name":"v1","served":true,"storage":true,"schema":{"openAPIV3Schema":
    {"type":"object","x-kubernetes-preserve-unknown-fields":true}}}]}})"),
      as_manager("weir-test")));
  CHECK(recorder.synced());
  must(client->apply(json(R"({"apiVersion":"weir-test.example.com/v1","kind":"Widget",
    "metadata":{"name":"w","namespace":"default"},"spec":{"size":3}})"),
                     as_manager("weir-test")));
  CHECK(recorder.saw(WatchType::added, "w"));
  CHECK(client->remove(crd_id, {}).ok());
  CHECK(recorder.saw(WatchType::deleted, "w"));
  // A cached kind that is gone turns into "no match" by itself.
  bool unknown = false;
  for (int i = 0; i < 100 && !unknown; ++i) {
    auto read = client->get({gvk, "default", "w"}, {});
    unknown = !read.ok() && read.error().reason == "NoMatch";
    if (!unknown) std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  CHECK(unknown);
}

TEST_CASE("sixty watches run on one client, and any sink may end any other watch") {
  auto client = connect();
  if (!client) return;
  Sandbox box(*client, "weir-many");
  std::vector<std::unique_ptr<Recorder>> recorders;
  std::vector<std::unique_ptr<Watch>> watches;
  WatchOptions options;
  options.gvk = config_map;
  options.ns = box.name;
  for (int i = 0; i < 60; ++i) {
    recorders.push_back(std::make_unique<Recorder>());
    watches.push_back(client->watch(options, recorders.back()->sink()));
  }
  for (auto& recorder : recorders) REQUIRE(recorder->synced());
  std::mutex mutex;
  std::condition_variable ended;
  bool done = false;
  auto killer = client->watch(options, [&](WatchEvent event) {
    if (event.object.path("metadata", "name").get_string() != "kill") return;
    watches.erase(watches.begin(), watches.begin() + 30);
    std::lock_guard lock(mutex);
    done = true;
    ended.notify_all();
  });
  must(client->apply(box.map("kill", "1"), as_manager("weir-test")));
  {
    std::unique_lock lock(mutex);
    REQUIRE(ended.wait_for(lock, std::chrono::seconds(10), [&] { return done; }));
  }
  must(client->apply(box.map("last", "1"), as_manager("weir-test")));
  for (std::size_t i = 30; i < 60; ++i) CHECK(recorders[i]->saw(WatchType::added, "last"));
  for (std::size_t i = 0; i < 30; ++i)
    CHECK_FALSE(recorders[i]->saw(WatchType::added, "last", std::chrono::seconds(0)));
}

TEST_CASE("raw requests reach what the typed calls do not cover") {
  auto client = connect();
  if (!client) return;
  kube::RawRequest review;
  review.method = "POST";
  review.target = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
  review.body = R"({"apiVersion":"authorization.k8s.io/v1","kind":"SelfSubjectAccessReview",
    "spec":{"resourceAttributes":{"verb":"get","resource":"pods","namespace":"default"}}})";
  auto answer = must(client->raw(review));
  CHECK(answer.status == 201);
  CHECK(json(answer.body).path("status", "allowed").get_bool());
  kube::RawRequest missing;
  missing.target = "/nowhere";
  auto refused = client->raw(missing);
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().code == Code::not_found);
}

TEST_CASE("a wrong token is refused as unauthorized") {
  auto client = connect();
  if (!client) return;
  kube::ClusterAccess access = client->access();
  access.token = "wrong-token";
  auto other = must(KubeClient::create(access));
  auto read = other->get({name_space, "", "default"}, {});
  REQUIRE_FALSE(read.ok());
  CHECK(read.error().code == Code::unauthorized);
  CHECK(read.error().reason == "Unauthorized");
}

TEST_CASE("the server's certificate is verified against the given authority, name included") {
  auto client = connect();
  if (!client) return;
  const char* directory = std::getenv("WEIR_PEERS_CLUSTER");
  if (directory == nullptr) {
    WARN("skipped: no certificate of the control plane (set WEIR_PEERS_CLUSTER)");
    return;
  }
  auto attempt = [&](net::TlsOptions tls) {
    kube::ClusterAccess access = client->access();
    access.tls = std::move(tls);
    return must(KubeClient::create(access))->server_version();
  };
  net::TlsOptions tls;
  auto unknown = attempt(tls);
  REQUIRE_FALSE(unknown.ok());
  CHECK(unknown.error().reason == "TLS");
  CHECK(unknown.error().message.find(
            "tls: failed to verify certificate: x509: certificate signed by unknown authority") !=
        std::string::npos);
  std::ifstream in(std::string(directory) + "/pki/apiserver.crt");
  tls.ca_pem.assign(std::istreambuf_iterator<char>(in), {});
  CHECK(attempt(tls).ok());
  tls.server_name = "another.example.com";
  auto misnamed = attempt(tls);
  REQUIRE_FALSE(misnamed.ok());
  CHECK(misnamed.error().message.find("x509: certificate is not valid for another.example.com") !=
        std::string::npos);
}
