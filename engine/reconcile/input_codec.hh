// Inputs of the core and its options as bytes, for the record that `weir replay --decisions` runs
// again. Not canonical, and of one version of these structs each (recording.hh).
//
// Values of Secrets are replaced by keyed digests (hide_secrets), URLs lose their user information.
// A rendered set is named by its blob and read back from there.
#pragma once

#include <string>
#include <string_view>

#include "engine/base/result.hh"
#include "engine/reconcile/core.hh"
#include "engine/reconcile/log_port.hh"

namespace weir::reconcile {

// Whether replays know what to do with it: what is of a HelmRelease alone is not recorded, for its
// outcomes carry the release's values.
bool is_recorded(const Input& input);
bool is_helm_release_id(const ObjectId& id);

std::string encode_input(const Input& input, const EngineOptions& options);
// Errors: corrupt; not_found (a blob is gone).
Result<Input> decode_input(std::string_view bytes, const LogPort& log);

std::string encode_options(const EngineOptions& options);
Result<EngineOptions> decode_options(std::string_view bytes);

}  // namespace weir::reconcile
