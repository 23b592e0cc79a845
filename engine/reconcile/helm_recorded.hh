// What the log keeps of a release, so that it can be made again when Helm's own history is gone:
// chart, values, manifest, hooks and notes, sealed, without what is of one revision only. Equal
// releases give equal digests. Any thread.
#pragma once

#include <memory>
#include <string>

#include "engine/base/digest.hh"
#include "engine/base/result.hh"
#include "engine/helm/release.hh"
#include "engine/reconcile/helm_decide.hh"
#include "engine/reconcile/log_port.hh"

namespace weir::reconcile {

struct RecordedRelease {
  helm::Release release;
  std::string oci_digest;  // of the artifact that the chart came from; "" for others
};
using RecordedPtr = std::shared_ptr<const RecordedRelease>;

// Errors: io, limit.
Result<base::Digest> store_release(LogPort& log, const helm::Release& release,
                                   const std::string& oci_digest);
// Errors: not_found (removed by retention), corrupt.
Result<RecordedPtr> load_release(const LogPort& log, const base::Digest& blob);

// What the recorded release should be, in the terms of a rendered one: its post renderers and
// common metadata count as those asked for now.
DesiredRelease desired_of(const RecordedRelease& recorded, const model::HelmReleaseSpec& spec);

}  // namespace weir::reconcile
