// EventLog::scan: chooses an index, walks it, and filters on the records' envelopes.
#include <algorithm>
#include <memory>

#include "engine/event/codec.hh"
#include "engine/event/wire.hh"
#include "store/event_log.hh"
#include "store/record_format.hh"

namespace weir::store {
namespace {

using event::EnvelopeView;

template <typename T, typename U>
bool matches(const std::optional<T>& wanted, const U& value) {
  return !wanted || *wanted == value;
}

bool owner_matches(const EnvelopeView& view, const std::optional<model::ObjectId>& owner) {
  if (!owner) return true;
  return view.has_owner && view.owner_group == owner->gvk.group &&
         view.owner_kind == owner->gvk.kind && view.owner_ns == owner->ns &&
         view.owner_name == owner->name;
}

// since and until are bounds of seq already.
bool matches(const EnvelopeView& view, const EventFilter& filter) {
  return matches(filter.type, view.type) && matches(filter.kind, view.kind) &&
         matches(filter.ns, view.ns) && matches(filter.name, view.name) &&
         matches(filter.group, view.group) && matches(filter.actor, view.actor) &&
         matches(filter.reconcile_id, view.reconcile_id) && owner_matches(view, filter.owner);
}

// Seqs in one direction, from one source.
class Walk {
 public:
  virtual ~Walk() = default;
  virtual std::optional<Seq> seq() const = 0;  // nothing at the end
  virtual void advance() = 0;
  virtual Result<void> status() const = 0;
};

// The rows `prefix` + seq of one family; an empty prefix over the events is the whole log.
class RowWalk final : public Walk {
 public:
  RowWalk(const Kv& kv, Family family, std::string prefix, Seq from, Seq to, bool backward)
      : cursor_(kv.cursor(family)),
        prefix_(std::move(prefix)),
        from_(from),
        to_(to),
        backward_(backward) {
    std::string key = prefix_;
    event::append_big_endian(key, backward ? to : from);
    backward ? cursor_->seek_for_previous(key) : cursor_->seek(key);
    settle();
  }
  std::optional<Seq> seq() const override { return seq_; }
  void advance() override {
    backward_ ? cursor_->previous() : cursor_->next();
    settle();
  }
  Result<void> status() const override { return cursor_->status(); }
  std::string_view value() const { return cursor_->value(); }

 private:
  void settle() {
    seq_.reset();
    if (!cursor_->valid() || !cursor_->key().starts_with(prefix_)) return;
    const auto seq = format::take_seq(cursor_->key().substr(prefix_.size()));
    if (seq && *seq >= from_ && *seq <= to_) seq_ = seq;
  }

  std::unique_ptr<Cursor> cursor_;
  std::string prefix_;
  Seq from_;
  Seq to_;
  bool backward_;
  std::optional<Seq> seq_;
};

// Several index ranges as one.
class MergedWalk final : public Walk {
 public:
  MergedWalk(std::vector<std::unique_ptr<Walk>> walks, bool backward)
      : walks_(std::move(walks)), backward_(backward) {}
  std::optional<Seq> seq() const override {
    std::optional<Seq> best;
    for (const auto& walk : walks_) {
      const auto seq = walk->seq();
      if (seq && (!best || (backward_ ? *seq > *best : *seq < *best))) best = seq;
    }
    return best;
  }
  void advance() override {
    const auto at = seq();
    for (const auto& walk : walks_) {
      if (walk->seq() == at) walk->advance();
    }
  }
  Result<void> status() const override {
    for (const auto& walk : walks_) WEIR_CHECK(walk->status());
    return {};
  }

 private:
  std::vector<std::unique_ptr<Walk>> walks_;
  bool backward_;
};

// The index ranges of one kind, namespace and name: one for each group and cluster that it occurs
// in.
Result<std::vector<std::string>> subject_ranges(const Kv& kv, const EventFilter& filter) {
  std::string prefix(1, format::index_subject);
  for (const auto& part : {filter.kind, filter.ns, filter.name}) format::append_part(prefix, *part);
  if (filter.group) format::append_part(prefix, *filter.group);
  std::vector<std::string> ranges;
  auto cursor = kv.cursor(Family::index);
  cursor->seek(prefix);
  while (cursor->valid() && cursor->key().starts_with(prefix)) {
    std::string range(cursor->key().substr(0, cursor->key().size() - sizeof(Seq)));
    std::string next = range;
    event::append_big_endian(next, ~Seq{0});
    ranges.push_back(std::move(range));
    cursor->seek(next);
  }
  WEIR_CHECK(cursor->status());
  return ranges;
}

struct Bounds {
  Seq from;
  Seq to;
};

Result<std::unique_ptr<Walk>> plan(const Kv& kv, const ScanRequest& request, Bounds bounds) {
  const EventFilter& filter = request.filter;
  const auto walk = [&](Family family, std::string prefix) {
    return std::make_unique<RowWalk>(kv, family, std::move(prefix), bounds.from, bounds.to,
                                     request.backward);
  };
  if (filter.kind && filter.ns && filter.name) {
    WEIR_TRY(const auto ranges, subject_ranges(kv, filter));
    std::vector<std::unique_ptr<Walk>> walks;
    for (const std::string& range : ranges) walks.push_back(walk(Family::index, range));
    return std::unique_ptr<Walk>(
        std::make_unique<MergedWalk>(std::move(walks), request.backward));
  }
  if (filter.owner) {
    std::string prefix(1, format::index_owner);
    format::append_object(prefix, *filter.owner);
    return std::unique_ptr<Walk>(walk(Family::index, std::move(prefix)));
  }
  return std::unique_ptr<Walk>(walk(Family::events, {}));
}

}  // namespace

Result<EventPage> EventLog::scan(const ScanRequest& request) const {
  EventPage page;
  Bounds bounds{std::max<Seq>(request.from, 1), std::min(request.to, head().seq)};
  if (request.filter.since) {
    WEIR_TRY(const Seq before, seq_at(*request.filter.since - 1));
    bounds.from = std::max(bounds.from, before + 1);
  }
  if (request.filter.until) {
    WEIR_TRY(const Seq last, seq_at(*request.filter.until));
    bounds.to = std::min(bounds.to, last);
  }
  if (bounds.from > bounds.to) return page;
  WEIR_TRY(const std::unique_ptr<Walk> walk, plan(kv_, request, bounds));
  const auto* whole_log = dynamic_cast<const RowWalk*>(walk.get());
  const bool has_values = whole_log != nullptr && !request.filter.owner;
  std::size_t examined = 0;
  for (; walk->seq(); walk->advance(), ++examined) {
    const Seq seq = *walk->seq();
    const bool spent = request.examined_max != 0 && examined >= request.examined_max;
    if (page.events.size() >= std::max<std::size_t>(request.limit, 1) || spent) {
      page.next = seq;
      break;
    }
    const std::string context = "event " + std::to_string(seq);
    std::string stored;
    std::string_view record;
    if (has_values) {
      record = whole_log->value();
    } else {
      WEIR_TRY(auto row, kv_.get(Family::events, format::seq_key(seq)));
      if (!row) return make_error(Code::corrupt, context + ": the record is missing");
      stored = std::move(*row);
      record = stored;
    }
    auto view = event::view_envelope(record).with_context(context);
    if (!view.ok()) return std::move(view).error();
    if (!matches(*view, request.filter)) continue;
    auto event = event::decode(record).with_context(context);
    if (!event.ok()) return std::move(event).error();
    page.events.push_back(std::move(event).value());
  }
  WEIR_CHECK(walk->status());
  return page;
}

}  // namespace weir::store
