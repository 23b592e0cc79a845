#include "engine/reconcile/replay.hh"

#include <catch2/catch.hpp>

#include "engine/reconcile/durable_state.hh"
#include "engine/reconcile/flows.hh"
#include "engine/reconcile/input_codec.hh"
#include "engine/reconcile/recording.hh"
#include "engine/value/yaml.hh"
#include "tests/support/release_bench.hh"

using namespace weir;
using reconcile::DecisionDifference;

namespace {

std::map<std::string, std::string> config_maps(int count, const std::string& text) {
  std::map<std::string, std::string> files;
  for (int i = 0; i < count; ++i)
    files["apps/c" + std::to_string(i) + ".yaml"] =
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c" + std::to_string(i) +
        ", namespace: flux-system}\ndata: {text: '" + text + "'}\n";
  return files;
}

// A repository with a Secret and twelve objects; a drift, a new revision, an emptied folder.
void live(test::EngineBench& bench) {
  auto files = config_maps(12, "one");
  files["apps/secret.yaml"] =
      "apiVersion: v1\nkind: Secret\nmetadata: {name: s, namespace: flux-system}\n"
      "stringData: {password: correct-horse}\n";
  bench.commit(files);
  bench.create_repository();
  bench.create_kustomization("apps");
  bench.run(30);
  bench.merge({{"", "v1", "ConfigMap"}, "flux-system", "c1"}, R"({"data":{"text":"by hand"}})");
  bench.run(90);
  bench.commit(config_maps(12, "two"));
  bench.run(120);
  bench.commit(config_maps(2, "two"));
  bench.run(120);
}

struct Replayed {
  reconcile::DecisionReport report;
  std::vector<DecisionDifference> differences;
};

Replayed decide_again(test::EngineBench& bench,
                      const std::function<void(reconcile::EngineOptions&)>& adjust = {}) {
  Replayed out;
  auto report = reconcile::replay_decisions(
      bench.port(), adjust,
      [&](const DecisionDifference& difference) { out.differences.push_back(difference); });
  INFO((report.ok() ? "" : report.error().message));
  REQUIRE(report.ok());
  out.report = *report;
  return out;
}

bool says(const std::vector<std::string>& lines, std::string_view text) {
  for (const std::string& line : lines)
    if (line.find(text) != std::string::npos) return true;
  return false;
}

}  // namespace

TEST_CASE("the same build decides the same, over restarts too") {
  test::EngineBench bench;
  live(bench);
  bench.restart();
  bench.run(60);
  bench.commit(config_maps(3, "three"));
  bench.run(120);
  const Replayed again = decide_again(bench);
  for (const DecisionDifference& difference : again.differences)
    UNSCOPED_INFO("after " << difference.seq << " on " << difference.told);
  CHECK(again.differences.empty());
  CHECK(again.report.runs == 2);
  CHECK(again.report.steps > 50);
  CHECK(again.report.commands > 20);
  CHECK(again.report.events > 20);
}

TEST_CASE("a build that holds prunes at another share is reported, with what it would have done") {
  test::EngineBench bench;
  live(bench);
  const Replayed again =
      decide_again(bench, [](reconcile::EngineOptions& o) { o.prune_hold_percent = 100; });
  REQUIRE(again.report.differences > 0);
  REQUIRE(again.differences.size() == again.report.differences);
  const DecisionDifference& first = again.differences.front();
  CHECK_FALSE(first.follows);
  // Then the prune was held; now ten objects would be deleted.
  CHECK(says(first.now, "PruneObjects"));
  CHECK_FALSE(says(first.then, "PruneObjects"));
  CHECK(first.seq > 0);
}

TEST_CASE("a build that waits otherwise is reported at the step that first differs") {
  test::EngineBench bench;
  live(bench);
  const Replayed again = decide_again(bench, [](reconcile::EngineOptions& o) {
    o.full_check_interval = base::Duration(0);
  });
  REQUIRE(again.report.differences > 0);
  CHECK(says(again.differences.front().now, "all checked"));
}

TEST_CASE("a record holds no value of a Secret, and what stands for it decides the same") {
  test::EngineBench bench;
  live(bench);
  std::size_t records = 0;
  auto walked = bench.port().for_each_record([&](std::string_view record) -> Result<bool> {
    ++records;
    CHECK(record.find("correct-horse") == std::string_view::npos);
    CHECK(record.find("Y29ycmVjdC1ob3JzZ") == std::string_view::npos);  // in base64
    return true;
  });
  REQUIRE(walked.ok());
  CHECK(records > 10);
}

TEST_CASE("HelmReleases are decided again: actions, what failed, and what was rolled back") {
  test::ReleaseBench bench;
  bench.release("{message: one}", "  upgrade: {remediation: {retries: 1}}\n");
  bench.run(10);
  bench.merge(test::release_id, R"({"spec":{"values":{"message":"two","extra":"{bad: map}"}}})");
  bench.run(60);
  bench.restart();
  bench.merge(test::release_id, R"({"spec":{"values":{"message":"three","extra":null}}})");
  bench.run(700);
  REQUIRE(bench.setting() == "three");
  const Replayed again = decide_again(bench);
  CHECK(again.differences.empty());
  CHECK(again.report.runs == 2);
  std::size_t releases = 0;
  auto walked = bench.port().for_each_record([&](std::string_view record) -> Result<bool> {
    const auto entries = reconcile::parse_record(record).value();
    for (const auto& entry : entries)
      for (const auto& decision : entry.decisions)
        releases += decision.text.find("RunHelm upgrade") != std::string::npos ? 1 : 0;
    return true;
  });
  REQUIRE(walked.ok());
  CHECK(releases >= 3);
}

TEST_CASE("a build that decides otherwise about a HelmRelease is reported, with the action") {
  test::ReleaseBench bench;
  bench.release("{message: one}");
  bench.run(10);
  bench.create("apiVersion: v1\nkind: Namespace\nmetadata: {name: elsewhere}\n");
  bench.create("apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\n"
               "metadata: {name: other, namespace: elsewhere}\n"
               "spec: {interval: 10m, chartRef: {kind: HelmChart, name: flux-system-web, "
               "namespace: flux-system}}\n");
  bench.run(10);
  const Replayed again = decide_again(
      bench, [](reconcile::EngineOptions& o) { o.no_cross_namespace_refs = true; });
  REQUIRE(again.report.differences > 0);
  const DecisionDifference& first = again.differences.front();
  CHECK(says(first.then, "HelmRelease/elsewhere/other: PrepareHelm"));
  CHECK(says(first.now, "AccessDenied"));
}

TEST_CASE("a record holds nothing of a release's values, and none of its manifests") {
  test::ReleaseBench bench;
  bench.create("apiVersion: v1\nkind: Secret\nmetadata: {name: v, namespace: flux-system}\n"
               "stringData: {values.yaml: 'message: correct-horse'}\n");
  bench.release("{}", "  valuesFrom: [{kind: Secret, name: v}]\n");
  bench.run(10);
  REQUIRE(bench.setting() == "correct-horse");
  bench.restart();
  bench.run(700);
  std::size_t told = 0;
  reconcile::ClientStandIns clients;
  auto walked = bench.port().for_each_record([&](std::string_view record) -> Result<bool> {
    // What it makes of the value is a ConfigMap: the watch tells of that as of any object.
    const auto entries = reconcile::parse_record(record).value();
    for (const auto& entry : entries) {
      if (entry.payload.empty() || entry.kind != reconcile::RecordEntry::Kind::step) continue;
      const auto input = reconcile::decode_input(entry.payload, bench.port(), clients).value();
      const auto* outcome = std::get_if<reconcile::Outcome>(&input);
      if (outcome == nullptr || outcome->owner != test::release_id) continue;
      ++told;
      CHECK(entry.payload.find("correct-horse") == std::string::npos);
      CHECK(entry.payload.find("kind: ConfigMap") == std::string::npos);
    }
    return true;
  });
  REQUIRE(walked.ok());
  CHECK(told > 3);
}

TEST_CASE("hiding Secrets keeps equal values equal, different ones apart, and hides once") {
  reconcile::EngineOptions options;
  options.hiding_key = "a key";
  const auto secret = [](const std::string& value) {
    return value::parse_yaml("apiVersion: v1\nkind: Secret\nmetadata: {name: s, annotations: "
                             "{kubectl.kubernetes.io/last-applied-configuration: 'b64'}}\n"
                             "data: {a: " + value + ", b: " + value + "}\n")
        .value();
  };
  Value one = secret("c2VjcmV0"), other = secret("b3RoZXI=");
  reconcile::hide_secrets(one, options);
  reconcile::hide_secrets(other, options);
  CHECK(one["data"]["a"] == one["data"]["b"]);
  CHECK(one["data"]["a"] != other["data"]["a"]);
  CHECK(one["metadata"]["annotations"].members().empty());
  Value twice = one;
  reconcile::hide_secrets(twice, options);
  CHECK(twice == one);
  options.hiding_key = "another";
  Value elsewhere = secret("c2VjcmV0");
  reconcile::hide_secrets(elsewhere, options);
  CHECK(elsewhere["data"]["a"] != one["data"]["a"]);
}

TEST_CASE("the state folded from a snapshot is that of the whole log") {
  test::EngineBench bench;
  live(bench);
  const std::uint64_t middle = bench.port().head() / 2;
  reconcile::State half;
  reconcile::Delivery half_delivery, quick_delivery, whole_delivery;
  REQUIRE(reconcile::fold_log(bench.port(), middle, half, half_delivery).ok());
  REQUIRE(bench.port()
              .put_snapshot(middle, reconcile::encode_durable(half, half_delivery))
              .ok());
  reconcile::State quick, whole;
  std::uint64_t from = 0;
  REQUIRE(reconcile::fold_log(bench.port(), bench.port().head(), quick, quick_delivery,
                              &from).ok());
  CHECK(from == middle);
  REQUIRE(bench.port()
              .replay(1,
                      [&](const event::Event& event) {
                        reconcile::fold(whole, event);
                        whole_delivery.fold(event, event.time);
                        return true;
                      })
              .ok());
  CHECK(reconcile::encode_durable(quick, quick_delivery) ==
        reconcile::encode_durable(whole, whole_delivery));
  CHECK(quick_delivery.exposition() == whole_delivery.exposition());
  CHECK(quick_delivery.exposition() != half_delivery.exposition());
  CHECK_FALSE(whole.live.empty());
}

TEST_CASE("a snapshot of another version or with cut bytes is not taken") {
  test::EngineBench bench;
  live(bench);
  reconcile::State state;
  reconcile::Delivery delivery;
  REQUIRE(reconcile::fold_log(bench.port(), bench.port().head(), state, delivery).ok());
  std::string bytes = reconcile::encode_durable(state, delivery);
  for (std::size_t size = 0; size < bytes.size(); size += 7) {
    reconcile::State other;
    const std::string_view cut = std::string_view(bytes).substr(0, size);
    REQUIRE_FALSE(reconcile::decode_durable(cut, other, delivery).ok());
  }
  bytes[0] = 99;
  reconcile::State other;
  CHECK(reconcile::decode_durable(bytes, other, delivery).error().code == Code::unsupported);
}
