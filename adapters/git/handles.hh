// Owning pointers for libgit2's objects, and the mirrors' folders: for the sources of this folder
// only.
#pragma once

#include <memory>
#include <string>

#include "engine/base/result.hh"
#include "engine/reconcile/source_port.hh"

struct git_repository;
struct git_commit;
struct git_tree;
struct git_tree_entry;

namespace weir::git {

struct FreeHandle {
  void operator()(git_repository* handle) const;
  void operator()(git_commit* handle) const;
  void operator()(git_tree* handle) const;
  void operator()(git_tree_entry* handle) const;
};
template <typename T>
using Handle = std::unique_ptr<T, FreeHandle>;

// What libgit2 says of its last failure on this thread. Code::io.
Error local_failure(std::string_view what);
// A mirror that does not open is a cache gone bad: it is made anew.
Result<Handle<git_repository>> open_mirror(const std::string& directory);
// Null when the repository has no such commit.
Handle<git_commit> find_commit(git_repository* repository, const std::string& sha);
reconcile::GitCommit describe(const git_commit* commit, const std::string& sha);
// Errors: io.
Result<Handle<git_tree>> tree_of(git_repository* repository, const std::string& sha);
// Of the mirror of a URL without userinfo.
std::string mirror_directory(const std::string& root, const std::string& clean_url);
Result<void> make_private(const std::string& directory);

}  // namespace weir::git
