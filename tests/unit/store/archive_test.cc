#include "store/archive.hh"

#include <catch2/catch.hpp>
#include <random>

#include "engine/event/codec.hh"
#include "store/event_log.hh"
#include "store/ledger.hh"
#include "tests/support/log_samples.hh"
#include "tests/support/temp_directory.hh"

using namespace weir;
using store::VerifierKey;

namespace {

using Lines = std::vector<std::string>;

struct Rig {
  test::TempDirectory directory;
  std::unique_ptr<store::Kv> kv = store::make_memory_kv();
  test::HandClock clock;
  std::unique_ptr<store::EventLog> log = store::EventLog::open(*kv, clock).value();
  std::unique_ptr<store::Ledger> ledger;

  explicit Rig(unsigned rounds = 20) {
    open();
    append(rounds);
  }
  void open(bool rotate = false) {
    ledger = store::Ledger::open(*log, {directory.file("ledger.key"), "", rotate}).value();
  }
  void append(unsigned rounds) {
    for (unsigned round = 0; round < rounds; ++round) {
      clock.advance(1'000);
      REQUIRE(log->append(test::round_of_events(round)).ok());
    }
  }
  VerifierKey key() const { return ledger->public_key(); }

  // As the API makes it: runs of neighbours, pages of seven.
  Lines archive(const store::EventFilter& filter = {}) {
    const std::string note = ledger->checkpoint().value();
    const std::uint64_t size = log->head().seq;
    Lines lines{store::archive_text(store::archive_begin(*kv, note).value())};
    store::ScanRequest scan;
    scan.filter = filter;
    scan.limit = 7;
    std::uint64_t count = 0;
    for (bool more = true; more;) {
      const auto page = log->scan(scan).value();
      for (std::size_t i = 0; i < page.events.size(); ++i) {
        const auto seq = page.events[i].seq;
        const bool begins = i == 0 || page.events[i - 1].seq + 1 != seq;
        const bool ends = i + 1 == page.events.size() || page.events[i + 1].seq != seq + 1;
        lines.push_back(store::archive_text(
            store::archive_line(*kv, page.events[i], size, begins, ends).value()));
        ++count;
      }
      more = page.next.has_value();
      if (more) scan.from = *page.next;
    }
    lines.push_back(store::archive_text(store::archive_end(count)));
    return lines;
  }
};

store::ArchiveReport verify(const Lines& lines, std::optional<VerifierKey> key = {}) {
  std::size_t at = 0;
  return store::verify_archive(
             [&]() -> Result<std::optional<std::string>> {
               if (at == lines.size()) return std::optional<std::string>();
               return std::optional(lines[at++]);
             },
             key)
      .value();
}

std::string finding(const store::ArchiveReport& report) {
  return report.first ? report.first->what : "";
}

}  // namespace

TEST_CASE("an archive of the whole log verifies, with its key and without") {
  Rig rig;
  const Lines lines = rig.archive();
  const auto report = verify(lines, rig.key());
  INFO(finding(report));
  CHECK_FALSE(report.first);
  CHECK(report.events == rig.log->head().seq);
  CHECK(report.proofs == (report.events + 6) / 7);
  CHECK(report.key_trusted);
  CHECK_FALSE(verify(lines).first);
  CHECK_FALSE(verify(lines).key_trusted);
  const auto stranger = store::SigningKey::generate().value().verifier();
  CHECK(finding(verify(lines, stranger)).find("does not follow from") != std::string::npos);
}

TEST_CASE("an archive of some events proves each of them") {
  Rig rig;
  store::EventFilter filter;
  filter.type = event::Type::object_applied;
  const auto report = verify(rig.archive(filter), rig.key());
  INFO(finding(report));
  CHECK_FALSE(report.first);
  CHECK(report.events == 20);
  CHECK(report.proofs == 20);
  Rig empty(0);
  CHECK_FALSE(verify(empty.archive(), empty.key()).first);
}

TEST_CASE("an archive leads from every key of a rotated ledger to the one that signed") {
  Rig rig;
  std::vector<VerifierKey> keys{rig.key()};
  for (int rotation = 0; rotation < 2; ++rotation) {
    rig.open(true);
    rig.append(2);
    keys.push_back(rig.key());
  }
  const Lines lines = rig.archive();
  for (const VerifierKey& key : keys) {
    const auto report = verify(lines, key);
    INFO(finding(report));
    CHECK_FALSE(report.first);
    CHECK(report.public_key == keys.back().text());
  }
}

TEST_CASE("a dropped, doubled, exchanged or added line is found") {
  Rig rig;
  const Lines lines = rig.archive();
  for (std::size_t i = 0; i < lines.size(); ++i) {
    INFO("line " << i + 1);
    Lines dropped = lines;
    dropped.erase(dropped.begin() + static_cast<std::ptrdiff_t>(i));
    CHECK(verify(dropped, rig.key()).first);
    Lines doubled = lines;
    doubled.insert(doubled.begin() + static_cast<std::ptrdiff_t>(i), lines[i]);
    CHECK(verify(doubled, rig.key()).first);
    if (i + 1 == lines.size()) continue;
    Lines exchanged = lines;
    std::swap(exchanged[i], exchanged[i + 1]);
    CHECK(verify(exchanged, rig.key()).first);
  }
}

TEST_CASE("an archive cut at any byte of its last lines is found") {
  Rig rig(3);
  const Lines lines = rig.archive();
  const std::string& last = lines.back();
  for (std::size_t bytes = 0; bytes < last.size(); ++bytes) {
    Lines cut = lines;
    cut.back() = last.substr(0, bytes);
    CHECK(verify(cut, rig.key()).first);
  }
}

TEST_CASE("a changed byte of an archive is found wherever it is, and the line is named") {
  Rig rig(2);
  rig.open(true);
  rig.append(1);
  const Lines lines = rig.archive();
  REQUIRE_FALSE(verify(lines, rig.key()).first);
  for (std::size_t line = 0; line < lines.size(); ++line) {
    for (std::size_t at = line % 7; at < lines[line].size(); at += 7) {
      Lines damaged = lines;
      damaged[line][at] = static_cast<char>(damaged[line][at] ^ (1 << at % 8));
      const auto report = verify(damaged, rig.key());
      INFO("line " << line + 1 << ", byte " << at << ": " << damaged[line]);
      REQUIRE(report.first);
      // A changed leaf hash before a run shows where the run is proven, seven lines on at most.
      CHECK(report.first->line >= line + 1);
      CHECK(report.first->line <= line + 7);
    }
  }
}

TEST_CASE("a line that was forged with its record is found where its run is proven") {
  Rig rig;
  Lines lines = rig.archive();
  event::Event event = rig.log->read(10).value();
  event.actor = "mallory";
  Value line = event::to_cloud_event(event);
  line.append_member("record", base::base64_encode(event::encode(event)));
  lines[10] = store::archive_text(line);
  const auto report = verify(lines, rig.key());
  REQUIRE(report.first);
  CHECK(report.first->what == "the events 8 to 14 are not those of the checkpoint");
}
