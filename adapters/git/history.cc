#include "adapters/git/history.hh"

#include <git2.h>

#include <algorithm>

#include "adapters/git/commit_tree.hh"
#include "adapters/git/handles.hh"
#include "adapters/git/operation.hh"
#include "adapters/git/streams.hh"

namespace weir::git {
namespace {

Result<Handle<git_repository>> open_existing(const std::string& directory) {
  git_repository* raw = nullptr;
  if (git_repository_open_bare(&raw, directory.c_str()) != 0)
    return make_error(Code::not_found, "there is no mirror of this repository");
  return Handle<git_repository>(raw);
}

int note_path(const git_diff_delta* delta, float, void* payload) {
  auto& paths = *static_cast<std::set<std::string>*>(payload);
  for (const git_diff_file* file : {&delta->old_file, &delta->new_file})
    if (file->path != nullptr) paths.insert(file->path);
  return 0;
}

}  // namespace

MirrorHistory::MirrorHistory(std::string directory) : directory_(std::move(directory)) {
  start_library();
}

Result<std::string> MirrorHistory::mirror_of(const std::string& url) const {
  WEIR_TRY(const RemoteUrl parsed, RemoteUrl::parse(url, true));
  return mirror_directory(directory_, parsed.clean);
}

Result<std::shared_ptr<const base::FileTree>> MirrorHistory::tree(const std::string& url,
                                                                  const std::string& commit) const {
  WEIR_TRY(const std::string directory, mirror_of(url));
  WEIR_TRY(const Handle<git_repository> repository, open_existing(directory));
  if (!find_commit(repository.get(), commit))
    return make_error(Code::not_found, "the mirror has no commit " + commit);
  return CommitTree::open(directory, commit, std::make_shared<BlobCache>());
}

Result<std::vector<std::string>> MirrorHistory::changed_files(const std::string& url,
                                                              const std::string& from,
                                                              const std::string& to) const {
  WEIR_TRY(const std::string directory, mirror_of(url));
  WEIR_TRY(const Handle<git_repository> repository, open_existing(directory));
  WEIR_TRY(const Handle<git_tree> before, tree_of(repository.get(), from));
  WEIR_TRY(const Handle<git_tree> after, tree_of(repository.get(), to));
  git_diff_options options;
  git_diff_options_init(&options, GIT_DIFF_OPTIONS_VERSION);
  git_diff* diff = nullptr;
  if (git_diff_tree_to_tree(&diff, repository.get(), before.get(), after.get(), &options) != 0)
    return local_failure("cannot compare the commits");
  std::set<std::string> paths;
  git_diff_foreach(diff, note_path, nullptr, nullptr, nullptr, &paths);
  git_diff_free(diff);
  return std::vector<std::string>(paths.begin(), paths.end());
}

Result<std::map<std::uint32_t, reconcile::GitCommit>> MirrorHistory::line_commits(
    const std::string& url, const std::string& commit, const std::string& path,
    const std::set<std::uint32_t>& lines) const {
  std::map<std::uint32_t, reconcile::GitCommit> out;
  WEIR_TRY(const auto files, tree(url, commit));
  WEIR_TRY(const base::FileBytes text, files->read(path));
  // libgit2 answers for lines beyond the end as well.
  const auto end = static_cast<std::uint32_t>(std::count(text->begin(), text->end(), '\n')) + 1;
  const std::set<std::uint32_t> there(lines.lower_bound(1), lines.upper_bound(end));
  if (there.empty()) return out;
  WEIR_TRY(const std::string directory, mirror_of(url));
  WEIR_TRY(const Handle<git_repository> repository, open_existing(directory));
  git_blame_options options;
  git_blame_options_init(&options, GIT_BLAME_OPTIONS_VERSION);
  if (git_oid_fromstr(&options.newest_commit, commit.c_str()) != 0)
    return make_error(Code::not_found, "\"" + commit + "\" names no commit");
  options.min_line = *there.begin();
  options.max_line = *there.rbegin();
  git_blame* blame = nullptr;
  if (git_blame_file(&blame, repository.get(), path.c_str(), &options) != 0) {
    const Error error = local_failure("cannot tell who wrote " + path);
    return make_error(Code::not_found, error.message);
  }
  for (const std::uint32_t line : there) {
    const git_blame_hunk* hunk = git_blame_get_hunk_byline(blame, line);
    if (hunk == nullptr) continue;
    char sha[GIT_OID_HEXSZ + 1];
    git_oid_tostr(sha, sizeof sha, &hunk->final_commit_id);
    if (const auto found = find_commit(repository.get(), sha))
      out[line] = describe(found.get(), sha);
  }
  git_blame_free(blame);
  return out;
}

}  // namespace weir::git
