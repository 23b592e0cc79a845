// The submodules of a commit: what .gitmodules says, and a tree in which each stands at its path.
// Pure but for the trees given; any thread.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/file_tree.hh"

namespace weir::git {

struct Submodule {
  std::string path;  // in the repository
  std::string url;   // as written; "./x" and "../x" are relative to the repository's own
};

// The text of a .gitmodules file. Entries without a path or URL, or whose path leaves the
// repository, are left out. Errors: limit.
Result<std::vector<Submodule>> parse_submodules(std::string_view text);

// The address of a submodule: `url`, or the place it means seen from the repository at `base`.
std::string submodule_address(std::string_view base, std::string_view url);

// `tree` with other trees in the places of directories. A symbolic link of one tree never reaches
// into another.
class MountedTree final : public base::FileTree {
 public:
  using Mounts = std::map<std::string, std::shared_ptr<const base::FileTree>, std::less<>>;
  MountedTree(std::shared_ptr<const base::FileTree> tree, Mounts mounts)
      : tree_(std::move(tree)), mounts_(std::move(mounts)) {}

  std::optional<base::EntryType> stat(std::string_view path) const override;
  std::optional<std::string> canonical(std::string_view path) const override;
  Result<base::FileBytes> read(std::string_view path) const override;
  Result<std::vector<base::DirectoryEntry>> list(std::string_view path) const override;

 private:
  struct Place {
    const base::FileTree* tree;
    std::string mount;  // "" for the tree itself
    std::string path;   // in `tree`
  };
  Place find(std::string_view path) const;

  std::shared_ptr<const base::FileTree> tree_;
  Mounts mounts_;  // by clean path
};

}  // namespace weir::git
