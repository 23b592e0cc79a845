#include <catch2/catch.hpp>

#include "engine/reconcile/helm_decide.hh"
#include "engine/reconcile/helm_history.hh"
#include "engine/value/json.hh"

using namespace weir;
using namespace weir::reconcile;

namespace {

Value json(std::string_view text) {
  auto parsed = value::parse_json(text);
  REQUIRE(parsed.ok());
  return *parsed;
}

helm::Release stored(int version, std::string status, std::string chart_version = "1.0.0") {
  helm::Release release;
  release.name = "app";
  release.ns = "default";
  release.version = version;
  release.status = std::move(status);
  release.first_deployed = release.last_deployed = "2026-01-02T03:04:05Z";
  release.chart =
      Value::object({{"metadata", Value::object({{"name", "app"}, {"version", chart_version}})}});
  release.config = json(R"({"replicas":2})");
  return release;
}

model::HelmReleaseSpec make_spec(const char* extra = "{}") {
  Value spec = json(R"({"interval":"1m","releaseName":"app","chartRef":{"kind":"OCIRepository",
                        "name":"app"},"values":{"replicas":2}})");
  const Value more = json(extra);
  for (const auto& member : more.members()) spec.set(member.name(), member.value);
  auto decoded = model::decode_helm_release(
      Value::object({{"metadata", Value::object({{"name", "app"}, {"namespace", "default"}})},
                     {"spec", std::move(spec)}}));
  REQUIRE(decoded.ok());
  return *std::move(decoded);
}

// One case: what stands, what is asked for; the rest has defaults of a release in sync.
struct Case {
  model::HelmReleaseSpec spec = make_spec();
  Value status = json(R"({"observedGeneration":1,"storageNamespace":"default"})");
  std::optional<helm::Release> newest;
  std::optional<helm::Release> target;
  DesiredRelease desired{"app", "1.0.0", "", "", "", "", "", ""};
  std::set<HelmActionType> done;
  bool forced = false;
  DriftFinding drift = DriftFinding::unknown;

  Case() { desired.config_digest = helm::values_digest(json(R"({"replicas":2})")).to_string(); }
  void observe(const helm::Release& release, std::string_view action = "install") {
    record_snapshot(status.entry("history"), release, "", action);
  }
  // A release that was made here and stands.
  void stand(const helm::Release& release) {
    observe(release);
    newest = release;
  }
  DecideInput input() const {
    return {spec,   status, 1,   desired, newest ? &*newest : nullptr, target ? &*target : nullptr,
            forced, drift,  done};
  }
  ReleaseState state() const { return determine_state(input()).state; }
  Decision decision() const { return decide(input()); }
};

}  // namespace

TEST_CASE("without a release in storage one is installed") {
  Case c;
  CHECK(c.state() == ReleaseState::absent);
  CHECK(c.decision().action == HelmActionKind::install);
}

TEST_CASE("an uninstalled release is absent, with or without history") {
  Case c;
  c.newest = stored(1, "uninstalled");
  CHECK(c.state() == ReleaseState::absent);
  c.stand(stored(1, "uninstalled"));
  CHECK(c.state() == ReleaseState::absent);
}

TEST_CASE("installs end with their retries, unless forced") {
  Case c;
  c.status.set("installFailures", 1);
  CHECK(c.decision().kind == DecisionKind::stalled);
  CHECK(c.decision().reason == "RetriesExceeded");
  CHECK(c.decision().message == "Failed to install after 1 attempt(s)");
  c.forced = true;
  CHECK(c.decision().action == HelmActionKind::install);
  c.forced = false;
  c.spec = make_spec(R"({"install":{"remediation":{"retries":-1}}})");
  CHECK(c.decision().action == HelmActionKind::install);
  c.spec = make_spec(R"({"install":{"remediation":{"retries":1}}})");
  CHECK(c.decision().action == HelmActionKind::install);
}

TEST_CASE("a release that some action broke off in is unlocked first") {
  for (const char* status : {"pending-install", "pending-upgrade", "pending-rollback"}) {
    Case c;
    c.newest = stored(1, status);
    CHECK(c.state() == ReleaseState::locked);
    CHECK(c.decision().action == HelmActionKind::unlock);
    c.done = {HelmActionType::unlock};
    CHECK(c.decision().kind == DecisionKind::requeue);
  }
}

TEST_CASE("a release of somebody else's making is taken over by an upgrade") {
  Case c;
  c.newest = stored(1, "deployed");
  CHECK(c.state() == ReleaseState::unmanaged);
  CHECK(c.decision().action == HelmActionKind::upgrade);
  CHECK(c.decision().clear_history);
  c.observe(stored(1, "superseded"));
  CHECK(c.state() == ReleaseState::unmanaged);
}

TEST_CASE("snapshots of another version are believed") {
  Case c;
  c.stand(stored(1, "deployed"));
  Value& snapshot = c.status.entry("history").item_mut(0);
  snapshot.set("digest", "sha256:00");
  CHECK(c.state() == ReleaseState::unmanaged);
  snapshot.set("apiVersion", "v1");
  CHECK(c.state() == ReleaseState::in_sync);
}

TEST_CASE("what a deployed release lacks makes it out of sync") {
  Case c;
  c.stand(stored(1, "deployed"));
  CHECK(c.state() == ReleaseState::in_sync);
  CHECK(c.decision().kind == DecisionKind::finished);
  const Case good = c;
  c.desired.chart_version = "1.0.1";
  CHECK(c.state() == ReleaseState::out_of_sync);
  c = good;
  c.desired.chart_name = "other";
  CHECK(c.state() == ReleaseState::out_of_sync);
  c = good;
  c.desired.config_digest = "sha256:00";
  CHECK(c.decision().action == HelmActionKind::upgrade);
  c.status.set("upgradeFailures", 1);
  CHECK(c.decision().message == "Failed to upgrade after 1 attempt(s)");
  c.forced = true;
  CHECK(c.decision().action == HelmActionKind::upgrade);
}

TEST_CASE("post renderers count only while the generation is new") {
  Case c;
  c.stand(stored(1, "deployed"));
  c.desired.post_renderers_digest = "sha256:11";
  CHECK(c.state() == ReleaseState::in_sync);
  c.status.set("observedGeneration", 0);
  CHECK(c.state() == ReleaseState::out_of_sync);
  c.status.set("observedPostRenderersDigest", "sha256:11");
  CHECK(c.state() == ReleaseState::in_sync);
  c.desired.common_metadata_digest = "sha256:22";
  CHECK(c.state() == ReleaseState::out_of_sync);
}

TEST_CASE("a release in sync is upgraded once when that is forced") {
  Case c;
  c.stand(stored(1, "deployed"));
  c.forced = true;
  CHECK(c.decision().action == HelmActionKind::upgrade);
  c.done = {HelmActionType::release};
  CHECK(c.decision().kind == DecisionKind::finished);
}

TEST_CASE("tests run after a release, and their failure is the release's") {
  Case c;
  c.spec = make_spec(R"({"test":{"enable":true}})");
  c.stand(stored(1, "deployed"));
  CHECK(c.decision().action == HelmActionKind::test);
  Value& snapshot = c.status.entry("history").item_mut(0);
  snapshot.set("testHooks", json("{}"));
  CHECK(c.state() == ReleaseState::in_sync);
  snapshot.set("testHooks", json(R"({"a":{"phase":"Succeeded"},"b":{"phase":""}})"));
  CHECK(c.state() == ReleaseState::untested);
  snapshot.set("testHooks", json(R"({"a":{"phase":"Succeeded"},"b":{"phase":"Failed"}})"));
  CHECK(c.state() == ReleaseState::failed);
  c.spec = make_spec(R"({"test":{"enable":true,"ignoreFailures":true}})");
  CHECK(c.state() == ReleaseState::in_sync);
}

TEST_CASE("drift is looked for in a release in sync, and corrected only where that is asked for") {
  Case c;
  c.stand(stored(1, "deployed"));
  c.spec = make_spec(R"({"driftDetection":{"mode":"warn"}})");
  CHECK(c.decision().action == HelmActionKind::detect_drift);
  c.drift = DriftFinding::none;
  CHECK(c.decision().kind == DecisionKind::finished);
  c.drift = DriftFinding::some;
  CHECK(c.state() == ReleaseState::drifted);
  CHECK(c.decision().kind == DecisionKind::finished);
  c.spec = make_spec(R"({"driftDetection":{"mode":"enabled"}})");
  CHECK(c.decision().action == HelmActionKind::correct_drift);
  c.done = {HelmActionType::drift};
  CHECK(c.decision().kind == DecisionKind::requeue);
}

TEST_CASE("a failed release without an attempt of ours is upgraded") {
  Case c;
  c.stand(stored(1, "failed"));
  CHECK(c.state() == ReleaseState::failed);
  CHECK(c.decision().action == HelmActionKind::upgrade);
  c.status.set("lastAttemptedReleaseAction", "upgrade");
  CHECK(c.decision().action == HelmActionKind::upgrade);
}

TEST_CASE("a failed install is uninstalled while it may be tried again") {
  Case c;
  c.stand(stored(1, "failed"));
  c.status.set("lastAttemptedReleaseAction", "install");
  c.status.set("installFailures", 1);
  CHECK(c.decision().kind == DecisionKind::stalled);
  c.spec = make_spec(R"({"install":{"remediation":{"retries":1}}})");
  CHECK(c.decision().action == HelmActionKind::uninstall);
  c.status.set("installFailures", 2);
  CHECK(c.decision().kind == DecisionKind::stalled);
  c.spec = make_spec(R"({"install":{"remediation":{"retries":1,"remediateLastFailure":true}}})");
  CHECK(c.decision().action == HelmActionKind::uninstall);
  CHECK(after_remediation(c.spec, c.status, HelmActionKind::uninstall).kind ==
        DecisionKind::stalled);
  c.status.set("installFailures", 1);
  CHECK(after_remediation(c.spec, c.status, HelmActionKind::uninstall).kind ==
        DecisionKind::requeue);
  c.stand(stored(1, "uninstalling"));  // that uninstall failed half way: it is gone on with
  CHECK(c.decision().action == HelmActionKind::uninstall);
}

TEST_CASE("an uninstall that the end of the process broke off is gone on with") {
  Case c;
  c.spec = make_spec(R"({"install":{"remediation":{"retries":1}}})");
  c.stand(stored(1, "failed"));
  c.status.set("lastAttemptedReleaseAction", "install");
  c.status.set("installFailures", 1);
  c.newest = stored(1, "uninstalling");  // the history has not been told
  CHECK(c.state() == ReleaseState::failed);
  CHECK(c.decision().action == HelmActionKind::uninstall);
  c.newest = stored(2, "uninstalling");  // somebody else's
  CHECK(c.state() == ReleaseState::unmanaged);
}

TEST_CASE("a failed upgrade is rolled back to the last good release, if that still stands") {
  Case c;
  c.spec = make_spec(R"({"upgrade":{"remediation":{"retries":1}}})");
  const helm::Release good = stored(1, "superseded");
  c.observe(good);
  c.stand(stored(2, "failed", "1.0.1"));
  c.status.set("lastAttemptedReleaseAction", "upgrade");
  c.status.set("upgradeFailures", 1);
  CHECK(c.decision().action == HelmActionKind::upgrade);  // the target is gone
  c.target = good;
  CHECK(c.decision().action == HelmActionKind::rollback);
  c.target->manifest = "altered";
  CHECK(c.decision().action == HelmActionKind::upgrade);
  c.target = good;
  c.status.set("upgradeFailures", 2);  // retries given: the last failure is remediated too
  CHECK(c.decision().action == HelmActionKind::rollback);
  CHECK(after_remediation(c.spec, c.status, HelmActionKind::rollback).reason == "RetriesExceeded");
  c.spec = make_spec(R"({"upgrade":{"remediation":{"retries":1,"strategy":"uninstall"}}})");
  CHECK(c.decision().action == HelmActionKind::uninstall);
  CHECK(after_remediation(c.spec, c.status, HelmActionKind::uninstall).kind ==
        DecisionKind::requeue);
}

TEST_CASE("without a good release there is nothing to roll back to") {
  Case c;
  c.spec = make_spec(R"({"upgrade":{"remediation":{"retries":3}}})");
  c.stand(stored(2, "failed"));
  c.status.set("lastAttemptedReleaseAction", "upgrade");
  c.status.set("upgradeFailures", 1);
  CHECK(c.decision().kind == DecisionKind::stalled);
  CHECK(c.decision().reason == "MissingRollbackTarget");
}

TEST_CASE("RetryOnFailure upgrades again and undoes nothing") {
  Case c;
  c.spec = make_spec(R"({"install":{"strategy":{"name":"RetryOnFailure","retryInterval":"7s"}}})");
  c.stand(stored(1, "failed"));
  c.status.set("lastAttemptedReleaseAction", "install");
  c.status.set("installFailures", 9);
  CHECK(c.decision().action == HelmActionKind::upgrade);
  c.done = {HelmActionType::release};
  CHECK(c.decision().kind == DecisionKind::retry_later);
  CHECK(*active_remediation(c.spec, c.status)->retry_interval == std::chrono::seconds(7));
}

TEST_CASE("a status that no action starts from is an error") {
  for (const char* status : {"superseded", "unknown", "odd"}) {
    Case c;
    c.stand(stored(1, status));
    CHECK(c.decision().kind == DecisionKind::error);
    CHECK(c.decision().reason == "StateError");
    CHECK(c.decision().message ==
          "Could not determine release state: unable to determine state "
          "for release with status '" +
              std::string(status) + "'");
  }
}

TEST_CASE("a new name, namespace or chart is another target") {
  Case c;
  c.stand(stored(1, "deployed"));
  CHECK(!target_changed(c.spec, c.status, "app"));
  CHECK(target_changed(c.spec, c.status, "other"));
  CHECK(target_changed(make_spec(R"({"releaseName":"b"})"), c.status, "app"));
  CHECK(target_changed(make_spec(R"({"targetNamespace":"b"})"), c.status, "app"));
  CHECK(target_changed(make_spec(R"({"storageNamespace":"b"})"), c.status, "app"));
  const auto in_place = make_spec(R"({"upgrade":{"chartNameChangeStrategy":"InPlaceUpdate"}})");
  CHECK(!target_changed(in_place, c.status, "other"));
  c.status.erase("storageNamespace");
  CHECK(!target_changed(c.spec, c.status, "other"));
}

TEST_CASE("failures are forgotten when what is asked for changes, or on request") {
  Case c;
  c.status.set("lastAttemptedGeneration", 1);
  c.status.set("lastAttemptedRevision", "1.0.0");
  c.status.set("lastAttemptedConfigDigest", c.desired.config_digest);
  CHECK(reset_reason(c.status, 1, c.desired, false).empty());
  CHECK(reset_reason(c.status, 1, c.desired, true) == "reset requested");
  CHECK(!reset_reason(c.status, 2, c.desired, false).empty());
  c.desired.chart_version = "1.0.1";
  CHECK(!reset_reason(c.status, 1, c.desired, false).empty());
  c.desired.chart_version = "1.0.0";
  c.desired.config_digest = "sha256:00";
  CHECK(!reset_reason(c.status, 1, c.desired, false).empty());
}

TEST_CASE("history keeps what a rollback needs") {
  Value history;
  record_snapshot(history, stored(1, "superseded"), "", "install");
  record_snapshot(history, stored(2, "failed"), "", "upgrade");
  record_snapshot(history, stored(3, "deployed"), "", "upgrade");
  CHECK(latest_snapshot(history)["version"].get_int() == 3);
  CHECK(previous_snapshot(history, false)["version"].get_int() == 1);
  CHECK(full_release_name(latest_snapshot(history)) == "default/app.v3");
  CHECK(versioned_chart_name(latest_snapshot(history)) == "app@1.0.0");
  record_snapshot(history, stored(4, "deployed"), "", "upgrade");
  truncate_history(history, false);
  CHECK(history.size() == 2);
  CHECK(history.at(1)["version"].get_int() == 3);
  // What a release was made by stays when its record changes.
  record_snapshot(history, stored(3, "superseded"), "", "");
  CHECK(history.at(1)["action"].get_string() == "upgrade");
  CHECK(history.at(1)["status"].get_string() == "superseded");
}

TEST_CASE("release names above 53 characters are shortened by their digest") {
  CHECK(model::short_release_name("a-very-lengthy-target-namespace-with-a-nice-object-name") ==
        "a-very-lengthy-target-namespace-with-a-n-97af5d7f41f3");
  CHECK(model::short_release_name(std::string(53, 'a')) == std::string(53, 'a'));
}
