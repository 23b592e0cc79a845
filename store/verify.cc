#include "store/verify.hh"

#include <algorithm>
#include <map>

#include "engine/event/codec.hh"
#include "engine/event/event.hh"
#include "engine/event/wire.hh"
#include "store/migrate.hh"
#include "store/projections/object_table.hh"
#include "store/record_format.hh"
#include "store/refold.hh"
#include "store/tree.hh"

namespace weir::store {
namespace {

using base::Digest;
using event::Event;

class Verifier {
 public:
  Verifier(const Kv& kv, const BlobStore& blobs) : kv_(kv), blobs_(blobs) {}

  Result<VerifyReport> run() {
    WEIR_CHECK(settle(load_meta()));
    if (report_.first) return report_;
    WEIR_CHECK(settle(walk_events()));
    at_ = 0;
    WEIR_CHECK(settle(check_beyond_head()));
    WEIR_CHECK(settle(check_root()));
    WEIR_CHECK(settle(check_index_counts()));
    WEIR_CHECK(settle(check_blob_rows()));
    WEIR_CHECK(settle(name_damaged_blobs()));
    if (!report_.first) WEIR_CHECK(settle(check_projections()));
    if (!report_.first) WEIR_CHECK(settle(check_snapshots()));
    return report_;
  }

 private:
  // Keeps the finding with the lowest seq; one of no event gives way to any.
  void found(std::uint64_t seq, std::string what) {
    const bool better =
        !report_.first || (seq != 0 && (report_.first->seq == 0 || seq < report_.first->seq));
    if (better) report_.first = Finding{seq, std::move(what)};
  }

  // Damage is a finding; only a store that cannot be read is an error.
  Result<void> settle(Result<void> step) {
    if (step.ok() || step.error().code == Code::io) return step;
    found(at_, std::move(step).error().message);
    return {};
  }

  Result<void> load_meta() {
    WEIR_TRY(const std::uint64_t schema, stored_schema_version(kv_));
    if (schema != format::schema_version) {
      found(0, "the database has schema version " + std::to_string(schema) +
                   "; this build verifies version " + std::to_string(format::schema_version));
      return {};
    }
    WEIR_TRY(retained_from_, format::read_number(kv_, format::meta_retained_from, 1));
    WEIR_TRY(const auto row, kv_.get(Family::meta, format::meta_head));
    if (!row) return {};
    WEIR_TRY(head_, format::decode_head(*row));
    return {};
  }

  Result<void> walk_events() {
    auto records = kv_.cursor(Family::events);
    auto leaves = kv_.cursor(Family::tiles);
    records->seek(format::seq_key(1));
    leaves->seek(format::tile_key(0, 0));
    for (std::uint64_t seq = 1; seq <= head_.seq; ++seq, leaves->next()) {
      at_ = seq;
      WEIR_CHECK(records->status());
      WEIR_CHECK(leaves->status());
      const bool has_record = records->valid() && records->key() == format::seq_key(seq);
      if (!has_record && seq >= retained_from_) {
        found(seq, "event " + std::to_string(seq) + ": the record is missing");
        return {};
      }
      if (!leaves->valid() || leaves->key() != format::tile_key(0, seq - 1)) {
        found(seq, "event " + std::to_string(seq) + ": its leaf hash is missing");
        return {};
      }
      WEIR_CHECK(has_record ? check_record(seq, records->value(), leaves->value())
                            : take_leaf(seq, leaves->value()));
      if (report_.first && report_.first->seq == seq) return {};
      ++report_.events;
      if (has_record) records->next();
    }
    return check_time_row();
  }

  // Of an event that retention took: its leaf hash stands for it, and the root proves the leaf.
  Result<void> take_leaf(std::uint64_t seq, std::string_view row) {
    if (row.size() != leaf_.bytes.size()) {
      found(seq, "event " + std::to_string(seq) + ": its leaf hash is malformed");
      return {};
    }
    std::copy(row.begin(), row.end(), leaf_.bytes.begin());
    ++report_.pruned_events;
    return check_tree_rows(leaf_, seq);
  }

  Result<void> check_record(std::uint64_t seq, std::string_view record, std::string_view row) {
    const std::string name = "event " + std::to_string(seq);
    const Digest leaf = hash_entry(leaf_, record);
    if (row != format::blob_key(leaf)) {
      found(seq, name + ": the record does not match its leaf hash");
      return {};
    }
    WEIR_TRY(const Event event, event::decode(record).with_context(name));
    if (event.seq != seq) {
      found(seq, name + ": the record says it is event " + std::to_string(event.seq));
    }
    if (event.time < time_) found(seq, name + ": it is older than the event before it");
    if (event.time != time_) WEIR_CHECK(check_time_row());
    time_ = event.time;
    timed_ = seq;
    leaf_ = leaf;
    WEIR_CHECK(check_tree_rows(leaf, seq));
    WEIR_CHECK(check_indexes(event));
    if (event.type == event::Type::log_cut && report_.cuts.size() < cuts_shown_max)
      report_.cuts.push_back({seq, std::string(event.data["what"].get_string())});
    return check_blobs(event);
  }

  // The last record of each time is the one that the time index leads to.
  Result<void> check_time_row() {
    if (timed_ == 0) return {};
    ++expected_index_rows_;
    WEIR_TRY(const auto row, kv_.get(Family::index, format::time_key(time_)));
    if (row != format::seq_key(timed_)) {
      found(timed_, "event " + std::to_string(timed_) + ": the time index does not lead to it");
    }
    return {};
  }

  // The rows above the leaves that this leaf completes, computed anew.
  Result<void> check_tree_rows(const Digest& leaf, std::uint64_t seq) {
    WriteBatch rows;
    frontier_.append(leaf, rows);
    for (std::size_t i = 1; i < rows.size(); ++i) {
      const WriteBatch::Operation row = rows[i];
      WEIR_TRY(const auto stored, kv_.get(Family::tiles, row.key));
      if (stored != row.value) {
        found(seq, "event " + std::to_string(seq) + ": a tree hash above its leaf is " +
                       (stored ? "wrong" : "missing"));
      }
      ++upper_rows_;
    }
    return {};
  }

  Result<void> check_indexes(const Event& event) {
    const model::ObjectId& subject = event.subject.object;
    if (!subject.empty()) {
      WEIR_CHECK(check_index_row(format::subject_key(subject, event.subject.cluster, event.seq),
                                 event.seq, "subject"));
    }
    if (!event.owner.empty()) {
      WEIR_CHECK(check_index_row(format::owner_key(event.owner, event.seq), event.seq, "owner"));
    }
    return {};
  }

  Result<void> check_index_row(const std::string& key, std::uint64_t seq, std::string_view which) {
    ++expected_index_rows_;
    WEIR_TRY(const auto row, kv_.get(Family::index, key));
    if (!row || !row->empty()) {
      found(seq, "event " + std::to_string(seq) + ": its row in the " + std::string(which) +
                     " index is " + (row ? "malformed" : "missing"));
    }
    return {};
  }

  Result<void> check_blobs(const Event& event) {
    for (const Digest& digest : event.blobs) {
      WEIR_TRY(const bool present, blobs_.contains(digest));
      if (present) continue;
      if (event.seq < retained_from_) {
        ++report_.pruned_blobs;
        continue;
      }
      WEIR_TRY(const auto lost, kv_.get(Family::meta, format::lost_blob_key(digest)));
      if (lost) {
        ++report_.lost_blobs;
        continue;
      }
      found(event.seq,
            "event " + std::to_string(event.seq) + ": its blob " + digest.hex() + " is missing");
    }
    return {};
  }

  Result<void> check_beyond_head() {
    auto records = kv_.cursor(Family::events);
    records->seek("");
    WEIR_CHECK(records->status());
    if (records->valid() && records->key() < format::seq_key(1)) {
      found(0, "there is a record before the first event");
    }
    records->seek(format::seq_key(head_.seq));
    if (records->valid() && records->key() == format::seq_key(head_.seq)) records->next();
    WEIR_CHECK(records->status());
    if (records->valid()) found(head_.seq + 1, "there are records beyond the head row");
    return {};
  }

  Result<void> check_root() {
    report_.root = frontier_.root();
    if (report_.events != head_.seq) return {};
    if (head_.seq > 0 && report_.root != head_.root) {
      found(0, "the tree's root over " + std::to_string(head_.seq) +
                   " events is not the one that the head row states");
    }
    // Retention never takes the last event.
    if (head_.seq > 0 && time_ != head_.time) {
      found(head_.seq, "the head row states another time than the last event has");
    }
    WEIR_TRY(const std::uint64_t rows, count_rows(Family::tiles));
    if (rows != head_.seq + upper_rows_) {
      found(0, "the tree has " + std::to_string(rows) + " hashes where " +
                   std::to_string(head_.seq + upper_rows_) + " belong");
    }
    return {};
  }

  // Every expected row was met by its key; so equal counts mean that nothing else is there.
  Result<void> check_index_counts() {
    WEIR_TRY(report_.index_rows, count_rows(Family::index));
    if (report_.events == head_.seq && report_.index_rows != expected_index_rows_) {
      found(0, "the indexes have " + std::to_string(report_.index_rows) + " rows where " +
                   std::to_string(expected_index_rows_) + " belong");
    }
    return {};
  }

  Result<std::uint64_t> count_rows(Family family) {
    std::uint64_t rows = 0;
    auto cursor = kv_.cursor(family);
    for (cursor->seek(""); cursor->valid(); cursor->next()) ++rows;
    WEIR_CHECK(cursor->status());
    return rows;
  }

  Result<void> check_blob_rows() {
    auto cursor = kv_.cursor(Family::blobs);
    for (cursor->seek(""); cursor->valid(); cursor->next()) {
      event::Reader reader(cursor->key());
      const Digest digest = reader.digest();
      if (!reader.at_end()) {
        found(0, "a row of the blob store has a malformed key");
        continue;
      }
      ++report_.blobs;
      if (BlobStore::is_sealed_row(cursor->value())) ++report_.sealed_blobs;
      const auto checked = blobs_.check(digest, cursor->value());
      if (!checked.ok()) damaged_.emplace(digest, checked.error().message);
    }
    return cursor->status();
  }

  // Names the first event that needs each damaged blob, in one walk for all.
  Result<void> name_damaged_blobs() {
    if (damaged_.empty()) return {};
    const auto look = [&](const Event& event) -> Result<void> {
      for (const Digest& blob : event.blobs) {
        const auto damage = damaged_.find(blob);
        if (damage == damaged_.end()) continue;
        found(event.seq, "event " + std::to_string(event.seq) + ": " + damage->second);
        damaged_.erase(damage);
      }
      return {};
    };
    WEIR_CHECK(for_each_event(kv_, 1, report_.events, look));
    for (const auto& [digest, what] : damaged_) found(0, what);
    return {};
  }

  Result<void> check_projections() {
    WEIR_TRY(report_.projection_rows, count_rows(Family::projections));
    WEIR_TRY(const auto difference, compare_projections(kv_));
    if (difference) {
      found(0, "projections: the row " + difference->key_hex + " is " + difference->what +
                   "; `refold` builds them anew");
    }
    return {};
  }

  Result<void> check_snapshots() {
    WEIR_TRY(const std::uint64_t seq, projections::differing_object_snapshot(kv_, head_.seq));
    if (seq != 0) {
      found(seq, "the snapshot of objects at event " + std::to_string(seq) +
                     " is not what the events up to it give");
    }
    return {};
  }

  const Kv& kv_;
  const BlobStore& blobs_;
  VerifyReport report_;
  std::uint64_t at_ = 0;  // the event in hand, for damage met while reading
  std::map<Digest, std::string> damaged_;
  format::Head head_;
  std::uint64_t retained_from_ = 1;
  Frontier frontier_;
  Digest leaf_;
  base::TimeUs time_ = 0;    // of the last record
  std::uint64_t timed_ = 0;  // its seq
  std::uint64_t upper_rows_ = 0;
  std::uint64_t expected_index_rows_ = 0;
};

}  // namespace

Result<VerifyReport> verify(const Kv& kv, const BlobStore& blobs) {
  return Verifier(kv, blobs).run();
}

}  // namespace weir::store
