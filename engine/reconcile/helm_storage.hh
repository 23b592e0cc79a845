// Helm's storage of one release: its records in Secrets, read at once and kept in step with what
// is written. A value of one reconcile; one thread at a time.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/clock.hh"
#include "engine/base/result.hh"
#include "engine/helm/release.hh"
#include "engine/reconcile/kube_port.hh"

namespace weir::reconcile {

using ReleasePtr = std::shared_ptr<const helm::Release>;

class HelmStorage {
 public:
  HelmStorage() = default;
  HelmStorage(std::string ns, std::string name, Identity as)
      : ns_(std::move(ns)), name_(std::move(name)), as_(std::move(as)) {}

  // As a record of the engine keeps it: no API is asked.
  static HelmStorage of(const std::vector<helm::Release>& releases);

  // Reads all records of the release. Errors: those of the API, corrupt.
  Result<void> load(KubeApi& kube);

  // The newest first.
  std::vector<ReleasePtr> releases() const;
  ReleasePtr newest() const;
  ReleasePtr find(int version) const;
  // The newest that is deployed; nullptr when none is.
  ReleasePtr deployed() const;
  // What an upgrade starts from: the deployed one, else the newest.
  ReleasePtr current() const;

  // A new record. `history_max` > 0: older ones are removed until there is room for it, never the
  // one deployed last. Errors: already_exists (somebody else releases too), limit, the API's.
  Result<void> create(KubeApi& kube, const helm::Release& release, int history_max,
                      base::TimeUs now);
  // Over the record of the same version. Errors: not_found, the API's.
  Result<void> update(KubeApi& kube, const helm::Release& release, base::TimeUs now);
  Result<void> remove(KubeApi& kube, int version);

  const std::string& ns() const { return ns_; }
  const std::string& name() const { return name_; }

 private:
  WriteOptions write_options() const;

  std::string ns_, name_;
  Identity as_;
  std::map<int, ReleasePtr> releases_;
};

}  // namespace weir::reconcile
