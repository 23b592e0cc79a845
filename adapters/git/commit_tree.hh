// The files of one commit as a FileTree, read from the mirror as they are asked for. Holds its own
// handle on the mirror, whose objects are never removed while it lives, so later fetches do not
// disturb it. Thread-safe: one lock around the repository, contents shared between the trees of a
// mirror.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/file_tree.hh"

struct git_repository;

namespace weir::git {

// Contents by object id, alive as long as some tree holds them: equal files of two commits are one
// string.
class BlobCache {
 public:
  base::FileBytes find(const std::string& id);
  // Keeps `bytes` under `id`, or answers what is there already.
  base::FileBytes add(const std::string& id, std::string bytes);

 private:
  std::mutex mutex_;
  std::map<std::string, std::weak_ptr<const std::string>> entries_;
  std::size_t sweep_at_ = 1024;
};

class CommitTree final : public base::FileTree {
 public:
  // Opens the tree of `commit` (40 hex digits) in the bare repository at `directory`.
  static Result<std::shared_ptr<const base::FileTree>> open(const std::string& directory,
                                                            const std::string& commit,
                                                            std::shared_ptr<BlobCache> cache);
  CommitTree(git_repository* repository, std::string root, std::shared_ptr<BlobCache> cache);
  ~CommitTree() override;
  CommitTree(const CommitTree&) = delete;
  CommitTree& operator=(const CommitTree&) = delete;

  // The commit (40 hex digits) of the submodule at `path`; nothing when none is there.
  std::optional<std::string> submodule(std::string_view path) const;

  std::optional<base::EntryType> stat(std::string_view path) const override;
  std::optional<std::string> canonical(std::string_view path) const override;
  Result<base::FileBytes> read(std::string_view path) const override;
  Result<std::vector<base::DirectoryEntry>> list(std::string_view path) const override;

 private:
  struct Node {
    base::EntryType type = base::EntryType::directory;
    bool executable = false;
    bool submodule = false;
    std::string id;  // 20 bytes
  };
  using Directory = std::map<std::string, Node, std::less<>>;

  // The following want the lock.
  // With `real`, the path without symbolic links goes there.
  Result<Node> resolve(std::string_view path, std::string* real = nullptr) const;
  Result<const Directory*> load(const Node& node) const;
  Result<std::string> read_object(const Node& node) const;

  mutable std::mutex mutex_;
  git_repository* repository_;
  std::string root_;  // id of the commit's tree
  std::shared_ptr<BlobCache> cache_;
  mutable std::map<std::string, Directory> directories_;      // by tree id
  mutable std::map<std::string, base::FileBytes> contents_;  // by blob id
};

}  // namespace weir::git
