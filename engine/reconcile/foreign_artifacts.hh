// The files of artifacts that another controller serves, downloaded by their URL, checked against
// their digest, unpacked within caps and kept while they fit. Thread-safe.
#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <mutex>
#include <string>

#include "engine/base/file_tree.hh"
#include "engine/reconcile/command.hh"
#include "engine/reconcile/remote_port.hh"

namespace weir::reconcile {

using FileTreePtr = std::shared_ptr<const base::FileTree>;

class ForeignArtifacts {
 public:
  // Errors: gone (the server has it no more), corrupt (another digest), invalid (no archive),
  // limit, and those of DownloadPort.
  Result<FileTreePtr> open(DownloadPort& port, const Artifact& artifact);
  // The bytes as they are served, checked.
  static Result<std::string> fetch(DownloadPort& port, const Artifact& artifact);

 private:
  static constexpr std::size_t bytes_max = 128u << 20;  // of the archives kept
  struct Entry {
    std::string digest;
    FileTreePtr tree;
    std::size_t bytes = 0;
  };
  std::mutex mutex_;
  std::list<Entry> recent_;  // newest first
  std::size_t bytes_ = 0;
};

}  // namespace weir::reconcile
