// The write-ahead log cut at every byte, as a power failure leaves it.
#include <catch2/catch.hpp>

#include <filesystem>
#include <vector>

#include "tests/crash/log_check.hh"
#include "tests/support/temp_directory.hh"

using namespace weir;
namespace fs = std::filesystem;

namespace {

// The write-ahead log that was written to last.
fs::path newest_wal(const std::string& directory) {
  fs::path newest;
  for (const auto& entry : fs::directory_iterator(directory)) {
    if (entry.path().extension() == ".log" && entry.path() > newest) newest = entry.path();
  }
  return newest;
}

fs::path memory_disk() { return fs::is_directory("/dev/shm") ? "/dev/shm" : ""; }

std::unique_ptr<store::Kv> open(const std::string& directory) {
  auto kv = store::open_rocks({.directory = directory, .cache_bytes = 1u << 20});
  REQUIRE(kv.ok());
  return std::move(kv).value();
}

}  // namespace

TEST_CASE("a write-ahead log cut at any byte opens as a prefix of whole batches") {
  const test::TempDirectory directory(memory_disk());
  const std::string whole = directory.file("whole");
  test::HandClock clock;
  store::Seq base = 0;
  std::vector<store::Seq> ends;  // heads that lie between batches
  {
    auto kv = open(whole);
    auto log = store::EventLog::open(*kv, clock).value();
    base = log->append({test::make_event(event::Type::engine_started, {})}).value().back();
    ends.push_back(base);
  }
  {
    auto kv = open(whole);  // what went before is in a table now; the log in hand is new
    auto log = store::EventLog::open(*kv, clock).value();
    for (unsigned round = 0; round < 2; ++round) {
      clock.advance(1'000);
      ends.push_back(test::append_round(*log, round).value().back());
    }
  }
  const fs::path wal = newest_wal(whole);
  const auto size = fs::file_size(wal);
  REQUIRE(size > 1000);
  store::Seq last = 0;
  const std::string cut = directory.file("cut");
  for (std::uintmax_t bytes = 0; bytes <= size; ++bytes) {
    fs::remove_all(cut);
    fs::copy(whole, cut);
    fs::resize_file(fs::path(cut) / wal.filename(), bytes);
    INFO("cut at byte " << bytes << " of " << size);
    auto kv = open(cut);
    const store::Seq head = test::check_recovered(*kv);
    REQUIRE(std::find(ends.begin(), ends.end(), head) != ends.end());
    REQUIRE(head >= last);
    last = head;
  }
  CHECK(last == ends.back());
}
