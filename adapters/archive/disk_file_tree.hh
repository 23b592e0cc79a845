// A directory on disk as a FileTree. Confined: every path and symbolic link is resolved below the
// root by openat2(RESOLVE_BENEATH), or step by step where the kernel has no openat2; nothing
// outside is ever opened. Unconfined, for the command line: paths are the process's own, relative
// ones from a working directory, and may climb or be absolute.
//
// Thread-safe; holds one descriptor. Reads what is there now: a file that changes meanwhile is the
// caller's.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/file_tree.hh"

namespace weir::archive {

class DiskFileTree final : public base::FileTree {
 public:
  // Confined to `root`. A leading '/' in a path means the root. Errors: not_found, invalid, io.
  static Result<std::shared_ptr<const DiskFileTree>> open(const std::string& root);
  // Unconfined, relative paths from `working_directory`; no entry is told to be executable. Errors
  // as open.
  static Result<std::shared_ptr<const DiskFileTree>> open_unconfined(
      const std::string& working_directory);

  DiskFileTree(int root, bool confined, bool stepwise);
  ~DiskFileTree() override;
  DiskFileTree(const DiskFileTree&) = delete;
  DiskFileTree& operator=(const DiskFileTree&) = delete;

  std::optional<base::EntryType> stat(std::string_view path) const override;
  std::optional<std::string> canonical(std::string_view path) const override;
  Result<base::FileBytes> read(std::string_view path) const override;
  Result<std::vector<base::DirectoryEntry>> list(std::string_view path) const override;

  // The same tree resolving without openat2, as on an old kernel.
  std::shared_ptr<const DiskFileTree> stepwise() const;

 private:
  Result<int> open_path(std::string_view path, int flags) const;

  int root_;
  bool confined_;
  bool stepwise_;
};

}  // namespace weir::archive
