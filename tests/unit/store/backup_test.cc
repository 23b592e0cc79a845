#include "store/backup.hh"

#include <catch2/catch.hpp>
#include <fstream>

#include "store/event_log.hh"
#include "store/ledger.hh"
#include "store/repair.hh"
#include "store/verify.hh"
#include "tests/support/log_samples.hh"
#include "tests/support/temp_directory.hh"

using namespace weir;

namespace {

// A data directory on disk, as weir keeps it.
struct Rig {
  test::TempDirectory directory;
  std::string data = directory.file("data");
  test::HandClock clock;
  std::unique_ptr<store::Kv> kv;
  std::unique_ptr<store::EventLog> log;

  Rig() {
    std::filesystem::create_directory(data);
    kv = store::open_rocks({.directory = data + "/log"}).value();
    log = store::EventLog::open(*kv, clock).value();
    REQUIRE(store::SealingKey::load_or_create(data + "/sealing.key").ok());
    REQUIRE(store::Ledger::open(*log, {data + "/ledger.key", "", false}).ok());
    append(10);
  }
  void append(unsigned rounds) {
    for (unsigned round = 0; round < rounds; ++round) {
      auto events = test::round_of_events(round);
      for (auto& event : events) event.blobs.clear();
      REQUIRE(log->append(std::move(events)).ok());
    }
  }
};

store::LogHead head_of(const std::string& directory, test::HandClock& clock) {
  const auto kv = store::open_rocks({.directory = directory + "/log"}).value();
  CHECK(store::verify(*kv, store::BlobStore(*kv)).value().clean());
  return store::EventLog::open(*kv, clock).value()->head();
}

}  // namespace

TEST_CASE("a backup is the log at one instant, and the log goes on beside it") {
  Rig rig;
  const auto head = rig.log->head();
  const std::string copy = rig.directory.file("copy");
  REQUIRE(store::make_backup(*rig.kv, rig.data, copy, true).ok());
  rig.append(5);
  const std::string restored = rig.directory.file("restored");
  REQUIRE(store::restore_backup(copy, restored).ok());
  const auto found = head_of(restored, rig.clock);
  CHECK(found.seq == head.seq);
  CHECK(found.root == head.root);
  CHECK(store::SealingKey::load(restored + "/sealing.key").value().digest("x") ==
        store::SealingKey::load(rig.data + "/sealing.key").value().digest("x"));
  CHECK(store::SigningKey::load(restored + "/ledger.key").ok());
  CHECK(rig.log->head().seq > head.seq);
}

TEST_CASE("keys are left out of a backup where that was asked for") {
  Rig rig;
  const std::string copy = rig.directory.file("copy");
  REQUIRE(store::make_backup(*rig.kv, rig.data, copy, false).ok());
  CHECK_FALSE(std::filesystem::exists(copy + "/sealing.key"));
  CHECK_FALSE(std::filesystem::exists(copy + "/ledger.key"));
}

TEST_CASE("neither a backup nor a restore goes over what is there") {
  Rig rig;
  const std::string copy = rig.directory.file("copy");
  REQUIRE(store::make_backup(*rig.kv, rig.data, copy, true).ok());
  CHECK(store::make_backup(*rig.kv, rig.data, copy, true).error().code == Code::already_exists);
  CHECK(store::restore_backup(copy, rig.data).error().code == Code::already_exists);
  CHECK(store::restore_backup(rig.directory.file("none"), rig.directory.file("x")).error().code ==
        Code::not_found);
  auto memory = store::make_memory_kv();
  CHECK(store::make_backup(*memory, rig.data, rig.directory.file("y"), false).error().code ==
        Code::unsupported);
}

TEST_CASE("a database without its table of contents is salvaged into one that opens") {
  Rig rig;
  const auto head = rig.log->head();
  rig.log.reset();
  rig.kv.reset();
  // Opened once more, so that all is in tables: of a write-ahead log less can be salvaged.
  store::open_rocks({.directory = rig.data + "/log"}).value().reset();
  for (const auto& entry : std::filesystem::directory_iterator(rig.data + "/log"))
    if (entry.path().filename().string().starts_with("MANIFEST"))
      std::ofstream(entry.path()) << "nonsense";
  CHECK(store::open_rocks({.directory = rig.data + "/log"}).error().code == Code::corrupt);
  REQUIRE(store::salvage_rocks(rig.data + "/log").ok());
  {
    const auto kv = store::open_rocks({.directory = rig.data + "/log"}).value();
    const auto report = store::repair(*kv, store::BlobStore(*kv), rig.clock, "tester").value();
    CHECK(report.head == head.seq);
  }
  CHECK(head_of(rig.data, rig.clock).root == head.root);
}
