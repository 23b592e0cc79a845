#include <catch2/catch.hpp>

#include "adapters/kube/api_error.hh"
#include "adapters/kube/api_path.hh"
#include "adapters/kube/discovery.hh"
#include "adapters/kube/watch_decoder.hh"
#include "engine/value/json.hh"

using namespace weir;
using namespace weir::kube;
using reconcile::WatchEvent;
using reconcile::WatchType;

namespace {

Value json(std::string_view text) {
  auto parsed = value::parse_json(text);
  REQUIRE(parsed.ok());
  return std::move(parsed).value();
}

Value object(const std::string& name, const std::string& uid, const std::string& version = "1") {
  return json(R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"namespace":"ns","name":")" +
              name + R"(","uid":")" + uid + R"(","resourceVersion":")" + version + R"("}})");
}

std::string line(const std::string& type, const Value& body) {
  return R"({"type":")" + type + R"(","object":)" + value::write_json(body) + "}\n";
}

// A decoder with what it said, as "added a", "synced".
struct Told {
  WatchDecoder decoder{model::Gvk{"", "v1", "ConfigMap"}};
  std::vector<std::string> said;
  std::vector<WatchEvent> events;

  WatchDecoder::Emit emit() {
    return [this](WatchEvent event) {
      static constexpr const char* names[] = {"added", "modified", "deleted", "synced", "failed"};
      std::string text = names[static_cast<int>(event.type)];
      std::string_view name = event.object.path("metadata", "name").get_string();
      said.push_back(name.empty() ? text : text + " " + std::string(name));
      events.push_back(std::move(event));
    };
  }
  void list(std::vector<Value> items, const std::string& version) {
    decoder.begin_list();
    decoder.take_page(ListPage{std::move(items), version, ""}, emit());
    decoder.end_list(version, emit());
  }
  std::vector<std::string> take() { return std::exchange(said, {}); }
};

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("a first list is all added, then synced") {
  Told told;
  told.list({object("a", "1"), object("b", "2")}, "10");
  CHECK(told.take() == Lines{"added a", "added b", "synced"});
  CHECK(told.decoder.resource_version() == "10");
}

TEST_CASE("a second list reports what vanished, what was replaced and what is new") {
  Told told;
  told.list({object("a", "1"), object("b", "2"), object("c", "3")}, "10");
  told.take();
  told.events.clear();
  told.list({object("b", "2"), object("c", "other"), object("d", "4")}, "20");
  CHECK(told.take() ==
        Lines{"modified b", "deleted c", "added c", "added d", "deleted a", "synced"});
  CHECK(told.events[4].object ==
        json(R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","namespace":"ns"}})"));
  CHECK(told.decoder.known() == 3);
}

TEST_CASE("a list that was not finished deletes nothing") {
  Told told;
  told.list({object("a", "1"), object("b", "2")}, "10");
  told.take();
  told.decoder.begin_list();
  told.decoder.take_page(ListPage{{object("a", "1")}, "20", "more"}, told.emit());
  told.list({object("a", "1"), object("b", "2")}, "30");
  CHECK(told.take() == Lines{"modified a", "modified a", "modified b", "synced"});
}

TEST_CASE("lines are decoded however they are cut, and bookmarks only move the version") {
  Told told;
  told.list({}, "1");
  told.take();
  std::string bytes =
      line("ADDED", object("a", "1", "5")) + line("MODIFIED", object("a", "1", "6")) +
      line("BOOKMARK", json(R"({"kind":"ConfigMap","metadata":{"resourceVersion":"9"}})")) +
      line("DELETED", object("a", "1", "7"));
  for (char c : bytes) REQUIRE(told.decoder.take_bytes(std::string_view(&c, 1), told.emit()).ok());
  CHECK(told.take() == Lines{"added a", "modified a", "deleted a"});
  CHECK(told.decoder.resource_version() == "7");
  CHECK(told.decoder.known() == 0);
}

TEST_CASE("an object already known is not added twice") {
  Told told;
  told.list({object("a", "1")}, "1");
  told.take();
  REQUIRE(told.decoder.take_bytes(line("ADDED", object("a", "1", "5")), told.emit()).ok());
  CHECK(told.take() == Lines{"modified a"});
}

TEST_CASE("an expired version asks for a new list, whatever its shape") {
  Told told;
  auto expired =
      told.decoder.take_bytes(line("ERROR", json(R"({"kind":"Status","code":410,"reason":"Expired",
                            "message":"too old resource version"})")),
                              told.emit());
  REQUIRE_FALSE(expired.ok());
  CHECK(expired.error().code == Code::gone);
  CHECK(told.take().empty());
}

TEST_CASE("what is no watch event is an error and changes nothing") {
  for (const char* text : {"nonsense\n", "{}\n", "[]\n", "{\"type\":\"ADDED\",\"object\":1}\n",
                           "{\"type\":\"WHAT\",\"object\":{}}\n"}) {
    Told told;
    INFO(text);
    CHECK_FALSE(told.decoder.take_bytes(text, told.emit()).ok());
    CHECK(told.take().empty());
  }
  Told told;
  auto endless = told.decoder.take_bytes(std::string((16u << 20) + 1, 'x'), told.emit());
  REQUIRE_FALSE(endless.ok());
  CHECK(endless.error().code == Code::limit);
}

TEST_CASE("half a line of a lost connection does not spoil the next one") {
  Told told;
  REQUIRE(told.decoder.take_bytes("{\"type\":\"ADD", told.emit()).ok());
  told.decoder.begin_stream();
  REQUIRE(told.decoder.take_bytes(line("ADDED", object("a", "1")), told.emit()).ok());
  CHECK(told.take() == Lines{"added a"});
}

TEST_CASE("Status answers become typed errors with the server's words") {
  Error error =
      api_error(409, R"({"kind":"Status","message":"m","reason":"AlreadyExists","code":409})", "");
  CHECK(error.code == Code::already_exists);
  CHECK(error.message == "m");
  CHECK(error.reason == "AlreadyExists");
  CHECK(api_error(409, R"({"kind":"Status","message":"m","reason":"Conflict"})", "").code ==
        Code::conflict);
  CHECK(api_error(410, R"({"kind":"Status","message":"m","reason":"Expired"})", "").code ==
        Code::gone);
  CHECK(api_error(422, R"({"kind":"Status","message":"m","reason":"Invalid"})", "").code ==
        Code::invalid);
  CHECK(api_error(504, R"({"kind":"Status","message":"m","reason":"Timeout"})", "").code ==
        Code::timeout);
}

TEST_CASE("answers without a Status get client-go's words") {
  CHECK(api_error(404, "404 page not found\n", "get foos.example.com x").message ==
        "the server could not find the requested resource (get foos.example.com x)");
  CHECK(api_error(401, "", "").code == Code::unauthorized);
  CHECK(api_error(500, "boom\n", "").message ==
        "an error on the server (\"boom\") has prevented the request from succeeding");
  CHECK(api_error(502, "<html>", "").code == Code::unavailable);
}

TEST_CASE("the time to wait comes from the header, else from the body") {
  std::string body = R"({"kind":"Status","details":{"retryAfterSeconds":3}})";
  CHECK(retry_after_seconds({{"Retry-After", "7"}}, body) == 7);
  CHECK(retry_after_seconds({}, body) == 3);
  CHECK(retry_after_seconds({{"Retry-After", "soon"}}, "") == std::nullopt);
}

TEST_CASE("a Secret's values never stand in an error") {
  Value secret = json(R"({"data":{"a":"aHVudGVyMg=="},"stringData":{"b":"s3cr3t!","c":"1"}})");
  CHECK(mask_secret_values("bad hunter2, aHVudGVyMg==, s3cr3t! or 1", secret) ==
        "bad ***, ***, *** or 1");
}

TEST_CASE("request targets escape what they carry and need what the kind needs") {
  reconcile::ApiResource pods{{"", "v1", "Pod"}, "pods", "pod", {}, {}, {}, true};
  reconcile::ApiResource roles{
      {"rbac.authorization.k8s.io", "v1", "ClusterRole"}, "clusterroles", "", {}, {}, {}, false};
  CHECK(collection_path(pods, "") == "/api/v1/pods");
  CHECK(collection_path(pods, "a/b") == "/api/v1/namespaces/a%2Fb/pods");
  CHECK(*object_path(pods, "n", "x", "log") == "/api/v1/namespaces/n/pods/x/log");
  CHECK(*object_path(roles, "ignored", "system:x") ==
        "/apis/rbac.authorization.k8s.io/v1/clusterroles/system%3Ax");
  CHECK_FALSE(object_path(pods, "", "x").ok());
  CHECK_FALSE(object_path(pods, "n", "").ok());
  CHECK_FALSE(object_path(pods, "n", "..").ok());
  CHECK(Query().add("a", "b,c=d").add("empty", "").add("e", "f").text() == "?a=b%2Cc%3Dd&e=f");
}

TEST_CASE("aggregated discovery lists kinds in the server's order, without subresources") {
  auto resources = parse_aggregated_discovery(json(R"({"kind":"APIGroupDiscoveryList","items":[
    {"metadata":{"name":"apps"},"versions":[
      {"version":"v1","resources":[{"resource":"deployments",
        "responseKind":{"group":"","version":"","kind":"Deployment"},"scope":"Namespaced",
        "singularResource":"deployment","verbs":["get","list"],"shortNames":["deploy"],
        "categories":["all"],"subresources":[{"subresource":"status"}]},
        {"resource":"nokind","scope":"Cluster"}]},
      {"version":"v1beta1","resources":[{"resource":"deployments",
        "responseKind":{"kind":"Deployment"},"scope":"Cluster"}]}]}]})"));
  REQUIRE(resources.ok());
  REQUIRE(resources->size() == 2);
  CHECK((*resources)[0].gvk == model::Gvk{"apps", "v1", "Deployment"});
  CHECK((*resources)[0].namespaced);
  CHECK((*resources)[0].short_names == std::vector<std::string>{"deploy"});
  CHECK((*resources)[1].gvk.version == "v1beta1");
  CHECK_FALSE((*resources)[1].namespaced);
  CHECK_FALSE(parse_aggregated_discovery(json("{}")).ok());
}
