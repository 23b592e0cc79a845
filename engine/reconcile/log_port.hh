// The event log and the blob store as the engine uses them. Implementation: store/log_port (over
// EventLog and BlobStore). The loop is the only appender while the engine runs; reads may come from
// any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/digest.hh"
#include "engine/base/result.hh"
#include "engine/event/event.hh"

namespace weir::reconcile {

// The engine's durable state after some event (durable_state.hh).
struct StateSnapshot {
  std::uint64_t seq = 0;
  std::string bytes;
};

class LogPort {
 public:
  virtual ~LogPort() = default;
  // One write, all or none; fills in seq and time. `record`: of the steps that gave the events
  // (recording.hh); a port may keep it or not. Errors: io (disk full, read-only), limit.
  virtual Result<void> append(std::vector<event::Event>& events, std::string_view record = {}) = 0;
  // Every record that is kept, in order, until `visit` says false. Errors: corrupt, io.
  virtual Result<void> for_each_record(
      const std::function<Result<bool>(std::string_view record)>& visit) const = 0;
  // Seq of the last event; 0 when there is none.
  virtual std::uint64_t head() const = 0;
  // Every event from `from` on, in order, until `visit` returns false. Errors: corrupt, io.
  virtual Result<void> replay(std::uint64_t from,
                              const std::function<bool(const event::Event&)>& visit) const = 0;
  // Content-addressed; sealed: encrypted, with a keyed digest (manifests of Secrets).
  virtual Result<base::Digest> put_blob(std::string_view bytes, bool sealed) = 0;
  // Errors: not_found, corrupt.
  virtual Result<std::string> get_blob(const base::Digest& digest) const = 0;
  // The youngest at or before `max_seq`; nothing when there is none. Error: io.
  virtual Result<std::optional<StateSnapshot>> latest_snapshot(std::uint64_t max_seq) const = 0;
  // Older ones may go. Errors: io, limit.
  virtual Result<void> put_snapshot(std::uint64_t seq, const std::string& bytes) = 0;
};

}  // namespace weir::reconcile
