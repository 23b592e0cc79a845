// The life of every object: what happened to it, what it was at any moment, and what the whole
// cluster was.
//
// Rows: 'h' kind ns name group cluster class seq -> empty, the event has the change (class: which
// states it defines, so that "what was it at seq N" is one seek a class); 'w' owner object cluster
// -> empty (objects an owner ever had). Queries are thread-safe; errors are corrupt and io.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/clock.hh"
#include "engine/base/digest.hh"
#include "engine/base/result.hh"
#include "engine/event/event.hh"
#include "engine/model/object_id.hh"
#include "store/kv.hh"

namespace weir::store::projections {

// desired: as last applied by its owner. live: as it stood in the cluster, others' changes
// included.
enum class Side : std::uint8_t { desired, live };

struct ObjectChange {
  std::uint64_t seq = 0;
  base::TimeUs time = 0;
  event::Type type = event::Type::object_applied;
  std::string action;    // created, configured, deleted, skipped; "observed", "drifted"
  bool gone = false;     // the object does not exist after it
  std::optional<base::Digest> manifest;  // blob; of a deletion: the last manifest
  std::optional<base::Digest> live;      // of an apply: what the API made of it
  std::string version;   // API version's part after the group: "v1"
  model::ObjectId owner; // empty when none is known
  std::string revision;  // source revision applied; "" when not an apply
  std::string actor;
  std::string reconcile_id;
};

struct ObjectState {
  model::ObjectId id;
  std::string cluster;
  ObjectChange change;  // the last one that defined this side's state
};

struct StateFilter {
  std::optional<std::string> kind;
  std::optional<std::string> ns;
  std::optional<model::ObjectId> owner;  // at that moment
  std::optional<std::string> cluster;
};

void fold_objects(const event::Event& event, WriteBatch& batch);

// Changes of one object, newest first, none younger than `to`; at most `limit`.
Result<std::vector<ObjectChange>> object_history(const Kv& kv, const model::ObjectId& id,
                                                 std::uint64_t to, std::size_t limit,
                                                 std::string_view cluster = {});

// The object just after event `at`; nothing when it did not exist.
Result<std::optional<ObjectState>> object_at(const Kv& kv, const model::ObjectId& id,
                                             std::uint64_t at, Side side,
                                             std::string_view cluster = {});

// Every object that existed just after event `at`, ordered by kind, namespace, name, group,
// cluster.
Result<std::vector<ObjectState>> state_at(const Kv& kv, std::uint64_t at, Side side,
                                          const StateFilter& filter = {});

// Whoever ever owned an object, ordered by kind, namespace, name, group; without versions.
Result<std::vector<model::ObjectId>> owners_ever(const Kv& kv);

}  // namespace weir::store::projections
