// Random damage to a log: none may go unseen, and a repair must leave a log that verifies.
#include <catch2/catch.hpp>

#include "store/event_log.hh"
#include "store/repair.hh"
#include "store/verify.hh"
#include "tests/crash/log_check.hh"
#include "tests/support/damage.hh"
#include "tests/support/log_samples.hh"

using namespace weir;

namespace {

struct Filled {
  test::FaultKv kv;
  test::HandClock clock;
  store::Seq head = 0;

  explicit Filled(unsigned rounds) {
    auto log = store::EventLog::open(kv, clock).value();
    for (unsigned round = 0; round < rounds; ++round) {
      if (round % 2 == 0) clock.advance(1'000);
      head = test::append_round(*log, round).value().back();
    }
  }
};

}  // namespace

TEST_CASE(
    "of 10,000 random corruptions none is missed, and damage of an event is named by its seq") {
  Filled f(12);
  REQUIRE(store::verify(f.kv, store::BlobStore(f.kv)).value().clean());
  const auto seed = test::crash_seed();
  WARN("seed " << seed);
  test::Vandal vandal(f.kv, f.head, seed);
  for (int i = 0; i < 10'000; ++i) {
    const test::Damage damage = vandal.strike();
    const auto report = store::verify(f.kv, store::BlobStore(f.kv));
    INFO("seed " << seed << ", corruption " << i << ": " << damage.what);
    REQUIRE(report.ok());
    REQUIRE(report->first);
    INFO(report->first->what);
    // A forgery with a leaf hash of its own is betrayed by the next event, which chains it; that
    // of the last one by a tree hash above it or the root.
    if (damage.seq != 0 && report->first->seq != 0) {
      REQUIRE(report->first->seq >= damage.seq);
      REQUIRE(report->first->seq <= damage.seq + 1);
    }
    if (damage.seq != 0 && damage.seq < f.head) REQUIRE(report->first->seq != 0);
    damage.undo(f.kv);
  }
  REQUIRE(store::verify(f.kv, store::BlobStore(f.kv)).value().clean());
}

TEST_CASE("after any corruption a repair keeps all events before the damage, and the log goes on") {
  const auto seed = test::crash_seed();
  WARN("seed " << seed);
  for (std::uint32_t i = 0; i < 300; ++i) {
    Filled f(12);
    test::Vandal vandal(f.kv, f.head, seed + i);
    const test::Damage damage = vandal.strike();
    INFO("seed " << seed << ", corruption " << i << ": " << damage.what);
    const auto repaired = store::repair(f.kv, store::BlobStore(f.kv), f.clock, "tester");
    REQUIRE(repaired.ok());
    INFO(repaired->cause);
    if (damage.seq == 0) {
      REQUIRE(repaired->head == f.head);
    } else {
      REQUIRE(repaired->head >= damage.seq - 1);
      REQUIRE(repaired->lost.size() == f.head - repaired->head);
    }
    test::check_recovered(f.kv);
    const auto again = store::plan_repair(f.kv, store::BlobStore(f.kv)).value();
    REQUIRE(again.head == again.head_before);
    REQUIRE_FALSE(again.derived_damaged);
  }
}
