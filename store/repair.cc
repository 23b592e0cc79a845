#include "store/repair.hh"

#include <algorithm>
#include <map>
#include <set>

#include "engine/event/codec.hh"
#include "engine/value/json.hh"
#include "store/event_log.hh"
#include "store/ledger.hh"
#include "store/migrate.hh"
#include "store/record_format.hh"
#include "store/refold.hh"
#include "store/tree.hh"
#include "store/verify.hh"

namespace weir::store {
namespace {

using base::Digest;

constexpr std::size_t rows_a_write = 4096;

struct Prefix {
  format::Head head;
  std::string cause;  // why the next event is not of it
};

// Writes in pieces; what is left goes with finish().
class Rows {
 public:
  explicit Rows(Kv& kv) : kv_(kv) {}
  WriteBatch& batch() { return batch_; }
  Result<void> flush_full() {
    return batch_.size() < rows_a_write ? Result<void>() : finish(false);
  }
  Result<void> finish(bool synced) {
    WEIR_CHECK(kv_.write(batch_, synced).with_context("repair"));
    batch_.clear();
    return {};
  }

 private:
  Kv& kv_;
  WriteBatch batch_;
};

// Sizes and roots that were signed, as far as the rows can be read.
std::map<std::uint64_t, Digest> signed_roots(const Kv& kv) {
  std::map<std::uint64_t, Digest> out;
  const auto add = [&](std::string_view text) {
    const auto note = parse_note(text);
    if (!note.ok()) return;
    const auto checkpoint = Checkpoint::parse(note->text);
    if (checkpoint.ok()) out.emplace(checkpoint->size, checkpoint->root);
  };
  auto cursor = kv.cursor(Family::meta);
  for (cursor->seek(format::meta_checkpoint);
       cursor->valid() && cursor->key().starts_with(format::meta_checkpoint); cursor->next())
    add(cursor->value());
  return out;
}

// A row, or nothing where it is missing or cannot be read: both are damage here.
Result<std::optional<std::string>> read_row(const Kv& kv, Family family, std::string_view key) {
  auto row = kv.get(family, key);
  if (row.ok() || row.error().code == Code::io) return row;
  return std::optional<std::string>();
}

// Follows the chain of leaf hashes over the records. A leaf that equals the stored one proves every
// record up to it, for each is hashed into all that follow: the last such one ends the prefix, even
// where a stored hash in between is the thing that is damaged.
class PrefixFinder {
 public:
  explicit PrefixFinder(const Kv& kv) : kv_(kv), signed_(signed_roots(kv)) {}

  Result<Prefix> run(std::uint64_t end) {
    WEIR_TRY(retained_from_, format::read_number(kv_, format::meta_retained_from, 1));
    WEIR_TRY(const auto row, read_row(kv_, Family::meta, format::meta_head));
    if (row) {
      if (const auto head = format::decode_head(*row); head.ok()) stated_ = *head;
    }
    prefix_.head.root = base::sha256("");
    for (std::uint64_t seq = 1; seq <= end; ++seq) {
      WEIR_TRY(const bool goes_on, take(seq));
      if (!goes_on) return std::move(prefix_);
    }
    if (prefix_.head.seq < end) {
      prefix_.cause = "event " + std::to_string(prefix_.head.seq + 1) +
                      ": the record does not match its leaf hash";
    }
    return std::move(prefix_);
  }

 private:
  Result<bool> take(std::uint64_t seq) {
    const std::string name = "event " + std::to_string(seq);
    WEIR_TRY(const auto record, read_row(kv_, Family::events, format::seq_key(seq)));
    WEIR_TRY(const auto stored, read_row(kv_, Family::tiles, format::tile_key(0, seq - 1)));
    const bool has_leaf = stored && stored->size() == leaf_.bytes.size();
    if (!record) {
      if (seq >= retained_from_ || !has_leaf) return stop(name + ": the record is missing");
      std::copy(stored->begin(), stored->end(), leaf_.bytes.begin());
    } else {
      auto view = event::decode(*record);
      if (!view.ok()) return stop(name + ": " + view.error().message);
      if (view->seq != seq) {
        return stop(name + ": the record says it is event " + std::to_string(view->seq));
      }
      if (view->time < time_) return stop(name + ": it is older than the event before it");
      time_ = view->time;
      leaf_ = hash_entry(leaf_, *record);
    }
    scratch_.clear();
    frontier_.append(leaf_, scratch_);
    const bool is_leaf = has_leaf && *stored == format::blob_key(leaf_);
    if (is_leaf || (seq == stated_.seq && frontier_.root() == stated_.root)) {
      prefix_.head = {seq, time_, frontier_.root()};
    }
    return check_signed(seq);
  }

  Result<bool> stop(std::string cause) {
    prefix_.cause = std::move(cause);
    return false;
  }

  Result<bool> check_signed(std::uint64_t seq) {
    const auto at = signed_.find(seq);
    if (at == signed_.end()) return true;
    const Digest root = frontier_.root();
    if (root == at->second) {
      prefix_.head = vouched_ = {seq, time_, root};
      return true;
    }
    prefix_.head = vouched_;
    if (vouched_.seq == 0) prefix_.head.root = base::sha256("");
    return stop("the events up to " + std::to_string(seq) +
                " are not those that a checkpoint was signed over; those up to " +
                std::to_string(vouched_.seq) + " are");
  }

  const Kv& kv_;
  const std::map<std::uint64_t, Digest> signed_;
  std::uint64_t retained_from_ = 1;
  Prefix prefix_;
  format::Head stated_;   // what the head row says
  format::Head vouched_;  // at the last signed root that was met
  Frontier frontier_;
  WriteBatch scratch_;
  Digest leaf_;
  base::TimeUs time_ = 0;
};

// The last event that there is a trace of.
Result<std::uint64_t> end_of_log(const Kv& kv) {
  std::uint64_t end = 0;
  WEIR_TRY(const auto row, read_row(kv, Family::meta, format::meta_head));
  if (row) {
    if (const auto head = format::decode_head(*row); head.ok()) end = head->seq;
  }
  auto cursor = kv.cursor(Family::events);
  cursor->seek_last();
  if (cursor->valid()) end = std::max(end, format::take_seq(cursor->key()).value_or(0));
  // A head row with a flipped bit may state any number; what it says beyond all rows is not lost
  // events but damage of the row.
  auto leaves = kv.cursor(Family::tiles);
  leaves->seek_for_previous(format::tile_key(0, ~std::uint64_t{0}));
  std::uint64_t traced = cursor->valid() ? format::take_seq(cursor->key()).value_or(0) : 0;
  if (leaves->valid() && leaves->key().size() == 9 && leaves->key().front() == 0) {
    traced = std::max(traced, format::take_seq(leaves->key().substr(1)).value_or(0) + 1);
  }
  return std::min(end, traced);
}

Result<std::vector<LostEvent>> read_lost(const Kv& kv, std::uint64_t first, std::uint64_t last) {
  std::vector<LostEvent> lost;
  for (std::uint64_t seq = first; seq <= last && lost.size() < lost_shown_max; ++seq) {
    LostEvent& entry = lost.emplace_back();
    entry.seq = seq;
    WEIR_TRY(const auto record, read_row(kv, Family::events, format::seq_key(seq)));
    if (!record) continue;
    auto event = event::decode(*record);
    entry.readable = event.ok();
    if (event.ok()) entry.event = std::move(*event);
  }
  return lost;
}

struct Plan {
  RepairReport report;
  Prefix prefix;
  std::set<Digest> lost_blobs;
};

Result<std::set<Digest>> find_damaged_blobs(const Kv& kv, const BlobStore& blobs) {
  std::set<Digest> damaged;
  auto cursor = kv.cursor(Family::blobs);
  for (cursor->seek(""); cursor->valid(); cursor->next()) {
    Digest digest;
    if (cursor->key().size() != digest.bytes.size()) continue;
    std::copy(cursor->key().begin(), cursor->key().end(), digest.bytes.begin());
    if (!blobs.check(digest, cursor->value()).ok()) damaged.insert(digest);
  }
  return damaged;
}

// Adds what the events of the prefix name and what is not there, unless that is known already.
Result<void> add_missing_blobs(const Kv& kv, Plan& plan) {
  WEIR_TRY(const std::uint64_t retained, format::read_number(kv, format::meta_retained_from, 1));
  for (std::uint64_t seq = retained; seq <= plan.report.head; ++seq) {
    WEIR_TRY(const auto record, read_row(kv, Family::events, format::seq_key(seq)));
    const auto event = record ? event::decode(*record) : Result<event::Event>(event::Event());
    if (!event.ok()) continue;
    for (const Digest& blob : event->blobs) {
      WEIR_TRY(const auto row, read_row(kv, Family::blobs, format::blob_key(blob)));
      WEIR_TRY(const auto known, kv.get(Family::meta, format::lost_blob_key(blob)));
      if (!row && !known) plan.lost_blobs.insert(blob);
    }
  }
  return {};
}

Result<Plan> make_plan(const Kv& kv, const BlobStore& blobs) {
  WEIR_TRY(const std::uint64_t schema, stored_schema_version(kv));
  if (schema != format::schema_version) {
    return make_error(Code::unsupported,
                      "the database has schema version " + std::to_string(schema) +
                          "; this build repairs version " + std::to_string(format::schema_version));
  }
  Plan plan;
  WEIR_TRY(plan.report.head_before, end_of_log(kv));
  WEIR_TRY(plan.prefix, PrefixFinder(kv).run(plan.report.head_before));
  plan.report.head = plan.prefix.head.seq;
  if (plan.report.head < plan.report.head_before) plan.report.cause = plan.prefix.cause;
  WEIR_TRY(plan.report.lost, read_lost(kv, plan.report.head + 1, plan.report.head_before));
  for (const auto& [size, root] : signed_roots(kv))
    if (size > plan.report.head) ++plan.report.checkpoints_void;
  WEIR_TRY(plan.lost_blobs, find_damaged_blobs(kv, blobs));
  WEIR_CHECK(add_missing_blobs(kv, plan));
  plan.report.blobs_lost = plan.lost_blobs.size();
  const auto verified = verify(kv, blobs);
  plan.report.derived_damaged = !verified.ok() || !verified->clean();
  return plan;
}

bool is_whole(const RepairReport& report) {
  return report.head == report.head_before && report.blobs_lost == 0 &&
         report.checkpoints_void == 0 && !report.derived_damaged;
}

class Repairer {
 public:
  Repairer(Kv& kv, const Plan& plan) : kv_(kv), rows_(kv), plan_(plan) {}

  Result<void> run() {
    WEIR_CHECK(settle_meta());
    WEIR_CHECK(drop_events());
    WEIR_CHECK(drop_family(Family::index));
    WEIR_CHECK(drop_family(Family::snapshots));
    WEIR_CHECK(rebuild());
    WEIR_CHECK(drop_strange_blobs());
    // A damaged row would stand in the way of a new copy of the same bytes.
    for (const Digest& digest : plan_.lost_blobs) {
      rows_.batch().remove(Family::blobs, format::blob_key(digest));
      rows_.batch().put(Family::meta, format::lost_blob_key(digest), "");
      WEIR_CHECK(rows_.flush_full());
    }
    WEIR_CHECK(rows_.finish(true));
    return refold_projections(kv_);
  }

 private:
  // First: the head, and the mark that the projections are to be refolded.
  Result<void> settle_meta() {
    WriteBatch& batch = rows_.batch();
    batch.put(Family::meta, format::meta_projections, format::encode_number(0));
    const format::Head& head = plan_.prefix.head;
    if (head.seq > 0) {
      batch.put(Family::meta, format::meta_head, format::encode_head(head));
    } else {
      batch.remove(Family::meta, format::meta_head);
    }
    auto cursor = kv_.cursor(Family::meta);
    for (cursor->seek(format::meta_checkpoint);
         cursor->valid() && cursor->key().starts_with(format::meta_checkpoint); cursor->next()) {
      const auto note = parse_note(cursor->value());
      const auto checkpoint =
          note.ok() ? Checkpoint::parse(note->text) : Result<Checkpoint>(note.error());
      if (!checkpoint.ok() || checkpoint->size > head.seq) {
        batch.remove(Family::meta, cursor->key());
      }
    }
    // The next start writes it from the key file.
    if (!stored_ledger_key(kv_).ok()) batch.remove(Family::meta, format::meta_ledger_key);
    return rows_.finish(true);
  }

  Result<void> drop_events() {
    for (std::uint64_t seq = plan_.report.head + 1; seq <= plan_.report.head_before; ++seq) {
      rows_.batch().remove(Family::events, format::seq_key(seq));
      WEIR_CHECK(rows_.flush_full());
    }
    // Rows that are no events', too.
    auto cursor = kv_.cursor(Family::events);
    for (cursor->seek(""); cursor->valid(); cursor->next()) {
      const auto seq = format::take_seq(cursor->key());
      if (seq && *seq >= 1 && *seq <= plan_.report.head) continue;
      rows_.batch().remove(Family::events, cursor->key());
      WEIR_CHECK(rows_.flush_full());
    }
    return {};
  }

  Result<void> drop_strange_blobs() {
    auto cursor = kv_.cursor(Family::blobs);
    for (cursor->seek(""); cursor->valid(); cursor->next()) {
      if (cursor->key().size() == sizeof(Digest::bytes)) continue;
      rows_.batch().remove(Family::blobs, cursor->key());
      WEIR_CHECK(rows_.flush_full());
    }
    return cursor->status();
  }

  Result<void> drop_family(Family family) {
    auto cursor = kv_.cursor(family);
    for (cursor->seek(""); cursor->valid(); cursor->next()) {
      rows_.batch().remove(family, cursor->key());
      WEIR_CHECK(rows_.flush_full());
    }
    return cursor->status();
  }

  // Tree and indexes, from the events of the prefix and the leaves of those that retention took.
  Result<void> rebuild() {
    Frontier frontier;
    Digest leaf;
    base::TimeUs time = 0;
    std::uint64_t last = 0;
    WriteBatch tree;
    for (std::uint64_t seq = 1; seq <= plan_.report.head; ++seq) {
      WEIR_TRY(const auto record, kv_.get(Family::events, format::seq_key(seq)));
      if (record) {
        WEIR_TRY(const event::Event event, event::decode(*record));
        leaf = hash_entry(leaf, *record);
        if (last != 0 && event.time != time) put_time(time, last);
        put_index(event);
        time = event.time;
        last = seq;
      } else {
        WEIR_TRY(leaf, Tree(kv_).leaf(seq - 1));
      }
      tree.clear();
      frontier.append(leaf, tree);
      for (std::size_t i = 0; i < tree.size(); ++i)
        rows_.batch().put(tree[i].family, tree[i].key, tree[i].value);
      WEIR_CHECK(rows_.flush_full());
    }
    if (last != 0) put_time(time, last);
    return drop_tree_beyond();
  }

  void put_time(base::TimeUs time, std::uint64_t seq) {
    rows_.batch().put(Family::index, format::time_key(time), format::seq_key(seq));
  }

  void put_index(const event::Event& event) {
    const model::ObjectId& subject = event.subject.object;
    if (!subject.empty()) {
      rows_.batch().put(Family::index,
                        format::subject_key(subject, event.subject.cluster, event.seq), "");
    }
    if (!event.owner.empty()) {
      rows_.batch().put(Family::index, format::owner_key(event.owner, event.seq), "");
    }
  }

  Result<void> drop_tree_beyond() {
    auto cursor = kv_.cursor(Family::tiles);
    for (cursor->seek(""); cursor->valid(); cursor->next()) {
      const std::string_view key = cursor->key();
      const auto index = key.size() == 9 ? format::take_seq(key.substr(1)) : std::nullopt;
      const unsigned level = static_cast<std::uint8_t>(key.front());
      if (index && level < 8 && *index < plan_.report.head >> (8 * level)) continue;
      rows_.batch().remove(Family::tiles, key);
      WEIR_CHECK(rows_.flush_full());
    }
    return cursor->status();
  }

  Kv& kv_;
  Rows rows_;
  const Plan& plan_;
};

// What the event will say; kept from the first write on, so that a repair which is cut off still
// says it.
Value event_data(const RepairReport& report, const std::optional<std::string>& earlier) {
  Value data = Value::object({{"action", "repair"},
                              {"blobsLost", report.blobs_lost},
                              {"checkpointsVoid", report.checkpoints_void}});
  if (!report.cause.empty()) {
    data.set("lostFrom", report.head + 1);
    data.set("lostTo", report.head_before);
    data.set("cause", report.cause);
  }
  const auto before = earlier ? value::parse_json(*earlier) : Result<Value>(Value());
  if (!before.ok() || !before->is_object()) return data;
  for (const std::string_view sum : {"blobsLost", "checkpointsVoid"})
    data.set(sum, data[sum].get_int() + (*before)[sum].get_int());
  for (const std::string_view first : {"lostTo", "cause"})
    if (before->contains(first)) data.set(first, (*before)[first]);
  if (!data.contains("lostFrom") && before->contains("lostFrom"))
    data.set("lostFrom", (*before)["lostFrom"]);
  return data;
}

Result<void> append_event(Kv& kv, const base::Clock& clock, Value data, const std::string& actor) {
  WEIR_TRY(const auto log, EventLog::open(kv, clock));
  event::Event event;
  event.type = event::Type::operator_acted;
  event.actor = actor;
  event.data = std::move(data);
  WriteBatch staged;
  staged.remove(Family::meta, format::meta_repairing);
  auto appended = log->append({std::move(event)}, std::move(staged));
  if (!appended.ok()) return std::move(appended).error();
  return {};
}

}  // namespace

Result<RepairReport> plan_repair(const Kv& kv, const BlobStore& blobs) {
  WEIR_TRY(Plan plan, make_plan(kv, blobs));
  return std::move(plan.report);
}

Result<RepairReport> repair(Kv& kv, const BlobStore& blobs, const base::Clock& clock,
                            const std::string& actor) {
  WEIR_TRY(Plan plan, make_plan(kv, blobs));
  WEIR_TRY(const auto earlier, kv.get(Family::meta, format::meta_repairing));
  if (is_whole(plan.report) && !earlier) {
    // Opening the log keeps what its store could not read as an event; nothing else would.
    if (!kv.unread().empty()) WEIR_CHECK(EventLog::open(kv, clock));
    return std::move(plan.report);
  }
  Value data = event_data(plan.report, earlier);
  WriteBatch mark;
  mark.put(Family::meta, format::meta_repairing, value::write_json(data));
  WEIR_CHECK(kv.write(mark, true).with_context("repair"));
  WEIR_CHECK(Repairer(kv, plan).run());
  WEIR_CHECK(append_event(kv, clock, std::move(data), actor));
  return std::move(plan.report);
}

}  // namespace weir::store
