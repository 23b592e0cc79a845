// kill -9 in the middle of appends.
#include <catch2/catch.hpp>
#include <stdlib.h>
#include <unistd.h>

#include <chrono>
#include <cstring>
#include <random>
#include <thread>

#include "store/snapshots.hh"
#include "tests/crash/child.hh"
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
  const test::TempDirectory directory;
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
      REQUIRE(child.wait() == -9);
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
