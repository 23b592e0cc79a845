// The engine's LogPort over the event log and the blob store of one database.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/reconcile/log_port.hh"
#include "store/blobs.hh"
#include "store/event_log.hh"

namespace weir::store {

// Refers to both; they outlive it. Thread-safe as they are; appends come from one thread.
class EngineLog final : public reconcile::LogPort {
 public:
  // `record_bytes_max`: of the records of the engine's steps, on disk; the runs of the engine that
  // are oldest go first, and a run that outgrows it alone is not recorded on. 0 = none are kept.
  EngineLog(EventLog& log, BlobStore& blobs, std::uint64_t record_bytes_max = 64u << 20)
      : log_(log), blobs_(blobs), record_bytes_max_(record_bytes_max) {}

  Result<void> append(std::vector<event::Event>& events, std::string_view record) override;
  Result<void> for_each_record(
      const std::function<Result<bool>(std::string_view record)>& visit) const override;
  std::uint64_t head() const override { return log_.head().seq; }
  Result<void> replay(std::uint64_t from,
                      const std::function<bool(const event::Event&)>& visit) const override;
  Result<base::Digest> put_blob(std::string_view bytes, bool sealed) override;
  Result<std::string> get_blob(const base::Digest& digest) const override;
  Result<std::optional<reconcile::StateSnapshot>> latest_snapshot(
      std::uint64_t max_seq) const override;
  Result<void> put_snapshot(std::uint64_t seq, const std::string& bytes) override;

 private:
  Result<void> stage_record(std::string_view record, WriteBatch& batch);
  Result<void> drop_older_runs();
  std::uint64_t record_bytes() const;

  EventLog& log_;
  BlobStore& blobs_;
  const std::uint64_t record_bytes_max_;
  std::uint64_t record_next_ = 0;  // number of the next record; 0 = not known yet
  std::uint64_t run_first_ = 0;    // of the first record of this run; 0 = none
  std::uint64_t unchecked_ = 0;    // bytes since the size was looked at
  std::uint64_t run_bytes_ = 0;    // what this run has recorded
  bool ended_ = false;             // this run is not recorded on
};

}  // namespace weir::store
