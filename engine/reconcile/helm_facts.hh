// What a record of the engine (recording.hh) keeps of a HelmRelease's outcomes: all that its flow
// decides by, with digests in the place of values, manifests and templates. Told the same facts
// again, the flow decides the same.
//
// Pure; any thread. No errors: facts that are malformed read as absent.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/reconcile/helm_run.hh"

namespace weir::reconcile {

// What the facts are taken for: the status before the step says which releases may be looked at.
struct FactsScope {
  const Value& status;
  std::string_view key;  // manifests become digests under it
};

struct PreparedFacts {
  bool there = false, charts = false;
  DesiredRelease desired;
  std::optional<Value> recorded;  // a release's facts
  std::string recorded_oci;
  std::vector<Value> storage;     // a release's facts each
};

struct RanFacts : HelmResult {  // `patch` of a drift says no more than that there is one
  Value release;
  std::vector<Value> written, storage;
  // Of what was rendered; no revision: nothing was.
  std::string revision;
  base::Digest rendered, set_blob, release_blob;
  std::uint64_t objects = 0;
};

PreparedFacts facts_of(const HelmPrepared& prepared, const FactsScope& scope);
HelmPrepared outcome_of(const PreparedFacts& facts);
RanFacts facts_of(const HelmRan& ran, const FactsScope& scope);
HelmRan outcome_of(const RanFacts& facts);

// Takes over what came of a run from one that was told: what the executor does in place while the
// engine runs. What was asked for stays.
void take_outcome(HelmRun& run, const HelmRun& told);

}  // namespace weir::reconcile
