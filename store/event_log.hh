// The event log over a Kv: appends events with dense sequence numbers, keeps their indexes,
// projections and the Merkle tree in the same write, and answers reads. The bytes are in
// store/record_format.hh.
//
// Threads: one append at a time (callers queue on a lock); every read may run at any time, from any
// thread, and sees whole batches only. Subscribers are called by the appending thread.
//
// Failure: an append that fails (io: disk full, read-only) leaves the log as it was; reads go on
// and a later append may succeed. Reads of damaged bytes are Code::corrupt and name the sequence
// number.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/clock.hh"
#include "engine/base/digest.hh"
#include "engine/base/result.hh"
#include "engine/event/event.hh"
#include "store/kv.hh"
#include "store/tree.hh"

namespace weir::store {

using Seq = std::uint64_t;

// Which events a scan returns; an absent field does not restrict. kind, ns, name (and group) are
// the subject's.
struct EventFilter {
  std::optional<event::Type> type;
  std::optional<std::string> group;
  std::optional<std::string> kind;
  std::optional<std::string> ns;    // "" = cluster-scoped subjects only
  std::optional<std::string> name;
  std::optional<std::string> actor;
  std::optional<base::TimeUs> since;     // inclusive
  std::optional<base::TimeUs> until;     // inclusive
  std::optional<model::ObjectId> owner;  // by group, kind, namespace, name
  std::optional<std::string> reconcile_id;
};

struct ScanRequest {
  Seq from = 1;  // inclusive
  Seq to = ~Seq{0};  // inclusive; cut to the head
  EventFilter filter;
  std::size_t limit = 1000;  // events returned; at least 1
  bool backward = false;     // newest first
  // Records looked at before the page is cut (with `next` set); 0 = no cap.
  std::size_t examined_max = 0;
};

struct EventPage {
  std::vector<event::Event> events;
  // Where the next page begins: the `from` of a forward scan, the `to` of a backward one. Nothing
  // at the end.
  std::optional<Seq> next;
};

struct LogHead {
  Seq seq = 0;            // of the last event; 0 = empty log; also the tree's size
  base::TimeUs time = 0;  // of the last event
  base::Digest root;      // RFC 6962 root over all leaves
  base::Digest leaf;      // hash of the last leaf; all zero while empty
};

class EventLog {
 public:
  using Subscriber = std::function<void(const std::vector<event::Event>&)>;

  // Ends its subscription when destroyed; afterwards the subscriber is not called again. Must not
  // be destroyed from inside the subscriber.
  class Subscription {
   public:
    Subscription() = default;
    Subscription(EventLog* log, std::uint64_t id) : log_(log), id_(id) {}
    Subscription(Subscription&& other) noexcept
        : log_(std::exchange(other.log_, nullptr)), id_(other.id_) {}
    Subscription& operator=(Subscription&& other) noexcept;
    ~Subscription();

   private:
    EventLog* log_ = nullptr;
    std::uint64_t id_ = 0;
  };

  // Opens the log in `kv`: migrates an older schema forward, rebuilds projections that this build
  // writes differently, and checks that head and tree agree. What `kv` could not read of its
  // write-ahead log becomes an event (log_cut). Both references must outlive the log.
  // Errors: unsupported (the database is newer than this build), corrupt, io.
  static Result<std::unique_ptr<EventLog>> open(Kv& kv, const base::Clock& clock);
  ~EventLog();

  // Appends all or none. Sets seq (dense) and time (the clock's, never below the last event's; one
  // for the whole batch). Synced to stable storage before it returns when any of the events
  // must_sync. `staged`: operations (blobs, the engine's own rows) that go into the same write.
  // Returns the seqs, in order. Errors: limit (data over event_data_bytes_max, batch over
  // event_batch_max), io, corrupt.
  Result<std::vector<Seq>> append(std::vector<event::Event> events);
  Result<std::vector<Seq>> append(std::vector<event::Event> events, WriteBatch staged);
  // Puts everything appended so far on stable storage.
  Result<void> sync();

  // Errors: not_found (0 or beyond the head), gone (removed by retention), corrupt, io.
  Result<event::Event> read(Seq seq) const;
  // Its canonical bytes. Errors: not_found, gone (removed by retention), corrupt, io.
  Result<std::string> read_record(Seq seq) const;
  // A page of events in order of seq. Uses the subject's index when kind, ns and name are given,
  // the owner's when owner is. Errors: corrupt, io.
  Result<EventPage> scan(const ScanRequest& request) const;

  LogHead head() const;
  // Events from here on are all there; of older ones only what the state then stands on.
  Result<Seq> retained_from() const;
  // Seq of the last event at or before `time`; 0 when there is none.
  Result<Seq> seq_at(base::TimeUs time) const;

  // Calls `subscriber` with each appended batch (seq and time set), in order, after it is in the
  // log. The subscriber must be quick and must not append.
  [[nodiscard]] Subscription subscribe(Subscriber subscriber);

  // Drops and rebuilds every projection from the events. Reads of projections meanwhile see parts
  // only.
  Result<void> refold();

  // The tree over all events: proofs for any size up to the head.
  const Tree& tree() const { return tree_; }
  Kv& kv() const { return kv_; }

 private:
  EventLog(Kv& kv, const base::Clock& clock);
  void unsubscribe(std::uint64_t id);
  Result<void> tell_of_cut();
  struct Subscribed {
    std::uint64_t id;
    Subscriber call;
  };

  Kv& kv_;
  const base::Clock& clock_;
  Tree tree_;

  std::mutex append_mutex_;    // held for a whole append; guards frontier_, subscribers_
  Frontier frontier_;
  std::vector<Subscribed> subscribers_;
  std::uint64_t subscriber_next_ = 1;

  mutable std::mutex head_mutex_;  // guards head_
  LogHead head_;
};

}  // namespace weir::store
