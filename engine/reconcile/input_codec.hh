// Inputs of the core and its options as bytes, for the record that `weir replay --decisions` runs
// again. Not canonical, and of one version of these structs each (recording.hh).
//
// Values of Secrets are replaced by keyed digests (hide_secrets), URLs lose their user information,
// and of Helm's releases there are facts (helm_facts.hh). A rendered set is named by its blob and
// read back from there.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "engine/base/result.hh"
#include "engine/reconcile/core.hh"
#include "engine/reconcile/log_port.hh"

namespace weir::reconcile {

bool is_helm_release_id(const ObjectId& id);

// Other clusters by number: that two clients are the same one, or not, is what is decided by.
using ClientNumbers = std::map<const KubeApi*, std::uint64_t>;
using ClientStandIns = std::map<std::uint64_t, KubeApiPtr>;  // that reach nothing

// `status`: of the owner that an outcome is for, before its step; null for other inputs. To be
// called before the step, which takes from what it is told.
std::string encode_input(const Input& input, const EngineOptions& options, const Value& status,
                         ClientNumbers& clients);
// Errors: corrupt; not_found (a blob is gone).
Result<Input> decode_input(std::string_view bytes, const LogPort& log,
                           ClientStandIns& clients);

std::string encode_options(const EngineOptions& options);
Result<EngineOptions> decode_options(std::string_view bytes);

}  // namespace weir::reconcile
