#include "store/repair.hh"

#include <catch2/catch.hpp>

#include "store/event_log.hh"
#include "store/ledger.hh"
#include "store/record_format.hh"
#include "store/retention.hh"
#include "store/verify.hh"
#include "tests/support/damage.hh"
#include "tests/support/log_samples.hh"
#include "tests/support/temp_directory.hh"

using namespace weir;
using store::Family;
namespace format = store::format;

namespace {

struct Rig {
  test::TempDirectory directory;
  test::FaultKv kv;
  test::HandClock clock;
  std::unique_ptr<store::EventLog> log = store::EventLog::open(kv, clock).value();
  std::unique_ptr<store::Ledger> ledger =
      store::Ledger::open(*log, {directory.file("ledger.key"), "", false}).value();

  explicit Rig(unsigned rounds = 10) { append(rounds); }
  void append(unsigned rounds) {
    store::BlobStore blobs(kv);
    for (unsigned round = 0; round < rounds; ++round) {
      store::WriteBatch staged;
      REQUIRE(blobs.stage(staged, test::manifest_of_round(round)).ok());
      REQUIRE(log->append(test::round_of_events(round), std::move(staged)).ok());
    }
  }
  store::RepairReport repair() {
    log.reset();
    auto report = store::repair(kv, store::BlobStore(kv), clock, "tester").value();
    const auto verified = store::verify(kv, store::BlobStore(kv)).value();
    INFO((verified.first ? verified.first->what : ""));
    CHECK(verified.clean());
    log = store::EventLog::open(kv, clock).value();
    return report;
  }
};

}  // namespace

TEST_CASE("a log that is whole is left as it is") {
  Rig rig;
  const auto head = rig.log->head();
  const std::uint64_t writes = rig.kv.writes();
  const auto report = rig.repair();
  CHECK(report.head == head.seq);
  CHECK(report.lost.empty());
  CHECK(rig.kv.writes() == writes);
}

TEST_CASE("what stands behind a damaged event is cut off, told, and told in the log") {
  Rig rig;
  const auto head = rig.log->head().seq;
  const std::string key = format::seq_key(20);
  std::string record = rig.kv.get(Family::events, key).value().value();
  record[5] = static_cast<char>(record[5] ^ 1);
  test::tamper_put(rig.kv, Family::events, key, record);
  const auto plan = store::plan_repair(rig.kv, store::BlobStore(rig.kv)).value();
  const auto report = rig.repair();
  CHECK(plan.head == 19);
  CHECK(report.head == 19);
  CHECK(report.head_before == head);
  CHECK(report.lost.size() == head - 19);
  CHECK(report.lost.back().readable);
  CHECK(report.lost.back().event.type == event::Type::reconcile_finished);
  CHECK_FALSE(report.cause.empty());
  const auto told = rig.log->read(20).value();
  CHECK(told.type == event::Type::operator_acted);
  CHECK(told.actor == "tester");
  CHECK(told.data["action"].get_string() == "repair");
  CHECK(told.data["lostFrom"].get_int() == 20);
  CHECK(static_cast<std::uint64_t>(told.data["lostTo"].get_int()) == head);
  CHECK(rig.repair().lost.empty());
}

TEST_CASE("damage of what derives from events costs no event") {
  Rig rig;
  const auto head = rig.log->head().seq;
  SECTION("the head row") { test::tamper_put(rig.kv, Family::meta, "head", "x"); }
  SECTION("a leaf") { test::tamper_put(rig.kv, Family::tiles, format::tile_key(0, 7), "x"); }
  SECTION("the last leaf") {
    test::tamper_remove(rig.kv, Family::tiles, format::tile_key(0, head - 1));
  }
  SECTION("an index row") {
    test::tamper_remove(rig.kv, Family::index,
                        format::subject_key(test::kustomization("apps-0"), "", 1));
  }
  SECTION("a projection") { test::tamper_put(rig.kv, Family::projections, "h", "x"); }
  SECTION("the ledger's key row") { test::tamper_put(rig.kv, Family::meta, "ledger-key", "x"); }
  const auto report = rig.repair();
  CHECK(report.head == head);
  CHECK(report.cause.empty());
}

TEST_CASE("a damaged blob is known to be lost, and a new copy of it takes its place") {
  Rig rig;
  const auto head = rig.log->head().seq;
  const auto digest = base::sha256(test::manifest_of_round(4));
  test::tamper_put(rig.kv, Family::blobs, format::blob_key(digest), std::string_view("\0\1y", 3));
  const auto report = rig.repair();
  CHECK(report.head == head);
  CHECK(report.blobs_lost == 1);
  store::BlobStore blobs(rig.kv);
  CHECK(blobs.get(digest).error().code == Code::not_found);
  CHECK(store::verify(rig.kv, blobs).value().lost_blobs == 1);
  REQUIRE(blobs.put(test::manifest_of_round(4)).ok());
  CHECK(blobs.get(digest).value() == test::manifest_of_round(4));
  CHECK(store::verify(rig.kv, blobs).value().lost_blobs == 0);
}

TEST_CASE("a checkpoint over lost events is void, and its count is told") {
  Rig rig;
  REQUIRE(rig.ledger->checkpoint().ok());
  test::tamper_remove(rig.kv, Family::events, format::seq_key(3));
  const auto report = rig.repair();
  CHECK(report.checkpoints_void == 1);
  CHECK_FALSE(store::stored_checkpoint(rig.kv).value());
  CHECK(rig.log->read(3).value().data["checkpointsVoid"].get_int() == 1);
}

TEST_CASE("a forged history is cut back to what a checkpoint was signed over") {
  Rig rig(4);
  const auto signed_head = rig.log->head().seq;
  REQUIRE(rig.ledger->checkpoint().ok());
  Rig forged(4);
  forged.append(6);
  for (const Family family : {Family::events, Family::tiles}) {
    auto cursor = forged.kv.cursor(family);
    for (cursor->seek(""); cursor->valid(); cursor->next())
      test::tamper_put(rig.kv, family, cursor->key(), cursor->value());
  }
  test::tamper_put(rig.kv, Family::meta, "head", *forged.kv.get(Family::meta, "head").value());
  // The same events, so the same root; from event 5 on another actor.
  auto other = store::make_memory_kv();
  auto log = store::EventLog::open(*other, rig.clock).value();
  for (unsigned round = 0; round < 10; ++round) {
    auto events = test::round_of_events(round);
    if (round > 0) events[0].actor = "mallory";
    REQUIRE(log->append(std::move(events)).ok());
  }
  for (const Family family : {Family::events, Family::tiles}) {
    auto cursor = other->cursor(family);
    for (cursor->seek(""); cursor->valid(); cursor->next())
      test::tamper_put(rig.kv, family, cursor->key(), cursor->value());
  }
  test::tamper_put(rig.kv, Family::meta, "head", *other->get(Family::meta, "head").value());
  const auto report = rig.repair();
  CHECK(report.head == 0);
  CHECK(report.cause.find(std::to_string(signed_head)) != std::string::npos);
}

TEST_CASE("a log that retention has cut is repaired as any other") {
  Rig rig(30);
  store::BlobStore blobs(rig.kv);
  const auto head = rig.log->head().seq;
  REQUIRE(store::retain(*rig.log, blobs, head / 2).value().events > 5);
  test::tamper_remove(rig.kv, Family::events, format::seq_key(head - 3));
  const auto report = rig.repair();
  CHECK(report.head == head - 4);
}

TEST_CASE("a repair that a full disk cuts off at any write is done by the next one") {
  for (std::uint64_t failing = 1; failing <= 5; ++failing) {
    Rig rig;
    test::tamper_remove(rig.kv, Family::events, format::seq_key(9));
    rig.log.reset();
    rig.kv.fail_from(rig.kv.writes() + failing);
    CHECK(store::repair(rig.kv, store::BlobStore(rig.kv), rig.clock, "t").error().code == Code::io);
    rig.kv.heal();
    const auto report = rig.repair();
    CHECK(report.head >= 8);
    CHECK(rig.log->head().seq >= 9);
  }
}

TEST_CASE("a database of another schema is not repaired") {
  Rig rig;
  test::tamper_put(rig.kv, Family::meta, "schema", format::encode_number(99));
  CHECK(store::plan_repair(rig.kv, store::BlobStore(rig.kv)).error().code == Code::unsupported);
}
