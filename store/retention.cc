#include "store/retention.hh"

#include <algorithm>
#include <set>
#include <unordered_set>
#include <vector>

#include "engine/event/codec.hh"
#include "engine/event/wire.hh"
#include "engine/value/json.hh"
#include "store/projections/object_table.hh"
#include "store/projections/objects.hh"
#include "store/projections/view.hh"
#include "store/record_format.hh"
#include "store/snapshots.hh"

namespace weir::store {
namespace {

using base::Digest;
using event::EnvelopeView;
using event::Type;

constexpr std::size_t rows_a_write = 2048;

// 16 bytes of a digest: among a billion keys none meets another.
struct Identity {
  std::uint64_t high = 0, low = 0;
  bool operator==(const Identity&) const = default;
};
struct IdentityHash {
  std::size_t operator()(const Identity& id) const { return static_cast<std::size_t>(id.low); }
};

Identity identity_of(std::string_view text) {
  const Digest digest = base::sha256(text);
  event::Reader reader(format::blob_key(digest));
  Identity id;
  id.high = reader.big_endian();
  id.low = reader.big_endian();
  return id;
}

bool is_about_object(Type type) {
  return type == Type::object_applied || type == Type::object_skipped ||
         type == Type::object_pruned || type == Type::object_observed ||
         type == Type::drift_detected || type == Type::health_observed;
}

model::ObjectId subject_of(const EnvelopeView& view) {
  return {{std::string(view.group), std::string(view.version), std::string(view.kind)},
          std::string(view.ns),
          std::string(view.name)};
}

std::string subject_text(const EnvelopeView& view) {
  std::string text;
  for (const std::string_view part : {view.cluster, view.kind, view.ns, view.name, view.group})
    event::append_string(text, part);
  return text;
}

// What of an event must differ for both to be kept: the last one of each is.
Result<std::string> kept_by(const EnvelopeView& view, std::string_view record) {
  std::string text(1, static_cast<char>(view.type));
  text += subject_text(view);
  for (const std::string_view part :
       {view.owner_kind, view.owner_ns, view.owner_name, view.owner_group})
    event::append_string(text, part);
  // The last success counts beside the last end, a deletion beside a release; a key's beginning is
  // needed for ever.
  if (view.type == Type::reconcile_finished || view.type == Type::object_pruned) {
    WEIR_TRY(const event::Event event, event::decode(record));
    event::append_string(text, event.data["status"].get_string());
    event::append_string(text, event.data["action"].get_string());
  }
  if (view.type == Type::checkpoint_signed) event::append_varint(text, view.seq);
  return text;
}

// Objects of a rendered set, by their blobs; nothing where the set is gone.
std::vector<Digest> blobs_of_set(const BlobStore& blobs, const Digest& set) {
  std::vector<Digest> out;
  const auto bytes = blobs.get(set);
  if (!bytes.ok()) return out;
  const auto list = value::parse_json(*bytes);
  if (!list.ok()) return out;
  for (const Value& item : list->items())
    if (auto digest = Digest::parse(item["blob"].get_string()); digest.ok()) out.push_back(*digest);
  return out;
}

// Goes back from the horizon and takes what nothing needs.
class RecordPass {
 public:
  RecordPass(Kv& kv, const BlobStore& blobs, Seq horizon)
      : kv_(kv), blobs_(blobs), horizon_(horizon) {}

  Result<RetentionReport> run() {
    report_.retained_from = horizon_;
    batch_.put(Family::meta, format::meta_retained_from, format::encode_number(horizon_));
    batch_.put(Family::meta, format::meta_retaining, format::encode_number(horizon_));
    WEIR_CHECK(kv_.write(batch_, true).with_context("retention"));
    batch_.clear();
    auto records = kv_.cursor(Family::events);
    for (records->seek_for_previous(format::seq_key(horizon_ - 1)); records->valid();
         records->previous()) {
      WEIR_CHECK(take_or_keep(records->value()));
    }
    WEIR_CHECK(records->status());
    WEIR_CHECK(settle_time());
    batch_.remove(Family::meta, format::meta_retaining);
    WEIR_CHECK(flush());
    return report_;
  }

 private:
  Result<void> flush() {
    WEIR_CHECK(kv_.write(batch_, false).with_context("retention"));
    batch_.clear();
    return {};
  }

  Result<void> take_or_keep(std::string_view record) {
    WEIR_TRY(const EnvelopeView view, event::view_envelope(record));
    if (view.time != time_) {
      WEIR_CHECK(settle_time());
      // Here only: events of one time and their row go together.
      if (batch_.size() >= rows_a_write) WEIR_CHECK(flush());
      time_ = view.time;
    }
    WEIR_TRY(const std::string key, kept_by(view, record));
    const bool last = seen_.insert(identity_of(key)).second;
    bool needed = last;
    if (last && is_about_object(view.type)) {
      WEIR_TRY(const bool gone, is_gone(view));
      needed = !gone;
    }
    if (needed) {
      time_kept_ = std::max(time_kept_, view.seq);
      ++report_.kept;
      return {};
    }
    time_taken_ = true;
    ++report_.events;
    return take(view, record);
  }

  // The object did not exist at the horizon and nothing was heard of it since.
  Result<bool> is_gone(const EnvelopeView& view) {
    const Identity id = identity_of(subject_text(view));
    if (const auto known = gone_.find(id); known != gone_.end()) return true;
    if (alive_.contains(id)) return false;
    const model::ObjectId object = subject_of(view);
    bool gone = true;
    for (const auto side : {projections::Side::desired, projections::Side::live}) {
      WEIR_TRY(const auto state,
               projections::object_at(kv_, object, horizon_ - 1, side, view.cluster));
      gone = gone && !state;
    }
    auto later = kv_.cursor(Family::index);
    const std::string key = format::subject_key(object, view.cluster, horizon_);
    later->seek(key);
    WEIR_CHECK(later->status());
    const std::string_view prefix = std::string_view(key).substr(0, key.size() - sizeof(Seq));
    gone = gone && !(later->valid() && later->key().starts_with(prefix));
    (gone ? gone_ : alive_).insert(id);
    return gone;
  }

  Result<void> take(const EnvelopeView& view, std::string_view record) {
    WEIR_TRY(const event::Event event, event::decode(record));
    batch_.remove(Family::events, format::seq_key(event.seq));
    const model::ObjectId& subject = event.subject.object;
    if (!subject.empty()) {
      batch_.remove(Family::index, format::subject_key(subject, event.subject.cluster, event.seq));
    }
    if (!event.owner.empty()) {
      batch_.remove(Family::index, format::owner_key(event.owner, event.seq));
    }
    const bool gone = is_about_object(view.type) && gone_.contains(identity_of(subject_text(view)));
    WriteBatch rows;
    projections::fold(event, rows);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const WriteBatch::Operation row = rows[i];
      if (!row.remove && (projections::is_of_one_event(row.key, event.seq) || gone))
        batch_.remove(Family::projections, row.key);
    }
    for (const Digest& blob : event.blobs) put_candidate(blob);
    if (event.type == Type::manifests_rendered && !event.blobs.empty())
      for (const Digest& blob : blobs_of_set(blobs_, event.blobs.front())) put_candidate(blob);
    return {};
  }

  void put_candidate(const Digest& blob) {
    batch_.put(Family::meta, format::old_blob_key(blob), "");
  }

  // The time row leads to the last record that is left of its time, if one is. A time that the
  // horizon cuts through has its last event behind it.
  Result<void> settle_time() {
    if (time_taken_) {
      const std::string key = format::time_key(time_);
      WEIR_TRY(const auto row, kv_.get(Family::index, key));
      const Seq last = row ? format::take_seq(*row).value_or(0) : 0;
      if (last < horizon_ && time_kept_ == 0) batch_.remove(Family::index, key);
      if (last < horizon_ && time_kept_ != 0) {
        batch_.put(Family::index, key, format::seq_key(time_kept_));
      }
    }
    time_taken_ = false;
    time_kept_ = 0;
    return {};
  }

  Kv& kv_;
  const BlobStore& blobs_;
  const Seq horizon_;
  RetentionReport report_;
  WriteBatch batch_;
  std::unordered_set<Identity, IdentityHash> seen_, gone_, alive_;
  base::TimeUs time_ = 0;
  Seq time_kept_ = 0;
  bool time_taken_ = false;
};

// Blobs that events which are gone have named.
Result<std::set<Digest>> read_candidates(const Kv& kv) {
  std::set<Digest> out;
  auto cursor = kv.cursor(Family::meta);
  for (cursor->seek(format::meta_old_blobs);
       cursor->valid() && cursor->key().starts_with(format::meta_old_blobs); cursor->next()) {
    const std::string_view bytes = cursor->key().substr(format::meta_old_blobs.size());
    Digest digest;
    if (bytes.size() != digest.bytes.size()) continue;
    std::copy(bytes.begin(), bytes.end(), digest.bytes.begin());
    out.insert(digest);
  }
  WEIR_CHECK(cursor->status());
  return out;
}

// Takes from the candidates what some event still names.
Result<void> spare_named(const Kv& kv, const BlobStore& blobs, std::set<Digest>& candidates) {
  auto records = kv.cursor(Family::events);
  for (records->seek(""); records->valid() && !candidates.empty(); records->next()) {
    WEIR_TRY(const EnvelopeView view, event::view_envelope(records->value()));
    event::Reader reader(view.blobs);
    for (bool first = true; !reader.at_end(); first = false) {
      const Digest blob = reader.digest();
      candidates.erase(blob);
      if (view.type != Type::manifests_rendered || !first) continue;
      for (const Digest& inner : blobs_of_set(blobs, blob)) candidates.erase(inner);
    }
  }
  return records->status();
}

Result<std::uint64_t> remove_blobs(Kv& kv, BlobStore& blobs, const std::set<Digest>& old) {
  std::set<Digest> unnamed = old;
  WEIR_CHECK(spare_named(kv, blobs, unnamed));
  std::uint64_t removed = 0;
  for (const Digest& blob : old) {
    if (!unnamed.contains(blob)) {
      WriteBatch batch;
      batch.remove(Family::meta, format::old_blob_key(blob));
      WEIR_CHECK(kv.write(batch, false));
      continue;
    }
    WEIR_TRY(const bool gone, blobs.remove_unused(blob));
    if (gone) ++removed;
  }
  blobs.begin_use_period();
  return removed;
}

}  // namespace

Result<Seq> retention_horizon(const EventLog& log, const RetentionPolicy& policy,
                              base::TimeUs now) {
  const Seq head = log.head().seq;
  WEIR_TRY(const Seq retained, format::read_number(log.kv(), format::meta_retained_from, 1));
  Seq horizon = retained;
  if (policy.age_max > 0) {
    WEIR_TRY(const Seq before, log.seq_at(now - policy.age_max));
    horizon = std::max(horizon, before + 1);
  }
  const std::uint64_t bytes = policy.bytes_max > 0 ? log.kv().bytes() : 0;
  if (bytes > policy.bytes_max && head >= retained) {
    const std::uint64_t events = head - retained + 1;
    const std::uint64_t left =
        static_cast<std::uint64_t>(static_cast<double>(policy.bytes_max) /
                                   static_cast<double>(bytes) * static_cast<double>(events));
    horizon = std::max(horizon, head - std::min(left, events) + 1);
  }
  return std::min(horizon, std::max<Seq>(head, 1));
}

Result<RetentionReport> retain(EventLog& log, BlobStore& blobs, Seq horizon) {
  Kv& kv = log.kv();
  // Before the records: only blobs that an earlier run made candidates may go.
  WEIR_TRY(const std::set<Digest> old, read_candidates(kv));
  RetentionReport report;
  WEIR_TRY(report.retained_from, format::read_number(kv, format::meta_retained_from, 1));
  if (horizon > log.head().seq) {
    return make_error(Code::invalid, "retention never takes the last event");
  }
  WEIR_TRY(const Seq unfinished, format::read_number(kv, format::meta_retaining, 0));
  horizon = std::max(horizon, unfinished);
  if (horizon > report.retained_from || unfinished != 0) {
    // What is gone at the horizon leaves no trace: the state there is kept, and nothing before it
    // can be folded any more.
    WEIR_CHECK(projections::keep_object_snapshot_at(kv, horizon - 1));
    WEIR_CHECK(drop_snapshots_before(kv, horizon - 1));
    WEIR_TRY(report, RecordPass(kv, blobs, horizon).run());
  }
  if (!old.empty()) {
    WEIR_TRY(report.blobs, remove_blobs(kv, blobs, old));
  } else {
    blobs.begin_use_period();
  }
  return report;
}

}  // namespace weir::store
