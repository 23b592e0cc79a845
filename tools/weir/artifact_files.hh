// The files of an OCI artifact as they are on this machine: a directory, one file, or manifests on
// standard input. One thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/base/file_tree.hh"
#include "engine/base/result.hh"
#include "tools/weir/args.hh"

namespace weir::cli {

struct ArtifactFiles {
  std::string path;  // "-": standard input
  std::vector<std::string> ignored;
  bool resolve_symlinks = false;

  void add_ignored_to(Args& args);
  void add_symlinks_to(Args& args);
  // Whether the path leads anywhere. Errors: invalid (no path), not_found.
  Result<void> check() const;
  // What would be packed. Errors: not_found, io, limit.
  Result<std::shared_ptr<const base::FileTree>> tree() const;
  // As a .tar.gz that is the same for the same files.
  Result<std::string> pack() const;
};

}  // namespace weir::cli
