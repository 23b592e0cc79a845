#include <catch2/catch.hpp>

#include "engine/event/event.hh"
#include "engine/value/json.hh"
#include "tests/support/log_samples.hh"

using namespace weir;

TEST_CASE("a CloudEvent has the required attributes and no empty ones") {
  event::Event event = test::make_event(event::Type::heartbeat, {});
  event.seq = 7;
  event.time = 1'700'000'000'000'001;
  event.actor.clear();
  CHECK(value::write_json(event::to_cloud_event(event), {.sort_keys = false}) ==
        R"({"specversion":"1.0","id":"7","source":"/weir","type":"weir.Heartbeat",)"
        R"("time":"2023-11-14T22:13:20.000001Z"})");
}

TEST_CASE("a CloudEvent carries the whole envelope as extensions") {
  event::Event event = test::applied("web", "apps", "main@sha1:aa", base::sha256("m"));
  event.seq = 9;
  event.cause = 8;
  event.subject.cluster = "east";
  event.subject.uid = "u-1";
  event.reconcile_id = "r-1";
  const Value cloud = event::to_cloud_event(event);
  CHECK(cloud["source"].get_string() == "/weir/clusters/east");
  CHECK(cloud["type"].get_string() == "weir.ObjectApplied");
  CHECK(cloud["subject"].get_string() == "Deployment/default/web");
  CHECK(cloud["apiversion"].get_string() == "apps/v1");
  CHECK(cloud["uid"].get_string() == "u-1");
  CHECK(cloud["reconcileid"].get_string() == "r-1");
  CHECK(cloud["cause"].get_string() == "8");
  CHECK(cloud["actor"].get_string() == "weir");
  CHECK(cloud["owner"].get_string() == "Kustomization/flux-system/apps");
  CHECK(cloud["blobs"].get_string() == base::sha256("m").to_string());
  CHECK(cloud["datacontenttype"].get_string() == "application/json");
  CHECK(cloud["data"] == event.data);
}

TEST_CASE("attribute names keep to lower-case letters and digits") {
  event::Event event = test::applied("web", "apps", "main@sha1:aa", base::sha256("m"));
  event.subject.uid = event.reconcile_id = "x";
  const Value cloud = event::to_cloud_event(event);
  for (const value::Member& member : cloud.members()) {
    for (char c : member.name()) CHECK(((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')));
    CHECK(member.name().size() <= 20);
  }
}
