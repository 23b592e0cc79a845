#include "store/event_log.hh"

#include <algorithm>

#include "engine/base/limits.hh"
#include "engine/event/codec.hh"
#include "engine/event/wire.hh"
#include "store/migrate.hh"
#include "store/projections/view.hh"
#include "store/record_format.hh"
#include "store/refold.hh"

namespace weir::store {
namespace {

using event::Event;

// Record, two index rows, a view's row or two, a leaf; what the usual event needs.
constexpr std::size_t rows_an_event = 6;
constexpr std::size_t bytes_an_event = 800;

// The event's record; answers its leaf. Error: limit.
Result<base::Digest> put_record(WriteBatch& batch, const Event& event, const base::Digest& before) {
  event::append_big_endian(batch.begin_put(Family::events), event.seq);
  std::string& bytes = batch.begin_value();
  const std::size_t begin = bytes.size();
  WEIR_CHECK(event::append_within_limits(bytes, event));
  return hash_entry(before, std::string_view(bytes).substr(begin));
}

// The rows of one event that follow from its record, all but the tree's.
void put_rows(WriteBatch& batch, const Event& event) {
  const model::ObjectId& subject = event.subject.object;
  if (!subject.empty()) {
    format::append_subject_key(batch.begin_put(Family::index), subject, event.subject.cluster,
                               event.seq);
  }
  if (!event.owner.empty()) {
    format::append_owner_key(batch.begin_put(Family::index), event.owner, event.seq);
  }
  projections::fold(event, batch);
}

Result<LogHead> load_head(const Kv& kv, const Tree& tree) {
  WEIR_TRY(const auto row, kv.get(Family::meta, format::meta_head));
  LogHead head;
  head.root = base::sha256("");
  if (!row) return head;
  WEIR_TRY(const format::Head stored, format::decode_head(*row));
  head.seq = stored.seq;
  head.time = stored.time;
  head.root = stored.root;
  if (head.seq > 0) {
    WEIR_TRY(head.leaf, tree.leaf(head.seq - 1));
  }
  return head;
}

}  // namespace

EventLog::EventLog(Kv& kv, const base::Clock& clock) : kv_(kv), clock_(clock), tree_(kv) {}

EventLog::~EventLog() = default;

Result<std::unique_ptr<EventLog>> EventLog::open(Kv& kv, const base::Clock& clock) {
  WEIR_CHECK(migrate(kv).with_context("open the event log"));
  WEIR_TRY(const std::uint64_t folded, format::read_number(kv, format::meta_projections, 0));
  if (folded != projections::version) {
    WEIR_CHECK(refold_projections(kv).with_context("rebuild the projections"));
  }
  std::unique_ptr<EventLog> log(new EventLog(kv, clock));
  WEIR_TRY(log->head_, load_head(kv, log->tree_));
  WEIR_TRY(log->frontier_, log->tree_.frontier(log->head_.seq));
  if (log->frontier_.root() != log->head_.root) {
    return make_error(Code::corrupt, "open the event log: the tree's root at event " +
                                         std::to_string(log->head_.seq) +
                                         " is not the one that the head row states");
  }
  WEIR_CHECK(log->tell_of_cut());
  return log;
}

// What is lost here leaves no other trace once the database has moved on to a new file.
Result<void> EventLog::tell_of_cut() {
  std::string unread = kv_.unread();
  if (unread.empty()) return {};
  Event cut;
  cut.type = event::Type::log_cut;
  cut.actor = "weir";
  cut.data = Value::object({{"what", std::move(unread)}});
  auto appended = append({std::move(cut)});
  if (!appended.ok()) return std::move(appended).error();
  return {};
}

Result<std::vector<Seq>> EventLog::append(std::vector<Event> events) {
  return append(std::move(events), {});
}

Result<std::vector<Seq>> EventLog::append(std::vector<Event> events, WriteBatch staged) {
  if (events.size() > base::limits::event_batch_max) {
    return make_error(
        Code::limit, "a batch of " + std::to_string(events.size()) + " events is over the cap of " +
                         std::to_string(base::limits::event_batch_max) + " (event_batch_max)");
  }
  std::lock_guard appending(append_mutex_);
  LogHead head = this->head();
  const LogHead before = head;
  Frontier frontier = frontier_;
  head.time = std::max(clock_.now(), head.time);
  bool synced = false;
  std::vector<Seq> seqs;
  seqs.reserve(events.size());
  staged.reserve(staged.size() + events.size() * rows_an_event + 2,
                 staged.bytes() + events.size() * bytes_an_event + 100);
  for (Event& event : events) {
    event.seq = ++head.seq;
    event.time = head.time;
    WEIR_TRY(head.leaf, put_record(staged, event, head.leaf));
    frontier.append(head.leaf, staged);
    put_rows(staged, event);
    synced = synced || event::must_sync(event.type);
    seqs.push_back(event.seq);
  }
  if (!events.empty()) {
    head.root = frontier.root();
    staged.put(Family::index, format::time_key(head.time), format::seq_key(head.seq));
    staged.put(Family::meta, format::meta_head,
               format::encode_head({head.seq, head.time, head.root}));
  }
  if (staged.empty()) return seqs;
  WEIR_CHECK(kv_.write(staged, synced)
                 .with_context("append " + std::to_string(events.size()) +
                               " events to the log after event " + std::to_string(before.seq)));
  if (events.empty()) return seqs;
  frontier_ = std::move(frontier);
  {
    std::lock_guard lock(head_mutex_);
    head_ = head;
  }
  for (const Subscribed& subscriber : subscribers_) subscriber.call(events);
  return seqs;
}

Result<void> EventLog::sync() { return kv_.sync(); }

Result<std::string> EventLog::read_record(Seq seq) const {
  const std::string context = "event " + std::to_string(seq);
  const Seq last = head().seq;
  if (seq == 0 || seq > last) {
    return make_error(Code::not_found,
                      context + " is not in the log; it ends at " + std::to_string(last));
  }
  WEIR_TRY(auto record, kv_.get(Family::events, format::seq_key(seq)));
  if (record) return std::move(*record);
  WEIR_TRY(const Seq retained, retained_from());
  if (seq < retained) return make_error(Code::gone, context + " was removed by retention");
  return make_error(Code::corrupt, context + ": the record is missing");
}

Result<Event> EventLog::read(Seq seq) const {
  WEIR_TRY(const std::string record, read_record(seq));
  return event::decode(record).with_context("event " + std::to_string(seq));
}

Result<Seq> EventLog::retained_from() const {
  return format::read_number(kv_, format::meta_retained_from, 1);
}

LogHead EventLog::head() const {
  std::lock_guard lock(head_mutex_);
  return head_;
}

Result<Seq> EventLog::seq_at(base::TimeUs time) const {
  if (time < 0) return Seq{0};
  const LogHead last = head();
  if (time >= last.time) return last.seq;
  auto cursor = kv_.cursor(Family::index);
  cursor->seek_for_previous(format::time_key(time));
  WEIR_CHECK(cursor->status());
  if (!cursor->valid() || cursor->key().front() != format::index_time) return Seq{0};
  const auto seq = format::take_seq(cursor->value());
  if (!seq) return make_error(Code::corrupt, "the log's time index is malformed");
  return std::min(*seq, last.seq);
}

EventLog::Subscription EventLog::subscribe(Subscriber subscriber) {
  std::lock_guard lock(append_mutex_);
  const std::uint64_t id = subscriber_next_++;
  subscribers_.push_back({id, std::move(subscriber)});
  return Subscription(this, id);
}

void EventLog::unsubscribe(std::uint64_t id) {
  std::lock_guard lock(append_mutex_);
  std::erase_if(subscribers_, [id](const Subscribed& s) { return s.id == id; });
}

EventLog::Subscription& EventLog::Subscription::operator=(Subscription&& other) noexcept {
  if (this == &other) return *this;
  if (log_ != nullptr) log_->unsubscribe(id_);
  log_ = std::exchange(other.log_, nullptr);
  id_ = other.id_;
  return *this;
}

EventLog::Subscription::~Subscription() {
  if (log_ != nullptr) log_->unsubscribe(id_);
}

Result<void> EventLog::refold() {
  std::lock_guard appending(append_mutex_);
  return refold_projections(kv_).with_context("rebuild the projections");
}

}  // namespace weir::store
