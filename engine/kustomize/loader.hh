// A kustomization's view of files: reads what it names, opens the bases it names, and refuses what
// the load restrictions, the confinement or the absence of a remote loader forbid. Also finds
// cycles.
//
// A Loader belongs to one build; loaders refer to the one that opened them, which must outlive
// them.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "engine/base/file_tree.hh"
#include "engine/base/result.hh"
#include "engine/kustomize/build.hh"

namespace weir::kustomize {

class Loader {
 public:
  // At `directory` of `tree`. Error: not_found or invalid when it is no directory.
  static Result<Loader> open_root(const base::FileTree& tree, std::string_view directory,
                                  const BuildOptions& options);

  // At the root of a fetched repository. Errors: forbidden without a remote loader, and its own.
  static Result<Loader> open_url(std::string_view url, const BuildOptions& options);

  // The base at `path`: a relative directory or a Git URL. Errors: "must build at directory: ...",
  // "cycle detected: ...", security, limit.
  Result<Loader> open(std::string_view path) const;

  // The content of a file, relative to this directory, absolute or an http(s) URL.
  Result<base::FileBytes> load(std::string_view path) const;

  // How this directory, and a path in its tree, print in error texts.
  std::string root() const { return display(root_); }
  const base::FileTree& tree() const { return *tree_; }
  const std::string& directory() const { return root_; }  // in tree()

  // True for the error of a remote file that answered with a failing HTTP status: no second try as
  // a base.
  static bool is_http_error(const base::Error& error);

 private:
  Loader() = default;
  std::string display(std::string_view path) const;
  Result<Loader> open_repository(const RepoSpec& spec) const;
  Result<base::FileBytes> load_remote(std::string_view url) const;
  Result<void> check_confined(std::string_view path, std::string_view operation) const;
  Result<std::string> resolve(std::string_view path) const;
  std::string first_missing(const std::string& path) const;

  const base::FileTree* tree_ = nullptr;
  std::shared_ptr<const base::FileTree> owned_;  // when the tree came from a remote
  std::string root_;                             // "" is the tree's root
  const Loader* referrer_ = nullptr;
  std::optional<RepoSpec> repository_;
  const BuildOptions* options_ = nullptr;
  LoadRestrictor restrictor_ = LoadRestrictor::root_only;
  std::size_t depth_ = 0;
};

}  // namespace weir::kustomize
