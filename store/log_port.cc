#include "store/log_port.hh"

#include "engine/reconcile/recording.hh"
#include "store/record_format.hh"
#include "store/snapshots.hh"

namespace weir::store {
namespace {

constexpr std::string_view engine_snapshots = "engine";
constexpr std::size_t engine_snapshots_kept = 2;

}  // namespace

Result<void> EngineLog::append(std::vector<event::Event>& events, std::string_view record) {
  WriteBatch staged;
  if (!record.empty() && record_bytes_max_ > 0) WEIR_CHECK(stage_record(record, staged));
  if (events.empty() && staged.empty()) return {};
  WEIR_TRY(const std::vector<Seq> seqs, log_.append(events, staged));
  if (!staged.empty()) ++record_next_;
  for (std::size_t i = 0; i < events.size(); ++i) events[i].seq = seqs[i];
  return {};
}

std::uint64_t EngineLog::record_bytes() const {
  for (const auto& [name, bytes] : log_.kv().family_bytes())
    if (name == "inputs") return bytes;
  return 0;
}

// Every look at the size may drop runs; a record that begins a run is one.
Result<void> EngineLog::stage_record(std::string_view record, WriteBatch& batch) {
  using reconcile::RecordEntry;
  if (record_next_ == 0) {
    auto cursor = log_.kv().cursor(Family::inputs);
    cursor->seek_last();
    WEIR_CHECK(cursor->status());
    record_next_ = cursor->valid() ? format::take_seq(cursor->key()).value_or(0) + 1 : 1;
  }
  const auto kind = static_cast<RecordEntry::Kind>(record.front());
  const bool begins = kind == RecordEntry::Kind::begin || kind == RecordEntry::Kind::begin_all;
  if (begins) {
    run_first_ = record_next_;
    run_bytes_ = 0;
    ended_ = false;
  }
  if (ended_) return {};
  unchecked_ += record.size();
  run_bytes_ += record.size();
  if (begins || unchecked_ > record_bytes_max_ / 16) {
    unchecked_ = 0;
    if (record_bytes() > record_bytes_max_) WEIR_CHECK(drop_older_runs());
  }
  std::string last;
  if (ended_) {
    RecordEntry entry;
    entry.kind = RecordEntry::Kind::ended;
    entry.head = log_.head().seq;
    reconcile::append_entry(last, entry);
    record = last;
  }
  batch.put(Family::inputs, format::seq_key(record_next_), record);
  return {};
}

// All runs before this one; when there is none, this one ends. What was dropped counts until a
// compaction has come by, so that its own size decides.
Result<void> EngineLog::drop_older_runs() {
  WriteBatch batch;
  auto cursor = log_.kv().cursor(Family::inputs);
  for (cursor->seek(""); cursor->valid() && cursor->key() < format::seq_key(run_first_);
       cursor->next())
    batch.remove(Family::inputs, cursor->key());
  WEIR_CHECK(cursor->status());
  ended_ = batch.empty() && run_first_ != record_next_ && run_bytes_ > record_bytes_max_;
  return batch.empty() ? Result<void>() : log_.kv().write(batch, false);
}

Result<void> EngineLog::for_each_record(
    const std::function<Result<bool>(std::string_view record)>& visit) const {
  auto cursor = log_.kv().cursor(Family::inputs);
  for (cursor->seek(""); cursor->valid(); cursor->next()) {
    WEIR_TRY(const bool more, visit(cursor->value()));
    if (!more) return {};
  }
  return cursor->status();
}

Result<void> EngineLog::replay(std::uint64_t from,
                               const std::function<bool(const event::Event&)>& visit) const {
  ScanRequest request;
  request.from = from;
  while (true) {
    WEIR_TRY(const EventPage page, log_.scan(request));
    for (const event::Event& event : page.events)
      if (!visit(event)) return {};
    if (!page.next) return {};
    request.from = *page.next;
  }
}

Result<base::Digest> EngineLog::put_blob(std::string_view bytes, bool sealed) {
  return sealed ? blobs_.put_sealed(bytes) : blobs_.put(bytes);
}

Result<std::string> EngineLog::get_blob(const base::Digest& digest) const {
  return blobs_.get(digest);
}

Result<std::optional<reconcile::StateSnapshot>> EngineLog::latest_snapshot(
    std::uint64_t max_seq) const {
  WEIR_TRY(auto found, store::latest_snapshot(log_.kv(), engine_snapshots, max_seq));
  if (!found) return std::optional<reconcile::StateSnapshot>();
  return std::optional(reconcile::StateSnapshot{found->seq, std::move(found->bytes)});
}

Result<void> EngineLog::put_snapshot(std::uint64_t seq, const std::string& bytes) {
  WEIR_CHECK(store::put_snapshot(log_.kv(), engine_snapshots, seq, bytes));
  auto dropped = drop_snapshots(log_.kv(), engine_snapshots, engine_snapshots_kept);
  return dropped.ok() ? Result<void>() : Result<void>(std::move(dropped).error());
}

}  // namespace weir::store
