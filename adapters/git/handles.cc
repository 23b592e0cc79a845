#include "adapters/git/handles.hh"

#include <git2.h>

#include <filesystem>

#include "engine/base/digest.hh"

namespace weir::git {

namespace fs = std::filesystem;

void FreeHandle::operator()(git_repository* handle) const { git_repository_free(handle); }
void FreeHandle::operator()(git_commit* handle) const { git_commit_free(handle); }
void FreeHandle::operator()(git_tree* handle) const { git_tree_free(handle); }
void FreeHandle::operator()(git_tree_entry* handle) const { git_tree_entry_free(handle); }

Error local_failure(std::string_view what) {
  const git_error* last = git_error_last();
  return make_error(Code::io, std::string(what) + ": " + (last ? last->message : "unknown"));
}

Result<void> make_private(const std::string& directory) {
  std::error_code error;
  fs::create_directories(directory, error);
  if (!error) fs::permissions(directory, fs::perms::owner_all, error);
  if (error) return make_error(Code::io, "cannot make the mirror folder: " + error.message());
  return {};
}

Result<Handle<git_repository>> open_mirror(const std::string& directory) {
  git_repository* raw = nullptr;
  if (git_repository_open_bare(&raw, directory.c_str()) == 0) return Handle<git_repository>(raw);
  std::error_code error;
  fs::remove_all(directory, error);
  WEIR_CHECK(make_private(directory));
  git_repository_init_options options;
  git_repository_init_options_init(&options, GIT_REPOSITORY_INIT_OPTIONS_VERSION);
  options.flags = GIT_REPOSITORY_INIT_BARE | GIT_REPOSITORY_INIT_MKPATH;
  if (git_repository_init_ext(&raw, directory.c_str(), &options) != 0)
    return local_failure("cannot make the mirror");
  return Handle<git_repository>(raw);
}

Handle<git_commit> find_commit(git_repository* repository, const std::string& sha) {
  git_oid id;
  git_commit* commit = nullptr;
  if (git_oid_fromstr(&id, sha.c_str()) != 0 || git_commit_lookup(&commit, repository, &id) != 0)
    return nullptr;
  return Handle<git_commit>(commit);
}

reconcile::GitCommit describe(const git_commit* commit, const std::string& sha) {
  reconcile::GitCommit out;
  out.sha = sha;
  const git_signature* author = git_commit_author(commit);
  out.author = std::string(author->name) + " <" + author->email + ">";
  out.time = static_cast<base::TimeUs>(author->when.time) * 1'000'000;
  out.message = git_commit_message(commit);
  out.subject = out.message.substr(0, out.message.find('\n'));
  return out;
}

Result<Handle<git_tree>> tree_of(git_repository* repository, const std::string& sha) {
  const Handle<git_commit> commit = find_commit(repository, sha);
  if (!commit) return make_error(Code::not_found, "the mirror has no commit " + sha);
  git_tree* tree = nullptr;
  if (git_commit_tree(&tree, commit.get()) != 0)
    return local_failure("cannot read the commit's tree");
  return Handle<git_tree>(tree);
}

std::string mirror_directory(const std::string& root, const std::string& clean_url) {
  return root + "/" + base::sha256(clean_url).hex() + ".git";
}

}  // namespace weir::git
