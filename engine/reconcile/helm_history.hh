// status.history of a HelmRelease: snapshots of the releases that were made for it, the newest
// first, and what they say about it. Pure; contract H7.4, H11.
#pragma once

#include <string>
#include <string_view>

#include "engine/helm/release.hh"
#include "engine/model/kinds/helm_release.hh"
#include "engine/value/value.hh"

namespace weir::reconcile {

inline constexpr std::string_view snapshot_version = "v2";

// The snapshot of a release as it is stored. `before`: the snapshot of the same release that it
// replaces, or null; its tests are kept. `action`: what made it ("install"); "" keeps the former.
Value make_snapshot(const helm::Release& release, std::string_view oci_digest,
                    std::string_view action, const Value& before);

// Puts the snapshot of `release` in its place: over that of the same version, else as a new one.
void record_snapshot(Value& history, const helm::Release& release, std::string_view oci_digest,
                     std::string_view action);

// The newest; null when there is none.
const Value& latest_snapshot(const Value& history);
// The newest but one that was deployed and whose tests did not fail (unless that does not matter).
const Value& previous_snapshot(const Value& history, bool ignore_tests);
// Keeps the newest ones down to the previous good one; without one, the newest five.
void truncate_history(Value& history, bool ignore_tests);
void truncate_history_to_newest(Value& history);

bool was_tested(const Value& snapshot);
bool has_failed_test(const Value& snapshot);
// Exclusion comes first; with names to include, only those run.
bool is_test_selected(const model::TestOptions& test, std::string_view name);
// The outcome of those of a release's test hooks that `test` selects, as a snapshot holds it.
Value test_hooks_of(const helm::Release& release, const model::TestOptions& test);

// "ns/name.v3" and "chart@1.2.3", as messages have them.
std::string full_release_name(const Value& snapshot);
std::string versioned_chart_name(const Value& snapshot);

// True when `release` is the one that the snapshot was taken of, unchanged. Snapshots of another
// API version are believed.
bool is_observed(const Value& snapshot, const helm::Release& release);

}  // namespace weir::reconcile
