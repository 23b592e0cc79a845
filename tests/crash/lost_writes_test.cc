// Unsynced writes dropped, and a disk that is full at every single write.
#include <catch2/catch.hpp>
#include <sched.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "store/verify.hh"
#include "tests/crash/child.hh"
#include "tests/crash/log_check.hh"
#include "tests/crash/power_loss.hh"
#include "tests/support/fault_kv.hh"
#include "tests/support/log_samples.hh"
#include "tests/support/temp_directory.hh"

using namespace weir;
using store::Seq;

namespace {

// Round by round, some batches synced and some not.
std::vector<event::Event> batch_of(unsigned round) {
  if (round % 3 == 0) return test::round_of_events(round);
  return {test::make_event(event::Type::health_observed, test::deployment("web")),
          test::make_event(event::Type::heartbeat, {})};
}

Result<std::vector<Seq>> append_batch(store::EventLog& log, unsigned round) {
  if (round % 3 == 0) return test::append_round(log, round);
  return log.append(batch_of(round));
}

}  // namespace

TEST_CASE("a crash that drops any number of unsynced writes loses nothing that was synced") {
  test::FaultKv kv;
  test::HandClock clock;
  auto log = store::EventLog::open(kv, clock).value();
  Seq synced = 0;
  for (unsigned round = 0; round < 40; ++round) {
    clock.advance(1'000);
    const Seq end = append_batch(*log, round).value().back();
    if (round % 3 == 0) synced = end;
    Seq last = 0;
    for (std::size_t kept = 0; kept <= kv.unsynced(); ++kept) {
      INFO("round " << round << ", " << kept << " of " << kv.unsynced() << " unsynced writes kept");
      const Seq head = test::check_recovered(*kv.after_crash(kept));
      REQUIRE(head >= synced);
      REQUIRE(head >= last);
      last = head;
    }
    REQUIRE(last == end);
  }
}

TEST_CASE("a power failure loses nothing synced, whatever bytes and names were unsynced") {
  using Tail = test::PowerLossDisk::Tail;
  const test::TempDirectory directory(test::crash_directory());
  std::filesystem::create_directory(directory.file("graves"));
  test::PowerLossDisk disk(directory.file("graves"));
  const std::string path = directory.file("db");
  Seq synced = 0;
  unsigned images = 0, losses = 0;
  const auto fail_here = [&](std::size_t entries, Tail tail) {
    const std::string image = directory.file("image");
    disk.image(path, image, entries, tail);
    if (!std::filesystem::exists(image + "/CURRENT")) {  // it was never made, for all we know
      REQUIRE(synced == 0);
    } else {
      const Seq head = test::check_recovered(*store::open_rocks({.directory = image}).value());
      INFO("image " << images << ", " << entries << " of " << disk.pending() << " names");
      REQUIRE(head >= synced);
    }
    std::filesystem::remove_all(image);
    ++images;
    losses += disk.pending() > entries ? 1 : 0;
  };
  test::HandClock clock;
  for (unsigned start = 0; start < 5; ++start) {
    // Everything that opening does with names is broken off once, on every other start.
    if (start % 2 == 1)
      disk.before_change([&] {
        for (const Tail tail : {Tail::none, Tail::all}) fail_here(0, tail);
        if (disk.pending() > 0) fail_here(disk.pending() / 2, Tail::half);
      });
    auto kv = store::open_rocks({.directory = path, .environment = disk.environment()}).value();
    disk.before_change({});
    auto log = store::EventLog::open(*kv, clock).value();
    for (unsigned round = 0; round < 7; ++round) {
      clock.advance(1'000);
      const Seq end = append_batch(*log, round).value().back();
      if (round % 3 == 0) synced = end;
      for (const Tail tail : {Tail::none, Tail::half, Tail::all}) {
        fail_here(0, tail);
        if (disk.pending() > 1) fail_here(disk.pending() / 2, tail);
      }
    }
  }
  // The disk did forget names at some of these moments.
  CHECK(images > 150);
  CHECK(losses > 20);
}

TEST_CASE("a disk full at any write stops appends cleanly, and they go on when there is room") {
  constexpr unsigned rounds = 25;
  std::uint64_t writes = 0;
  for (std::uint64_t failing = 1; writes == 0 || failing <= writes; ++failing) {
    INFO("write " << failing << " after opening fails");
    test::FaultKv kv;
    test::HandClock clock;
    auto log = store::EventLog::open(kv, clock).value();
    const std::uint64_t opening = kv.writes();
    kv.fail_from(opening + failing);
    unsigned failures = 0;
    for (unsigned round = 0; round < rounds; ++round) {
      clock.advance(1'000);
      const Seq before = log->head().seq;
      auto appended = append_batch(*log, round);
      if (appended.ok()) continue;
      ++failures;
      REQUIRE(appended.error().code == Code::io);
      REQUIRE(log->head().seq == before);
      if (before > 0) REQUIRE(log->read(before).ok());
      REQUIRE(store::verify(kv, store::BlobStore(kv)).value().clean());
      kv.heal();
      REQUIRE(append_batch(*log, round).ok());
    }
    if (writes == 0) writes = kv.writes() - opening - 1;
    REQUIRE(failures == 1);
    log.reset();
    test::check_recovered(*kv.after_crash());
  }
}

TEST_CASE("a disk full while the database is made or rebuilt leaves one that opens later") {
  test::HandClock clock;
  for (std::uint64_t failing = 1; failing <= 3; ++failing) {
    INFO("write " << failing << " fails");
    test::FaultKv kv;
    kv.fail_from(failing);
    auto log = store::EventLog::open(kv, clock);
    REQUIRE(log.error().code == Code::io);
    kv.heal();
    log = store::EventLog::open(kv, clock);
    for (unsigned round = 0; round < 10; ++round) REQUIRE(append_batch(**log, round).ok());
    kv.fail_from(kv.writes() + failing);
    REQUIRE((*log)->refold().ok() == (failing == 3));
    kv.heal();
    test::check_recovered(kv);
    test::check_recovered(*kv.after_crash());
  }
}

// RocksDB itself on a disk of 8 MiB that a ballast file fills. The disk is a memory file system in
// a mount namespace of the child's own; 77 says that this system does not let us have one.
constexpr int not_permitted = 77;

bool mount_small_disk(const char* directory) {
  ::mkdir(directory, 0700);
  const bool root = ::geteuid() == 0;
  if (::unshare(root ? CLONE_NEWNS : CLONE_NEWNS | CLONE_NEWUSER) != 0) return false;
  ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr);
  return ::mount("none", directory, "tmpfs", 0, "size=8m") == 0;
}

// Takes all but `left` bytes of the disk.
void fill_disk(const std::string& ballast, std::uint64_t left) {
  const auto room = std::filesystem::space(std::filesystem::path(ballast).parent_path()).available;
  std::ofstream file(ballast, std::ios::binary);
  const std::string block(4096, 'x');
  for (std::uint64_t bytes = 0; bytes + left + block.size() <= room; bytes += block.size()) {
    file << block;
  }
}

TEST_CASE("child: appends until the disk is full and again when there is room", "[.][child]") {
  const char* disk = ::getenv(test::child_directory);
  REQUIRE(disk != nullptr);
  if (!mount_small_disk(disk)) ::_exit(not_permitted);
  const std::string path = std::string(disk) + "/db";
  const std::string ballast = std::string(disk) + "/ballast";
  test::HandClock clock;
  for (int fill = 0; fill < 3; ++fill) {
    auto kv = store::open_rocks({.directory = path}).value();
    auto log = store::EventLog::open(*kv, clock).value();
    for (unsigned round = 0; round < 20; ++round) REQUIRE(test::append_round(*log, round).ok());
    fill_disk(ballast, 20'000 + 1'000 * static_cast<std::uint64_t>(fill));
    Seq before = 0;
    Result<std::vector<Seq>> appended = std::vector<Seq>();
    for (unsigned round = 0; appended.ok(); ++round) {
      REQUIRE(round < 10'000);
      before = log->head().seq;
      appended = test::append_round(*log, round);
    }
    REQUIRE(appended.error().code == Code::io);
    REQUIRE(log->head().seq == before);
    REQUIRE(log->read(before).ok());
    REQUIRE(log->scan({}).ok());
    const auto still = test::append_round(*log, 0);
    INFO(still.error().message);
    REQUIRE(still.error().code == Code::io);
    std::filesystem::remove(ballast);
    auto again = test::append_round(*log, 7);
    INFO((again.ok() ? "" : again.error().message));
    REQUIRE(again.ok());
    REQUIRE(again->front() == before + 1);
    REQUIRE(store::verify(*kv, store::BlobStore(*kv)).value().clean());
    log.reset();
    kv.reset();
    kv = store::open_rocks({.directory = path}).value();
    REQUIRE(test::check_recovered(*kv) == again->back());
  }
}

TEST_CASE("RocksDB with a full disk refuses appends, reads on, and recovers in place") {
  const test::TempDirectory directory(test::crash_directory());
  test::Child child("child: appends until the disk is full and again when there is room",
                    directory.file("disk"));
  const int code = child.wait();
  if (code == not_permitted) {
    WARN("skipped: this system grants no mount namespace");
    return;
  }
  REQUIRE(code == 0);
}
