// The state machine of a HelmRelease: from what Helm's storage holds and what the object asks for,
// the state of the release and the next action. Pure, and tested as a table; contract H6, H7.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>

#include "engine/helm/release.hh"
#include "engine/model/kinds/helm_release.hh"
#include "engine/value/value.hh"

namespace weir::reconcile {

enum class ReleaseState : std::uint8_t {
  absent,
  locked,     // some action broke off in it
  unmanaged,  // it is not the release that was last made here
  failed,
  out_of_sync,  // of another chart, values or post renderers
  untested,
  drifted,
  in_sync,
  unknown,  // a status that no action starts from
};
std::string_view release_state_name(ReleaseState state);

enum class HelmActionKind : std::uint8_t {
  none,
  install,
  upgrade,
  rollback,   // remediation
  uninstall,  // remediation, deletion, or a new target
  test,
  unlock,
  detect_drift,
  correct_drift,
};
// "install", "upgrade", "rollback", ...: as messages and snapshots have it.
std::string_view helm_action_name(HelmActionKind kind);

// Each runs at most once in a reconcile.
enum class HelmActionType : std::uint8_t { release, remediate, test, unlock, drift };
HelmActionType helm_action_type(HelmActionKind kind);

enum class DriftFinding : std::uint8_t { unknown, none, some };

// What a release should be.
struct DesiredRelease {
  std::string chart_name, chart_version, app_version;
  std::string config_digest;
  std::string oci_digest;  // "" unless the chart's version carries one
  std::string post_renderers_digest, common_metadata_digest;
  std::string manifest_digest;  // of a recorded release that is to stand again; else ""

  // Tells two of them apart, whatever was recorded.
  std::string identity() const {
    return chart_version + "|" + config_digest + "|" + post_renderers_digest + "|" +
           common_metadata_digest;
  }
};

struct DecideInput {
  const model::HelmReleaseSpec& spec;
  const Value& status;
  std::int64_t generation = 0;
  const DesiredRelease& desired;
  const helm::Release* newest = nullptr;  // in storage; null: none
  // The stored release that the previous good snapshot names; null: it is gone.
  const helm::Release* rollback_target = nullptr;
  bool force_requested = false;
  DriftFinding drift = DriftFinding::unknown;
  const std::set<HelmActionType>& done;  // in this reconcile
};

struct ReleaseVerdict {
  ReleaseState state = ReleaseState::unknown;
  std::string why;
};
ReleaseVerdict determine_state(const DecideInput& input);

enum class DecisionKind : std::uint8_t {
  act,
  finished,     // the release is as it should be
  retry_later,  // RetryOnFailure: after its interval
  requeue,      // at once, under back-off
  stalled,      // `reason` and `message`
  error,        // Ready=False with `reason` and `message`, under back-off
};

struct Decision {
  DecisionKind kind = DecisionKind::error;
  ReleaseState state = ReleaseState::unknown;
  HelmActionKind action = HelmActionKind::none;
  bool clear_history = false;
  std::string reason, message;
};
Decision decide(const DecideInput& input);

// After a remediation: stalled, or another try under back-off.
Decision after_remediation(const model::HelmReleaseSpec& spec, const Value& status,
                           HelmActionKind remediation);

// The remediation of the action attempted last; nullptr when there was none.
const model::Remediation* active_remediation(const model::HelmReleaseSpec& spec,
                                             const Value& status);
bool retries_exhausted(const model::HelmReleaseSpec& spec, const Value& status, bool upgrade);
bool ignores_test_failures(const model::HelmReleaseSpec& spec, const Value& status);

// H3.2: the release that stands is another one than the spec names; `chart_name` of the new chart.
bool target_changed(const model::HelmReleaseSpec& spec, const Value& status,
                    std::string_view chart_name);
// H5.2: why the failures counted so far no longer matter; "" when they do.
std::string reset_reason(const Value& status, std::int64_t generation,
                         const DesiredRelease& desired, bool reset_requested);

}  // namespace weir::reconcile
