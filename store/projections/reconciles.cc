#include "store/projections/reconciles.hh"

#include <unordered_map>

#include "engine/event/wire.hh"
#include "store/projections/view.hh"
#include "store/record_format.hh"

namespace weir::store::projections {
namespace {

using event::Event;
using event::Type;

constexpr char began = 1;
constexpr char ended = 2;

struct Row {
  bool end = false;
  ReconcileRecord record;
};

std::string owner_prefix(const model::ObjectId& owner) {
  std::string key(1, prefix_reconcile);
  format::append_object(key, owner);
  return key;
}

Result<Row> decode_row(std::uint64_t seq, std::string_view bytes) {
  event::Reader reader(bytes);
  Row row;
  row.end = reader.byte() == static_cast<std::uint8_t>(ended);
  ReconcileRecord& record = row.record;
  const auto time = static_cast<base::TimeUs>(reader.varint());
  record.id = std::string(reader.string());
  record.revision = std::string(reader.string());
  if (row.end) {
    record.finished_seq = seq;
    record.finished = time;
    record.duration_ms = static_cast<std::int64_t>(reader.varint());
    record.started = time - record.duration_ms * 1000;
    record.status = std::string(reader.string());
    record.reason = std::string(reader.string());
    record.message = std::string(reader.string());
  } else {
    record.started_seq = seq;
    record.started = time;
  }
  if (!reader.at_end()) {
    return make_error(Code::corrupt,
                      "reconciles: the row of event " + std::to_string(seq) + " is malformed");
  }
  return row;
}

}  // namespace

void fold_reconciles(const Event& event, WriteBatch& batch) {
  const bool end = event.type == Type::reconcile_finished;
  if (!end && event.type != Type::reconcile_started) return;
  std::string key = owner_prefix(event.subject.object);
  event::append_big_endian(key, event.seq);
  std::string row(1, end ? ended : began);
  event::append_varint(row, static_cast<std::uint64_t>(event.time));
  event::append_string(row, event.reconcile_id);
  event::append_string(row, event.data["revision"].get_string());
  if (end) {
    event::append_varint(row, static_cast<std::uint64_t>(event.data["durationMs"].get_int()));
    event::append_string(row, event.data["status"].get_string());
    event::append_string(row, event.data["reason"].get_string());
    event::append_string(row, event.data["message"].get_string());
  }
  batch.put(Family::projections, key, row);
}

Result<std::vector<ReconcileRecord>> reconciles(const Kv& kv, const model::ObjectId& owner,
                                                std::size_t limit) {
  std::vector<ReconcileRecord> records;
  std::unordered_map<std::string, std::size_t> open;  // id -> its record, its beginning not yet met
  const std::string prefix = owner_prefix(owner);
  std::string last = prefix;
  event::append_big_endian(last, ~std::uint64_t{0});
  auto cursor = kv.cursor(Family::projections);
  for (cursor->seek_for_previous(last); cursor->valid() && cursor->key().starts_with(prefix);
       cursor->previous()) {
    const auto seq = format::take_seq(cursor->key().substr(prefix.size()));
    if (!seq) return make_error(Code::corrupt, "reconciles: a key is malformed");
    WEIR_TRY(Row row, decode_row(*seq, cursor->value()));
    const auto known = row.end ? open.end() : open.find(row.record.id);
    if (known != open.end()) {
      records[known->second].started_seq = *seq;
      records[known->second].started = row.record.started;
      open.erase(known);
    } else if (records.size() < limit) {
      if (row.end) open[row.record.id] = records.size();
      records.push_back(std::move(row.record));
    }
    if (records.size() == limit && open.empty()) break;
  }
  WEIR_CHECK(cursor->status());
  return records;
}

}  // namespace weir::store::projections
