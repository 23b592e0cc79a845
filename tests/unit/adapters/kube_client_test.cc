// The client against a scripted server: what a real one does rarely or never on demand.
#include <catch2/catch.hpp>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>

#include "adapters/kube/client.hh"
#include "engine/value/json.hh"
#include "tests/unit/adapters/net_server.hh"

using namespace weir;
using namespace weir::kube;
using test::Peer;
using test::SeenRequest;
using test::Server;

namespace {

const model::Gvk config_map{"", "v1", "ConfigMap"};

struct Scripted {
  std::string status = "200 OK";
  std::string body;
  std::string headers;
};

// Answers a path (without its query) with its scripted answers in turn, the last one for ever.
class Api {
 public:
  Api() : server_([this](Peer& peer, int) { serve(peer); }) {
    on("/api",
       {{"200 OK", R"({"kind":"APIGroupDiscoveryList","items":[{"metadata":{"name":""},"versions":[
      {"version":"v1","resources":[{"resource":"configmaps","responseKind":{"kind":"ConfigMap"},
      "scope":"Namespaced"}]}]}]})",
         ""}});
    on("/apis", {{"200 OK", R"({"kind":"APIGroupDiscoveryList","items":[]})", ""}});
  }
  void on(const std::string& path, std::deque<Scripted> answers) {
    std::lock_guard lock(mutex_);
    answers_[path] = std::move(answers);
  }
  std::unique_ptr<KubeClient> client() {
    ClusterAccess access;
    access.server = server_.url();
    access.token = "t0ken";
    auto made = KubeClient::create(access);
    REQUIRE(made.ok());
    return std::move(made).value();
  }
  std::vector<std::string> lines(const std::string& part) {
    std::lock_guard lock(mutex_);
    std::vector<std::string> out;
    for (const auto& request : seen_) {
      if (request.line().find(part) != std::string::npos) out.push_back(request.line());
    }
    return out;
  }
  SeenRequest last() {
    std::lock_guard lock(mutex_);
    return seen_.back();
  }

 private:
  void serve(Peer& peer) {
    SeenRequest request;
    while (peer.read(request)) {
      std::string target = request.line().substr(request.line().find(' ') + 1);
      target.resize(target.find_first_of("? "));
      Scripted answer{"404 Not Found", "404 page not found", ""};
      {
        std::lock_guard lock(mutex_);
        seen_.push_back(request);
        auto found = answers_.find(target);
        if (found != answers_.end()) {
          answer = found->second.front();
          if (found->second.size() > 1) found->second.pop_front();
        }
      }
      peer.answer(answer.status, answer.headers, answer.body);
    }
  }

  std::mutex mutex_;
  std::map<std::string, std::deque<Scripted>> answers_;
  std::vector<SeenRequest> seen_;
  Server server_;
};

const std::string maps = "/api/v1/namespaces/n/configmaps";
const std::string one = maps + "/a";
const std::string body =
    R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","namespace":"n"}})";

std::string list_page(const std::string& name, const std::string& next) {
  return R"({"kind":"ConfigMapList","apiVersion":"v1",
    "metadata":{"resourceVersion":"7","continue":")" +
         next + R"("},"items":[{"metadata":{"name":")" + name + R"(","namespace":"n"}}]})";
}

}  // namespace

TEST_CASE(
    "a throttled request is repeated after the time the server names, a bounded number of times") {
  Api api;
  api.on(one, {{"429 Too Many Requests", "", "Retry-After: 0\r\n"},
               {"503 Service Unavailable", "", "Retry-After: 0\r\n"},
               {"200 OK", body, ""}});
  auto client = api.client();
  CHECK(client->get({config_map, "n", "a"}, {}).ok());
  CHECK(client->counts().retries == 2);
  api.on(one, {{"429 Too Many Requests", "", "Retry-After: 0\r\n"}});
  auto refused = client->get({config_map, "n", "a"}, {});
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().code == Code::rate_limited);
  CHECK(client->counts().of(Verb::get) == 3 + 6);
}

TEST_CASE("a failure without a time to wait is returned at once") {
  Api api;
  api.on(one, {{"503 Service Unavailable", "", ""}});
  auto client = api.client();
  auto refused = client->get({config_map, "n", "a"}, {});
  CHECK(refused.error().code == Code::unavailable);
  CHECK(client->counts().of(Verb::get) == 1);
}

TEST_CASE("a change of etcd's leader is not the caller's business") {
  Api api;
  api.on(one, {{"500 Internal Server Error",
                R"({"kind":"Status","code":500,"message":"etcdserver: leader changed"})", ""},
               {"200 OK", body, ""}});
  CHECK(api.client()->get({config_map, "n", "a"}, {}).ok());
}

TEST_CASE("a list whose snapshot expired begins again in one page") {
  Api api;
  api.on(maps,
         {{"200 OK", list_page("old", "token"), ""},
          {"410 Gone", R"({"kind":"Status","reason":"Expired","code":410,"message":"m"})", ""},
          {"200 OK", list_page("new", ""), ""}});
  reconcile::ListOptions options;
  options.ns = "n";
  options.label_selector = "a=b";
  auto list = api.client()->list(config_map, options);
  REQUIRE(list.ok());
  REQUIRE(list->items.size() == 1);
  CHECK(list->items[0].path("metadata", "name").get_string() == "new");
  CHECK(list->items[0]["kind"].get_string() == "ConfigMap");
  auto lines = api.lines("configmaps");
  REQUIRE(lines.size() == 3);
  CHECK(lines[0] == "GET " + maps + "?labelSelector=a%3Db&limit=500 HTTP/1.1");
  CHECK(lines[1] == "GET " + maps + "?labelSelector=a%3Db&limit=500&continue=token HTTP/1.1");
  CHECK(lines[2] == "GET " + maps + "?labelSelector=a%3Db HTTP/1.1");
}

TEST_CASE("writes say who, how and what") {
  Api api;
  api.on(one, {{"200 OK", body, ""}});
  api.on(one + "/status", {{"200 OK", body, ""}});
  auto client = api.client();
  reconcile::WriteOptions options;
  options.field_manager = "my manager";
  options.force = true;
  options.dry_run = true;
  options.as.user = "system:serviceaccount:n:sa";
  auto object = value::parse_json(body);
  REQUIRE(client->apply(*object, options).ok());
  SeenRequest seen = api.last();
  CHECK(seen.line() ==
        "PATCH " + one + "?fieldManager=my%20manager&force=true&dryRun=All HTTP/1.1");
  CHECK(seen.header("Content-Type") == "application/apply-patch+yaml");
  CHECK(seen.header("Impersonate-User") == "system:serviceaccount:n:sa");
  CHECK(seen.header("Authorization") == "Bearer t0ken");
  CHECK(seen.header("User-Agent").find("weir/") == 0);
  CHECK(seen.body == body);

  options = {};
  options.subresource = "status";
  REQUIRE(
      client->patch({config_map, "n", "a"}, reconcile::PatchType::merge, Value::object(), options)
          .ok());
  CHECK(api.last().line() == "PATCH " + one + "/status HTTP/1.1");
  CHECK(api.last().header("Content-Type") == "application/merge-patch+json");
  CHECK(api.last().header("Impersonate-User").empty());

  reconcile::DeleteOptions removal;
  removal.propagation = reconcile::Propagation::foreground;
  removal.uid = "u";
  REQUIRE(client->remove({config_map, "n", "a"}, removal).ok());
  CHECK(api.last().line() == "DELETE " + one + " HTTP/1.1");
  CHECK(api.last().body == R"({"apiVersion":"v1","kind":"DeleteOptions",)"
                           R"("propagationPolicy":"Foreground","preconditions":{"uid":"u"}})");
}

TEST_CASE("discovery of an older server is read group by group") {
  Api api;
  api.on("/api", {{"200 OK", R"({"kind":"APIVersions","versions":["v1"]})", ""}});
  api.on("/api/v1", {{"200 OK", R"({"kind":"APIResourceList","groupVersion":"v1","resources":[
    {"name":"configmaps","singularName":"","namespaced":true,"kind":"ConfigMap","verbs":["get"]},
    {"name":"pods/status","namespaced":true,"kind":"Pod"}]})",
                      ""}});
  api.on("/apis", {{"200 OK", R"({"kind":"APIGroupList","groups":[{"name":"b.io",
    "versions":[{"groupVersion":"b.io/v1beta1"},{"groupVersion":"b.io/v1"}],
    "preferredVersion":{"groupVersion":"b.io/v1"}},{"name":"away.io",
    "versions":[{"groupVersion":"away.io/v1"}]}]})",
                    ""}});
  for (const char* version : {"v1", "v1beta1"}) {
    api.on("/apis/b.io/" + std::string(version),
           {{"200 OK",
             R"({"kind":"APIResourceList","groupVersion":"b.io/)" + std::string(version) +
                 R"(","resources":[{"name":"bs","kind":"B","namespaced":false}]})",
             ""}});
  }
  api.on("/apis/away.io/v1", {{"503 Service Unavailable", "", ""}});
  auto resources = api.client()->resources();
  REQUIRE(resources.ok());
  REQUIRE(resources->size() == 3);
  CHECK((*resources)[0].plural == "configmaps");
  CHECK((*resources)[1].gvk == model::Gvk{"b.io", "v1", "B"});
  CHECK((*resources)[2].gvk == model::Gvk{"b.io", "v1beta1", "B"});
}

TEST_CASE("a known kind costs no discovery, an unknown one exactly one more") {
  Api api;
  auto client = api.client();
  REQUIRE(client->resolve(config_map).ok());
  REQUIRE(client->resolve(config_map).ok());
  CHECK(client->counts().of(Verb::discovery) == 2);
  CHECK(client->resolve({"x.io", "v1", "X"}).error().reason == "NoMatch");
  CHECK(client->counts().of(Verb::discovery) == 4);
}

TEST_CASE("a failing watch is told once, goes on trying, and lists again after an expiry") {
  Api api;
  std::string expired =
      R"({"type":"ERROR","object":{"kind":"Status","code":410,"reason":"Expired","message":"m"}})";
  api.on(
      "/api/v1/configmaps",
      {{"403 Forbidden", R"({"kind":"Status","code":403,"reason":"Forbidden","message":"no"})", ""},
       {"403 Forbidden", R"({"kind":"Status","code":403,"reason":"Forbidden","message":"no"})", ""},
       {"200 OK", list_page("a", ""), ""},
       {"200 OK", expired + "\n", ""},
       {"200 OK", list_page("b", ""), ""},
       {"200 OK",
        R"({"type":"ADDED","object":{"metadata":{"name":"c","namespace":"n"}}})"
        "\n",
        ""}});
  auto client = api.client();
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<std::string> said;
  reconcile::WatchOptions options;
  options.gvk = config_map;
  auto watch = client->watch(options, [&](reconcile::WatchEvent event) {
    static constexpr const char* names[] = {"added", "modified", "deleted", "synced", "failed"};
    std::lock_guard lock(mutex);
    std::string name(event.object.path("metadata", "name").get_string());
    said.push_back(names[static_cast<int>(event.type)] +
                   (name.empty() ? event.error.reason : " " + name));
    changed.notify_all();
  });
  std::vector<std::string> expected = {"failedForbidden", "added a", "synced", "added b",
                                       "deleted a",       "synced",  "added c"};
  std::unique_lock lock(mutex);
  changed.wait_for(lock, std::chrono::seconds(10), [&] { return said.size() >= expected.size(); });
  REQUIRE(said.size() >= expected.size());
  said.resize(expected.size());
  CHECK(said == expected);
}

TEST_CASE("a client may go before its watches, and a watch may end itself") {
  Api api;
  api.on("/api/v1/configmaps", {{"200 OK", list_page("a", ""), ""}});
  std::unique_ptr<reconcile::Watch> outlives;
  {
    auto client = api.client();
    std::mutex mutex;
    std::condition_variable changed;
    int calls = 0;
    bool gone = false;
    std::unique_ptr<reconcile::Watch> suicide;
    reconcile::WatchOptions options;
    options.gvk = config_map;
    std::unique_lock lock(mutex);
    suicide = client->watch(options, [&](reconcile::WatchEvent) {
      std::lock_guard inner(mutex);
      ++calls;
      suicide.reset();
      gone = true;
      changed.notify_all();
    });
    REQUIRE(changed.wait_for(lock, std::chrono::seconds(10), [&] { return gone; }));
    CHECK(calls == 1);
    lock.unlock();
    outlives = client->watch(options, [](reconcile::WatchEvent) {});
  }
  outlives.reset();
}
