// The last finished reconcile of every owner: what `weir get` and the status of the engine at a
// restart need without walking the log.
//
// Rows: 'l' kind ns name group -> the result; removed when the owner is deleted. Thread-safe;
// errors are corrupt and io.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/clock.hh"
#include "engine/base/result.hh"
#include "engine/event/event.hh"
#include "engine/model/object_id.hh"
#include "store/kv.hh"

namespace weir::store::projections {

struct OwnerResult {
  model::ObjectId owner;
  std::uint64_t seq = 0;
  base::TimeUs time = 0;
  std::string reconcile_id;
  std::string revision;
  std::string status;
  std::string reason;
  std::string message;
};

void fold_owners(const event::Event& event, WriteBatch& batch);

Result<std::optional<OwnerResult>> last_result(const Kv& kv, const model::ObjectId& owner);
// Of every owner that exists, ordered by kind, namespace, name, group.
Result<std::vector<OwnerResult>> last_results(const Kv& kv);

}  // namespace weir::store::projections
