#include <algorithm>
#include <catch2/catch.hpp>

#include "engine/value/json.hh"
#include "tests/support/engine_bench.hh"

namespace weir::test {
namespace {

using reconcile::OperatorAction;

std::string config(const std::string& name, const std::string& text = "x") {
  std::string yaml = "apiVersion: v1\nkind: ConfigMap\nmetadata: {namespace: default, name: ";
  return yaml.append(name).append("}\ndata: {key: '").append(text).append("'}\n---\n");
}

constexpr const char* secret =
    "apiVersion: v1\nkind: Secret\nmetadata: {namespace: default, name: key}\n"
    "stringData: {password: hunter2-of-undo}\n";

// What the order would restore: everything that the log says was deleted.
OperatorAction undo_of(EngineBench& bench) {
  OperatorAction action;
  action.kind = OperatorAction::Kind::undo;
  action.actor = "alice";
  for (const event::Event& event : bench.logged(event::Type::object_pruned)) {
    action.target = event.owner;
    action.to_seq = event.seq;
    action.restore.push_back({event.subject.object, event.blobs.front(), event.seq});
  }
  return action;
}

// "one" stays, "two" and the Secret are deleted by the second commit.
void prune_two(EngineBench& bench) {
  bench.commit({{"app/a.yaml", config("one")}, {"app/b.yaml", config("two", "kept") + secret}});
  bench.create_repository();
  bench.create_kustomization("app");
  bench.run();
  bench.commit({{"app/a.yaml", config("one")}});
  bench.run(61);
  REQUIRE(bench.logged(event::Type::object_pruned).size() == 2);
  REQUIRE(bench.get(object_id("Secret", "default", "key")).is_null());
}

TEST_CASE("an undone prune brings back what it deleted, Secrets unsealed, owned by nobody") {
  EngineBench bench;
  prune_two(bench);
  REQUIRE(bench.act(undo_of(bench)).ok());
  bench.run(5);
  const Value two = bench.get(object_id("ConfigMap", "default", "two"));
  CHECK(two.path("data", "key").get_string() == "kept");
  CHECK_FALSE(two.path("metadata", "labels").contains("kustomize.toolkit.fluxcd.io/name"));
  CHECK(base::base64_decode(bench.get(object_id("Secret", "default", "key"))
                                .path("data", "password")
                                .get_string())
            .value() == "hunter2-of-undo");
  const event::Event acted = bench.logged(event::Type::operator_acted).front();
  CHECK(acted.actor == "alice");
  CHECK(acted.data["action"].get_string() == "undo");
  CHECK(bench.logged(event::Type::operator_acted).back().cause == acted.seq);
  std::size_t made = 0;
  for (const event::Event& event : bench.logged(event::Type::object_applied)) {
    if (event.cause != acted.seq) continue;
    ++made;
    CHECK(event.actor == "alice");
    CHECK(event.owner.empty());
  }
  CHECK(made == 2);
  for (const event::Type type : {event::Type::operator_acted, event::Type::object_applied})
    for (const event::Event& event : bench.logged(type))
      CHECK(event::encode(event).find("hunter2") == std::string::npos);
}

TEST_CASE("what was brought back is not pruned again, also after a restart") {
  EngineBench bench;
  prune_two(bench);
  REQUIRE(bench.act(undo_of(bench)).ok());
  bench.run(5);
  bench.restart();
  bench.run(5);
  bench.commit({{"app/a.yaml", config("one", "changed")}});
  bench.run(700);
  CHECK_FALSE(bench.get(object_id("ConfigMap", "default", "two")).is_null());
  CHECK(bench.inventory("app").size() == 1);
}

TEST_CASE("an order that a crash cut off is carried out after the start, what it had made is not") {
  EngineBench bench;
  prune_two(bench);
  const OperatorAction order = undo_of(bench);
  event::Event acted;
  acted.type = event::Type::operator_acted;
  acted.subject.object = order.target;
  acted.actor = "alice";
  Value pruned = Value::array();
  for (const reconcile::RestoreItem& item : order.restore) {
    pruned.push_back(item.pruned);
    acted.blobs.push_back(item.blob);
  }
  acted.data = Value::object({{"action", "undo"}, {"pruned", std::move(pruned)}});
  std::vector<event::Event> events = {acted};
  REQUIRE(bench.port().append(events).ok());
  const std::uint64_t seq = events.back().seq;
  const auto key = std::find_if(order.restore.begin(), order.restore.end(),
                                [](const auto& item) { return item.id.gvk.kind == "Secret"; });
  event::Event made;
  made.type = event::Type::object_applied;
  made.subject.object = key->id;
  made.cause = seq;
  made.data = Value::object({{"action", "created"}, {"restores", key->pruned}});
  events = {made};
  REQUIRE(bench.port().append(events).ok());

  bench.restart();
  bench.run(5);
  CHECK(bench.get(object_id("ConfigMap", "default", "two")).path("data", "key").get_string() ==
        "kept");
  CHECK(bench.get(object_id("Secret", "default", "key")).is_null());
  const event::Event restored = bench.logged(event::Type::object_applied).back();
  CHECK(restored.cause == seq);
  CHECK(restored.actor == "alice");
  const event::Event finished = bench.logged(event::Type::operator_acted).back();
  CHECK(finished.data["action"].get_string() == "undo-finished");
  CHECK(finished.data["order"].get_int() == static_cast<std::int64_t>(seq));

  bench.remove(object_id("ConfigMap", "default", "two"));
  bench.restart();
  bench.run(5);
  CHECK(bench.get(object_id("ConfigMap", "default", "two")).is_null());
}

TEST_CASE("what is there is left alone, and a source that has it again takes it over") {
  EngineBench bench;
  prune_two(bench);
  bench.create(config("two", "mine"));
  REQUIRE(bench.act(undo_of(bench)).ok());
  bench.run(5);
  CHECK(bench.get(object_id("ConfigMap", "default", "two")).path("data", "key").get_string() ==
        "mine");
  const auto skipped = bench.logged(event::Type::object_skipped);
  REQUIRE_FALSE(skipped.empty());
  CHECK(skipped.back().data["reason"].get_string() == "it is there");
  bench.commit({{"app/a.yaml", config("one")}, {"app/b.yaml", config("two", "again") + secret}});
  bench.run(61);
  CHECK(bench.get(object_id("ConfigMap", "default", "two")).path("data", "key").get_string() ==
        "again");
  CHECK(bench.inventory("app").size() == 3);
}

TEST_CASE("an object that the server refuses is told, and the others are made") {
  EngineBench bench;
  prune_two(bench);
  bench.kube->refuse.emplace("ConfigMap/default/two",
                             make_error(Code::forbidden, "not in my namespace"));
  REQUIRE(bench.act(undo_of(bench)).ok());
  bench.run(5);
  CHECK_FALSE(bench.get(object_id("Secret", "default", "key")).is_null());
  const auto failed = bench.logged(event::Type::step_failed);
  REQUIRE_FALSE(failed.empty());
  CHECK(failed.back().data["message"].get_string() ==
        "ConfigMap/default/two was not restored: not in my namespace");
  CHECK(failed.back().subject.object.name == "two");
}

TEST_CASE("the objects of a deleted Kustomization are brought back without it") {
  EngineBench bench;
  bench.commit({{"app/a.yaml", config("one")}});
  bench.create_repository();
  bench.create_kustomization("app");
  bench.run();
  bench.remove(kustomization_id("app"));
  bench.run(60);
  REQUIRE(bench.kustomization("app").is_null());
  REQUIRE(bench.act(undo_of(bench)).ok());
  bench.run(5);
  CHECK_FALSE(bench.get(object_id("ConfigMap", "default", "one")).is_null());
}

TEST_CASE("a Service and a Job come back without what the server had given them") {
  EngineBench bench;
  bench.commit(
      {{"app/a.yaml", config("one")},
       {"app/b.yaml",
        "apiVersion: v1\nkind: Service\nmetadata: {name: web, namespace: default}\n"
        "spec: {selector: {app: web}, ports: [{port: 80}]}\n---\n"
        "apiVersion: batch/v1\nkind: Job\nmetadata: {name: once, namespace: default}\n"
        "spec: {template: {spec: {restartPolicy: Never, containers: [{name: a, image: b}]}}}\n"}});
  bench.create_repository();
  bench.create_kustomization("app");
  bench.run();
  bench.commit({{"app/a.yaml", config("one")}});
  bench.run(61);
  REQUIRE(bench.act(undo_of(bench)).ok());
  bench.run(5);
  const Value service = bench.get({Gvk{"", "v1", "Service"}, "default", "web"});
  CHECK(service.path("spec", "selector", "app").get_string() == "web");
  const Value job = bench.get(object_id("Job", "default", "once"));
  CHECK_FALSE(job.is_null());
  CHECK(bench.logged(event::Type::step_failed).empty());
}

TEST_CASE("a revert commit is pushed with the source's credentials and the configured identity") {
  reconcile::EngineOptions options;
  options.git_author_name = "Bot";
  options.git_author_email = "bot@example.com";
  EngineBench bench(options);
  bench.commit({{"app/a.yaml", config("one")}});
  bench.create(
      "apiVersion: v1\nkind: Secret\nmetadata: {namespace: flux-system, name: auth}\n"
      "stringData: {username: git, password: hunter2-of-git}\n");
  bench.create(
      "apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\n"
      "metadata: {name: repo, namespace: flux-system}\n"
      "spec: {url: 'https://git.example.com/repo', interval: 10m, ref: {branch: main},\n"
      "       secretRef: {name: auth}}\n");
  bench.create_kustomization("app");
  bench.run();
  OperatorAction action;
  action.kind = OperatorAction::Kind::git_revert;
  action.target = {{"source.toolkit.fluxcd.io", "v1", "GitRepository"}, "flux-system", "repo"};
  action.head = std::string(40, 'b');
  action.files = {{"app/a.yaml", std::string(40, 'a')}};
  action.message = "Revert\n";
  action.actor = "alice";

  SECTION("it is an event of the source, which is fetched at once") {
    const int checkouts = bench.git.checkouts;
    REQUIRE(bench.act(action).ok());
    bench.run(2);
    REQUIRE(bench.git.reverts.size() == 1);
    const reconcile::GitRevert& made = bench.git.reverts.front();
    CHECK(made.remote.credentials.password == "hunter2-of-git");
    CHECK(made.branch == "main");
    CHECK(made.author_email == "bot@example.com");
    CHECK(made.files == action.files);
    const auto pushed = bench.logged(event::Type::commit_pushed);
    REQUIRE(pushed.size() == 1);
    CHECK(pushed[0].actor == "alice");
    CHECK(pushed[0].cause == bench.logged(event::Type::operator_acted).back().seq);
    CHECK(pushed[0].data.path("commit", "author").get_string() == "Bot <bot@example.com>");
    CHECK(bench.git.checkouts > checkouts);
  }
  SECTION("a refusal is an event, and the source goes on as before") {
    bench.git.fail = make_error(Code::conflict, "protected branch");
    REQUIRE(bench.act(action).ok());
    bench.run(2);
    const auto failed = bench.logged(event::Type::step_failed);
    REQUIRE(failed.size() == 1);
    CHECK(failed[0].data["message"].get_string() == "protected branch");
    CHECK(failed[0].data["step"].get_string() == "git-revert");
    CHECK(bench.logged(event::Type::commit_pushed).empty());
  }
  SECTION("of what is no GitRepository here there is none") {
    action.target.name = "other";
    CHECK(bench.act(action).error().code == Code::not_found);
  }
}

TEST_CASE("artifacts that are collected are an event of their source") {
  reconcile::EngineOptions options;
  options.artifact_ttl = base::Duration(0);
  options.artifact_records = 1;
  EngineBench bench(options);
  bench.create_repository();
  for (int i = 0; i < 4; ++i) {
    bench.commit({{"app/a.yaml", config("one", std::to_string(i))}});
    bench.run(61);
  }
  const auto collected = bench.logged(event::Type::garbage_collected);
  REQUIRE_FALSE(collected.empty());
  CHECK(collected.front().subject.object.name == "repo");
  CHECK(collected.front().data["what"].get_string() == "artifacts");
  CHECK_FALSE(collected.front().data["removed"].empty());
}

}  // namespace
}  // namespace weir::test
