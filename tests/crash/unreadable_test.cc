// Table files with damaged blocks: what can be read is rescued, and the rest is told.
#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "store/repair.hh"
#include "store/rescue.hh"
#include "store/verify.hh"
#include "tests/crash/log_check.hh"
#include "tests/support/log_samples.hh"
#include "tests/support/temp_directory.hh"

using namespace weir;
namespace fs = std::filesystem;

namespace {

// A database of table files alone: opening one writes out what the write-ahead log holds.
store::Seq fill(const std::string& path) {
  test::HandClock clock;
  store::Seq head = 0;
  for (unsigned start = 0; start < 2; ++start) {
    const auto kv = store::open_rocks({.directory = path}).value();
    const auto log = store::EventLog::open(*kv, clock).value();
    for (unsigned round = 0; round < 120 && start == 0; ++round) {
      clock.advance(1'000);
      head = test::append_round(*log, round).value().back();
    }
  }
  return head;
}

void damage(const fs::path& file) {
  std::fstream bytes(file, std::ios::in | std::ios::out | std::ios::binary);
  // Within the data blocks, which come first.
  bytes.seekp(static_cast<std::streamoff>(fs::file_size(file) / 4));
  bytes << "\xde\xad\xbe\xef\xde\xad\xbe\xef";
}

std::vector<fs::path> tables_of(const std::string& path) {
  std::vector<fs::path> out;
  for (const auto& entry : fs::directory_iterator(path))
    if (entry.path().extension() == ".sst") out.push_back(entry.path());
  std::sort(out.begin(), out.end());
  return out;
}

// Whether the database opens only after RocksDB's own salvage, as in weir repair.
bool salvage(const std::string& path) {
  const auto kv = store::open_rocks({.directory = path, .read_only = true});
  if (kv.ok()) return false;
  INFO(kv.error().message);
  REQUIRE(kv.error().code == Code::corrupt);
  REQUIRE(store::salvage(path).ok());
  return true;
}

std::vector<std::string> unreadable_in(const std::string& path) {
  const auto kv = store::open_rocks({.directory = path, .read_only = true}).value();
  auto found = store::unreadable_families(*kv);
  INFO((found.ok() ? "walked" : found.error().message));
  REQUIRE(found.ok());
  return *std::move(found);
}

}  // namespace

TEST_CASE("a damaged block in any table file leaves a log that can be rescued and goes on") {
  const test::TempDirectory directory(test::crash_directory());
  const std::string whole = directory.file("whole");
  const store::Seq head = fill(whole);
  const std::size_t tables = tables_of(whole).size();
  REQUIRE(tables >= 5);
  std::size_t rescued = 0, cut = 0;
  for (std::size_t i = 0; i < tables; ++i) {
    const std::string path = directory.file("log-" + std::to_string(i));
    fs::copy(whole, path);
    damage(tables_of(path)[i]);
    INFO("table " << tables_of(path)[i]);
    if (salvage(path)) {  // the damage lies where RocksDB looks when it opens a file
      const auto kv = store::open_rocks({.directory = path}).value();
      test::HandClock clock(1'900'000'000'000'000);
      const auto report = store::repair(*kv, store::BlobStore(*kv), clock, "tester");
      INFO((report.ok() ? "repaired" : report.error().message));
      REQUIRE(report.ok());
      test::check_recovered(*kv);
      continue;
    }
    const auto unreadable = unreadable_in(path);
    if (unreadable.empty()) continue;  // it is where the file keeps what readers need not
    ++rescued;
    const std::string kept = store::rescue(path).value();
    CHECK(fs::exists(kept + "/CURRENT"));
    CHECK_FALSE(fs::exists(path + ".rescued"));
    const auto kv = store::open_rocks({.directory = path}).value();
    CHECK(store::unreadable_families(*kv).value().empty());
    test::HandClock clock(1'900'000'000'000'000);
    const auto report = store::repair(*kv, store::BlobStore(*kv), clock, "tester");
    REQUIRE(report.ok());
    const bool events_lost = unreadable.front() == "events";
    CHECK((report->head < head) == events_lost);
    CHECK(report->lost.size() == (events_lost ? head - report->head : 0));
    cut += events_lost ? 1 : 0;
    test::check_recovered(*kv);
  }
  CHECK(rescued >= 4);
  CHECK(cut == 1);
}

TEST_CASE("a rescue that was cut off is begun again, and a second one keeps both damaged copies") {
  const test::TempDirectory directory(test::crash_directory());
  const std::string path = directory.file("log");
  const store::Seq head = fill(path);
  fs::create_directory(path + ".rescued");
  std::ofstream(path + ".rescued/CURRENT") << "half";
  CHECK(store::rescue(path).value() == path + ".damaged");
  CHECK(store::rescue(path).value() == path + ".damaged-2");
  const auto kv = store::open_rocks({.directory = path}).value();
  CHECK(test::check_recovered(*kv) == head);
}
