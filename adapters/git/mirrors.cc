#include "adapters/git/mirrors.hh"

#include <git2.h>

#include <algorithm>
#include <filesystem>

#include "adapters/git/compact.hh"
#include "adapters/git/operation.hh"
#include "adapters/git/select.hh"
#include "adapters/git/streams.hh"
#include "adapters/git/submodules.hh"
#include "engine/base/digest.hh"
#include "engine/base/git_revision.hh"
#include "engine/base/limits.hh"
#include "engine/base/log.hh"

namespace weir::git {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::seconds timeout_default{60};

template <auto Free>
struct Deleter {
  template <typename T>
  void operator()(T* pointer) const {
    Free(pointer);
  }
};
using Repository = std::unique_ptr<git_repository, Deleter<git_repository_free>>;
using Commit = std::unique_ptr<git_commit, Deleter<git_commit_free>>;

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

// A mirror that does not open is a cache gone bad: it is made anew.
Result<Repository> open_mirror(const std::string& directory) {
  git_repository* raw = nullptr;
  if (git_repository_open_bare(&raw, directory.c_str()) == 0) return Repository(raw);
  std::error_code error;
  fs::remove_all(directory, error);
  WEIR_CHECK(make_private(directory));
  git_repository_init_options options;
  git_repository_init_options_init(&options, GIT_REPOSITORY_INIT_OPTIONS_VERSION);
  options.flags = GIT_REPOSITORY_INIT_BARE | GIT_REPOSITORY_INIT_MKPATH;
  if (git_repository_init_ext(&raw, directory.c_str(), &options) != 0)
    return local_failure("cannot make the mirror");
  return Repository(raw);
}

Commit find_commit(git_repository* repository, const std::string& sha) {
  git_oid id;
  git_commit* commit = nullptr;
  if (git_oid_fromstr(&id, sha.c_str()) != 0 || git_commit_lookup(&commit, repository, &id) != 0)
    return nullptr;
  return Commit(commit);
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
    if (!references) return prefixed("unable to list remote for " + at, references.error());
    if (references->empty())
      return make_error(Code::not_found, "git repository is empty", "EmptyGitRepository");
    auto selection = select(*references, request_.reference);
    if (!selection) return prefixed("unable to resolve reference of " + at, selection.error());
    auto winner = settle(remote, *references, *selection);
    if (!winner) return prefixed("unable to clone " + at, winner.error());
    return answer(*winner, blobs);
  }

 private:
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

Error as_port_error(Error error) {
  if (!error.reason.empty()) return error;
  error.reason = "GitOperationFailed";
  error.message.insert(0, "failed to checkout and determine revision: ");
  return error;
}

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
    mirror->directory = directory_ + "/" + base::sha256(url).hex() + ".git";
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
      return as_port_error(make_error(Code::limit, "submodules nest too deeply or are too many"));
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

Result<reconcile::GitCheckout> GitMirrors::checkout_one(const reconcile::GitRequest& request) {
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
    return as_port_error(make_error(Code::timeout, "context deadline exceeded"));
  auto done = Checkout(request, operation, mirror->directory).run(mirror->blobs);
  if (!done) return as_port_error(std::move(done).error());
  return done;
}

}  // namespace weir::git
