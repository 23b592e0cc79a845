// The decisions of an apply and a prune, one object at a time, as pure functions: what is skipped,
// created, configured or unchanged, when an object is deleted and made anew, and the texts of
// errors. Contract K7.7, K7.8, K7.10, K7.11, K8, K9.4.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/apply/drift.hh"
#include "engine/apply/skip.hh"
#include "engine/base/result.hh"
#include "engine/model/object_id.hh"

namespace weir::apply {

enum class Verdict : std::uint8_t { create, configure, unchanged, skip };

struct Decision {
  Verdict verdict = Verdict::unchanged;
  SkipReason skip = SkipReason::none;  // verdict skip
  // verdict configure: the paths that differ (".spec.replicas"); empty when only metadata was
  // cleaned up.
  std::string changed;
};

struct DecisionInput {
  const Value& desired;      // the normalised manifest
  const Value& live;         // null when there is no such object
  const Value& dry_run;      // the server's answer; unused when the object is skipped
  bool cleaned = false;      // a clean-up patch was written (K7.9)
  const std::vector<IgnoreRule>* ignore = nullptr;
};

// K7.7, K7.8. Ask skip_apply() before the dry-run: a skipped object needs none.
Decision decide_apply(const DecisionInput& input);

// The manifest to send: `desired`, with ignored paths stripped or taken from the live object
// (K7.12).
Value payload_of(const DecisionInput& input);

// K7.10: does this dry-run error say that a field cannot be changed in place?
bool is_immutable_error(const Error& error);
// ... and may the object be deleted and created again? Never when it did not exist.
bool should_recreate(const Error& error, const Value& desired, const Value& live, bool force);

// K7.11: the text of a failed dry-run.
Error dry_run_error(const ObjectId& id, const Error& error);

enum class PruneVerdict : std::uint8_t {
  remove,
  absent,  // it is gone already; counts as deleted
  skip,
};

struct PruneDecision {
  PruneVerdict verdict = PruneVerdict::skip;
  SkipReason skip = SkipReason::none;
};

// K9.4, for a stale object; `live` is null when it does not exist.
PruneDecision decide_prune(const Value& live, std::string_view owner_ns,
                           std::string_view owner_name);

}  // namespace weir::apply
