#include <catch2/catch.hpp>

#include "api/audit/routes.hh"
#include "engine/value/json.hh"
#include "store/retention.hh"
#include "tests/support/log_samples.hh"

namespace weir::api::audit {
namespace {

// The life of Kustomization "apps" and its Deployment "web": revision a1 goes well, b2 fails its
// health check, c3 mends it.
struct Rig {
  test::HandClock clock;
  std::unique_ptr<store::Kv> kv = store::make_memory_kv();
  std::unique_ptr<store::EventLog> log = store::EventLog::open(*kv, clock).value();
  store::BlobStore blobs{*kv};
  std::unique_ptr<AuditApi> api;
  model::ObjectId apps = test::kustomization("apps");
  model::ObjectId git{{"source.toolkit.fluxcd.io", "v1", "GitRepository"}, "flux-system", "fleet"};

  Rig() {
    AuditOptions options;
    options.log = log.get();
    options.blobs = &blobs;
    options.clock = &clock;
    api = std::make_unique<AuditApi>(options);
    const Value spec =
        Value::object({{"sourceRef", Value::object({{"kind", "GitRepository"}, {"name", "fleet"}})},
                       {"dependsOn", Value::array({Value::object({{"name", "base"}})})}});
    append(event::Type::spec_observed, apps,
           Value::object({{"object", Value::object({{"spec", spec}})}}));  // 1
    revision("a1", 1, "ReconciliationSucceeded");                          // 2-6
    revision("b2", 2, "HealthCheckFailed");                                // 7-13
    revision("c3", 3, "ReconciliationSucceeded");                          // 14-18
  }

  store::Seq append(event::Type type, const model::ObjectId& subject, Value data,
                    store::Seq cause = 0, std::vector<base::Digest> named = {}) {
    clock.advance(60'000'000);
    event::Event event = test::make_event(type, subject);
    event.data = std::move(data);
    event.cause = cause;
    event.blobs = std::move(named);
    event.reconcile_id = "r";
    if (subject != apps && subject != git) event.owner = apps;
    return log->append({std::move(event)}).value().back();
  }

  base::Digest manifest(int replicas) {
    return blobs
        .put(value::write_json(Value::object({{"apiVersion", "apps/v1"},
                                              {"kind", "Deployment"},
                                              {"spec", Value::object({{"replicas", replicas}})}})))
        .value();
  }

  void revision(const std::string& name, int replicas, const std::string& status) {
    const std::string whole = "main@sha1:" + name + name;
    append(event::Type::source_fetched, git,
           Value::object({{"artifact", Value::object({{"revision", whole}})}}));
    const store::Seq started = append(event::Type::reconcile_started, apps,
                                      Value::object({{"reason", "source"}, {"revision", whole}}));
    const base::Digest blob = manifest(replicas);
    const Value set = Value::array({Value::object({{"apiVersion", "apps/v1"},
                                                   {"kind", "Deployment"},
                                                   {"namespace", "default"},
                                                   {"name", "web"},
                                                   {"blob", blob.hex()}})});
    append(event::Type::manifests_rendered, apps, Value::object({{"revision", whole}}), started,
           {blobs.put(value::write_json(set)).value()});
    append(event::Type::object_applied, test::deployment("web"),
           Value::object({{"action", "configured"}, {"revision", whole}}), started, {blob});
    const bool good = status == "ReconciliationSucceeded";
    if (!good) {
      append(event::Type::health_observed, test::deployment("web"),
             Value::object({{"status", "Failed"}, {"message", "no image"}}), started);
      append(event::Type::step_failed, apps,
             Value::object({{"reason", status}, {"message", "health check failed"}}), started);
    }
    append(event::Type::reconcile_finished, apps,
           Value::object({{"status", status}, {"revision", whole}, {"durationMs", 5}}), started);
  }

  kube::Response ask(const std::string& target) {
    return api->call({"GET", target, {}, "", ""}, "tester");
  }
  Value json(const std::string& target) {
    const auto response = ask(target);
    INFO(target << ": " << response.body);
    REQUIRE(response.status == 200);
    return value::parse_json(response.body).value();
  }
};

constexpr const char* web = "/weir/v1/objects/deploy/default/web";

std::vector<std::string> types(const Value& chain) {
  std::vector<std::string> out;
  for (const Value& link : chain.items()) out.emplace_back(link["type"].get_string());
  return out;
}

}  // namespace

TEST_CASE("an object's rendered side is its owner's build at the instant, before it was applied") {
  Rig rig;
  const auto replicas = [&](const std::string& query) {
    return rig.json(web + std::string("/at") + query)
        .path("manifest", "spec", "replicas")
        .get_int();
  };
  CHECK(replicas("?at=9&side=rendered") == 2);
  CHECK(replicas("?at=9&side=desired") == 1);
  CHECK(replicas("?at=10&side=desired") == 2);
  CHECK(rig.ask(web + std::string("/at?at=2&side=rendered")).status == 404);
  const Value state = rig.json("/weir/v1/state?at=9&side=rendered");
  REQUIRE(state["items"].size() == 1);
  CHECK(state["items"].items()[0]["revision"].get_string() == "main@sha1:b2b2");
  CHECK(rig.ask("/weir/v1/state?side=other").status == 400);
}

TEST_CASE("health is what was last observed, until the owner has succeeded since") {
  Rig rig;
  const auto health = [&](const std::string& at) {
    return std::string(rig.json(web + std::string("/at?side=health&at=") + at)
                           .path("health", "status")
                           .get_string());
  };
  CHECK(health("5") == "Unknown");
  CHECK(health("6") == "Current");
  CHECK(health("11") == "Failed");
  CHECK(health("18") == "Current");
  CHECK(rig.json("/weir/v1/state?side=health&at=13")["items"]
            .items()[0]
            .path("health", "message")
            .get_string() == "no image");
}

TEST_CASE("a history tells how each change's reconcile ended, and who made a drift") {
  Rig rig;
  rig.append(event::Type::drift_detected, test::deployment("web"),
             Value::object({{"manager", "kubectl-edit"}, {"fields", ".spec.replicas"}}));
  const Value items = rig.json(web + std::string("/history"))["items"];
  REQUIRE(items.size() == 4);
  CHECK(items.at(0)["action"].get_string() == "drifted");
  CHECK(items.at(0)["manager"].get_string() == "kubectl-edit");
  CHECK(items.at(0)["fields"].get_string() == ".spec.replicas");
  CHECK(items.at(3)["result"].get_string() == "ReconciliationSucceeded");
  CHECK(items.at(3)["durationMs"].get_int() == 5);
}

TEST_CASE("the live side is what the API made of the manifest, and what became of it later") {
  Rig rig;
  const auto blob = [&](const std::string& text) {
    return rig.blobs.put(value::write_json(Value::object({{"kind", "Deployment"}, {"is", text}})))
        .value();
  };
  const auto is = [&](const std::string& query) {
    return std::string(
        rig.json(web + query).path("manifest", "is").get_string());
  };
  const Value applied = Value::object({{"action", "configured"}});
  const store::Seq first = rig.append(event::Type::object_applied, test::deployment("web"), applied,
                                      0, {blob("wanted"), blob("defaulted")});
  rig.append(event::Type::health_observed, test::deployment("web"),
             Value::object({{"status", "Current"}}), first, {blob("running")});
  CHECK(is("/at") == "wanted");
  CHECK(is("/at?side=live") == "running");
  CHECK(is("/at?side=live&at=" + std::to_string(first)) == "defaulted");
  CHECK(rig.json(web + std::string("/diff?side=live&from=") + std::to_string(first))["changes"]
            .at(0)["after"]
            .get_string() == "running");
}

TEST_CASE("health is compared between two instants") {
  Rig rig;
  const Value diff = rig.json(web + std::string("/diff?side=health&from=6&to=11"));
  CHECK(diff["action"].get_string() == "configured");
  CHECK(diff["text"].get_string().find("Failed") != std::string::npos);
  CHECK(rig.json(web + std::string("/diff?side=health&from=6&to=6"))["action"].get_string() ==
        "unchanged");
}

TEST_CASE("the cluster's difference lists what was created, configured and deleted, and no more") {
  Rig rig;
  const Value same = rig.json("/weir/v1/diff?from=10&to=13");
  CHECK(same["items"].empty());
  const Value changed = rig.json("/weir/v1/diff?from=6&to=18");
  REQUIRE(changed["items"].size() == 1);
  CHECK(changed["items"].items()[0]["action"].get_string() == "configured");
  CHECK(changed["items"].items()[0]["changes"].items()[0]["path"].get_string() == "spec.replicas");
  CHECK(rig.json("/weir/v1/diff?from=1&to=18")["items"].items()[0]["action"].get_string() ==
        "created");
  CHECK(rig.json("/weir/v1/diff?from=18&to=1")["items"].items()[0]["action"].get_string() ==
        "deleted");
  CHECK(rig.ask("/weir/v1/diff").status == 400);
}

TEST_CASE("a failed reconcile is walked from its end over its step to the commit that began it") {
  Rig rig;
  const Value why = rig.json("/weir/v1/objects/ks/flux-system/apps/why?at=13");
  CHECK(types(why["chain"]) == std::vector<std::string>{"ReconcileFinished", "StepFailed",
                                                        "ReconcileStarted", "SourceFetched"});
  const Value object = rig.json(web + std::string("/why?at=11"));
  CHECK(types(object["chain"]) ==
        std::vector<std::string>{"HealthObserved", "ReconcileStarted", "SourceFetched"});
  CHECK(rig.ask("/weir/v1/objects/deploy/default/none/why").status == 404);
}

TEST_CASE("a dependency that failed once others waited for it is the reason that they wait") {
  Rig rig;
  const auto base = test::kustomization("base");
  rig.append(event::Type::step_failed, rig.apps,
             Value::object({{"reason", "DependencyNotReady"}, {"message", "base"}}));
  rig.append(event::Type::step_failed, base,
             Value::object({{"reason", "BuildFailed"}, {"message", "no such file"}}));
  const std::string why = "/weir/v1/objects/ks/flux-system/apps/why";
  const std::string failed = std::to_string(rig.log->head().seq);
  const Value now = rig.json(why);
  REQUIRE(now["chain"].size() == 2);
  CHECK(now["chain"].items()[1]["summary"].get_string() == "StepFailed BuildFailed no such file");
  rig.append(event::Type::reconcile_finished, base,
             Value::object({{"status", "ReconciliationSucceeded"}}));
  CHECK(rig.json(why)["chain"].size() == 1);
  CHECK(rig.json(why + "?at=" + failed)["chain"].size() == 2);
}

TEST_CASE("a dependency that is not ready leads to what it failed of, and no chain is endless") {
  Rig rig;
  const auto base = test::kustomization("base");
  rig.append(event::Type::step_failed, base,
             Value::object({{"reason", "BuildFailed"}, {"message", "no such file"}}));
  rig.append(event::Type::step_failed, rig.apps,
             Value::object({{"reason", "DependencyNotReady"}, {"message", "base"}}));
  const Value why = rig.json("/weir/v1/objects/ks/flux-system/apps/why");
  REQUIRE(why["chain"].size() == 2);
  CHECK(why["chain"].items()[1]["relation"].get_string() == "waits for");
  CHECK(why["chain"].items()[1]["summary"].get_string() == "StepFailed BuildFailed no such file");
}

TEST_CASE("failures, time to restore and lead time are counted owner by owner") {
  Rig rig;
  const Value toll = rig.json("/weir/v1/incidents")["items"].items()[0];
  CHECK(toll["reconciles"].get_int() == 3);
  CHECK(toll["failures"].get_int() == 1);
  CHECK(toll["restores"].get_int() == 1);
  CHECK(value::write_json(toll["timeToRestoreSeconds"]) == "300");
  CHECK(value::write_json(toll["leadTimeSeconds"]) == "240");
  CHECK(rig.json("/weir/v1/incidents?since=14")["items"].items()[0]["failures"].get_int() == 0);
}

TEST_CASE("an instant behind the retention's horizon is gone, and the answer says from where on") {
  Rig rig;
  REQUIRE(store::retain(*rig.log, rig.blobs, 14).ok());
  const auto response = rig.ask("/weir/v1/state?at=5");
  CHECK(response.status == 410);
  CHECK(response.body.find("whole from event 14 on") != std::string::npos);
  CHECK(rig.ask("/weir/v1/state?at=13").status == 200);
}

}  // namespace weir::api::audit
