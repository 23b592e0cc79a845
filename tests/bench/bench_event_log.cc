// What the log costs over the raw store: appends of realistic events, single and batched, synced,
// against one RocksDB WriteBatch with the same rows (keys and values byte for byte) for each
// append. Prints ratios from one run; "plain" is the log without its tree and projections.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>
#include <vector>

#include "engine/event/codec.hh"
#include "engine/event/wire.hh"
#include "store/blobs.hh"
#include "store/event_log.hh"
#include "store/projections/objects.hh"
#include "store/record_format.hh"
#include "store/refold.hh"
#include "store/verify.hh"
#include "tests/support/log_samples.hh"
#include "tests/support/temp_directory.hh"

using namespace weir;
using Steady = std::chrono::steady_clock;

namespace {

// What a test store does with a write: pass it on and keep a copy, or drop it.
enum class Fate { keep, drop };

class RecordingKv final : public store::Kv {
 public:
  Result<std::optional<std::string>> get(store::Family family,
                                         std::string_view key) const override {
    return kv_->get(family, key);
  }
  Result<void> write(const store::WriteBatch& batch, bool synced) override {
    if (fate == Fate::drop) return {};
    batches.push_back(batch);
    return kv_->write(batch, synced);
  }
  std::unique_ptr<store::Cursor> cursor(store::Family family) const override {
    return kv_->cursor(family);
  }
  Result<void> sync() override { return {}; }

  Fate fate = Fate::keep;
  std::vector<store::WriteBatch> batches;

 private:
  std::unique_ptr<store::Kv> kv_ = store::make_memory_kv();
};

std::vector<event::Event> make_batch(unsigned number, std::size_t events) {
  std::vector<event::Event> batch;
  for (std::size_t i = 0; i < events; ++i) {
    const std::string name = "web-" + std::to_string((number * events + i) % 1000);
    event::Event event = test::applied(name, "apps-" + std::to_string(i % 20),
                                       "main@sha1:5ee61e7ae31d1b0bd4a3bd2d1ae3ad2ebd4ff73c",
                                       base::sha256(name + std::to_string(number)));
    event.subject.uid = "1c3f3b4e-6f0e-4b52-9b43-0d8c6e1f7a55";
    event.reconcile_id = "8b2f9c1e-" + std::to_string(number);
    event.cause = number;
    batch.push_back(std::move(event));
  }
  return batch;
}

double seconds_since(Steady::time_point start) {
  return std::chrono::duration<double>(Steady::now() - start).count();
}

struct Timing {
  double seconds = 0;
  std::vector<double> each_us;  // sorted
  double percentile(double p) const {
    return each_us[static_cast<std::size_t>(p * static_cast<double>(each_us.size() - 1))];
  }
};

template <typename Append>
Timing time_each(std::size_t count, Append append) {
  Timing timing;
  const auto start = Steady::now();
  for (std::size_t i = 0; i < count; ++i) {
    const auto before = Steady::now();
    append(i);
    timing.each_us.push_back(seconds_since(before) * 1e6);
  }
  timing.seconds = seconds_since(start);
  std::sort(timing.each_us.begin(), timing.each_us.end());
  return timing;
}

void check(bool ok, const char* what) {
  if (ok) return;
  std::fprintf(stderr, "bench_event_log: %s failed\n", what);
  std::abort();
}

// An append of records and indexes alone: no leaf is hashed, no tree grown, no view folded.
void append_plainly(store::Kv& kv, std::vector<event::Event> events, store::Seq& head,
                    base::TimeUs now, bool synced) {
  namespace format = store::format;
  store::WriteBatch rows;
  rows.reserve(events.size() * 3 + 1, events.size() * 600);
  for (event::Event& event : events) {
    event.seq = ++head;
    event.time = now;
    event::append_big_endian(rows.begin_put(store::Family::events), event.seq);
    check(event::append_within_limits(rows.begin_value(), event).ok(), "encoding");
    format::append_subject_key(rows.begin_put(store::Family::index), event.subject.object,
                               event.subject.cluster, event.seq);
    format::append_owner_key(rows.begin_put(store::Family::index), event.owner, event.seq);
  }
  rows.put(store::Family::index, format::time_key(now), format::seq_key(head));
  check(kv.write(rows, synced).ok(), "plain append");
}

// Ratio of the log's speed to the raw store's, both on the same disk, alternating to share its
// moods; and what the log would do without its tree and projections.
void append_against_raw(benchmark::State& state) {
  const auto batch_events = static_cast<std::size_t>(state.range(0));
  const auto appends = static_cast<std::size_t>(state.range(1));
  const bool synced = state.range(2) != 0;
  for (auto _ : state) {
    test::HandClock clock;
    RecordingKv recorder;
    auto recorded = store::EventLog::open(recorder, clock).value();
    recorder.batches.clear();
    std::vector<std::vector<event::Event>> work;
    for (unsigned i = 0; i < appends; ++i) work.push_back(make_batch(i, batch_events));
    if (!synced) {
      for (auto& batch : work) {
        for (auto& event : batch) event.type = event::Type::object_observed;
      }
    }
    for (auto& batch : work) {
      clock.advance(1'000);
      check(recorded->append(batch).ok(), "recording");
    }
    test::HandClock log_clock;
    const test::TempDirectory log_directory, raw_directory, plain_directory;
    auto plain_kv = store::open_rocks({.directory = plain_directory.file("db")}).value();
    const auto plain_work = work;
    store::Seq plain_head = 0;
    auto log_kv = store::open_rocks({.directory = log_directory.file("db")}).value();
    auto raw_kv = store::open_rocks({.directory = raw_directory.file("db")}).value();
    auto log = store::EventLog::open(*log_kv, log_clock).value();
    Timing log_time, raw_time, plain_time;
    const std::size_t slice = std::max<std::size_t>(1, appends / 20);
    for (std::size_t first = 0; first < appends; first += slice) {
      const std::size_t count = std::min(slice, appends - first);
      const Timing raw = time_each(count, [&](std::size_t i) {
        check(raw_kv->write(recorder.batches[first + i], synced).ok(), "raw write");
      });
      const Timing ours = time_each(count, [&](std::size_t i) {
        log_clock.advance(1'000);
        check(log->append(std::move(work[first + i])).ok(), "append");
      });
      const Timing plain = time_each(count, [&](std::size_t i) {
        append_plainly(*plain_kv, plain_work[first + i], plain_head, log_clock.now(), synced);
      });
      plain_time.seconds += plain.seconds;
      for (auto [sum, part] : {std::pair{&log_time, &ours}, std::pair{&raw_time, &raw}}) {
        sum->seconds += part->seconds;
        sum->each_us.insert(sum->each_us.end(), part->each_us.begin(), part->each_us.end());
      }
    }
    check(log->head().root == recorded->head().root, "equal roots");
    for (Timing* timing : {&log_time, &raw_time}) {
      std::sort(timing->each_us.begin(), timing->each_us.end());
    }
    const auto events = static_cast<double>(appends * batch_events);
    state.counters["ratio"] = raw_time.seconds / log_time.seconds;
    state.counters["log_ev/s"] = events / log_time.seconds;
    state.counters["raw_ev/s"] = events / raw_time.seconds;
    state.counters["plain_ev/s"] = events / plain_time.seconds;
    state.counters["log_p50us"] = log_time.percentile(0.5);
    state.counters["log_p99us"] = log_time.percentile(0.99);
    state.counters["raw_p50us"] = raw_time.percentile(0.5);
    state.counters["raw_p99us"] = raw_time.percentile(0.99);
  }
}
BENCHMARK(append_against_raw)
    ->ArgNames({"events", "appends", "synced"})
    ->Args({1, 2000, 1})
    ->Args({10, 1000, 1})
    ->Args({100, 300, 1})
    ->Args({1000, 50, 1})
    ->Args({100, 300, 0})
    ->Iterations(1)
    ->Unit(benchmark::kMillisecond);

// The log's own work, with a store that drops what it is given.
void append_without_store(benchmark::State& state) {
  const auto batch_events = static_cast<std::size_t>(state.range(0));
  RecordingKv kv;
  test::HandClock clock;
  auto log = store::EventLog::open(kv, clock).value();
  kv.fate = Fate::drop;
  const auto batch = make_batch(1, batch_events);
  for (auto _ : state) {
    clock.advance(1'000);
    check(log->append(batch).ok(), "append");
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(append_without_store)->Arg(1)->Arg(100);

// Reads, refold and verification over a log of WEIR_BENCH_EVENTS events (default 200,000).
void questions_of_a_large_log(benchmark::State& state) {
  const char* wanted = std::getenv("WEIR_BENCH_EVENTS");
  const std::size_t events = wanted != nullptr ? std::stoull(wanted) : 200'000;
  for (auto _ : state) {
    const test::TempDirectory directory;
    const std::string path = directory.file("db");
    test::HandClock clock;
    auto kv = store::open_rocks({.directory = path}).value();
    auto log = store::EventLog::open(*kv, clock).value();
    for (unsigned i = 0; i * 1000 < events; ++i) {
      auto batch = make_batch(i, 1000);
      for (auto& event : batch) event.blobs.clear();
      clock.advance(1'000'000);
      check(log->append(std::move(batch)).ok(), "append");
    }
    log.reset();
    kv.reset();
    std::uintmax_t bytes = 0;
    for (const auto& file : std::filesystem::directory_iterator(path)) {
      bytes += std::filesystem::file_size(file);
    }
    auto start = Steady::now();
    kv = store::open_rocks({.directory = path}).value();
    log = store::EventLog::open(*kv, clock).value();
    state.counters["open_ms"] = seconds_since(start) * 1e3;
    const store::Seq head = log->head().seq;
    const Timing show = time_each(1000, [&](std::size_t i) {
      const auto id = test::deployment("web-" + std::to_string(i));
      const auto at = head * (i % 10 + 1) / 10;
      check(store::projections::object_at(*kv, id, at, store::projections::Side::live).ok(),
            "object_at");
    });
    const Timing history = time_each(1000, [&](std::size_t i) {
      const auto id = test::deployment("web-" + std::to_string(i));
      check(store::projections::object_history(*kv, id, head, 100).ok(), "object_history");
    });
    start = Steady::now();
    const auto objects =
        store::projections::state_at(*kv, head / 2, store::projections::Side::live).value();
    state.counters["state_ms"] = seconds_since(start) * 1e3;
    state.counters["objects"] = static_cast<double>(objects.size());
    start = Steady::now();
    check(log->refold().ok(), "refold");
    state.counters["refold_ev/s"] = static_cast<double>(head) / seconds_since(start);
    start = Steady::now();
    check(store::verify(*kv, store::BlobStore(*kv)).value().clean(), "verify");
    state.counters["verify_ev/s"] = static_cast<double>(head) / seconds_since(start);
    state.counters["show_p99us"] = show.percentile(0.99);
    state.counters["history_p99us"] = history.percentile(0.99);
    state.counters["bytes/ev"] = static_cast<double>(bytes) / static_cast<double>(head);
  }
}
BENCHMARK(questions_of_a_large_log)->Iterations(1)->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
