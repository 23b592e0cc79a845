#include "store/retention.hh"

#include <algorithm>
#include <catch2/catch.hpp>
#include <random>

#include "engine/value/json.hh"
#include "store/projections/objects.hh"
#include "store/projections/owners.hh"
#include "store/record_format.hh"
#include "store/verify.hh"
#include "tests/support/fault_kv.hh"
#include "tests/support/log_samples.hh"

using namespace weir;
using store::Family;
using store::Seq;
using store::projections::Side;

namespace {

constexpr base::TimeUs minute = 60'000'000;

struct Rig {
  test::FaultKv kv;
  test::HandClock clock;
  std::unique_ptr<store::EventLog> log = store::EventLog::open(kv, clock).value();
  store::BlobStore blobs{kv};

  Seq append(std::vector<event::Event> events) {
    return log->append(std::move(events)).value().back();
  }
  base::Digest blob(const std::string& text) { return blobs.put(text).value(); }

  // A cluster's life at random: applies by changing owners, prunes, observations, reconciles.
  void live(unsigned steps, std::uint32_t seed) {
    std::mt19937 random(seed);
    for (unsigned step = 0; step < steps; ++step) {
      if (random() % 3 == 0) clock.advance(minute);
      const std::string name = "web-" + std::to_string(random() % 8);
      const std::string owner = "apps-" + std::to_string(random() % 3);
      const std::string tag = std::to_string(step);
      const base::Digest manifest = blob("manifest " + std::to_string(random() % 60));
      switch (random() % 6) {
        case 0: append({test::pruned(name, owner, manifest)}); break;
        case 1: append({test::pruned(name, owner, manifest, "skipped")}); break;
        case 2: append({test::observed(name, manifest)}); break;
        case 3: append({test::started(owner, tag), test::finished(owner, tag)}); break;
        case 4: {
          const Value set = Value::array({Value::object({{"blob", manifest.hex()}})});
          event::Event rendered =
              test::make_event(event::Type::manifests_rendered, test::kustomization(owner));
          rendered.blobs = {blob(value::write_json(set))};
          append({rendered, test::applied(name, owner, "r" + tag, manifest)});
          break;
        }
        default: append({test::applied(name, owner, "r" + tag, manifest, "created")}); break;
      }
    }
  }

  std::string state(Seq at, Side side) {
    std::string text;
    const auto states = store::projections::state_at(kv, at, side).value();
    for (const auto& state : states)
      text += state.id.subject() + "@" + std::to_string(state.change.seq) + " " +
              state.change.action + " " + state.change.owner.subject() + " " +
              (state.change.manifest ? state.change.manifest->hex() : "") + "\n";
    return text;
  }
  std::vector<std::string> states_from(Seq first) {
    std::vector<std::string> out;
    for (Seq at = first; at <= log->head().seq; ++at)
      for (const Side side : {Side::desired, Side::live}) out.push_back(state(at, side));
    return out;
  }
  store::VerifyReport verify() {
    auto report = store::verify(kv, blobs).value();
    INFO((report.first ? report.first->what : ""));
    CHECK(report.clean());
    return report;
  }
};

}  // namespace

TEST_CASE("every instant from the horizon on is answered as before, and the log verifies") {
  const auto seed = std::random_device()();
  for (std::uint32_t run = 0; run < 8; ++run) {
    INFO("seed " << seed << ", run " << run);
    Rig rig;
    rig.live(300, seed + run);
    const Seq head = rig.log->head().seq;
    const base::Digest root = rig.log->head().root;
    Seq horizon = 1;
    for (const Seq next : {head / 3, head / 2, head / 2 + 1, head}) {
      const auto before = rig.states_from(next - 1);
      const auto owners = store::projections::last_results(rig.kv).value().size();
      const auto report = store::retain(*rig.log, rig.blobs, next).value();
      CHECK(report.retained_from == next);
      if (next > horizon + 10) CHECK(report.events > 0);
      CHECK(rig.states_from(next - 1) == before);
      CHECK(store::projections::last_results(rig.kv).value().size() == owners);
      const auto verified = rig.verify();
      CHECK(verified.root == root);
      CHECK(verified.events == head);
      CHECK(verified.pruned_events > 0);
      horizon = next;
    }
    rig.log = store::EventLog::open(rig.kv, rig.clock).value();
    rig.live(20, seed);
    rig.verify();
  }
}

TEST_CASE("proofs of events that retention took stay valid") {
  Rig rig;
  rig.live(200, 1);
  const auto head = rig.log->head();
  std::vector<base::Digest> leaves;
  for (Seq seq = 1; seq <= head.seq; ++seq) leaves.push_back(rig.log->tree().leaf(seq - 1).value());
  REQUIRE(store::retain(*rig.log, rig.blobs, head.seq).value().events > 100);
  for (Seq seq = 1; seq <= head.seq; ++seq) {
    const auto proof = rig.log->tree().inclusion_proof(seq - 1, head.seq).value();
    REQUIRE(store::verify_inclusion(leaves[seq - 1], seq - 1, head.seq, proof, head.root));
  }
}

TEST_CASE("an event that was taken is gone, with the reason; scans pass over it") {
  Rig rig;
  rig.append({test::make_event(event::Type::heartbeat, {})});
  rig.append({test::make_event(event::Type::heartbeat, {})});
  rig.append({test::make_event(event::Type::heartbeat, {})});
  REQUIRE(store::retain(*rig.log, rig.blobs, 3).value().events == 1);
  CHECK(rig.log->read(1).error().code == Code::gone);
  CHECK(rig.log->read(1).error().message == "event 1 was removed by retention");
  CHECK(rig.log->read(2).ok());
  CHECK(rig.log->scan({}).value().events.size() == 2);
  CHECK(store::retain(*rig.log, rig.blobs, 4).error().code == Code::invalid);
}

TEST_CASE("a damaged, dropped or exchanged event is still found after retention") {
  Rig rig;
  rig.live(100, 2);
  const Seq head = rig.log->head().seq;
  REQUIRE(store::retain(*rig.log, rig.blobs, head / 2).ok());
  auto cursor = rig.kv.cursor(Family::events);
  for (cursor->seek(""); cursor->valid(); cursor->next()) {
    const std::string key(cursor->key()), record(cursor->value());
    const Seq seq = store::format::take_seq(key).value();
    std::string damaged = record;
    damaged[damaged.size() / 2] = static_cast<char>(damaged[damaged.size() / 2] ^ 1);
    store::WriteBatch batch;
    batch.put(Family::events, key, damaged);
    rig.kv.tamper(batch);
    const auto report = store::verify(rig.kv, rig.blobs).value();
    REQUIRE(report.first);
    CHECK(report.first->seq == seq);
    batch.clear();
    batch.remove(Family::events, key);
    rig.kv.tamper(batch);
    CHECK_FALSE(store::verify(rig.kv, rig.blobs).value().clean());
    batch.clear();
    batch.put(Family::events, key, record);
    rig.kv.tamper(batch);
  }
  rig.verify();
}

TEST_CASE("a blob goes a run after the last event that named it, unless it was asked for again") {
  Rig rig;
  const auto old = rig.blob("old"), shared = rig.blob("shared"), asked = rig.blob("asked");
  rig.append({test::applied("web", "apps", "r1", old), test::applied("db", "apps", "r1", shared),
              test::applied("mq", "apps", "r1", asked)});
  rig.append({test::applied("web", "apps", "r2", rig.blob("new")),
              test::applied("mq", "apps", "r2", rig.blob("newer"))});
  const Seq head = rig.append({test::finished("apps", "r2")});
  const auto stored = [&](const base::Digest& digest) {
    return rig.blobs.contains(digest).value();
  };
  CHECK(store::retain(*rig.log, rig.blobs, head).value().blobs == 0);
  CHECK((stored(old) && stored(asked)));
  CHECK(rig.blob("asked") == asked);
  CHECK(store::retain(*rig.log, rig.blobs, head).value().blobs == 1);
  CHECK_FALSE(stored(old));
  CHECK((stored(shared) && stored(asked)));
  rig.verify();
  // Nobody has named it since it was asked for, two runs ago.
  CHECK(store::retain(*rig.log, rig.blobs, head).value().blobs == 0);
  CHECK(store::retain(*rig.log, rig.blobs, head).value().blobs == 1);
  CHECK_FALSE(stored(asked));
  rig.verify();
}

TEST_CASE("the horizon is where age and size put it, and never behind the last event") {
  Rig rig;
  for (int i = 0; i < 100; ++i) {
    rig.clock.advance(minute);
    rig.append({test::make_event(event::Type::heartbeat, test::deployment("web"))});
  }
  const auto horizon = [&](store::RetentionPolicy policy) {
    return store::retention_horizon(*rig.log, policy, rig.clock.now()).value();
  };
  CHECK(horizon({}) == 1);
  CHECK(horizon({.age_max = 10 * minute}) == 91);
  CHECK(horizon({.age_max = 1}) == 100);
  CHECK(horizon({.age_max = 1000 * minute}) == 1);
}

TEST_CASE("a retention that a full disk cuts off is taken up by the next") {
  for (std::uint64_t failing = 1; failing <= 4; ++failing) {
    Rig rig;
    rig.live(150, 3);
    const Seq head = rig.log->head().seq;
    const auto before = rig.states_from(head - 1);
    rig.kv.fail_from(rig.kv.writes() + failing);
    const bool whole = store::retain(*rig.log, rig.blobs, head).ok();
    rig.kv.heal();
    rig.verify();
    REQUIRE(store::retain(*rig.log, rig.blobs, head).ok());
    CHECK(rig.states_from(head - 1) == before);
    rig.verify();
    CHECK((whole || failing <= 3));
  }
}
