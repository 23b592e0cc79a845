#include <catch2/catch.hpp>

#include <map>

#include "tests/support/engine_bench.hh"

namespace weir::test {
namespace {

std::string config(const std::string& name, const std::string& text = "x") {
  std::string yaml = "apiVersion: v1\nkind: ConfigMap\nmetadata: {namespace: default, name: ";
  return yaml.append(name).append("}\ndata: {key: '").append(text).append("'}\n---\n");
}

// The types of the events from the newest application of `name` up to its root.
std::vector<std::string> chain_of(EngineBench& bench, const std::string& name) {
  std::map<std::uint64_t, event::Event> all;
  std::uint64_t at = 0;
  for (int type = 1; type <= static_cast<int>(event::Type::log_cut); ++type)
    for (event::Event& event : bench.logged(static_cast<event::Type>(type))) {
      if (event.type == event::Type::object_applied && event.subject.object.name == name)
        at = std::max(at, event.seq);
      all.emplace(event.seq, std::move(event));
    }
  std::vector<std::string> out;
  while (at != 0) {
    const event::Event& event = all.at(at);
    out.push_back(std::string(event::type_name(event.type)) + " " + event.subject.object.name);
    REQUIRE(event.cause < at);
    at = event.cause;
  }
  return out;
}

using Chain = std::vector<std::string>;

TEST_CASE("what a commit applies is laid to the fetch of that commit, also the second time") {
  EngineBench bench;
  bench.commit({{"app/a.yaml", config("one")}});
  bench.create_repository();
  bench.create_kustomization("app");
  bench.run();
  for (const char* text : {"second", "third"}) {
    bench.commit({{"app/a.yaml", config("one", text)}});
    bench.run(61);
    const Chain chain = chain_of(bench, "one");
    REQUIRE(chain.size() >= 3);
    CHECK(chain[0] == "ObjectApplied one");
    CHECK(chain[1] == "ReconcileStarted app");
    CHECK(chain[2] == "SourceFetched repo");
    const auto fetched = bench.logged(event::Type::source_fetched);
    const auto started = bench.logged(event::Type::reconcile_started);
    std::uint64_t cause = 0;
    for (const event::Event& event : started)
      if (event.subject.object.name == "app") cause = event.cause;
    CHECK(cause == fetched.back().seq);
  }
}

TEST_CASE("a correction is laid to the drift, and the drift to nothing") {
  EngineBench bench;
  bench.commit({{"app/a.yaml", config("one")}});
  bench.create_repository();
  bench.create_kustomization("app");
  bench.run();
  bench.merge(object_id("ConfigMap", "default", "one"), R"({"data":{"key":"mine"}})");
  bench.run(5);
  CHECK(chain_of(bench, "one") ==
        Chain{"ObjectApplied one", "ReconcileStarted app", "DriftDetected one"});
  // The next commit has nothing to do with it.
  bench.commit({{"app/a.yaml", config("one", "next")}});
  bench.run(61);
  CHECK(chain_of(bench, "one").at(2) == "SourceFetched repo");
}

TEST_CASE("a rollback is laid to the operator") {
  EngineBench bench;
  bench.commit({{"app/a.yaml", config("one")}});
  bench.create_repository();
  bench.create_kustomization("app");
  bench.run();
  const event::Event good = bench.logged(event::Type::manifests_rendered).back();
  bench.commit({{"app/a.yaml", config("one", "bad")}});
  bench.run(61);
  reconcile::OperatorAction action;
  action.target = kustomization_id("app");
  action.set_blob = good.blobs.front();
  action.revision = "main@sha1:good";
  action.to_seq = good.seq;
  action.actor = "alice";
  REQUIRE(bench.act(action).ok());
  bench.run(5);
  CHECK(chain_of(bench, "one") ==
        Chain{"ObjectApplied one", "ReconcileStarted app", "OperatorActed app"});
  CHECK(bench.logged(event::Type::rollback_pinned).back().cause ==
        bench.logged(event::Type::operator_acted).back().seq);
}

TEST_CASE("what waited for a dependency is laid to the dependency's success") {
  EngineBench bench;
  bench.commit({{"base/a.yaml", config("one")}, {"top/a.yaml", config("two")}});
  bench.create_repository();
  bench.create_kustomization("top", "dependsOn: [{name: base}]");
  bench.run(2);
  bench.create_kustomization("base");
  bench.run(40);
  const Chain chain = chain_of(bench, "two");
  REQUIRE(chain.size() >= 3);
  CHECK(chain[1] == "ReconcileStarted top");
  CHECK(chain[2] == "ReconcileFinished base");
}

}  // namespace
}  // namespace weir::test
