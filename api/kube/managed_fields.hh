// metadata.managedFields: who owns which fields, kept as the API server keeps it.
//
// Owner: api/kube. Pure functions; no threads. Failure: apply() answers a Conflict with the
// server's text and causes.
#pragma once

#include <string>
#include <vector>

#include "api/kube/call.hh"
#include "api/kube/field_set.hh"
#include "engine/base/clock.hh"

namespace weir::api::kube {

struct Manager {
  std::string name;
  bool apply = false;  // operation Apply, else Update
  std::string api_version;
  std::string subresource;
  std::string time;  // RFC 3339
  FieldSet fields;
};

std::vector<Manager> decode_managers(const Value& object);
void encode_managers(Value& object, std::vector<Manager> managers);

struct WriteContext {
  std::string manager;
  std::string api_version;
  std::string subresource;
  base::TimeUs now = 0;
  const Schema* schema = nullptr;
  bool force = false;
};

// Sets `updated`'s managedFields after an update, patch or create by context.manager. `live` is
// null for a create. A client that sends an empty managedFields list resets them.
void track_update(const Value& live, Value& updated, const WriteContext& context);

struct Applied {
  Value object;  // live with the configuration laid over it and what was given up removed
  bool changed = false;
};
// Server-side apply of `config` on `live` (null = create). Leaves object.metadata.managedFields as
// of the input; finish_apply sets them once the object has its defaults.
Result<Value> apply_configuration(const Value& live, const Value& config,
                                  const WriteContext& context, Call& call,
                                  std::vector<Manager>& managers);
// Sets managedFields: the time moves only when `object` or the owned fields differ from `live`'s.
void finish_apply(const Value& live, Value& object, std::vector<Manager> managers,
                  const WriteContext& context);

}  // namespace weir::api::kube
