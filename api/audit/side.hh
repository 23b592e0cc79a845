// The four sides of an object at an instant: desired (as last applied), rendered (as its owner's
// build made it), live (as it stood in the cluster), and its health.
//
// Reads of the log; thread-safe. Errors: not_found (it did not exist), corrupt, io.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "api/audit/routes.hh"
#include "store/projections/objects.hh"

namespace weir::api::audit {

enum class View : std::uint8_t { desired, rendered, live, health };

std::string_view view_name(View view);
// The query parameter "side"; desired when it is not given. Error: invalid.
Result<View> read_view(const Call& call);

// The newest event of a type about `subject` at or before `to`; nothing when there is none.
Result<std::optional<event::Event>> newest_event(const store::EventLog& log,
                                                 const model::ObjectId& subject, event::Type type,
                                                 store::Seq to);

// One object, as that view has it; nothing when it did not exist there.
Result<std::optional<store::projections::ObjectState>> object_in_view(const Call& call,
                                                                      const model::ObjectId& id,
                                                                      store::Seq at, View view);
Result<std::vector<store::projections::ObjectState>> cluster_in_view(
    const Call& call, store::Seq at, View view, const store::projections::StateFilter& filter);

// {status, message, seq}: what was last observed of the object, unless its owner has reconciled
// successfully since; then "Current".
class HealthReader {
 public:
  HealthReader(const store::EventLog& log, store::Seq at) : log_(log), at_(at) {}
  Result<Value> of(const store::projections::ObjectState& state);

 private:
  Result<store::Seq> last_success(const model::ObjectId& owner);

  const store::EventLog& log_;
  const store::Seq at_;
  std::map<std::string, store::Seq> successes_;  // by owner
};

}  // namespace weir::api::audit
