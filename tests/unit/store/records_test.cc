// The record of the engine's steps, as EngineLog keeps it; and what opening refuses.
#include <catch2/catch.hpp>
#include <rocksdb/db.h>

#include <random>

#include "engine/reconcile/recording.hh"
#include "store/log_port.hh"
#include "tests/support/log_samples.hh"
#include "tests/support/temp_directory.hh"

using namespace weir;
using reconcile::RecordEntry;

namespace {

std::string entry(RecordEntry::Kind kind, std::size_t bytes) {
  std::mt19937_64 random(bytes);
  RecordEntry out;
  out.kind = kind;
  for (std::size_t i = 0; i < bytes; ++i) out.payload.push_back(static_cast<char>(random()));
  std::string record;
  reconcile::append_entry(record, out);
  return record;
}

struct Runs {
  std::vector<std::size_t> steps;  // of each run that is kept
  std::size_t ended = 0;
};

Runs read_runs(const store::EngineLog& port) {
  Runs out;
  REQUIRE(port.for_each_record([&](std::string_view record) -> Result<bool> {
                const auto entries = reconcile::parse_record(record);
                for (const RecordEntry& item : entries.value()) {
                  if (item.kind == RecordEntry::Kind::begin) out.steps.push_back(0);
                  if (item.kind == RecordEntry::Kind::step) ++out.steps.back();
                  if (item.kind == RecordEntry::Kind::ended) ++out.ended;
                }
                return true;
              })
              .ok());
  return out;
}

}  // namespace

TEST_CASE("records keep their order, and older runs go when there is no room") {
  const test::TempDirectory directory;
  test::HandClock clock;
  auto kv = store::open_rocks({.directory = directory.file("log")}).value();
  auto log = store::EventLog::open(*kv, clock).value();
  store::BlobStore blobs(*kv);
  std::vector<event::Event> none;
  std::size_t runs = 0;
  // The store counts its write buffer as whole blocks: room for more than a run.
  for (int run = 0; run < 12; ++run) {
    store::EngineLog port(*log, blobs, 100'000'000);
    REQUIRE(port.append(none, entry(RecordEntry::Kind::begin, 10)).ok());
    for (int i = 0; i < 10; ++i)
      REQUIRE(port.append(none, entry(RecordEntry::Kind::step, 1'000'000)).ok());
    const Runs kept = read_runs(port);
    CHECK(kept.ended == 0);
    CHECK(kept.steps.back() == 10);
    runs = kept.steps.size();
  }
  CHECK(runs < 12);
}

TEST_CASE("a run that outgrows the room alone is recorded up to there, and says so") {
  const test::TempDirectory directory;
  test::HandClock clock;
  auto kv = store::open_rocks({.directory = directory.file("log")}).value();
  auto log = store::EventLog::open(*kv, clock).value();
  store::BlobStore blobs(*kv);
  store::EngineLog port(*log, blobs, 5'000'000);
  std::vector<event::Event> none;
  REQUIRE(port.append(none, entry(RecordEntry::Kind::begin, 10)).ok());
  for (int i = 0; i < 200; ++i)
    REQUIRE(port.append(none, entry(RecordEntry::Kind::step, 100'000)).ok());
  const Runs kept = read_runs(port);
  CHECK(kept.ended == 1);
  CHECK(kept.steps.front() < 80);
  CHECK(kept.steps.front() > 20);
  // Events go on.
  std::vector<event::Event> events = test::round_of_events(1);
  REQUIRE(port.append(events, entry(RecordEntry::Kind::step, 100'000)).ok());
  CHECK(log->head().seq == events.size());
  CHECK(read_runs(port).steps.front() == kept.steps.front());
}

TEST_CASE("a malformed record is refused at every length") {
  const std::string whole = entry(RecordEntry::Kind::step, 40) + entry(RecordEntry::Kind::step, 3);
  CHECK(reconcile::parse_record(whole).value().size() == 2);
  std::size_t whole_ones = 0;
  for (std::size_t size = 0; size < whole.size(); ++size)
    whole_ones += reconcile::parse_record(std::string_view(whole).substr(0, size)).ok() ? 1 : 0;
  CHECK(whole_ones == 2);  // none, and the first alone
}

TEST_CASE("a database with a part that this build does not know is a newer weir's") {
  const test::TempDirectory directory;
  const std::string path = directory.file("log");
  REQUIRE(store::open_rocks({.directory = path}).ok());
  {
    std::vector<std::string> names;
    REQUIRE(rocksdb::DB::ListColumnFamilies({}, path, &names).ok());
    std::vector<rocksdb::ColumnFamilyDescriptor> families;
    for (const std::string& name : names)
      families.emplace_back(name, rocksdb::ColumnFamilyOptions());
    std::vector<rocksdb::ColumnFamilyHandle*> handles;
    rocksdb::DB* raw = nullptr;
    REQUIRE(rocksdb::DB::Open({}, path, families, &handles, &raw).ok());
    rocksdb::ColumnFamilyHandle* added = nullptr;
    REQUIRE(raw->CreateColumnFamily({}, "of tomorrow", &added).ok());
    handles.push_back(added);
    for (auto* handle : handles) REQUIRE(raw->DestroyColumnFamilyHandle(handle).ok());
    delete raw;
  }
  for (const bool read_only : {false, true}) {
    const auto opened = store::open_rocks({.directory = path, .read_only = read_only});
    REQUIRE_FALSE(opened.ok());
    CHECK(opened.error().code == Code::unsupported);
    CHECK(opened.error().message.find("a part \"of tomorrow\"") != std::string::npos);
    CHECK(opened.error().message.find("a downgrade is not possible") != std::string::npos);
  }
}
