// The write-ahead log cut at every byte, as a power failure leaves it.
#include <catch2/catch.hpp>

#include <algorithm>
#include <filesystem>
#include <vector>

#include "store/verify.hh"
#include "tests/crash/log_check.hh"
#include "tests/support/log_samples.hh"
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

std::unique_ptr<store::Kv> open(const std::string& directory, bool read_only = false) {
  auto kv = store::open_rocks(
      {.directory = directory, .read_only = read_only, .cache_bytes = 1u << 20});
  REQUIRE(kv.ok());
  return std::move(kv).value();
}

// The head of what a reader finds; it must verify.
store::Seq check_readable(const std::string& directory) {
  auto kv = open(directory, true);
  const auto report = store::verify(*kv, store::BlobStore(*kv)).value();
  INFO((report.first ? report.first->what : ""));
  REQUIRE(report.clean());
  return report.events;
}

// Opening for writes costs a dozen synced files, so it is tried at every so many bytes only.
constexpr std::uintmax_t reopen_stride = 61;

}  // namespace

TEST_CASE("a write-ahead log cut at any byte opens as a prefix of whole batches") {
  const test::TempDirectory directory(test::crash_directory());
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
    const std::vector<std::vector<event::Event>> batches{
        {test::make_event(event::Type::heartbeat, {})},
        {test::started("apps", "r1"), test::make_event(event::Type::health_observed, {})}};
    for (const auto& batch : batches) {
      clock.advance(1'000);
      ends.push_back(log->append(batch).value().back());
    }
  }
  const fs::path wal = newest_wal(whole);
  const auto size = fs::file_size(wal);
  REQUIRE(size > 500);
  store::Seq last = ends.back();
  const std::string cut = directory.file("cut");
  for (std::uintmax_t bytes = size + 1; bytes-- > 0;) {
    INFO("cut at byte " << bytes << " of " << size);
    fs::resize_file(wal, bytes);
    const store::Seq head = check_readable(whole);
    REQUIRE(std::find(ends.begin(), ends.end(), head) != ends.end());
    REQUIRE(head <= last);
    last = head;
    if (bytes % reopen_stride != 0) continue;
    fs::remove_all(cut);
    fs::copy(whole, cut);
    REQUIRE(test::check_recovered(*open(cut)) == head);
  }
  CHECK(last == base);
}
