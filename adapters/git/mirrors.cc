#include "adapters/git/mirrors.hh"

#include <git2.h>

#include <algorithm>

#include "adapters/git/compact.hh"
#include "adapters/git/handles.hh"
#include "adapters/git/operation.hh"
#include "adapters/git/select.hh"
#include "adapters/git/streams.hh"
#include "adapters/git/submodules.hh"
#include "engine/base/git_revision.hh"
#include "engine/base/limits.hh"
#include "engine/base/log.hh"

namespace weir::git {
namespace {

constexpr std::chrono::seconds timeout_default{60};

using Repository = Handle<git_repository>;
using Commit = Handle<git_commit>;

// The candidate with the latest commit; of equal times the bytewise greatest tag. All are in the
// mirror.
const Candidate* latest(git_repository* repository, const Selection& selection) {
  const Candidate* best = nullptr;
  git_time_t best_time = 0;
  for (const Candidate& candidate : selection.candidates) {
    const Commit commit = find_commit(repository, candidate.commit);
    if (!commit) continue;
    const git_time_t time = git_commit_time(commit.get());
    if (best && (time < best_time || (time == best_time && candidate.label < best->label)))
      continue;
    best = &candidate;
    best_time = time;
  }
  return best;
}

// Remembers what was fetched, so that the next fetch says what the mirror has.
Result<void> keep_references(git_repository* repository, const std::vector<RemoteReference>& remote,
                             const std::vector<std::string>& fetched) {
  for (const std::string& name : fetched) {
    const auto named = [&](const std::string& text) {
      return std::find_if(remote.begin(), remote.end(),
                          [&](const RemoteReference& one) { return one.name == text; });
    };
    auto found = named(name + "^{}");
    if (found == remote.end()) found = named(name);
    if (found == remote.end()) continue;
    const Commit commit = find_commit(repository, found->id);
    if (!commit) continue;
    git_reference* reference = nullptr;
    if (git_reference_create(&reference, repository, mirror_reference(name).c_str(),
                             git_commit_id(commit.get()), 1, nullptr) != 0)
      return local_failure("cannot write a reference of the mirror");
    git_reference_free(reference);
  }
  return {};
}

// Lists the remote, selects, and fetches what is missing. One call is one conversation.
class Checkout {
 public:
  Checkout(const reconcile::GitRequest& request, Operation& operation, std::string directory)
      : request_(request), operation_(operation), directory_(std::move(directory)) {}

  Result<reconcile::GitCheckout> run(const std::shared_ptr<BlobCache>& blobs) {
    WEIR_TRY(repository_, open_mirror(directory_));
    const CurrentOperation current(operation_);
    Remote remote(repository_.get(), operation_);
    const std::string at = "'" + operation_.url.clean + "': ";
    auto references = list(remote);
    if (!references)
      return prefixed((only_listed() ? "unable to list remote for " : "unable to clone ") + at,
                      references.error());
    if (references->empty())
      return make_error(Code::not_found, "git repository is empty", "EmptyGitRepository");
    auto selection = select(*references, request_.reference);
    if (!selection) return prefixed("unable to resolve reference of " + at, selection.error());
    auto winner = settle(remote, *references, *selection);
    if (!winner) return prefixed("unable to clone " + at, winner.error());
    return answer(*winner, blobs);
  }

 private:
  // What Flux looks for in a list before it clones; without one a remote that fails is told of as
  // one that cannot be cloned.
  bool only_listed() const {
    const reconcile::GitReference& wanted = request_.reference;
    if (!wanted.name.empty()) return true;
    return !request_.known_revision.empty() && wanted.semver.empty() && wanted.commit.empty();
  }

  static Error prefixed(const std::string& prefix, Error error) {
    error.message.insert(0, prefix);
    return error;
  }

  static Result<std::vector<RemoteReference>> list(Remote& remote) {
    WEIR_CHECK(remote.connect());
    return remote.list();
  }

  Result<Candidate> settle(Remote& remote, const std::vector<RemoteReference>& references,
                           const Selection& selection) {
    const std::vector<Candidate>& candidates = selection.candidates;
    if (candidates.size() == 1 && known(candidates.front())) return candidates.front();
    const bool missing = std::any_of(candidates.begin(), candidates.end(), [&](const Candidate& c) {
      return !find_commit(repository_.get(), c.commit);
    });
    if (missing) {
      WEIR_CHECK(remote.fetch(selection.wanted));
      WEIR_CHECK(keep_references(repository_.get(), references, selection.wanted));
      // Only speed is at stake.
      if (auto compacted = compact_mirror(repository_.get(), directory_); !compacted)
        log::error("cannot compact a Git mirror", {{"error", compacted.error().message}});
    }
    const Candidate* best = latest(repository_.get(), selection);
    if (!best)
      return make_error(Code::not_found, "unable to resolve commit object for '" +
                                             candidates.front().commit + "': object not found");
    return *best;
  }

  bool known(const Candidate& candidate) const {
    return base::same_revision(request_.known_revision,
                               base::git_revision(candidate.label, candidate.commit));
  }

  Result<reconcile::GitCheckout> answer(const Candidate& winner,
                                        const std::shared_ptr<BlobCache>& blobs) {
    reconcile::GitCheckout out;
    out.revision = base::git_revision(winner.label, winner.commit);
    out.unchanged = known(winner);
    out.commit.sha = winner.commit;
    if (const Commit commit = find_commit(repository_.get(), winner.commit))
      out.commit = describe(commit.get(), winner.commit);
    if (!out.unchanged) {
      WEIR_TRY(out.tree, CommitTree::open(directory_, winner.commit, blobs));
    }
    return out;
  }

  const reconcile::GitRequest& request_;
  Operation& operation_;
  std::string directory_;
  Repository repository_;
};

Error as_port_error(Error error, std::string_view what) {
  if (!error.reason.empty()) return error;
  error.reason = "GitOperationFailed";
  error.message.insert(0, what);
  return error;
}

constexpr std::string_view checkout_failed = "failed to checkout and determine revision: ";
constexpr std::string_view push_failed = "failed to push the commit: ";

// One commit upon the remote branch, made in the mirror and pushed.
class Revert {
 public:
  Revert(const reconcile::GitRevert& order, Operation& operation, git_repository* repository)
      : order_(order), operation_(operation), repository_(repository) {}

  Result<reconcile::GitCommit> run() {
    const CurrentOperation current(operation_);
    WEIR_CHECK(check_head());
    WEIR_TRY(const git_oid tree, make_tree());
    WEIR_TRY(const git_oid made, make_commit(tree));
    char sha[GIT_OID_HEXSZ + 1];
    git_oid_tostr(sha, sizeof sha, &made);
    WEIR_CHECK(push(made, sha));
    return describe(find_commit(repository_, sha).get(), sha);
  }

 private:
  Result<void> check_head() {
    Remote remote(repository_, operation_);
    WEIR_CHECK(remote.connect());
    WEIR_TRY(const auto references, remote.list());
    const std::string name = "refs/heads/" + order_.branch;
    const auto found =
        std::find_if(references.begin(), references.end(),
                     [&](const RemoteReference& reference) { return reference.name == name; });
    if (found == references.end())
      return make_error(Code::not_found, "the remote has no branch " + order_.branch);
    if (found->id == order_.head) return {};
    return make_error(Code::conflict, "branch " + order_.branch + " stands at " + found->id +
                                          ", which is not reconciled yet; it was at " +
                                          order_.head);
  }

  // The head's tree with the files in place of its own.
  Result<git_oid> make_tree() {
    WEIR_TRY(const Handle<git_tree> base, tree_of(repository_, order_.head));
    std::vector<git_tree_update> updates;
    std::map<std::string, Handle<git_tree>> trees;
    for (const reconcile::GitFile& file : order_.files) {
      Handle<git_tree>& from = trees[file.commit];
      if (!from) {
        WEIR_TRY(from, tree_of(repository_, file.commit));
      }
      git_tree_entry* raw = nullptr;
      const bool there = git_tree_entry_bypath(&raw, from.get(), file.path.c_str()) == 0;
      const Handle<git_tree_entry> entry(raw);
      git_tree_entry* old = nullptr;
      const bool had = git_tree_entry_bypath(&old, base.get(), file.path.c_str()) == 0;
      git_tree_entry_free(old);
      git_tree_update update{};
      update.path = file.path.c_str();
      update.action = there ? GIT_TREE_UPDATE_UPSERT : GIT_TREE_UPDATE_REMOVE;
      if (there) update.id = *git_tree_entry_id(entry.get());
      if (there) update.filemode = git_tree_entry_filemode(entry.get());
      if (there || had) updates.push_back(update);
    }
    git_oid id;
    if (git_tree_create_updated(&id, repository_, base.get(), updates.size(), updates.data()) != 0)
      return local_failure("cannot write the tree");
    if (git_oid_equal(&id, git_tree_id(base.get())))
      return make_error(Code::invalid, "the files are as they were: there is nothing to commit");
    return id;
  }

  Result<git_oid> make_commit(const git_oid& tree_id) {
    git_tree* raw = nullptr;
    if (git_tree_lookup(&raw, repository_, &tree_id) != 0)
      return local_failure("cannot read the new tree");
    const Handle<git_tree> tree(raw);
    git_signature* author = nullptr;
    if (git_signature_new(&author, order_.author_name.c_str(), order_.author_email.c_str(),
                          order_.time / 1'000'000, 0) != 0)
      return make_error(Code::invalid, "the configured author is no name and address");
    const Commit head = find_commit(repository_, order_.head);
    const git_commit* parents[] = {head.get()};
    git_oid id;
    const int code = git_commit_create(&id, repository_, nullptr, author, author, nullptr,
                                       order_.message.c_str(), tree.get(), 1, parents);
    git_signature_free(author);
    if (code != 0) return local_failure("cannot write the commit");
    return id;
  }

  Result<void> set_reference(const std::string& name, const git_oid& id) {
    git_reference* reference = nullptr;
    if (git_reference_create(&reference, repository_, name.c_str(), &id, 1, nullptr) != 0)
      return local_failure("cannot write a reference of the mirror");
    git_reference_free(reference);
    return {};
  }

  Result<void> push(const git_oid& id, const std::string& sha) {
    const std::string local = "refs/weir-push/" + sha;
    const std::string name = "refs/heads/" + order_.branch;
    WEIR_CHECK(set_reference(local, id));
    Remote remote(repository_, operation_);
    auto pushed = remote.connect(true);
    if (pushed.ok()) pushed = remote.push(local, name);
    git_reference_remove(repository_, local.c_str());
    WEIR_CHECK(std::move(pushed));
    return set_reference(mirror_reference(name), id);
  }

  const reconcile::GitRevert& order_;
  Operation& operation_;
  git_repository* repository_;
};

// The credentials of a repository are no business of another host's, nor of a weaker scheme.
Result<void> keep_credentials_on_host(const std::string& url, reconcile::GitRequest& below) {
  WEIR_TRY(const RemoteUrl from, RemoteUrl::parse(url, below.allow_local));
  // Nor may a repository from elsewhere name folders of this machine.
  below.allow_local = below.allow_local && from.scheme == "file";
  auto to = RemoteUrl::parse(below.url, below.allow_local);
  if (!to) return std::move(to).error().with_context("submodule");
  if (from.scheme == to->scheme && from.host == to->host && from.port == to->port) return {};
  below.credentials = {};
  return {};
}

}  // namespace

GitMirrors::GitMirrors(std::string directory) : directory_(std::move(directory)) {
  start_library();
}

GitMirrors::~GitMirrors() = default;

std::shared_ptr<GitMirrors::Mirror> GitMirrors::mirror_of(const std::string& url) {
  const std::lock_guard lock(mutex_);
  std::shared_ptr<Mirror>& mirror = mirrors_[url];
  if (!mirror) {
    mirror = std::make_shared<Mirror>();
    mirror->directory = mirror_directory(directory_, url);
  }
  return mirror;
}

Result<reconcile::GitCheckout> GitMirrors::checkout(const reconcile::GitRequest& request) {
  WEIR_TRY(reconcile::GitCheckout out, checkout_one(request));
  if (!request.recurse_submodules || out.tree == nullptr) return out;
  std::size_t budget = base::limits::git_submodules_max;
  WEIR_TRY(out.tree, with_submodules(request, out, 1, budget));
  return out;
}

// The tree with every submodule in its place, theirs in theirs. `budget` is what may still be
// fetched.
Result<std::shared_ptr<const base::FileTree>> GitMirrors::with_submodules(
    const reconcile::GitRequest& request, const reconcile::GitCheckout& checkout, std::size_t depth,
    std::size_t& budget) {
  if (!checkout.tree->stat(".gitmodules")) return checkout.tree;
  WEIR_TRY(const base::FileBytes text, checkout.tree->read(".gitmodules"));
  WEIR_TRY(const auto submodules, parse_submodules(*text));
  const auto& commit_tree = static_cast<const CommitTree&>(*checkout.tree);
  MountedTree::Mounts mounts;
  for (const Submodule& submodule : submodules) {
    const auto commit = commit_tree.submodule(submodule.path);
    if (!commit) continue;
    if (depth > base::limits::git_submodule_depth_max || budget == 0)
      return as_port_error(make_error(Code::limit, "submodules nest too deeply or are too many"),
                           checkout_failed);
    --budget;
    reconcile::GitRequest below = request;
    below.url = submodule_address(request.url, submodule.url);
    below.reference = {};
    below.reference.commit = *commit;
    below.known_revision.clear();
    WEIR_CHECK(keep_credentials_on_host(request.url, below));
    auto fetched = checkout_one(below);
    if (!fetched)
      return std::move(fetched).error().with_context("submodule '" + submodule.path + "'");
    WEIR_TRY(mounts[submodule.path], with_submodules(below, *fetched, depth + 1, budget));
  }
  return std::shared_ptr<const base::FileTree>(
      std::make_shared<const MountedTree>(checkout.tree, std::move(mounts)));
}

// Runs `talk` with the mirror of the request's URL, locked, and its conversation.
template <typename Talk>
auto GitMirrors::with_mirror(const reconcile::GitRequest& request, std::string_view what,
                             const Talk& talk)
    -> decltype(talk(std::declval<Operation&>(), std::declval<Mirror&>())) {
  auto url = RemoteUrl::parse(request.url, request.allow_local);
  if (!url) return std::move(url).error();
  if (auto checked = Remote::check_credentials(*url, request.credentials); !checked)
    return std::move(checked).error().with_context("failed to configure authentication options");
  const auto timeout = request.timeout.count() > 0 ? request.timeout : timeout_default;
  Operation operation{*url, request.credentials, Operation::Clock::now() + timeout, false, {}};
  WEIR_CHECK(make_private(directory_));
  const std::shared_ptr<Mirror> mirror = mirror_of(url->clean);
  const std::unique_lock lock(mirror->mutex, operation.deadline);
  if (!lock.owns_lock())
    return as_port_error(make_error(Code::timeout, "context deadline exceeded"), what);
  auto done = talk(operation, *mirror);
  if (!done) return as_port_error(std::move(done).error(), what);
  return done;
}

Result<reconcile::GitCheckout> GitMirrors::checkout_one(const reconcile::GitRequest& request) {
  return with_mirror(request, checkout_failed, [&](Operation& operation, Mirror& mirror) {
    return Checkout(request, operation, mirror.directory).run(mirror.blobs);
  });
}

Result<reconcile::GitCommit> GitMirrors::revert(const reconcile::GitRevert& order) {
  return with_mirror(order.remote, push_failed,
                     [&](Operation& operation, Mirror& mirror) -> Result<reconcile::GitCommit> {
                       WEIR_TRY(const Repository repository, open_mirror(mirror.directory));
                       return Revert(order, operation, repository.get()).run();
                     });
}

}  // namespace weir::git
