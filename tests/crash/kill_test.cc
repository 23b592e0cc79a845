// kill -9 in the middle of appends, and at every single change of the disk.
#include <catch2/catch.hpp>
#include <rocksdb/env.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <chrono>
#include <cstring>
#include <filesystem>
#include <random>
#include <thread>

#include "store/backup.hh"
#include "store/retention.hh"
#include "store/snapshots.hh"
#include "tests/crash/child.hh"
#include "tests/crash/kill_points.hh"
#include "tests/crash/log_check.hh"
#include "tests/support/log_samples.hh"
#include "tests/support/temp_directory.hh"

using namespace weir;
using store::Seq;

namespace {

// The last whole number of the child's reports; 0 when there is none.
Seq last_acknowledged(const std::string& reports) {
  const std::size_t numbers = reports.size() / sizeof(Seq);
  if (numbers == 0) return 0;
  Seq seq = 0;
  std::memcpy(&seq, reports.data() + (numbers - 1) * sizeof seq, sizeof seq);
  return seq;
}

}  // namespace

TEST_CASE("child: appends and reports each acknowledged event until it is killed", "[.][child]") {
  const char* directory = ::getenv(test::child_directory);
  const char* pipe = ::getenv(test::child_pipe);
  REQUIRE((directory != nullptr && pipe != nullptr));
  auto kv = store::open_rocks({.directory = directory}).value();
  test::HandClock clock;
  auto log = store::EventLog::open(*kv, clock).value();
  for (unsigned round = 0;; ++round) {
    clock.advance(1'000);
    const auto seqs = test::append_round(*log, round);
    REQUIRE(seqs.ok());
    if (round % 50 == 49) {
      REQUIRE(store::put_snapshot(*kv, "engine", seqs->back(), "state").ok());
      REQUIRE(log->refold().ok());
    }
    const Seq last = seqs->back();
    if (::write(::atoi(pipe), &last, sizeof last) != sizeof last) return;
  }
}

TEST_CASE("no acknowledged event is lost by kill -9, and the log verifies each time") {
  const test::TempDirectory directory(test::crash_directory());
  const std::string path = directory.file("db");
  const auto seed = test::crash_seed();
  WARN("seed " << seed);
  std::mt19937 random(seed);
  Seq acknowledged = 0;
  for (int killed = 0; killed < 15; ++killed) {
    {
      test::Child child("child: appends and reports each acknowledged event until it is killed",
                        path);
      // By its progress, not by the clock: a busy machine kills as late in the work as an idle one.
      const std::size_t rounds = random() % 4 == 0 ? 1 : 10 + random() % 100;
      std::string reports = child.reports_of(rounds * sizeof(Seq));
      std::this_thread::sleep_for(std::chrono::microseconds(random() % 3'000));
      child.kill();
      REQUIRE(child.wait() == -SIGKILL);
      reports += child.reports(true);
      acknowledged = std::max(acknowledged, last_acknowledged(reports));
    }
    INFO("seed " << seed << ", kill " << killed << ", acknowledged up to " << acknowledged);
    auto kv = store::open_rocks({.directory = path}).value();
    const Seq head = test::check_recovered(*kv);
    REQUIRE(head >= acknowledged);
    acknowledged = head + 3;  // what the check itself appended
  }
  CHECK(acknowledged > 100);
}

// Everything that weir does to its database, once: opening one that was not closed, appends,
// snapshots, a refold, retention, a backup, closing. WEIR_KILL_POINT is where it dies.
TEST_CASE("child: does all there is to do to a database and dies at a point", "[.][child]") {
  const std::string directory = ::getenv(test::child_directory);
  const int pipe = ::atoi(::getenv(test::child_pipe));
  const auto environment = test::killing_environment(std::stoull(::getenv("WEIR_KILL_POINT")));
  auto kv = store::open_rocks({.directory = directory, .environment = environment.get()}).value();
  test::HandClock clock(1'800'000'000'000'000);
  auto log = store::EventLog::open(*kv, clock).value();
  const auto append = [&](unsigned round) {
    clock.advance(1'000);
    const Seq last = test::append_round(*log, round).value().back();
    REQUIRE(::write(pipe, &last, sizeof last) == sizeof last);
  };
  append(1);
  append(2);
  REQUIRE(store::put_snapshot(*kv, "engine", log->head().seq, "state").ok());
  REQUIRE(log->refold().ok());
  append(3);
  store::BlobStore blobs(*kv);
  REQUIRE(store::retain(*log, blobs, log->head().seq / 2).ok());
  append(4);
  REQUIRE(kv->backup(directory + ".backup").ok());
  append(5);
}

TEST_CASE("kill -9 at every change of the disk leaves a prefix with all that was acknowledged") {
  const test::TempDirectory directory(test::crash_directory());
  const std::string whole = directory.file("whole"), path = directory.file("db");
  {
    auto kv = store::open_rocks({.directory = whole}).value();
    test::HandClock clock;
    auto log = store::EventLog::open(*kv, clock).value();
    for (unsigned round = 0; round < 8; ++round) REQUIRE(test::append_round(*log, round).ok());
  }
  std::uint64_t killed = 0, heads = 0;
  Seq last_head = 0;
  for (std::uint64_t point = 1;; ++point) {
    for (const std::string& old : {path, path + ".backup"}) std::filesystem::remove_all(old);
    std::filesystem::copy(whole, path);
    ::setenv("WEIR_KILL_POINT", std::to_string(point).c_str(), 1);
    test::Child child("child: does all there is to do to a database and dies at a point", path);
    const Seq acknowledged = last_acknowledged(child.reports(true));
    const int ended = child.wait();
    INFO("point " << point << ", acknowledged up to " << acknowledged);
    auto kv = store::open_rocks({.directory = path}).value();
    const Seq head = test::check_recovered(*kv);
    REQUIRE(head >= acknowledged);
    heads += head == last_head ? 0 : 1;
    last_head = head;
    if (ended == 0) break;
    REQUIRE(ended == -SIGKILL);
    ++killed;
  }
  WARN(killed << " points");
  CHECK(killed > 100);
  CHECK(heads >= 5);
}
