#include "tests/crash/log_check.hh"

#include <stdlib.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <random>

#include "store/verify.hh"
#include "tests/support/log_samples.hh"

namespace weir::test {

store::Seq check_recovered(store::Kv& kv) {
  HandClock clock(1'900'000'000'000'000);
  auto log = store::EventLog::open(kv, clock);
  REQUIRE(log.ok());
  const store::Seq head = (*log)->head().seq;
  const bool cut = !kv.unread().empty();
  if (cut) REQUIRE((*log)->read(head).value().type == event::Type::log_cut);
  const store::BlobStore blobs(kv);
  auto report = store::verify(kv, blobs);
  REQUIRE(report.ok());
  INFO((report->first ? report->first->what : ""));
  REQUIRE(report->clean());
  REQUIRE(report->events == head);
  store::WriteBatch staged;
  REQUIRE(store::BlobStore(kv).stage(staged, manifest_of_round(1)).ok());
  auto appended = (*log)->append(round_of_events(1), std::move(staged));
  REQUIRE(appended.ok());
  REQUIRE(appended->front() == head + 1);
  report = store::verify(kv, blobs);
  REQUIRE(report.ok());
  INFO((report->first ? report->first->what : ""));
  REQUIRE(report->clean());
  if (cut) REQUIRE(report->cuts.back().seq == head);
  return cut ? head - 1 : head;
}

Result<std::vector<store::Seq>> append_round(store::EventLog& log, unsigned round) {
  store::WriteBatch staged;
  store::BlobStore blobs(log.kv());
  WEIR_TRY(const base::Digest digest, blobs.stage(staged, manifest_of_round(round)));
  static_cast<void>(digest);
  return log.append(round_of_events(round), std::move(staged));
}

std::filesystem::path crash_directory() {
  const std::filesystem::path memory = "/dev/shm";
  std::error_code none;
  const bool has_room = std::filesystem::space(memory, none).available > (std::uintmax_t{1} << 30);
  return !none && has_room && ::access(memory.c_str(), W_OK) == 0
             ? memory
             : std::filesystem::temp_directory_path();
}

std::uint32_t crash_seed() {
  const char* given = ::getenv("WEIR_SEED");
  return given != nullptr ? static_cast<std::uint32_t>(std::stoul(given)) : std::random_device()();
}

}  // namespace weir::test
