#include <catch2/catch.hpp>

#include "api/audit/routes.hh"
#include "engine/value/json.hh"
#include "engine/value/yaml.hh"
#include "tests/support/log_samples.hh"

#include <fstream>
#include <iterator>
#include <set>
#include <condition_variable>
#include <mutex>

namespace weir::api::audit {
namespace {

constexpr std::string_view token = "0123456789abcdef0123456789abcdef";

Value manifest(const std::string& kind, const std::string& name, int replicas) {
  return Value::object({{"apiVersion", "apps/v1"},
                        {"kind", kind},
                        {"metadata", Value::object({{"name", name}, {"namespace", "default"}})},
                        {"spec", Value::object({{"replicas", replicas}})}});
}

// A log over memory with the life of one Kustomization "apps": revision a1 (replicas 1), then b2
// (replicas 2, and a Secret), then c3, which failed.
struct Rig {
  test::HandClock clock;
  std::unique_ptr<store::Kv> kv = store::make_memory_kv();
  std::unique_ptr<store::EventLog> log;
  std::unique_ptr<store::BlobStore> blobs;
  std::unique_ptr<AuditApi> api;

  Rig() {
    auto opened = store::EventLog::open(*kv, clock);
    REQUIRE(opened.ok());
    log = std::move(*opened);
    std::array<std::uint8_t, 32> key{};
    key.fill(7);
    blobs = std::make_unique<store::BlobStore>(*kv, store::SealingKey::from_bytes(key));
    AuditOptions options;
    options.log = log.get();
    options.blobs = blobs.get();
    options.clock = &clock;
    options.token = token;
    api = std::make_unique<AuditApi>(options);
    live();
  }

  base::Digest put(const Value& value, bool sealed = false) {
    const std::string text = value::write_json(value);
    auto digest = sealed ? blobs->put_sealed(text) : blobs->put(text);
    REQUIRE(digest.ok());
    return *digest;
  }

  void append(event::Event event) {
    clock.advance(60'000'000);
    REQUIRE(log->append({std::move(event)}).ok());
  }

  event::Event about_apps(event::Type type, Value data,
                          std::vector<base::Digest> blobs_named = {}) {
    event::Event event = test::make_event(type, test::kustomization("apps"));
    event.owner = test::kustomization("apps");
    event.data = std::move(data);
    event.blobs = std::move(blobs_named);
    return event;
  }

  base::Digest set_of(const base::Digest& blob) {
    return put(Value::array({Value::object({{"apiVersion", "apps/v1"},
                                            {"kind", "Deployment"},
                                            {"namespace", "default"},
                                            {"name", "web"},
                                            {"blob", blob.hex()}})}));
  }

  void reconcile(const std::string& revision, const base::Digest& blob, std::string_view status) {
    append(about_apps(event::Type::manifests_rendered, Value::object({{"revision", revision}}),
                      {set_of(blob)}));
    append(test::applied("web", "apps", revision, blob));
    append(about_apps(event::Type::reconcile_finished,
                      Value::object({{"status", status}, {"revision", revision}})));
  }

  void put_secret(const std::string& password) {
    const Value secret = Value::object(
        {{"apiVersion", "v1"},
         {"kind", "Secret"},
         {"metadata",
          Value::object({{"name", "db"},
                         {"namespace", "default"},
                         {"annotations",
                          Value::object({{"kubectl.kubernetes.io/last-applied-configuration",
                                          "{\"stringData\":{\"p\":\"" + password + "\"}}"}})}})},
         {"data", Value::object({{"password", base::base64_encode(password)}})},
         {"stringData", Value::object({{"other", password}})}});
    event::Event event = test::applied("db", "apps", "main@sha1:b2b2b2b2", put(secret, true));
    event.subject.object = {{"", "v1", "Secret"}, "default", "db"};
    append(event);
  }

  void live() {
    reconcile("main@sha1:a1a1a1a1", put(manifest("Deployment", "web", 1)),
              "ReconciliationSucceeded");                                     // 1-3
    reconcile("main@sha1:b2b2b2b2", put(manifest("Deployment", "web", 2)),
              "ReconciliationSucceeded");                                     // 4-6
    put_secret("hunter2-first");                                              // 7
    put_secret("hunter2-second");                                             // 8
    reconcile("main@sha1:c3c3c3c3", put(manifest("Deployment", "web", 3)),
              "HealthCheckFailed");                                           // 9-11
  }

  kube::Response ask(const std::string& method, const std::string& target,
                     const std::string& body = {}) {
    return api->handle({method, target, {{"authorization", "Bearer " + std::string(token)}}, body,
                        "127.0.0.1:5"});
  }
  Value get(const std::string& target, int status = 200) {
    const kube::Response response = ask("GET", target);
    INFO(target << ": " << response.body);
    REQUIRE(response.status == status);
    return value::parse_json(response.body).value();
  }
  Value post(const std::string& target, const std::string& body, int status = 200) {
    const kube::Response response = ask("POST", target, body);
    INFO(target << ": " << response.body);
    REQUIRE(response.status == status);
    return value::parse_json(response.body).value();
  }
};

const std::string web = "/weir/v1/objects/deploy/default/web";

}  // namespace

TEST_CASE("the document names every route and query parameter, and nothing else") {
  const auto document = value::parse_yaml(openapi_document());
  REQUIRE(document.ok());
  std::ifstream file(WEIR_SOURCE_DIR "/api/audit/openapi.yaml");
  const std::string text((std::istreambuf_iterator<char>(file)), {});
  CHECK(text == openapi_document());
  std::set<std::string> served, documented;
  for (const Route& route : routes()) {
    std::string method(route.method);
    for (char& c : method) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    const Value& operation = (*document)["paths"][route.pattern][method];
    served.insert(method + " " + std::string(route.pattern));
    std::set<std::string> taken(route.parameters.begin(), route.parameters.end()), told;
    for (const Value& parameter : operation["parameters"].items())
      if (parameter["in"].get_string() == "query") told.emplace(parameter["name"].get_string());
    INFO(route.pattern);
    CHECK(taken == told);
    CHECK((operation["security"].is_array() == (route.access == Access::open)));
  }
  for (const value::Member& path : (*document)["paths"].members())
    for (const value::Member& operation : path.value.members())
      documented.insert(std::string(operation.name()) + " " + std::string(path.name()));
  CHECK(served == documented);
}

TEST_CASE("without the right token nothing but probes is answered") {
  Rig rig;
  for (const Route& route : routes()) {
    for (const char* header :
         {"", "Bearer ", "Bearer 0123456789abcdef0123456789abcdeX", "Basic x"}) {
      const auto response = rig.api->handle(
          {std::string(route.method), std::string(route.pattern), {{"Authorization", header}}, "",
           ""});
      INFO(route.pattern << " " << header);
      CHECK(response.status == (route.access == Access::open ? 200 : 401));
    }
  }
  CHECK(rig.api->handle({"GET", "/weir/v1/nowhere", {}, "", ""}).status == 401);
}

TEST_CASE("a token kept to loopback is refused from elsewhere") {
  Rig rig;
  AuditOptions options = rig.api->options();
  options.token_on_loopback_only = true;
  AuditApi api(options);
  const auto status = [&](const std::string& peer) {
    return api.handle({"GET", "/weir/v1/health",
                       {{"Authorization", "Bearer " + std::string(token)}}, "", peer}).status;
  };
  CHECK(status("127.0.0.1") == 200);
  CHECK(status("10.0.0.7:4000") == 401);
  CHECK(status("") == 401);
}

TEST_CASE("unknown parameters, methods and paths are told") {
  Rig rig;
  const Value wrong = rig.get("/weir/v1/events?knd=Pod", 400);
  CHECK(wrong["message"].get_string() == "knd: unknown query parameter, did you mean \"kind\"?");
  CHECK(wrong["field"].get_string() == "knd");
  CHECK(rig.ask("DELETE", "/weir/v1/events").status == 405);
  CHECK(rig.ask("GET", "/weir/v1/event").status == 404);
  CHECK(rig.get("/weir/v1/events?kind=Deploymnt", 404)["message"].get_string() ==
        "kind: unknown kind \"Deploymnt\", did you mean \"deployments\"?");
  CHECK(rig.get("/weir/v1/events?limit=0", 400)["field"].get_string() == "limit");
  CHECK(rig.get("/weir/v1/events/12", 404)["message"].get_string() ==
        "there is no event 12; the last is 11");
}

TEST_CASE("pages of events join into the whole, both ways") {
  Rig rig;
  for (const std::string order : {"asc", "desc"}) {
    std::vector<std::string> seen;
    std::string cursor;
    do {
      const Value page = rig.get("/weir/v1/events?limit=3&order=" + order +
                                 (cursor.empty() ? "" : "&cursor=" + cursor));
      for (const Value& item : page["items"].items()) seen.emplace_back(item["id"].get_string());
      cursor = page["cursor"].get_string();
    } while (!cursor.empty());
    REQUIRE(seen.size() == 11);
    CHECK(seen.front() == (order == "asc" ? "1" : "11"));
    CHECK(seen.back() == (order == "asc" ? "11" : "1"));
  }
  CHECK(rig.get("/weir/v1/events?kind=ks&type=ReconcileFinished")["items"].size() == 3);
  CHECK(rig.get("/weir/v1/events?since=4&until=6")["items"].size() == 3);
  CHECK(rig.get("/weir/v1/events?since=-150s")["items"].size() == 3);
}

TEST_CASE("an object is what it was at a number, a time and a revision") {
  Rig rig;
  const auto replicas = [&](const std::string& at) {
    return rig.get(web + "/at?at=" + at).path("manifest", "spec", "replicas").get_int();
  };
  CHECK(replicas("2") == 1);
  CHECK(replicas("5") == 2);
  CHECK(replicas("a1a1a1a1") == 1);
  CHECK(replicas("main@sha1:b2b2b2b2") == 2);
  CHECK(replicas("-5m") == 2);
  CHECK(replicas("now") == 3);
  CHECK(rig.get(web + "/at?at=1", 404)["code"].get_string() == "not_found");
  CHECK(rig.get(web + "/at?at=c3c3c3c3", 404)["field"].is_null());
  CHECK(rig.get(web + "/at?at=2&seq=3", 400)["code"].get_string() == "invalid");
}

TEST_CASE("a difference names the field") {
  Rig rig;
  const Value diff = rig.get(web + "/diff?from=a1a1a1a1&to=b2b2b2b2");
  CHECK(diff["action"].get_string() == "configured");
  REQUIRE(diff["changes"].size() == 1);
  CHECK(diff["changes"].at(0)["path"].get_string() == "spec.replicas");
  CHECK(diff["changes"].at(0)["before"].get_int() == 1);
  CHECK(diff["changes"].at(0)["after"].get_int() == 2);
  CHECK(rig.get(web + "/diff?from=4&to=4")["action"].get_string() == "unchanged");
  CHECK(rig.get(web + "/diff?from=1&to=4")["action"].get_string() == "created");
}

TEST_CASE("values of Secrets are in no answer, and a change of one is seen") {
  Rig rig;
  const std::string secret = "/weir/v1/objects/secrets/default/db";
  std::string all;
  for (const std::string& target :
       {secret + "/history", secret + "/at?at=7", secret + "/at?at=8&side=live",
        secret + "/diff?from=7&to=8", secret + "/diff?from=7&to=8&side=live",
        std::string("/weir/v1/events?limit=100"), std::string("/weir/v1/state"),
        std::string("/weir/v1/events/7"), std::string("/weir/v1/verify"),
        std::string("/weir/v1/summary"), std::string("/metrics")}) {
    const auto response = rig.ask("GET", target);
    INFO(target << ": " << response.body);
    CHECK(response.status == 200);
    all += response.body;
  }
  for (const std::string& bytes : {std::string("hunter2"), base::base64_encode("hunter2-first"),
                                   base::base64_encode("hunter2-second")})
    CHECK(all.find(bytes) == std::string::npos);
  const Value first = rig.get(secret + "/at?at=7")["manifest"];
  const Value second = rig.get(secret + "/at?at=8")["manifest"];
  CHECK(first.path("data", "password").get_string().starts_with("*** ("));
  CHECK_FALSE(first["data"] == second["data"]);
  CHECK(rig.get(secret + "/diff?from=7&to=8")["changes"].size() == 2);
}

TEST_CASE("a rollback goes to what last succeeded, and says what it would change") {
  Rig rig;
  const std::string target = R"({"targets":[{"name":"apps"}],"dryRun":true,"to":)";
  const auto plan = [&](const std::string& to) {
    return rig.post("/weir/v1/rollback", target + to + "}")["targets"].at(0);
  };
  CHECK(plan("\"now\"")["revision"].get_string() == "main@sha1:b2b2b2b2");
  CHECK(plan("11")["toSeq"].get_int() == 6);
  CHECK(plan("5")["toSeq"].get_int() == 3);
  CHECK(plan("\"a1a1\"")["revision"].get_string() == "main@sha1:a1a1a1a1");
  CHECK(plan("\"a1a1\"")["configured"].at(0).get_string() == "Deployment/default/web");
  const auto failure = [&](const std::string& body, int status) {
    return std::string(rig.post("/weir/v1/rollback", body, status)["message"].get_string());
  };
  CHECK(failure(target + "2}", 404) == "Kustomization/flux-system/apps has no successful reconcile "
                                       "at or before event 2");
  CHECK(failure(target + "\"c3c3c3c3\"}", 404) ==
        "Kustomization/flux-system/apps has no successful reconcile of revision \"c3c3c3c3\"");
  CHECK(failure(R"({"targets":[{"name":"apps"}],"to":5,"dryrun":true})", 400) ==
        "dryrun: unknown field, did you mean \"dryRun\"?");
  CHECK(failure(R"({"targets":[{"name":"apps"}],"to":5})", 503) ==
        "no engine is running: nothing can be changed");
  CHECK(failure(R"({"targets":[],"to":5})", 400) == "targets: 1 to 10000 are needed");
  CHECK(failure(R"({"targets":[{"kind":"deploy","name":"x"}],"to":5})", 400) ==
        "targets[0].kind: only Kustomizations and HelmReleases can be pinned, not a Deployment");
  CHECK(rig.ask("POST", "/weir/v1/rollback", "{").status == 400);
}

TEST_CASE("a stream goes on where the reader stopped, and then follows the log") {
  Rig rig;
  std::mutex mutex;
  std::condition_variable arrived;
  std::string text;
  kube::Request request{"GET", "/weir/v1/events?follow=true",
                        {{"Authorization", "Bearer " + std::string(token)},
                         {"Last-Event-ID", "10"}},
                        "", ""};
  auto response = rig.api->handle(request);
  REQUIRE(response.stream);
  CHECK(response.content_type == "text/event-stream");
  auto stream = response.stream(
      [&](std::string bytes) {
        const std::lock_guard lock(mutex);
        text += bytes;
        arrived.notify_all();
        return true;
      },
      [] {});
  const auto wait = [&](const std::string& wanted) {
    std::unique_lock lock(mutex);
    return arrived.wait_for(lock, std::chrono::seconds(10),
                            [&] { return text.find(wanted) != std::string::npos; });
  };
  CHECK(wait("id: 11\nevent: weir.ReconcileFinished\ndata: {"));
  rig.append(test::make_event(event::Type::engine_stopped, {}));
  CHECK(wait("id: 12\nevent: weir.EngineStopped\n"));
  CHECK(text.find("id: 10\n") == std::string::npos);
  stream.reset();
  CHECK(rig.api->stream_count() == 0);
}

}  // namespace weir::api::audit
