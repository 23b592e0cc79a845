#include <catch2/catch.hpp>

#include "api/audit/routes.hh"
#include "engine/value/json.hh"
#include "tests/support/log_samples.hh"

namespace weir::api::audit {
namespace {

// Kustomizations "apps" (needs "base"), "base" and "late", which has never succeeded. Everything
// was applied in one reconcile each; then "apps" pruned two objects in one.
struct Rig {
  test::HandClock clock;
  std::unique_ptr<store::Kv> kv = store::make_memory_kv();
  std::unique_ptr<store::EventLog> log = store::EventLog::open(*kv, clock).value();
  store::BlobStore blobs{*kv};
  std::unique_ptr<AuditApi> api;

  Rig() {
    AuditOptions options;
    options.log = log.get();
    options.blobs = &blobs;
    options.clock = &clock;
    api = std::make_unique<AuditApi>(options);
    live();
  }

  store::Seq append(event::Type type, const model::ObjectId& subject, Value data,
                    const std::string& owner, const std::string& reconcile = "",
                    std::vector<base::Digest> named = {}) {
    clock.advance(60'000'000);
    event::Event event = test::make_event(type, subject);
    event.data = std::move(data);
    event.reconcile_id = reconcile;
    event.blobs = std::move(named);
    if (subject.name != owner) event.owner = test::kustomization(owner);
    return log->append({std::move(event)}).value().back();
  }

  base::Digest put(const std::string& text) { return blobs.put(text).value(); }

  void reconcile(const std::string& owner, const std::string& status) {
    const Value set = Value::array({Value::object({{"apiVersion", "apps/v1"},
                                                   {"kind", "Deployment"},
                                                   {"namespace", "default"},
                                                   {"name", owner},
                                                   {"blob", put(owner).hex()}})});
    append(event::Type::manifests_rendered, test::kustomization(owner),
           Value::object({{"revision", "main@sha1:a1a1"}}), owner, owner,
           {put(value::write_json(set))});
    append(event::Type::reconcile_finished, test::kustomization(owner),
           Value::object({{"status", status}, {"revision", "main@sha1:a1a1"}}), owner, owner);
  }

  void live() {
    const Value needs = Value::array({Value::object({{"name", "base"}})});
    append(event::Type::spec_observed, test::kustomization("apps"),
           Value::object(
               {{"object", Value::object({{"spec", Value::object({{"dependsOn", needs}})}})}}),
           "apps");                                      // 1
    reconcile("apps", "ReconciliationSucceeded");        // 2, 3
    reconcile("base", "ReconciliationSucceeded");        // 4, 5
    reconcile("late", "HealthCheckFailed");              // 6, 7
    const Value deleted = Value::object({{"action", "deleted"}});
    append(event::Type::object_pruned, test::deployment("one"), deleted, "apps", "p",
           {put("{\"kind\":\"one\"}")});                 // 8
    append(event::Type::object_pruned, test::deployment("two"), deleted, "apps", "p",
           {put("{\"kind\":\"two\"}")});                 // 9
    append(event::Type::object_pruned, test::deployment("kept"),
           Value::object({{"action", "skipped"}}), "apps", "p");  // 10
    append(event::Type::reconcile_finished, test::kustomization("apps"),
           Value::object({{"status", "ReconciliationSucceeded"}}), "apps", "p");  // 11
  }

  Value post(const std::string& target, const std::string& body, int status = 200) {
    const auto response = api->call({"POST", target, {}, body, ""}, "tester");
    INFO(target << " " << body << ": " << response.body);
    REQUIRE(response.status == status);
    return value::parse_json(response.body).value();
  }
};

std::vector<std::string> names(const Value& list) {
  std::vector<std::string> out;
  for (const Value& item : list.items()) out.emplace_back(item["name"].get_string());
  return out;
}

}  // namespace

TEST_CASE("a rollback of all takes HelmReleases along that no Kustomization applies") {
  Rig rig;
  const auto release = [](const std::string& name) {
    return model::ObjectId{{"helm.toolkit.fluxcd.io", "v2", "HelmRelease"}, "flux-system", name};
  };
  const base::Digest set = rig.put("[]"), kept = rig.put("{\"release\":\"\"}");
  for (const std::string name : {"alone", "applied"}) {
    rig.append(event::Type::manifests_rendered, release(name),
               Value::object({{"revision", "1.0.0"}}), name, name, {set, kept});
    rig.append(event::Type::reconcile_finished, release(name),
               Value::object({{"status", "ReconciliationSucceeded"}, {"revision", "1.0.0"}}), name,
               name);
  }
  rig.append(event::Type::object_applied, release("applied"),
             Value::object({{"action", "created"}}), "apps", "", {set});
  const std::string to = std::to_string(rig.log->head().seq);
  const Value plan =
      rig.post("/weir/v1/rollback", R"({"all":true,"dryRun":true,"to":)" + to + "}");
  CHECK(names(plan["targets"]) == std::vector<std::string>{"alone", "base", "apps"});
}

TEST_CASE("a rollback of all passes over what never succeeded, dependencies first") {
  Rig rig;
  const Value plan = rig.post("/weir/v1/rollback", R"({"all":true,"to":7,"dryRun":true})");
  CHECK(names(plan["targets"]) == std::vector<std::string>{"base", "apps"});
  CHECK(names(plan["skipped"]) == std::vector<std::string>{"late"});
  CHECK(plan["skipped"].at(0)["reason"].get_string() ==
        "Kustomization/flux-system/late has no successful reconcile at or before event 7");
  const Value by_namespace =
      rig.post("/weir/v1/rollback", R"({"namespace":"flux-system","to":7,"dryRun":true})");
  CHECK(by_namespace["targets"].size() == 2);
}

TEST_CASE("a target that is named must have such a past") {
  Rig rig;
  CHECK(rig.post("/weir/v1/rollback", R"({"targets":[{"name":"late"}],"to":7})", 404)["message"]
            .get_string() ==
        "Kustomization/flux-system/late has no successful reconcile at or before event 7");
  CHECK(rig.post("/weir/v1/rollback", R"({"all":true,"to":1,"dryRun":true})", 404)["message"]
            .get_string()
            .starts_with("none of 3 owners can be rolled back: "));
}

TEST_CASE("orders that contradict themselves are refused, and the field is named") {
  Rig rig;
  const auto field = [&](const std::string& target, const std::string& body) {
    return std::string(rig.post(target, body, 400)["field"].get_string());
  };
  CHECK(field("/weir/v1/rollback", R"({"all":true,"targets":[{"name":"apps"}],"to":5})") ==
        "targets");
  CHECK(field("/weir/v1/rollback", R"({"all":true,"to":5,"hold":true,"gitRevert":true})") ==
        "hold");
  CHECK(field("/weir/v1/rollback", R"({"all":"yes","to":5})") == "all");
  CHECK(field("/weir/v1/rollback", R"({"all":true})") == "to");
  CHECK(field("/weir/v1/undo", R"({"seq":"8"})") == "seq");
  CHECK(field("/weir/v1/undo", R"({"seq":8,"dryrun":true})") == "dryrun");
  CHECK(rig.post("/weir/v1/rollback", R"({"all":true,"to":7,"gitRevert":true,"dryRun":true})",
                 503)["message"]
            .get_string() == "this weir has no Git mirrors to make a commit in");
}

TEST_CASE("an undo is of the whole prune that any of its events names, or of one object") {
  Rig rig;
  for (const std::string seq : {"8", "9", "10", "11"}) {
    const Value plan = rig.post("/weir/v1/undo", R"({"dryRun":true,"seq":)" + seq + "}");
    CHECK(names(plan["objects"]) == std::vector<std::string>{"one", "two"});
    CHECK(plan["owner"]["name"].get_string() == "apps");
  }
  const Value one = rig.post("/weir/v1/undo", R"({"dryRun":true,"only":true,"seq":9})");
  CHECK(names(one["objects"]) == std::vector<std::string>{"two"});
  CHECK(one["objects"].at(0)["pruned"].get_int() == 9);
  for (const std::string seq : {"3", "7"})
    CHECK(rig.post("/weir/v1/undo", R"({"dryRun":true,"seq":)" + seq + "}", 404)["message"]
              .get_string() ==
          "event " + seq + " belongs to no prune that deleted anything ('weir audit --type "
                           "ObjectPruned' lists them)");
  CHECK(rig.post("/weir/v1/undo", R"({"seq":99})", 404)["message"].get_string() ==
        "there is no event 99; the last is 11");
  CHECK(rig.post("/weir/v1/undo", R"({"seq":8})", 503)["message"].get_string() ==
        "no engine is running: nothing can be changed");
}

}  // namespace weir::api::audit
