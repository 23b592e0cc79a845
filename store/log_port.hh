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

// Refers to both; they outlive it. Thread-safe as they are.
class EngineLog final : public reconcile::LogPort {
 public:
  EngineLog(EventLog& log, BlobStore& blobs) : log_(log), blobs_(blobs) {}

  Result<void> append(std::vector<event::Event>& events) override;
  std::uint64_t head() const override { return log_.head().seq; }
  Result<void> replay(std::uint64_t from,
                      const std::function<bool(const event::Event&)>& visit) const override;
  Result<base::Digest> put_blob(std::string_view bytes, bool sealed) override;
  Result<std::string> get_blob(const base::Digest& digest) const override;

 private:
  EventLog& log_;
  BlobStore& blobs_;
};

}  // namespace weir::store
