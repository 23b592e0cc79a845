#include "store/ledger.hh"

#include <catch2/catch.hpp>
#include <filesystem>

#include "engine/event/codec.hh"
#include "store/ledger_verify.hh"
#include "store/record_format.hh"
#include "tests/support/fault_kv.hh"
#include "tests/support/log_samples.hh"
#include "tests/support/temp_directory.hh"

using namespace weir;
using store::Family;
using store::Ledger;
using store::VerifierKey;
namespace format = store::format;

namespace {

struct Rig {
  test::TempDirectory directory;
  test::FaultKv kv;
  test::HandClock clock;
  std::unique_ptr<store::EventLog> log = store::EventLog::open(kv, clock).value();
  std::unique_ptr<Ledger> ledger;

  Rig() { open(); }
  void open(bool rotate = false) {
    ledger = Ledger::open(*log, {directory.file("ledger.key"), "", rotate}).value();
  }
  void append(unsigned rounds) {
    for (unsigned round = 0; round < rounds; ++round)
      REQUIRE(log->append(test::round_of_events(round)).ok());
  }
  store::LedgerReport verify(std::optional<VerifierKey> key = {},
                             std::vector<std::string> witnessed = {}) {
    return store::verify_ledger(kv, {std::move(key), std::move(witnessed)}).value();
  }
};

store::Checkpoint read(const std::string& note) {
  return store::Checkpoint::parse(store::parse_note(note)->text).value();
}

// Another history of the same length, whole in itself: every event, hash and row made anew.
void exchange_history(Rig& rig, unsigned rounds) {
  auto other = store::make_memory_kv();
  auto log = store::EventLog::open(*other, rig.clock).value();
  for (unsigned round = 0; round < rounds; ++round) {
    auto events = test::round_of_events(round);
    events[1].actor = "mallory";
    REQUIRE(log->append(std::move(events)).ok());
  }
  store::WriteBatch batch;
  for (const Family family : {Family::events, Family::tiles}) {
    auto cursor = other->cursor(family);
    for (cursor->seek(""); cursor->valid(); cursor->next())
      batch.put(family, cursor->key(), cursor->value());
  }
  batch.put(Family::meta, format::meta_head, *other->get(Family::meta, "head").value());
  rig.kv.tamper(batch);
}

}  // namespace

TEST_CASE("a checkpoint states origin, size and root, and is signed by the log's key") {
  Rig rig;
  rig.append(10);
  const std::string note = rig.ledger->checkpoint().value();
  const store::Checkpoint checkpoint = read(note);
  CHECK(checkpoint.origin == rig.ledger->public_key().name);
  CHECK(checkpoint.size == rig.log->head().seq);
  CHECK(checkpoint.root == rig.log->head().root);
  CHECK(store::parse_note(note)->is_signed_by(rig.ledger->public_key()));
  CHECK(rig.ledger->checkpoint().value() == note);
  CHECK(store::stored_checkpoint(rig.kv).value() == note);
  const auto report = rig.verify(rig.ledger->public_key(), {note});
  CHECK_FALSE(report.first);
  CHECK(report.signed_size == checkpoint.size);
}

TEST_CASE("what a checkpoint covers is on stable storage before anybody sees the checkpoint") {
  Rig rig;
  REQUIRE(rig.log->append({test::make_event(event::Type::heartbeat, {})}).ok());
  REQUIRE(rig.kv.unsynced() > 0);
  const std::string note = rig.ledger->checkpoint().value();
  const auto left = rig.kv.after_crash();
  CHECK(store::stored_checkpoint(*left).value() == note);
  CHECK(store::EventLog::open(*left, rig.clock).value()->head().seq == read(note).size);
}

TEST_CASE("with a full disk there is no new checkpoint, and there is one when there is room") {
  Rig rig;
  rig.append(1);
  const std::string before = rig.ledger->checkpoint().value();
  rig.append(1);
  rig.kv.fail_from(0);
  CHECK(rig.ledger->checkpoint().error().code == Code::io);
  CHECK(store::stored_checkpoint(rig.kv).value() == before);
  rig.kv.heal();
  CHECK(read(rig.ledger->checkpoint().value()).size == rig.log->head().seq);
}

TEST_CASE("a restart keeps the key and the name") {
  Rig rig;
  const VerifierKey key = rig.ledger->public_key();
  rig.append(1);
  rig.open();
  CHECK(rig.ledger->public_key() == key);
  CHECK(rig.log->head().seq == 3);
}

TEST_CASE("who trusts any key of a rotated ledger can follow to the one that signs now") {
  Rig rig;
  std::vector<VerifierKey> keys{rig.ledger->public_key()};
  std::vector<std::string> notes;
  for (int rotation = 0; rotation < 3; ++rotation) {
    rig.append(5);
    notes.push_back(rig.ledger->checkpoint().value());
    rig.open(true);
    keys.push_back(rig.ledger->public_key());
    CHECK(keys.back() != keys[keys.size() - 2]);
    CHECK(keys.back().name == keys.front().name);
  }
  rig.append(5);
  REQUIRE(rig.ledger->checkpoint().ok());
  for (const VerifierKey& key : keys) {
    const auto report = rig.verify(key, notes);
    INFO((report.first ? report.first->what : ""));
    CHECK_FALSE(report.first);
    CHECK(report.rotations == 3);
    CHECK(report.public_key == keys.back().text());
  }
  const auto stranger = store::SigningKey::generate().value().verifier();
  CHECK(rig.verify(stranger).first->what.find("does not follow from") != std::string::npos);
}

TEST_CASE(
    "a rotation that is cut off at any write or file is finished or undone by the next start") {
  for (std::uint64_t failing = 1; failing <= 2; ++failing) {
    Rig rig;
    rig.append(2);
    const VerifierKey old = rig.ledger->public_key();
    rig.kv.fail_from(rig.kv.writes() + failing);
    const std::string path = rig.directory.file("ledger.key");
    CHECK_FALSE(Ledger::open(*rig.log, {path, "", true}).ok());
    rig.kv.heal();
    rig.open();
    CHECK((rig.ledger->public_key() == old) == (failing == 1));
    CHECK_FALSE(std::filesystem::exists(path + ".next"));
    rig.append(1);
    REQUIRE(rig.ledger->checkpoint().ok());
    const auto report = rig.verify(old);
    INFO((report.first ? report.first->what : ""));
    CHECK_FALSE(report.first);
  }
}

TEST_CASE("a lost key file is replaced, and whoever pinned the old key is told where") {
  Rig rig;
  rig.append(2);
  REQUIRE(rig.ledger->checkpoint().ok());
  const VerifierKey old = rig.ledger->public_key();
  std::filesystem::remove(rig.directory.file("ledger.key"));
  rig.open();
  CHECK(rig.ledger->public_key().name == old.name);
  CHECK_FALSE(rig.verify().first);
  CHECK_FALSE(rig.verify(rig.ledger->public_key()).first);
  const auto report = rig.verify(old);
  REQUIRE(report.first);
  CHECK(report.first->seq == rig.log->head().seq);
  CHECK(report.first->what.find("was replaced without its word") != std::string::npos);
}

TEST_CASE("a whole history that was exchanged is betrayed by the checkpoint") {
  Rig rig;
  rig.append(20);
  const std::string note = rig.ledger->checkpoint().value();
  exchange_history(rig, 20);
  const auto report = rig.verify();
  REQUIRE(report.first);
  CHECK(report.first->what.find("are not those that the checkpoint was signed over") !=
        std::string::npos);
}

TEST_CASE("an exchanged history with a checkpoint of its own is betrayed by the pinned key") {
  Rig rig, other;
  rig.append(20);
  other.append(20);
  REQUIRE(other.ledger->checkpoint().ok());
  CHECK_FALSE(other.verify().first);
  CHECK(other.verify(rig.ledger->public_key()).first);
}

TEST_CASE("a log cut short is betrayed by a checkpoint that was copied out") {
  Rig rig;
  rig.append(4);
  REQUIRE(rig.ledger->checkpoint().ok());
  const auto short_log = rig.kv.after_crash();
  rig.append(4);
  const std::string witnessed = rig.ledger->checkpoint().value();
  const auto report =
      store::verify_ledger(*short_log, {rig.ledger->public_key(), {witnessed}}).value();
  REQUIRE(report.first);
  CHECK(report.first->seq == read(store::stored_checkpoint(*short_log).value().value()).size + 1);
  CHECK(report.first->what.find("but a checkpoint over") != std::string::npos);
}

TEST_CASE("a checkpoint beyond the log's end keeps the ledger from going on with another history") {
  Rig rig;
  rig.append(4);
  const std::string note = rig.ledger->checkpoint().value();
  Rig shorter;
  shorter.append(1);
  store::WriteBatch batch;
  batch.put(Family::meta, format::meta_checkpoint, note);
  shorter.kv.tamper(batch);
  const auto opened = Ledger::open(*shorter.log, {shorter.directory.file("ledger.key"), "", false});
  CHECK(opened.error().code == Code::corrupt);
}

TEST_CASE("a changed byte in any row of the ledger is found, the origin's letters included") {
  Rig rig;
  rig.append(3);
  rig.open(true);
  rig.append(3);
  REQUIRE(rig.ledger->checkpoint().ok());
  REQUIRE_FALSE(rig.verify(rig.ledger->public_key()).first);
  const VerifierKey pinned = rig.ledger->public_key();
  for (const std::string& key :
       {std::string(format::meta_checkpoint), format::kept_checkpoint_key(10),
        std::string(format::meta_ledger_key)}) {
    const std::string row = rig.kv.get(Family::meta, key).value().value();
    for (std::size_t i = 0; i < row.size(); ++i) {
      std::string damaged = row;
      damaged[i] = static_cast<char>(damaged[i] ^ 2);
      store::WriteBatch batch;
      batch.put(Family::meta, key, damaged);
      rig.kv.tamper(batch);
      const auto report = rig.verify(pinned);
      INFO(key << ", byte " << i << ": " << damaged);
      CHECK(report.first);
    }
    store::WriteBatch batch;
    batch.put(Family::meta, key, row);
    rig.kv.tamper(batch);
  }
}
