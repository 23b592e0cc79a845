#include "engine/reconcile/executor.hh"
#include "engine/reconcile/source_secrets.hh"
#include "engine/reconcile/step_errors.hh"

namespace weir::reconcile {
namespace {

StepError from_git(const Error& error) {
  const std::string reason = error.reason.empty() ? "GitOperationFailed" : error.reason;
  return {error.code, reason, error.message, reason == "URLInvalid"};
}

// The first 50 characters, and that there are more.
std::string shortened(const std::string& subject) {
  constexpr std::size_t characters_max = 50;
  std::size_t characters = 0;
  for (std::size_t i = 0; i < subject.size(); ++i) {
    const bool begins = (static_cast<unsigned char>(subject[i]) & 0xc0) != 0x80;
    if (begins && characters++ == characters_max) return subject.substr(0, i) + "...";
  }
  return subject;
}

Value commit_details(const GitCommit& commit) {
  return Value::object({{"commit", Value::object({{"sha", commit.sha},
                                                  {"author", commit.author},
                                                  {"time", base::format_rfc3339(commit.time)},
                                                  {"subject", commit.subject}})}});
}

// Whether the artifact was made with other settings than the spec's.
bool settings_changed(const FetchSource& fetch, const model::GitRepositorySpec& spec) {
  return spec.ignore.value_or("") != fetch.status["observedIgnore"].get_string() ||
         spec.recurse_submodules != fetch.status["observedRecurseSubmodules"].get_bool();
}

// Which remote, with which credentials.
Result<GitRequest> remote_of(KubeApi& kube, const EngineOptions& options, const ObjectId& owner,
                             const model::GitRepositorySpec& spec) {
  GitRequest request;
  request.url = spec.url;
  request.timeout = spec.timeout;
  request.allow_local = options.allow_local_sources;
  if (!spec.secret_name.empty()) {
    // Flux says the place twice.
    const std::string place = "failed to get secret " + secret_id(owner.ns, spec.secret_name);
    auto data = read_secret(kube, owner.ns, spec.secret_name);
    if (!data.ok()) return std::move(data).error().with_context(place).with_context(place);
    WEIR_TRY(request.credentials, git_credentials(*data, request.url));
  } else if (request.url.starts_with("ssh://")) {
    return make_error(Code::unauthorized,
                      "failed to configure authentication options: invalid 'ssh' auth option: "
                      "'identity' is required");
  }
  return request;
}

}  // namespace

OutcomeBody Executor::run(const ObjectId& owner, const FetchSource& fetch) {
  return std::visit([&](const auto& spec) { return this->fetch(owner, fetch, spec); }, fetch.spec);
}

OutcomeBody Executor::run(const ObjectId& owner, const RevertCommit& order) {
  auto remote = remote_of(*ports_.kube, options_, owner, order.spec);
  if (!remote.ok()) return authentication_error(remote.error().message);
  GitRevert revert;
  revert.remote = *std::move(remote);
  revert.branch = order.spec.branch.empty() ? "master" : order.spec.branch;
  revert.head = order.head;
  revert.files = order.files;
  revert.author_name = options_.git_author_name;
  revert.author_email = options_.git_author_email;
  revert.message = order.message;
  revert.time = ports_.clock->now();
  auto commit = ports_.git->revert(revert);
  if (!commit.ok()) return from_git(commit.error());
  return CommitPushed{revert.branch, order.actor, *std::move(commit), order.files.size()};
}

OutcomeBody Executor::fetch(const ObjectId& owner, const FetchSource& fetch,
                            const model::GitRepositorySpec& spec) {
  auto remote = remote_of(*ports_.kube, options_, owner, spec);
  if (!remote.ok()) return authentication_error(remote.error().message);
  GitRequest request = *std::move(remote);
  request.reference = {spec.branch, spec.tag, spec.semver, spec.name, spec.commit};
  request.recurse_submodules = spec.recurse_submodules;
  const bool stored =
      !fetch.current.empty() && ports_.artifacts->exists(fetch.current.path, fetch.current.digest);
  if (stored && !settings_changed(fetch, spec)) request.known_revision = fetch.current.revision;
  auto checkout = ports_.git->checkout(request);
  if (!checkout.ok()) return from_git(checkout.error());
  SourceFetched out;
  out.unchanged = checkout->unchanged;
  if (checkout->unchanged) {
    out.artifact = fetch.current;
    out.artifact.url = ports_.artifacts->url(out.artifact.path);
  } else {
    std::optional<std::string_view> ignore;
    if (spec.ignore) ignore = *spec.ignore;
    auto artifact =
        ports_.artifacts->store("gitrepository", owner.ns, owner.name,
                                checkout->commit.sha + ".tar.gz", *checkout->tree, ignore);
    if (!artifact.ok()) return storage_error(artifact.error());
    out.stored = *artifact;
    out.artifact.revision = checkout->revision;
    out.artifact.digest = artifact->digest;
    out.artifact.path = artifact->path;
    out.artifact.url = ports_.artifacts->url(artifact->path);
  }
  out.message = "stored artifact for revision '" + out.artifact.revision + "'";
  out.news = "stored artifact for commit '" + shortened(checkout->commit.subject) + "'";
  out.observed = Value::object(
      {{"observedIgnore", text_or_null(spec.ignore)},
       {"observedRecurseSubmodules", spec.recurse_submodules ? Value(true) : Value()}});
  out.details = commit_details(checkout->commit);
  return out;
}

}  // namespace weir::reconcile
