// Single bytes of the database's own files changed, whatever they mean: table files, the
// write-ahead log, RocksDB's lists of files.
#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <map>
#include <random>

#include "store/blobs.hh"
#include "store/event_log.hh"
#include "store/verify.hh"
#include "tests/crash/log_check.hh"
#include "tests/support/log_samples.hh"
#include "tests/support/temp_directory.hh"

using namespace weir;
namespace fs = std::filesystem;

namespace {

constexpr int flips = 800;

// Table files with a part of the events, and a write-ahead log with the rest.
void fill(const std::string& path) {
  test::HandClock clock;
  for (unsigned start = 0; start < 2; ++start) {
    const auto kv = store::open_rocks({.directory = path}).value();
    const auto log = store::EventLog::open(*kv, clock).value();
    for (unsigned round = 0; round < 40; ++round) {
      clock.advance(1'000);
      REQUIRE(test::append_round(*log, round).ok());
    }
  }
}

base::Digest all_rows(const store::Kv& kv) {
  base::Sha256 hash;
  for (std::size_t i = 0; i < store::family_count; ++i) {
    auto cursor = kv.cursor(static_cast<store::Family>(i));
    for (cursor->seek(""); cursor->valid(); cursor->next()) {
      hash.update(std::to_string(i) + " " + base::hex_encode(cursor->key()) + " ");
      hash.update(base::hex_encode(cursor->value()) + "\n");
    }
    if (!cursor->status().ok()) return {};
  }
  return hash.finish();
}

// Whether a reader is told that something is wrong; else `rows` is what it reads.
bool is_told(const std::string& path, base::Digest& rows) {
  const auto kv = store::open_rocks({.directory = path, .read_only = true});
  if (!kv.ok()) return true;
  const auto report = store::verify(**kv, store::BlobStore(**kv));
  if (!report.ok() || report->first) return true;
  if (!store::check_write_ahead_log(path).ok()) return true;
  rows = all_rows(**kv);
  return rows.empty();
}

std::vector<std::pair<fs::path, std::uintmax_t>> files_of(const std::string& path) {
  std::vector<std::pair<fs::path, std::uintmax_t>> out;
  for (const auto& entry : fs::directory_iterator(path))
    if (entry.is_regular_file() && entry.file_size() > 0)
      out.emplace_back(entry.path(), entry.file_size());
  std::sort(out.begin(), out.end());
  return out;
}

void flip(const fs::path& path, std::uintmax_t at, unsigned char bits) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekg(static_cast<std::streamoff>(at));
  const int byte = file.get();
  file.seekp(static_cast<std::streamoff>(at));
  file.put(static_cast<char>(byte ^ bits));
}

}  // namespace

TEST_CASE("a changed byte of any file is told, or nothing that can be read differs") {
  const test::TempDirectory directory(test::crash_directory());
  const std::string path = directory.file("log");
  fill(path);
  base::Digest whole;
  REQUIRE_FALSE(is_told(path, whole));
  const auto files = files_of(path);
  std::uintmax_t bytes = 0;
  for (const auto& [file, size] : files) bytes += size;
  const auto seed = test::crash_seed();
  WARN("seed " << seed);
  std::mt19937 random(seed);
  std::map<std::string, std::pair<int, int>> by_kind;  // told, of
  for (int i = 0; i < flips; ++i) {
    std::size_t at = random() % files.size();
    std::uintmax_t byte = random() % files[at].second;
    if (i % 3 != 0) {  // as often as it is big
      byte = random() % bytes;
      for (at = 0; byte >= files[at].second; ++at) byte -= files[at].second;
    }
    const fs::path& file = files[at].first;
    const auto bits = static_cast<unsigned char>(1u << random() % 8);
    INFO("seed " << seed << ", flip " << i << ": byte " << byte << " of " << file);
    flip(file, byte, bits);
    base::Digest rows;
    const bool told = is_told(path, rows);
    if (!told) REQUIRE(rows == whole);
    flip(file, byte, bits);
    auto& [seen, of] = by_kind[file.extension().string()];
    seen += told ? 1 : 0;
    ++of;
  }
  // All but what stands in the file for nobody: filters, padding, statistics.
  const auto [wal_told, wal_of] = by_kind[".log"];
  REQUIRE(wal_of > 50);
  CHECK(wal_told == wal_of);
  const auto [tables_told, tables_of] = by_kind[".sst"];
  REQUIRE(tables_of > 50);
  CHECK(tables_told * 2 > tables_of);
  base::Digest rows;
  REQUIRE_FALSE(is_told(path, rows));
  REQUIRE(rows == whole);
}
