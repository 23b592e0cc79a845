#include <catch2/catch.hpp>

#include "store/event_log.hh"
#include "store/projections/objects.hh"
#include "store/projections/owners.hh"
#include "store/projections/reconciles.hh"
#include "tests/support/log_samples.hh"

using namespace weir;
using namespace weir::store::projections;
using test::applied;
using test::deployment;
using test::kustomization;

namespace {

struct Fixture {
  std::unique_ptr<store::Kv> kv = store::make_memory_kv();
  test::HandClock clock;
  std::unique_ptr<store::EventLog> log = store::EventLog::open(*kv, clock).value();

  std::uint64_t add(event::Event event) {
    clock.advance(1'000);
    return log->append({std::move(event)}).value().front();
  }
  std::optional<std::string> live(const std::string& name, std::uint64_t at,
                                  Side side = Side::live) {
    auto state = object_at(*kv, deployment(name), at, side).value();
    if (!state) return std::nullopt;
    return state->change.manifest->hex();
  }
  std::vector<std::string> names(std::uint64_t at, const StateFilter& filter = {},
                                 Side side = Side::live) {
    std::vector<std::string> names;
    const auto states = state_at(*kv, at, side, filter).value();
    for (const ObjectState& state : states) names.push_back(state.id.name);
    return names;
  }
};

base::Digest manifest(const std::string& text) { return base::sha256(text); }

}  // namespace

TEST_CASE("an object is what was last applied at or before the moment") {
  Fixture f;
  const auto one = f.add(applied("web", "apps", "r1", manifest("1"), "created"));
  f.add(applied("other", "apps", "r1", manifest("x")));
  const auto two = f.add(applied("web", "apps", "r2", manifest("2")));
  CHECK_FALSE(f.live("web", one - 1));
  CHECK(f.live("web", one) == manifest("1").hex());
  CHECK(f.live("web", two - 1) == manifest("1").hex());
  CHECK(f.live("web", two) == manifest("2").hex());
  CHECK(f.live("web", ~std::uint64_t{0}) == manifest("2").hex());
}

TEST_CASE("an object is gone after its prune and back after the next apply") {
  Fixture f;
  f.add(applied("web", "apps", "r1", manifest("1")));
  const auto gone = f.add(test::pruned("web", "apps", manifest("1")));
  const auto back = f.add(applied("web", "apps", "r2", manifest("2")));
  CHECK(f.live("web", gone - 1));
  CHECK_FALSE(f.live("web", gone));
  CHECK_FALSE(f.live("web", gone, Side::desired));
  CHECK(f.live("web", back) == manifest("2").hex());
  CHECK(f.names(gone).empty());
  CHECK(f.names(back) == std::vector<std::string>{"web"});
}

TEST_CASE("a skipped prune ends what is desired and leaves what is live") {
  Fixture f;
  f.add(applied("web", "apps", "r1", manifest("1")));
  const auto skipped = f.add(test::pruned("web", "apps", manifest("1"), "skipped"));
  CHECK(f.live("web", skipped) == manifest("1").hex());
  CHECK_FALSE(f.live("web", skipped, Side::desired));
}

TEST_CASE("an observation changes what is live and not what is desired") {
  Fixture f;
  f.add(applied("web", "apps", "r1", manifest("1")));
  const auto drifted = f.add(test::observed("web", manifest("drift")));
  CHECK(f.live("web", drifted) == manifest("drift").hex());
  CHECK(f.live("web", drifted, Side::desired) == manifest("1").hex());
  auto removal = test::observed("web", manifest("drift"));
  removal.data.set("deleted", true);
  const auto removed = f.add(removal);
  CHECK_FALSE(f.live("web", removed));
  CHECK(f.live("web", removed, Side::desired) == manifest("1").hex());
}

TEST_CASE("skips and drift are history and change no state") {
  Fixture f;
  f.add(applied("web", "apps", "r1", manifest("1"), "created"));
  f.add(test::make_event(event::Type::object_skipped, deployment("web")));
  f.add(test::make_event(event::Type::drift_detected, deployment("web")));
  const auto last = f.add(applied("web", "apps", "r2", manifest("2")));
  f.add(test::make_event(event::Type::health_observed, deployment("web")));
  const auto history = object_history(*f.kv, deployment("web"), ~0ull, 10).value();
  std::vector<std::string> actions;
  for (const auto& change : history) actions.push_back(change.action);
  CHECK(actions == std::vector<std::string>{"configured", "drifted", "skipped", "created"});
  CHECK(history.front().seq == last);
  CHECK(history.front().revision == "r2");
  CHECK(history.front().owner == kustomization("apps"));
  CHECK(history.front().version == "v1");
  CHECK(f.live("web", last - 1) == manifest("1").hex());
  CHECK(object_history(*f.kv, deployment("web"), last - 1, 1).value().front().action == "drifted");
}

TEST_CASE("the state at a moment is every object of then, by filter") {
  Fixture f;
  f.add(applied("a", "apps", "r1", manifest("a")));
  f.add(applied("b", "infra", "r1", manifest("b")));
  auto service = applied("s", "apps", "r1", manifest("s"));
  service.subject.object = {{"", "v1", "Service"}, "other", "s"};
  const auto all = f.add(service);
  f.add(test::pruned("a", "apps", manifest("a")));
  f.add(applied("c", "apps", "r2", manifest("c")));
  CHECK(f.names(all) == std::vector<std::string>{"a", "b", "s"});
  StateFilter filter;
  filter.owner = kustomization("apps");
  CHECK(f.names(all, filter) == std::vector<std::string>{"a", "s"});
  CHECK(f.names(~0ull, filter) == std::vector<std::string>{"c", "s"});
  filter.kind = "Service";
  CHECK(f.names(all, filter) == std::vector<std::string>{"s"});
  filter = {};
  filter.kind = "Deployment";
  CHECK(f.names(all, filter) == std::vector<std::string>{"a", "b"});
  filter.ns = "other";
  CHECK(f.names(all, filter).empty());
  filter.kind.reset();
  CHECK(f.names(all, filter) == std::vector<std::string>{"s"});
}

TEST_CASE("an object that moved belongs to its owner of the moment") {
  Fixture f;
  const auto before = f.add(applied("web", "old", "r1", manifest("1")));
  const auto after = f.add(applied("web", "new", "r1", manifest("1")));
  StateFilter old_owner, new_owner;
  old_owner.owner = kustomization("old");
  new_owner.owner = kustomization("new");
  CHECK(f.names(before, old_owner) == std::vector<std::string>{"web"});
  CHECK(f.names(after, old_owner).empty());
  CHECK(f.names(after, new_owner) == std::vector<std::string>{"web"});
}

TEST_CASE("an object observed without an owner stays with the owner that applied it") {
  Fixture f;
  f.add(applied("web", "apps", "r1", manifest("1")));
  const auto seen = f.add(test::observed("web", manifest("2")));
  StateFilter filter;
  filter.owner = kustomization("apps");
  CHECK(f.names(seen, filter) == std::vector<std::string>{"web"});
}

TEST_CASE("the same name in two clusters is two objects") {
  Fixture f;
  auto east = applied("web", "apps", "r1", manifest("e"));
  east.subject.cluster = "east";
  const auto at = f.add(east);
  CHECK_FALSE(f.live("web", at));
  CHECK(object_at(*f.kv, deployment("web"), at, Side::live, "east").value());
  StateFilter filter;
  filter.cluster = "";
  CHECK(f.names(at, filter).empty());
}

TEST_CASE("names that are prefixes of others are kept apart") {
  Fixture f;
  f.add(applied("web", "apps", "r1", manifest("1")));
  f.add(applied("web-2", "apps", "r1", manifest("2")));
  f.add(applied(std::string("web\0x", 5), "apps", "r1", manifest("3")));
  CHECK(object_history(*f.kv, deployment("web"), ~0ull, 10).value().size() == 1);
  CHECK(f.names(~0ull).size() == 3);
}

TEST_CASE("reconciles join their beginning and their end") {
  Fixture f;
  const auto begin = f.add(test::started("apps", "r1"));
  const auto end = f.add(test::finished("apps", "r1", "failed"));
  f.add(test::started("other", "r9"));
  const auto cut = f.add(test::started("apps", "r2"));
  const auto last = f.add(test::started("apps", "r3"));
  const auto records = reconciles(*f.kv, kustomization("apps"), 10).value();
  REQUIRE(records.size() == 3);
  CHECK(records[0].started_seq == last);
  CHECK(records[1].started_seq == cut);
  CHECK(records[1].finished_seq == 0);
  CHECK(records[2].id == "r1");
  CHECK(records[2].started_seq == begin);
  CHECK(records[2].finished_seq == end);
  CHECK(records[2].status == "failed");
  CHECK(records[2].reason == "ReconciliationSucceeded");
  CHECK(records[2].revision == "main@sha1:aa");
  CHECK(records[2].duration_ms == 250);
  CHECK(records[2].finished - records[2].started == 1'000);
  CHECK(reconciles(*f.kv, kustomization("apps"), 1).value().size() == 1);
  CHECK(reconciles(*f.kv, kustomization("none"), 5).value().empty());
}

TEST_CASE("the last result of an owner is its last finished reconcile, until it is deleted") {
  Fixture f;
  CHECK_FALSE(last_result(*f.kv, kustomization("apps")).value());
  f.add(test::finished("apps", "r1", "failed"));
  const auto seq = f.add(test::finished("apps", "r2"));
  f.add(test::started("apps", "r3"));
  f.add(test::finished("b", "r4"));
  const auto result = last_result(*f.kv, kustomization("apps")).value();
  REQUIRE(result);
  CHECK(result->seq == seq);
  CHECK(result->reconcile_id == "r2");
  CHECK(result->status == "ready");
  CHECK(result->owner == kustomization("apps"));
  CHECK(last_results(*f.kv).value().size() == 2);
  f.add(test::make_event(event::Type::spec_deleted, kustomization("apps")));
  CHECK_FALSE(last_result(*f.kv, kustomization("apps")).value());
  CHECK(last_results(*f.kv).value().size() == 1);
}
