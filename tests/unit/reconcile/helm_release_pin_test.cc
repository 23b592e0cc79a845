// Rollbacks of HelmReleases: a release of the log stands again, until something newer is asked for.
#include <algorithm>
#include <catch2/catch.hpp>

#include "tests/support/release_bench.hh"

namespace weir::test {
namespace {

class PinBench : public ReleaseBench {
 public:
  // What an operator's rollback to the n-th release that was rendered asks for.
  reconcile::OperatorAction rollback_to(std::size_t n, bool hold = false) {
    const auto rendered = logged(event::Type::manifests_rendered);
    REQUIRE(rendered.size() > n);
    REQUIRE(rendered[n].blobs.size() == 2);
    reconcile::OperatorAction action;
    action.target = release_id;
    action.set_blob = rendered[n].blobs[0];
    action.release_blob = rendered[n].blobs[1];
    action.revision = rendered[n].data["revision"].get_string();
    action.to_seq = rendered[n].seq;
    action.hold = hold;
    action.actor = "you";
    return action;
  }
  reconcile::OperatorAction unpin() {
    reconcile::OperatorAction action;
    action.kind = reconcile::OperatorAction::Kind::unpin;
    action.target = release_id;
    action.actor = "you";
    return action;
  }
  void values(const std::string& json) { merge(release_id, R"({"spec":{"values":)" + json + "}}"); }
  std::string description(int version) {
    auto record = helm::read_release_secret(
        get(object_id("Secret", "flux-system", helm::release_key("web", version))));
    return record.ok() ? record->description : record.error().message;
  }
};

}  // namespace

TEST_CASE("a rollback makes a recorded release again, as a revision of its own") {
  PinBench bench;
  bench.release("{message: one}");
  bench.run(10);
  bench.values(R"({"message":"two"})");
  bench.run(10);
  REQUIRE(bench.setting() == "two");
  REQUIRE(bench.act(bench.rollback_to(0)).ok());
  bench.run(10);
  CHECK(bench.setting() == "one");
  CHECK(bench.stored() == "v3 deployed, v2 superseded, v1 superseded");
  CHECK(bench.description(3).starts_with("Rollback to event "));
  CHECK(bench.state("Ready").find("(pinned by you to event ") != std::string::npos);
  const auto pinned = bench.logged(event::Type::rollback_pinned);
  REQUIRE(pinned.size() == 1);
  CHECK(pinned[0].actor == "you");
  bench.kube->calls.clear();
  bench.run(700);
  CHECK(bench.setting() == "one");
  CHECK(bench.stored() == "v3 deployed, v2 superseded, v1 superseded");
  for (const std::string& call : bench.kube->calls)
    CHECK(call.find("HelmRelease/flux-system/web") == std::string::npos);
}

TEST_CASE("a rollback outlives restarts and a source that is gone") {
  PinBench bench;
  bench.release("{message: one}");
  bench.run(10);
  bench.values(R"({"message":"two"})");
  bench.run(10);
  bench.git.fail = make_error(Code::unavailable, "connection refused");
  bench.remove({{"source.toolkit.fluxcd.io", "v1", "GitRepository"}, "flux-system", "repo"});
  bench.run(5);
  REQUIRE(bench.act(bench.rollback_to(0)).ok());
  bench.run(10);
  CHECK(bench.setting() == "one");
  bench.restart();
  bench.run(30);
  CHECK(bench.setting() == "one");
  CHECK(bench.stored() == "v3 deployed, v2 superseded, v1 superseded");
  CHECK(bench.state("Ready").find("(pinned by you to event ") != std::string::npos);
}

TEST_CASE("new values, or a new chart, end a rollback; the same ones do not") {
  for (const bool by_chart : {false, true}) {
    PinBench bench;
    bench.release("{message: one}");
    bench.run(10);
    bench.values(R"({"message":"two"})");
    bench.run(10);
    REQUIRE(bench.act(bench.rollback_to(0)).ok());
    bench.run(10);
    bench.merge(release_id, R"({"spec":{"interval":"11m"}})");
    bench.run(10);
    CHECK(bench.setting() == "one");
    if (by_chart) {
      bench.chart({}, "1.1.0");
    } else {
      bench.values(R"({"message":"three"})");
    }
    bench.run(90);
    CHECK(bench.setting() == (by_chart ? "two" : "three"));
    CHECK(bench.state("Ready").find("pinned") == std::string::npos);
    CHECK(bench.logged(event::Type::rollback_released).size() == 1);
  }
}

TEST_CASE("a held rollback ends when an operator says so") {
  PinBench bench;
  bench.release("{message: one}");
  bench.run(10);
  bench.values(R"({"message":"two"})");
  bench.run(10);
  REQUIRE(bench.act(bench.rollback_to(0, true)).ok());
  bench.run(10);
  bench.values(R"({"message":"three"})");
  bench.run(10);
  CHECK(bench.setting() == "one");
  CHECK(bench.state("Ready").ends_with("until unpinned)"));
  REQUIRE(bench.act(bench.unpin()).ok());
  bench.run(10);
  CHECK(bench.setting() == "three");
  const auto again = bench.act(bench.unpin());
  REQUIRE_FALSE(again.ok());
  CHECK(again.error().message == "HelmRelease/flux-system/web is not pinned");
}

TEST_CASE("a rollback heals a release that had used up its retries") {
  PinBench bench;
  bench.release("{message: one}");
  bench.run(10);
  bench.values(R"({"message":"two","extra":"{bad: map}"})");
  bench.run(30);
  REQUIRE(bench.state("Stalled").starts_with("True RetriesExceeded"));
  REQUIRE(bench.act(bench.rollback_to(0)).ok());
  bench.run(20);
  CHECK(bench.state("Ready").starts_with("True UpgradeSucceeded"));
  CHECK(bench.state("Stalled").empty());
  CHECK(bench.setting() == "one");
}

TEST_CASE("releases of the same chart and values that rendered otherwise are told apart") {
  PinBench bench;
  bench.release("{message: one}", "  commonMetadata: {labels: {team: a}}\n");
  bench.run(10);
  bench.merge(release_id, R"({"spec":{"commonMetadata":{"labels":{"team":"b"}}}})");
  bench.run(10);
  const ObjectId settings = object_id("ConfigMap", "default", "web-settings");
  REQUIRE(bench.get(settings).path("metadata", "labels", "team").get_string() == "b");
  CHECK(bench.stored() == "v2 deployed, v1 superseded");
  REQUIRE(bench.act(bench.rollback_to(0)).ok());
  bench.run(10);
  CHECK(bench.get(settings).path("metadata", "labels", "team").get_string() == "a");
  CHECK(bench.stored() == "v3 deployed, v2 superseded, v1 superseded");
  REQUIRE(bench.act(bench.unpin()).ok());
  bench.run(10);
  CHECK(bench.get(settings).path("metadata", "labels", "team").get_string() == "b");
  CHECK(bench.stored() == "v4 deployed, v3 superseded, v2 superseded, v1 superseded");
}

}  // namespace weir::test
