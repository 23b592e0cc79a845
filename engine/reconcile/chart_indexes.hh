// The versions of a chart in the index of a Helm repository that is kept as an artifact. Where each
// chart stands in an index is remembered, its versions are read from there: an index may be far
// larger than memory. Thread-safe.
#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "engine/helm/stored_index.hh"
#include "engine/reconcile/command.hh"
#include "engine/reconcile/remote_port.hh"

namespace weir::reconcile {

class ChartIndexes {
 public:
  // Errors: not_found ("no chart name found"), corrupt, and those of the ports.
  Result<std::vector<helm::ChartVersion>> versions(ArtifactPort& artifacts, DownloadPort* download,
                                                   const Artifact& index, const std::string& chart);
  // The same of an index that is not kept.
  static Result<std::vector<helm::ChartVersion>> versions_in(const Payload& index,
                                                             const std::string& chart);

 private:
  using TablePtr = std::shared_ptr<const helm::IndexTable>;
  static constexpr std::size_t tables_max = 16;
  Result<TablePtr> table_of(ArtifactPort& artifacts, const Artifact& index);

  std::mutex mutex_;
  std::list<std::pair<std::string, TablePtr>> recent_;  // by digest, newest first
};

// Reads a payload that is an index: in pieces, or (`whole`) as one document of any shape. Errors:
// invalid, limit, io, and the visitor's.
Result<helm::IndexHead> read_index(const Payload& index, bool whole,
                                   const helm::IndexVisitor& visit);
// Whether reading in pieces failed because of the shape only.
inline bool must_be_whole(const Error& error) { return error.reason == "IndexShape"; }

}  // namespace weir::reconcile
